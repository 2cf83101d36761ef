"""The built-in mailbox's page, on loopback only: until SMTP is configured, a newcomer sees here
what readers would get, and clicks it.

Letters are shown in a sandboxed frame without scripts; a request for another host name is refused,
so that no web page elsewhere can read them. The list of letters stands in a frame of its own and
alone is refreshed, so that the letter being read stays.
"""

from __future__ import annotations

import email
import email.policy
import re
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from engine.config import Config
from engine.installation.stream import InstallationStream
from engine.sending.mailbox import Mailbox, MailboxEntry
from engine.web.pages import TEMPLATES, Pages, spoken

LOCAL = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
MAX_SHOWN, MAX_SEARCHED = 200, 2000
PARTS = ("html", "text", "source")
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self';"
        " frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
    ),
}
WIDTHS = ("", "600", "360")
# A letter may show pictures and open links in a new tab, and nothing else.
FRAME = HEADERS | {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src"
        " 'unsafe-inline'; img-src http: https: data:; frame-ancestors 'self'; base-uri 'none';"
        " form-action 'none'"
    )
}
_BY_NIGHT, _BY_DAY = (
    re.compile(rf"\(\s*prefers-color-scheme\s*:\s*{scheme}\s*\)", re.IGNORECASE)
    for scheme in ("dark", "light")
)
# What a malformed mail makes the email package raise.
MALFORMED = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
# More than any letter of ours; a mail of fifty thousand parts takes the email package a minute.
MAX_PARTS = 100
MAX_LINES = 50_000
MAX_HEAD_OCTETS = 20_000  # octets


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list. `at` is when the letter says it was written, which is the engine's time,
    on the site's clock.
    """

    link: str
    subject: str
    recipient: str
    recipient_link: str
    at: str
    chosen: bool


def make_letterbox(config: Config, installation_stream: InstallationStream) -> FastAPI:
    """`/` shows the newest letter, `/?letter=ID` one, `&part=` its text or source, `?to=ADDRESS`
    one reader's, `?q=WORDS` those found.

    `&width=` is the width it is shown in, in pixels, `&dark=1` at night.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    mailbox = Mailbox(config.data / "mailbox")
    site = config.site
    pages, language, zone = Pages(site), spoken("", site), ZoneInfo(site.timezone)

    @app.middleware("http")
    async def only_here(
        request: Request, following: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if not LOCAL.fullmatch(request.headers.get("host", "")):
            return PlainTextResponse("This page is for this machine only.", 403, HEADERS)
        return await following(request)

    @app.get("/")
    def index(
        letter: str = "",
        to: str = "",
        part: str = "html",
        q: str = "",
        width: str = "",
        dark: str = "",
    ) -> Response:
        newest = _search(mailbox, to, q)[:1]
        chosen, part = letter or (newest[0].id if newest else ""), part if part in PARTS else "html"
        message, width = _read(mailbox, chosen), width if width in WIDTHS else ""
        here = {
            "letter": chosen,
            "to": to,
            "q": q,
            "part": "" if part == "html" else part,
            "width": width,
            "dark": "1" if dark else "",
        }
        return pages.page(
            "letterbox.html",
            language,
            headers=HEADERS,
            empty=not newest and not to and not q,
            forms=[f"{site.url}/f/{name}" for name in installation_stream.current().plan().forms],
            list_link=_link("/list", letter=chosen, to=to, q=q),
            parts=[(name, _link("/", **here | {"part": name}), name == part) for name in PARTS],
            widths=[
                (choice, _link("/", **here | {"width": choice}), choice == width)
                for choice in WIDTHS
            ],
            dark_link=_link("/", **here | {"dark": "" if dark else "1"}),
            dark=bool(dark),
            width=width,
            subject=_head(message, "Subject"),
            heads=[
                ("From", _head(message, "From")),
                ("To", _head(message, "To")),
                ("Date", _date(message, zone)),
            ],
            frame=(
                _link(f"/{part}/{chosen}", dark="1" if dark and part == "html" else "")
                if message is not None
                else ""
            ),
        )

    @app.get("/list")
    def listing(letter: str = "", to: str = "", q: str = "") -> Response:
        rows = [_row(entry, entry.id == letter, to, q, zone) for entry in _search(mailbox, to, q)]
        return pages.page(
            "letterbox_list.html", language, headers=HEADERS, rows=rows, to=to, q=q, most=MAX_SHOWN
        )

    @app.get("/list.js")
    def script() -> Response:
        return Response(
            (TEMPLATES / "letterbox_list.js").read_text("utf-8"),
            headers=HEADERS,
            media_type="text/javascript",
        )

    @app.get("/html/{letter}")
    def html(letter: str, dark: str = "") -> Response:
        text = _body(mailbox, letter, ("html", "plain"))
        return (
            _nothing()
            if text is None
            else HTMLResponse(_opening_new_tabs(_at_night(text) if dark else text), headers=FRAME)
        )

    @app.get("/text/{letter}")
    def text(letter: str) -> Response:
        text = _body(mailbox, letter, ("plain",))
        return _nothing() if text is None else PlainTextResponse(text, headers=FRAME)

    @app.get("/source/{letter}")
    def source(letter: str) -> Response:
        octets = _octets(mailbox, letter)
        return (
            _nothing()
            if octets is None
            else PlainTextResponse(octets.decode("utf-8", "replace"), headers=FRAME)
        )

    return app


def _nothing() -> Response:
    return PlainTextResponse("", 404, FRAME)


def _link(path: str, **values: str) -> str:
    query = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(query)}" if query else path


