"""An installation with its site, as someone who fills in forms meets it, and what the tests of
forms and calls ask of the installation behind it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import httpx

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.installation.publishing import digest_of, notice_text
from engine.intake.forms import AGREED, SHOWN, STAMP
from engine.ledger.codec import Entry
from engine.letter.link_token import CONFIRM
from engine.subscriber.commands import AnyCommand
from engine.subscriber.events import PersonEvent
from engine.subscriber.person import NOBODY, Person
from engine.web.front import Front
from engine.web.link_pages import LinkPages
from engine.web.link_visits import LinkVisits
from engine.web.page_signatures import make_stamp
from engine.web.pages import Pages
from tests.running_installation import Installations
from tests.web.correspondence import PHONE, Letter, Telephone, press, written_to
from tests.web.serving import served

PATIENCE = 20
NEIGHBOURHOODS = itertools.count(1)
BEHIND_A_PROXY = '[web]\ntrusted_proxies = ["127.0.0.1"]\n'


def link_visits(context: AppContext) -> LinkVisits:
    """Visits to the links of letters, without the server around them."""
    pages, stores = Pages(context.config.site), context.links()
    return LinkVisits(
        stores,
        LinkPages(
            stores, pages, Front(pages, context.config, context.installation_stream, context.vault)
        ),
    )


@dataclass(frozen=True)
class Site:
    """The site of `context` at `url`."""

    context: AppContext
    url: str
    client: httpx.Client

    def stamp(self, form: str, age: float = 60) -> dict[str, str]:
        """The hidden inputs of a form that was shown `age` wall-clock seconds ago."""
        shown = digest_of(notice_text(self.context.installation_stream.current().plan(), form))
        return {
            SHOWN: shown,
            STAMP: make_stamp(
                self.context.secrets.nonce_key, form, shown, wall_now() - round(age * 1000)
            ),
        }

    def post(
        self, form: str, answers: Mapping[str, str], *, age: float = 60, visitor: str = ""
    ) -> httpx.Response:
        """What a browser posts a minute after the form was shown, its box ticked. A proxy says it
        is `visitor`, or somebody new.
        """
        number = next(NEIGHBOURHOODS)
        headers = {"X-Forwarded-For": visitor or f"198.{number >> 8 & 255}.{number & 255}.7"}
        return self.client.post(
            f"/f/{form}",
            data={AGREED: "yes"} | self.stamp(form, age) | dict(answers),
            headers=headers,
        )

    def stream(self, address: str) -> str:
        return self.context.vault.find(address) or ""

    def person(self, address: str) -> Person:
        stream = self.stream(address)
        return self.context.command_handler.load([stream])[stream] if stream else NOBODY

    def lists(self, address: str) -> set[int]:
        return set(self.person(address).memberships)

    def entries(self, address: str) -> list[Entry]:
        stream = self.stream(address)
        return list(self.context.ledger.stream(stream)) if stream else []

    def facts(self, address: str) -> list[PersonEvent]:
        return [cast(PersonEvent, entry.event) for entry in self.entries(address)]

    def names(self, address: str) -> list[str]:
        return [entry.name for entry in self.entries(address)]

    def fields(self, address: str) -> dict[str, str]:
        stream = self.stream(address)
        return dict(self.context.vault.people([stream])[stream].fields)

    def command(self, address: str, command: AnyCommand) -> Result:
        return self.context.command_handler.execute_one(
            CommandRequest(command, stream=self.stream(address))
        )

    def asked(self, address: str, purpose: str = "conseils") -> Letter:
        """The mail that asks this person to confirm, begun and accepted just now."""
        return written_to(self.context, self.stream(address), f"ask:{purpose}")

    def confirm(self, letter: Letter) -> httpx.Response:
        """Open the link of the mail and press its button."""
        return press(self.client, letter.token(CONFIRM))


def nonceless(page: httpx.Response) -> tuple[int, str]:
    """Status and text of a page without what is new in each rendering of it."""
    return page.status_code, re.sub(r'nonce="[^"]*"', "", page.text)


@contextmanager
def visited(context: AppContext, *, behind_a_proxy: bool = False) -> Iterator[Site]:
    proxies = ("127.0.0.1",) if behind_a_proxy else ()
    with (
        served(context, proxies) as url,
        Telephone(base_url=url, headers={"User-Agent": PHONE}, timeout=PATIENCE) as client,
    ):
        yield Site(context, url, client)


@contextmanager
def behind_a_proxy(
    installations: Installations, files: Mapping[str, str], settings: str = ""
) -> Iterator[Site]:
    """An installation and its site, whose proxy says from where each visitor comes. `settings`
    stand in `config.toml` besides.
    """
    with (
        installations.made(files, settings + BEHIND_A_PROXY) as context,
        visited(context, behind_a_proxy=True) as made,
    ):
        yield made
