"""The door to the templates: every page the engine shows to a reader is rendered here, in the
reader's language, with the headers of C02.

Everything put into a page is escaped. No page sets a cookie or asks another host for anything; none
but a form, on the sites its author names, may stand in a foreign frame.

What a refusal of the core means to a reader is said here too, in plain words without the number or
name of a list.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Hashable,
    Mapping,
    MutableMapping,
    Sequence,
)
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import cast
from urllib.parse import urlsplit

from fastapi.responses import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.config import Site
from engine.i18n.language import LANGUAGES, Language, counting_translator, translator
from engine.letter.colour import readable, text_on
from engine.letter.french_spacing import spaced_html
from engine.sequence.table import origin_of
from engine.subscriber.outcome import Refusal
from engine.words import N_

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")
# Random, so that no author's words can hold it.
_MARK = f"blank{secrets.token_hex(16)}n"
_BLANK = re.compile(_MARK + r"(-?\d+)\.")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https://[^\s()]{1,500})\)")
TEMPLATE_CACHE_SIZE = 256
TEMPLATES = Path(__file__).with_name("templates")
YEAR_SECONDS = 365 * 24 * 3600
LIGHT, DARK = ("#ffffff", "#f5f4f0"), ("#1e2426", "#14181a")
"""What links stand on by day and by night: sheet and paper of style.css."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
}

Send = Callable[[MutableMapping[str, object]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, object]]]
App = Callable[[MutableMapping[str, object], Receive, Send], Awaitable[None]]


def spoken(wanted: str, site: Site) -> Language:
    """The page's language for a reader whose own is `wanted` ("fr-CA", "" when not known)."""
    short = wanted[:2].lower()
    return short if short in LANGUAGES else site.language


@dataclass(frozen=True, slots=True)
class Tint:
    """An installation's own colour: of a button and its words, and of links by day and by night."""

    button: str
    on_button: str
    by_day: str
    by_night: str


def tint_of(colour: str) -> Tint | None:
    return (
        Tint(colour, text_on(colour), readable(colour, *LIGHT), readable(colour, *DARK))
        if colour
        else None
    )


class Pages:
    """Renders templates for one site. Templates know `_`, `ngettext`, `language`, `site`, `tint`
    and `nonce` (for their own script and style).
    """

    def __init__(self, site: Site) -> None:
        self.site, self.tint = site, tint_of(site.colour)
        self._kept = lru_cache(TEMPLATE_CACHE_SIZE)(self._pieces)

    def page(
        self,
        template: str,
        language: Language,
        *,
        status: int = 200,
        leads_to: Collection[str] = (),
        framed_by: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """`leads_to` are the http(s) addresses a form of this page may be answered with: a browser
        holds redirects against `form-action` too. On the sites of `framed_by` it may stand in a
        frame.
        """
        nonce = secrets.token_urlsafe(16)
        return _answer(
            self._rendered(template, language, nonce, values),
            nonce,
            language,
            status,
            leads_to,
            framed_by,
            headers or {},
        )

    def text(self, template: str, language: Language, **values: object) -> str:
        """A page as it is for everybody, without what is made anew for each answer."""
        return self._rendered(template, language, "", values)

    def filled(
        self,
        template: str,
        language: Language,
        filling: Sequence[str],
        *,
        status: int = 200,
        leads_to: Collection[str] = (),
        **values: Hashable,
    ) -> Response:
        """The same for a page that is shown often: rendered once for these values and kept. Where
        they say `blank(n)`, an answer has `filling[n]`.
        """
        nonce = secrets.token_urlsafe(16)
        pieces = self._kept(template, language, tuple(values.items()))
        escaped = [escape(value) for value in filling]
        text = "".join(
            [
                piece if isinstance(piece, str) else nonce if piece < 0 else escaped[piece]
                for piece in pieces
            ]
        )
        return _answer(text, nonce, language, status, leads_to, (), {})

    def _pieces(
        self, template: str, language: Language, values: tuple[tuple[str, Hashable], ...]
    ) -> tuple[str | int, ...]:
        pieces = _BLANK.split(self._rendered(template, language, blank(-1), dict(values)))
        return tuple(int(piece) if n % 2 else piece for n, piece in enumerate(pieces))

    def _rendered(
        self, template: str, language: Language, nonce: str, values: Mapping[str, object]
    ) -> str:
        template_of = _environment(language).get_template(template)
        text = template_of.render(
            language=language, site=self.site, tint=self.tint, nonce=nonce, **values
        )
        return spaced_html(text) if language == "fr" else text


def _answer(
    text: str,
    nonce: str,
    language: Language,
    status: int,
    leads_to: Collection[str],
    framed_by: Collection[str],
    headers: Mapping[str, str],
) -> Response:
    forms = " ".join(["'self'", *sorted({origin_of(url) for url in leads_to})])
    frames = " ".join(framed_by) or "'none'"
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src"
        f" 'self'; form-action {forms}; frame-ancestors {frames}; base-uri 'none'"
    )
    own = {"Content-Security-Policy": policy, "Content-Language": language, **headers}
    return Response(text, status, own, media_type="text/html")