def _search(mailbox: Mailbox, to: str, words: str) -> list[MailboxEntry]:
    """The newest, to one reader if given, that hold every word in their subject or reader, whatever
    the case and accents.
    """
    wanted = _plain(words).split()
    entries = mailbox.list(MAX_SHOWN if not wanted else MAX_SEARCHED, to or None)
    return [
        entry
        for entry in entries
        if all(word in _plain(f"{entry.subject} {entry.recipient}") for word in wanted)
    ][:MAX_SHOWN]


def _plain(text: str) -> str:
    return "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c)
    )


def _row(entry: MailboxEntry, chosen: bool, to: str, words: str, zone: ZoneInfo) -> Row:
    at = (
        _local(entry.dated, zone, "%d/%m/%Y %H:%M") or f"{entry.at.astimezone(zone):%d/%m/%Y %H:%M}"
    )
    link = _link("/", letter=entry.id, to=to, q=words)
    return Row(
        link,
        _clean(entry.subject),
        _clean(entry.recipient),
        _link("/", to=entry.recipient),
        at,
        chosen,
    )


def _octets(mailbox: Mailbox, letter: str) -> bytes | None:
    try:
        return mailbox.read(letter)
    except (KeyError, OSError):
        return None


def _read(mailbox: Mailbox, letter: str) -> EmailMessage | None:
    octets = _octets(mailbox, letter)
    if octets is None:
        return None
    if (
        max(octets.lower().count(b"content-type"), octets.count(b"\n--")) > MAX_PARTS
        or octets.count(b"\n") > MAX_LINES
    ):
        # Its head is shown, and its source; what it is made of is not looked at.
        octets = octets[:MAX_HEAD_OCTETS].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    try:
        return email.message_from_bytes(octets, policy=email.policy.default)
    except MALFORMED:
        return None


def _body(mailbox: Mailbox, letter: str, kinds: tuple[str, ...]) -> str | None:
    message = _read(mailbox, letter)
    try:
        part = message.get_body(kinds) if message is not None else None
        return _clean(str(part.get_content())) if part is not None else None
    except MALFORMED:
        return None


def _head(message: EmailMessage | None, name: str) -> str:
    try:
        return _clean(str(message.get(name, ""))) if message is not None else ""
    except MALFORMED:
        return ""


def _date(message: EmailMessage | None, zone: ZoneInfo) -> str:
    """When the letter says it was written, which is the engine's time, on the site's clock; as it
    stands there where it is no date.
    """
    date = _head(message, "Date")
    return _local(date, zone, "%Y-%m-%d %H:%M:%S") or date


def _local(date: str, zone: ZoneInfo, form: str) -> str:
    """A header's date on the site's clock, "" for what is none."""
    try:
        return parsedate_to_datetime(date).astimezone(zone).strftime(form)
    except (*MALFORMED, OverflowError):
        return ""


def _clean(text: str) -> str:
    """Without halves of characters, which no page can carry."""
    return text.encode("utf-8", "replace").decode()


def _at_night(html: str) -> str:
    """As a program shows it that is set to dark, whatever this browser is set to."""
    return _BY_DAY.sub("(max-width: 0px)", _BY_NIGHT.sub("(min-width: 0px)", html))


def _opening_new_tabs(html: str) -> str:
    """The letter's links lead out of its frame. Ours is the first `base` with a target, and only
    the first counts.
    """
    base = '<base target="_blank">'
    headed, replaced = re.subn(r"(<head\b[^>]*>)", rf"\1{base}", html, count=1, flags=re.IGNORECASE)
    return headed if replaced else base + html
