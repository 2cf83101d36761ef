"""`/`, and the pages for what is not there: who writes, how to reach them, the forms they offer.

An operator who has nobody yet is told what comes next. `welcome` blocks: it asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

from engine.config import Config, is_loopback
from engine.i18n.language import translator
from engine.i18n.phrases import command
from engine.installation.stream import InstallationStream
from engine.vault.vault import Vault
from engine.web.pages import Pages, spoken
from engine.web.request import is_this_machine


@dataclass(frozen=True, slots=True)
class Offered:
    """A form a visitor may fill in."""

    title: str
    address: str


class Front:
    def __init__(
        self, pages: Pages, config: Config, installation_stream: InstallationStream, vault: Vault
    ) -> None:
        self.pages, self.config = pages, config
        self.installation_stream, self.vault = installation_stream, vault
        self.language = spoken("", pages.site)
        self.contact = pages.site.reply_to or pages.site.sender

    def welcome(self, request: Request) -> Response:
        paragraphs = tuple(
            purpose.description
            for purpose in self.installation_stream.current().plan().purposes.values()
            if purpose.description
        )
        steps = self._steps() if self._is_new_here(request) else ()
        return self._page(self.pages.site.name, paragraphs[:3], steps=steps)

    def lost(
        self,
        heading: str,
        paragraphs: tuple[str, ...],
        *,
        status: int = 404,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return self._page(heading, paragraphs, status=status, headers=headers)

    def unknown_link(self) -> Response:
        """The same for every token that is not ours, whatever is wrong with it."""
        _ = translator(self.language)
        text = (
            _("Perhaps it was cut off. Please open it again from the letter."),
            _("Nothing has changed."),
        )
        return self._page(_("This link cannot be read"), text)

    def _page(
        self,
        heading: str,
        paragraphs: tuple[str, ...],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        steps: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        return self.pages.page(
            "front.html",
            self.language,
            status=status,
            headers=headers,
            heading=heading,
            paragraphs=paragraphs,
            contact=self.contact,
            forms=self.forms(),
            steps=steps,
            mailbox=(
                f"http://127.0.0.1:{self.config.mailbox_port}/"
                if steps and self.config.smtp.is_mailbox
                else ""
            ),
        )

    def forms(self) -> tuple[Offered, ...]:
        """Those anybody may fill in: not those to which a shop leads with an order. As they were
        last known: whoever tries addresses that do not exist asks the database nothing, and is
        answered without one.
        """
        forms = self.installation_stream.known.plan().forms.values()
        return tuple(
            Offered(form.title, f"/f/{form.name}")
            for form in forms
            if form.basis == "consent" and not form.order_field
        )

    def _is_new_here(self, request: Request) -> bool:
        """Whoever runs this on their own machine, and nobody has subscribed yet."""
        peer = request.client.host if request.client else ""
        return (
            is_this_machine(peer, request.headers)
            and is_loopback(self.pages.site.url)
            and not self.vault.people_after("", 1)
        )

    def _steps(self) -> tuple[tuple[str, str], ...]:
        """What to do, and the command that does it, as it works in any folder."""
        _, folder = translator(self.language), self.config.folder
        return (
            (
                _(
                    "Say who you are, and what you write about, in config.toml and sequences/; then"
                    " see whether all is right:"
                ),
                command(folder, "check"),
            ),
            (
                _("See what differs from what is in force, and put it in force:"),
                command(folder, "publish"),
            ),
            (_("See your lists, and how many stand on each:"), command(folder, "lists")),
            (_("See what runs, what waits, and what is wrong:"), command(folder, "status")),
        )