def blank(number: int) -> str:
    """What stands in a kept page for `filling[number]`."""
    return f"{_MARK}{number}."


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
    )
    catalogue = (translator(language), counting_translator(language))
    environment.filters["linked"] = linked
    environment.install_gettext_callables(*catalogue, newstyle=True)  # type: ignore[attr-defined]
    return environment


def linked(text: str) -> Markup:
    """An author's words as text of a page, in which `[words](https://…)`, and nothing else, is a
    link.

    It opens beside the page, which keeps what was written into it.
    """
    pieces = _LINK.split(text)
    shown = (
        _linked(pieces[n], pieces[n + 1]) if n % 3 == 1 else escape(pieces[n])
        for n in range(len(pieces))
        if n % 3 < 2
    )
    return Markup("").join(shown)


def unlinked(text: str) -> str:
    """The same words where nothing may be a link, since they stand in one."""
    return _LINK.sub(lambda link: link[1] if is_address(link[2]) else link[0], text)


def _linked(words: str, address: str) -> Markup:
    if not is_address(address):
        return escape(f"[{words}]({address})")
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(
        address, words
    )


@lru_cache(TEMPLATE_CACHE_SIZE)
def is_address(text: str) -> bool:
    """Whether an author's `thanks` is a web address to send the reader to, rather than words
    (G08).
    """
    if any(
        character.isspace() or not character.isprintable() or character in "\\\"'<>"
        for character in text
    ):
        return False
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https")
            and _HOST.fullmatch(parts.netloc) is not None
            and (parts.port or 1) > 0
        )
    except ValueError:
        return False


def site_headers(site: Site) -> dict[str, str]:
    """What every answer says that has not set its own; HSTS where the site is reached by https
    (G20).
    """
    return HEADERS | (
        {"Strict-Transport-Security": f"max-age={YEAR_SECONDS}"}
        if site.url.startswith("https:")
        else {}
    )


class Ours:
    """The headers of C02 on every answer that has not set its own; no cookie whatever happens,
    unless there may be `cookies`.
    """

    def __init__(self, headers: Mapping[str, str], *, cookies: bool = False) -> None:
        self.cookies = cookies
        self._pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    def among(self, headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        known = {name.lower() for name, _ in headers}
        kept = (
            [pair for pair in headers if pair[0] != b"set-cookie"]
            if b"set-cookie" in known and not self.cookies
            else list(headers)
        )
        return kept + [pair for pair in self._pairs if pair[0] not in known]

    def complete(self, answer: Response) -> Response:
        answer.raw_headers = self.among(answer.raw_headers)
        return answer


class Headers:
    """Around the application: ours on every answer."""

    def __init__(self, app: App, ours: Mapping[str, str], *, cookies: bool = False) -> None:
        self.app, self.ours = app, Ours(ours, cookies=cookies)

    async def __call__(
        self, scope: MutableMapping[str, object], receive: Receive, send: Send
    ) -> None:
        async def with_headers(message: MutableMapping[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self.ours.among(
                    cast(list[tuple[bytes, bytes]], message["headers"])
                )
            await send(message)

        await self.app(scope, receive, with_headers)


_NO_LONGER = N_("This is no longer possible.")
_ONLY_ONCE = N_("You have been here before, and these letters are sent only once.")

FOR_READERS: Mapping[Refusal, str] = MappingProxyType(
    dict.fromkeys(Refusal, _NO_LONGER)
    | {
        Refusal.LIST_UNKNOWN: N_("What this link led to no longer exists."),
        Refusal.ERASED: N_(
            "We no longer hold anything about you, so there is nothing left to change."
        ),
        Refusal.NO_GROUND: N_(
            "We no longer write to you about this, so this answer changes nothing."
        ),
        Refusal.GROUP_YIELDS: N_(
            "You are further along already: this answer changes nothing any more."
        ),
        Refusal.JOINED_ONCE_ONLY: _ONLY_ONCE,
        Refusal.LEFT_TOO_RECENTLY: _ONLY_ONCE,
        Refusal.REQUEST_EXPIRED: N_(
            "This link is no longer valid. Use the newest message you had from us, or fill in the"
            " form again."
        ),
        Refusal.TOO_LATE_TO_UNDO: N_(
            "It is too late to take this answer back: things have moved on since."
        ),
        Refusal.UNREACHABLE: N_(
            "We cannot write to your address any more. If that is a mistake, please write to us."
        ),
        Refusal.CONFIRMED: N_(
            "Your subscription was confirmed and stays as it is. To leave, use the link at the foot"
            " of any letter."
        ),
        Refusal.JOURNAL_UNWRITABLE: N_(
            "We could not do this just now, and nothing has changed. Please try again later, or"
            " write to us."
        ),
    }
)
