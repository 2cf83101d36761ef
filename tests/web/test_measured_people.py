"""What somebody clicks and loads is noted for who agreed to it, and of nobody else: whoever has not
agreed has the same links and the same picture as everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import pytest

from engine.commands.command_handler import CommandRequest
from engine.letter.link_token import MEASURED
from engine.privacy.export import as_csv, dossier
from engine.runtime.duties import forget
from engine.sending.compose import Composer, ComposeRequest
from engine.sequence.delay import DAY
from engine.sequence.model import MEASURE
from engine.subscriber.commands import SetPreferences, SwitchOn, withdrawal
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.evidence import evidence
from engine.vault.measured import KEPT_OF_ONE_ACT, Measured, keep_measured, measured_of
from engine.vault.vault import VaultWrite
from engine.views import FIRST_WEEK, LAST_WEEK
from tests.running_installation import Installations
from tests.web.correspondence import FILES, Letter, joined, phone, written_to
from tests.web.visiting import Site, visited

SHOP = "https://boutique.example/kit"
QUESTION = {"question.md": FILES["question.md"] + f"\n[Le kit]({SHOP})\n"}
REF = "list:10/question"


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    measuring = "[measure]\npeople = true\nimages = true\n"
    with (
        installations.made(FILES | QUESTION, measuring) as context,
        visited(context) as made,
    ):
        yield made


class Reader:
    """Somebody, and the letter they were sent."""

    def __init__(self, site: Site, *, agrees: bool = True, number: int = 10) -> None:
        self.site, self.context = site, site.context
        self.stream = joined(self.context, number)
        if agrees:
            self.agrees()
        self.letter: Letter = written_to(self.context, self.stream, f"list:{number}")

    def agrees(self) -> None:
        piece = evidence(b"s" * 32, {"purpose": MEASURE, "who": self.stream})
        now = self.context.clock.now()
        command = SetPreferences(
            at=now,
            cause=Cause("click", "m", evidence="e" * 64),
            on=(SwitchOn(MEASURE, 0, piece.commitment.hex()),),
            act="human_button",
        )
        self.does(command, VaultWrite("", now, evidence=(piece,)))

    def withdraws(self, purpose: str = MEASURE) -> None:
        now = self.context.clock.now()
        self.does(withdrawal(now, Cause("click"), purpose, "human_button"), VaultWrite("", now))

    def does(self, command: object, vault_write: VaultWrite) -> None:
        request = CommandRequest(command, stream=self.stream, vault_write=vault_write)  # type: ignore[arg-type]
        result = self.context.command_handler.execute_one(request)
        assert isinstance(result.outcome, Done), result

    @property
    def request(self) -> ComposeRequest:
        person = self.letter.person()
        return ComposeRequest(
            self.letter.claim,
            self.letter.position,
            "a@lecteurs.example",
            {},
            measured=bool(person.measured_since),
        )

    def mail(self) -> str:
        plan = self.context.installation_stream.current().plan()
        composer = Composer(self.context.config, self.context.secrets.link_key)
        now = self.context.clock.now()
        octets = composer.octets(self.request, plan, now)
        assert octets == composer.compose(self.request, plan, now).octets
        rendered = composer.rendered(self.request, plan)
        links = set(re.findall(r"/v/[\w/-]+", rendered.text))
        assert links <= set(re.findall(r"/v/[\w/-]+", rendered.html))
        return rendered.html

    @property
    def link(self) -> str:
        return next(a for a in self._addresses('href="[^"]*?(/v/[^"]+)"'))

    @property
    def picture(self) -> str:
        return next(a for a in self._addresses('src="[^"]*?(/v/[^"]+)"'))

    def _addresses(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.mail())

    def gets(self, path: str, agent: str = "") -> tuple[int, str]:
        answer = self.site.client.get(
            path, headers={"User-Agent": agent or phone()}, follow_redirects=False
        )
        assert answer.headers["cache-control"] == "no-store" and not answer.cookies
        return answer.status_code, answer.headers.get("location", "")

    def noted(self) -> list[tuple[str, str]]:
        self.context.visit_counts.settle(all_of_them=True)
        acts = measured_of(self.context.database, self.stream)
        assert all(act.letter == REF for act in acts)
        return [(act.act, act.link) for act in acts]


def test_who_agreed_has_links_of_their_own_that_lead_where_the_letter_says(site: Site) -> None:
    reader = Reader(site)
    assert reader.link.endswith(f"/{reader.letter.token(MEASURED)}")
    assert reader.gets(reader.link) == (302, SHOP)
    assert reader.gets(reader.picture) == (200, "")
    assert sorted(reader.noted()) == [("clicked", SHOP), ("opened", "")]
    assert "measured" not in {entry.name.partition("-")[0] for entry in reader.letter.entries()}


def test_whoever_has_not_agreed_gets_what_everybody_gets_and_nothing_is_noted(site: Site) -> None:
    one, other = Reader(site, agrees=False), Reader(site, agrees=False)
    assert one.picture == other.picture and one.picture.count("/") == 2
    assert f'href="{SHOP}"' in one.mail(), "links are not counted here"
    assert one.gets(one.picture) == (200, "")
    assert one.noted() == [] == other.noted()


def test_an_answer_s_link_is_noted_of_who_agreed_and_of_nobody_else(site: Site) -> None:
    for agrees, noted in ((True, [("clicked", "Oui, c’est fait")]), (False, [])):
        reader = Reader(site, agrees=agrees)
        reader.site.client.get(f"/l/{reader.letter.link(0)}", headers={"User-Agent": phone()})
        assert reader.noted() == noted


def test_a_token_of_theirs_in_somebody_else_s_hands_is_looked_at_by_its_mac(site: Site) -> None:
    """Forged, of another letter, or cut: the link leads on, and nothing is noted."""
    reader, stranger = Reader(site), Reader(site, agrees=False)
    shared = reader.link.rpartition("/")[0]
    forged = reader.letter.token(MEASURED)[:-2] + "AA"
    other = Reader(site, number=11)
    for personal in (forged, "x", "é", *(r.letter.token(MEASURED) for r in (other, stranger))):
        assert reader.gets(f"{shared}/{personal}") == (302, SHOP)
    assert reader.noted() == [] == stranger.noted() == other.noted()


def test_nobody_can_lead_anywhere_by_a_token_of_their_own(site: Site) -> None:
    reader = Reader(site)
    answer = site.client.get(f"/v/forged/{reader.letter.token(MEASURED)}", follow_redirects=False)
    assert "location" not in answer.headers and reader.noted() == []
    page = site.client.get(f"/l/{reader.letter.token(MEASURED)}")
    assert reader.letter.since() == [] and "boutique" not in page.text


@pytest.mark.parametrize("purpose", [MEASURE, "*"])
def test_once_taken_back_what_was_noted_is_gone_and_the_links_lead_on(
    site: Site, purpose: str
) -> None:
    reader = Reader(site)
    link, picture = reader.link, reader.picture
    reader.gets(link)
    assert reader.noted()
    reader.gets(link)
    reader.withdraws(purpose)
    assert reader.gets(link) == (302, SHOP) and reader.gets(picture) == (200, "")
    assert reader.noted() == []


def test_what_happened_before_they_agreed_is_not_noted(site: Site) -> None:
    reader = Reader(site, agrees=False)
    reader.site.client.get(f"/l/{reader.letter.link(0)}", headers={"User-Agent": phone()})
    reader.agrees()
    assert reader.noted() == []


def test_robots_are_not_noted(site: Site) -> None:
    reader = Reader(site)
    reader.gets(reader.link, "curl/8.5.0")
    reader.gets(reader.picture, "curl/8.5.0")
    assert reader.noted() == []


@pytest.mark.parametrize("relay", ["Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "Mozilla/5.0"])
def test_of_whom_a_relay_loads_the_picture_that_alone_is_noted(site: Site, relay: str) -> None:
    """They may have opened it, or not: neither is known."""
    reader = Reader(site)
    reader.gets(reader.picture, relay)
    reader.gets(reader.link, relay)
    assert ("relayed", "") in reader.noted() and ("opened", "") not in reader.noted()
    stranger = Reader(site, agrees=False)
    stranger.gets(stranger.picture, relay)
    assert stranger.noted() == []


def test_loads_of_the_picture_are_counted_for_everybody_and_visits_to_links_are_not(
    site: Site,
) -> None:
    def counted() -> dict[str, tuple[int, int]]:
        site.context.visit_counts.settle(all_of_them=True)
        found = site.context.desk.visited([REF], FIRST_WEEK, LAST_WEEK)
        return {cell.kind: (n, people) for cell, n, people in found if cell.kind != "answer"}

    before = counted().get("image", (0, 0))
    one, other = Reader(site), Reader(site, agrees=False)
    for reader in (one, other):
        reader.gets(reader.picture)
    one.gets(one.picture, "Mozilla/5.0")
    one.gets(one.link)
    assert counted() == {"image": (before[0] + 3, before[1] + 2)}


def test_a_preview_has_links_without_effect(site: Site) -> None:
    reader = Reader(site)
    composer = Composer(site.context.config, site.context.secrets.link_key)
    plan = site.context.installation_stream.current().plan()
    preview = composer.rendered(reader.request._replace(position=0), plan).html
    (path,) = re.findall(r'href="[^"]*?(/v/[^"]+)"', preview)
    assert path.endswith("/preview") and reader.gets(path) == (302, SHOP)
    assert reader.noted() == []


def test_of_one_act_the_latest_few_are_kept_and_of_an_instant_one(site: Site) -> None:
    reader = Reader(site)
    now = site.context.clock.now()
    acts = [(reader.stream, Measured(REF, "clicked", SHOP, now + n)) for n in range(30)]

    def agreed(streams: object) -> dict[str, int]:
        return {reader.stream: now}

    assert keep_measured(site.context.database, [*acts, acts[-1]], agreed) == 31
    kept = measured_of(site.context.database, reader.stream)
    assert [act.at for act in kept] == [now + n for n in range(30)][-KEPT_OF_ONE_ACT:]


def test_nothing_is_kept_of_who_is_erased_meanwhile(site: Site) -> None:
    unknown = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
    act = Measured(REF, "clicked", SHOP, 2)
    assert keep_measured(site.context.database, [(unknown, act)], lambda s: {unknown: 1}) == 0
    assert measured_of(site.context.database, unknown) == []


def test_it_is_gone_after_thirteen_months_whatever_retention_is_set_to(site: Site) -> None:
    reader = Reader(site)
    now = site.context.clock.now()
    old = [now - 390 * DAY, now - 400 * DAY]
    acts = [(reader.stream, Measured(REF, "clicked", SHOP, at)) for at in old]
    keep_measured(site.context.database, acts, lambda streams: {reader.stream: 1})
    forget(site.context)
    assert [act.at for act in measured_of(site.context.database, reader.stream)] == old[:1]


def test_it_is_in_what_a_person_is_told_and_takes_away(site: Site) -> None:
    reader = Reader(site)
    reader.gets(reader.link)
    reader.noted()
    told = dossier(site.context, reader.stream)
    (act,) = cast("list[dict[str, str]]", told["measured"])
    assert (act["what"], act["letter"], act["link"]) == ("clicked", REF, SHOP)
    assert act["subject"] and cast("dict[str, str]", told["person"])["measured_since"]
    assert SHOP in as_csv(told)
