"""One letter as the octets that go on the wire, before signing (A01, A02, A07, A16, A60).

The same `Mail` always gives the same octets: every retry is the same message. Nothing here reads a
clock or random. A letter that many people get is written once, with holes (`MimeTemplate`).
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from typing import Literal, NamedTuple, get_args

from engine.mime.header_values import checked_message_id, message_id, message_local
from engine.mime.headers import (
    HeaderRefused,
    Mailbox,
    address_header,
    date_header,
    structured_header,
    text_header,
)

# `b2a_qp` encodes a blank before a line break without counting the two octets it adds: such a line
# may reach 78.
_OVERFULL = re.compile(rb"^([^\n]{74,75})(=20|=09)$", re.MULTILINE)


class BodyRefused(ValueError):
    """A body that cannot be written; the sentence does not repeat it."""


def quoted_printable(body: str) -> bytes:
    """`body` in UTF-8, quoted-printable; any of CR, LF, CRLF in it is one line break. Raises
    BodyRefused.
    """
    try:
        octets = body.encode("utf-8")
    except UnicodeEncodeError:  # its text would quote the body
        raise BodyRefused(
            "The body holds half of a surrogate pair, which no mail can carry."
        ) from None
    if b"\r" in octets:
        octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # With LF alone `b2a_qp` also breaks lines with LF alone; fed with CRLF it follows the first
    # line break only.
    encoded = binascii.b2a_qp(octets, istext=True)
    if b" \n" in octets or b"\t\n" in octets or octets.endswith((b" ", b"\t")):
        encoded = _OVERFULL.sub(rb"\1=\n\2", encoded)
    return encoded.replace(b"\n", b"\r\n")


def quoted_printable_lines(lines: str) -> str:
    """Whole lines of a body, or its last one: what they become in it, whatever else it holds.

    Raises BodyRefused, also for a CR: alone it would end a line here and no line in the body.
    """
    if "\r" in lines:
        raise BodyRefused("A carriage return stands in a line.")
    return quoted_printable(lines).decode("ascii")


SIZE_CAP = 1_000_000  # octets

# Written here from checked fields, or not ours to write: `extra` may hold none of them.
_OURS = frozenset(
    {"from", "to", "sender", "reply-to", "subject", "date", "message-id", "mime-version"}
)
_CONTENT = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "content-id"}
)
_RESERVED = (
    _OURS
    | _CONTENT
    | {"cc", "bcc", "content-description", "return-path", "received", "dkim-signature"}
)
_ENCODING = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
_PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n" + _ENCODING
_HTML = b"Content-Type: text/html; charset=utf-8\r\n" + _ENCODING


class MessageTooBig(ValueError):
    """A message above the size cap (A16); the sentence gives both sizes in octets."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A composed letter. `date` is aware; `message_id` has its angle brackets; `extra` are
    structured headers.
    """

    sender: Mailbox
    to: Mailbox
    reply_to: Mailbox | None
    subject: str
    date: datetime
    message_id: str
    extra: tuple[tuple[str, str], ...]
    text: str
    html: str | None


def serialize(mail: Mail, size_cap: int = SIZE_CAP) -> bytes:
    """The whole message: ASCII, CRLF, each header once, the text part first and the HTML part last.

    Raises HeaderRefused, BodyRefused, or MessageTooBig above `size_cap` octets.
    """
    return checked_size(b"".join([*_headers(mail), *_body(mail)]), size_cap)


def checked_size(message: bytes, size_cap: int = SIZE_CAP) -> bytes:
    """`message`, or MessageTooBig."""
    if len(message) > size_cap:
        raise MessageTooBig(
            f"The message has {len(message)} octets, more than the {size_cap} allowed."
        )
    return message


def _headers(mail: Mail) -> Iterator[bytes]:
    yield date_header(mail.date)
    yield _from(mail.sender)
    yield address_header("To", (mail.to,))
    if mail.reply_to is not None:
        yield address_header("Reply-To", (mail.reply_to,))
    yield text_header("Subject", mail.subject)
    yield structured_header("Message-ID", checked_message_id(mail.message_id))
    written = set(_RESERVED)
    for name, value in mail.extra:
        line = structured_header(name, value)
        if name.lower() in written:
            raise HeaderRefused(
                f"{name} may stand only once, and may not be given beside the letter's own headers."
            )
        written.add(name.lower())
        yield line
    yield b"MIME-Version: 1.0\r\n"


@lru_cache(maxsize=256)
def _from(sender: Mailbox) -> bytes:
    """Remembered: thousands of letters have one sender. Recipients are not kept in memory."""
    return address_header("From", (sender,))


def _body(mail: Mail) -> Iterator[bytes]:
    text = quoted_printable(mail.text)
    if mail.html is None:
        yield _PLAIN
        yield text
        yield b"" if text.endswith(b"\r\n") else b"\r\n"
        return
    html = quoted_printable(mail.html)
    mark = boundary(mail.message_id, text, html)
    yield structured_header("Content-Type", f'multipart/alternative; boundary="{mark}"')
    delimiter = f"--{mark}".encode("ascii")
    yield b"\r\n" + delimiter + b"\r\n" + _PLAIN + text
    yield b"\r\n" + delimiter + b"\r\n" + _HTML + html
    yield b"\r\n" + delimiter + b"--\r\n"


def boundary(message_id: str, *parts: bytes) -> str:
    """The first mark derived from `message_id` that occurs in none of `parts` (RFC 2046 section
    5.1.1).

    "=_" cannot stand in quoted-printable (RFC 2045 section 6.7), so the first one serves; it is
    checked all the same.
    """
    for attempt in count():
        mark = _mark(attempt, message_id)
        if not any(mark.encode("ascii") in part for part in parts):
            return mark
    raise AssertionError("count() does not end")


def _mark(attempt: int, message_id: str) -> str:
    return "=_" + hashlib.sha256(f"{attempt} {message_id}".encode()).hexdigest()[:32]


_NOBODY = Mailbox("", "nobody@example.invalid")
_NO_TEXT, _NO_HTML = "text-for-nobody", "html-for-nobody"
_ONCE = 1
_BOUNDARIES = 4


_Hole = Literal["date", "to", "subject", "id", "boundary", "text", "html", "batch"]
_HOLES: tuple[_Hole, ...] = get_args(_Hole)
"""In the order of what fills them; those of tokens come after."""


class Personal(NamedTuple):
    """What differs from one mail of a frame to the next. `at` is in milliseconds, `message` 16
    octets; the parts are encoded.
    """

    address: str
    subject: str
    at: int
    message: bytes
    text: str
    html: str


class MimeTemplate:
    """The octets around the two parts of a letter that many people get: headers and multipart, with
    holes where a person's go.

    Taken from the plain path: `serialize` writes a letter to nobody, and it is cut open. What goes
    into the holes is written by the same writers as there, behind the same guards, or has signs of
    base32 and base64url only; all else passed them with the letter to nobody.
    """

    def __init__(
        self,
        sender: Mailbox,
        reply_to: Mailbox | None,
        domain: str,
        extra: tuple[tuple[str, str], ...],
        marks: Sequence[str],
        batch_header: str = "",
        size_cap: int = SIZE_CAP,
    ) -> None:
        """`domain` is the Message-ID's; `marks` stand in `extra` for tokens. `batch_header` names
        the one of `extra` whose lines `fill` is given. Raises what `serialize` does.
        """
        self._domain, self._size_cap = domain, size_cap
        self._subject = ("", text_header("Subject", ""))
        nobody = message_id(bytes(16), domain)
        date = datetime.fromtimestamp(0, UTC)
        octets = serialize(
            Mail(sender, _NOBODY, reply_to, "", date, nobody, extra, _NO_TEXT, _NO_HTML), size_cap
        )
        holes: dict[_Hole, tuple[bytes, int]] = {
            "date": (date_header(date), _ONCE),
            "to": (address_header("To", (_NOBODY,)), _ONCE),
            "subject": (self._subject[1], _ONCE),
            "id": (f"<{message_local(bytes(16))}@".encode(), _ONCE),
            "boundary": (boundary(nobody).encode(), _BOUNDARIES),
            "text": (_NO_TEXT.encode(), _ONCE),
            "html": (_NO_HTML.encode(), _ONCE),
        }
        if batch_header:
            holes["batch"] = (structured_header(batch_header, dict(extra)[batch_header]), _ONCE)
        for name, (stands, times) in holes.items():
            if octets.count(stands) != times:
                raise ValueError("a header of every letter looks like one of a letter to nobody")
            octets = octets.replace(stands, b"\0%d\0" % _HOLES.index(name))
        for place, mark in enumerate(marks):
            octets = octets.replace(mark.encode(), b"\0%d\0" % (len(_HOLES) + place))
        # No message holds a NUL, so what stands between two of them is the number of a hole.
        self._pieces = octets.split(b"\0")
        self._holes = [(at, int(self._pieces[at])) for at in range(1, len(self._pieces), 2)]

    def fill(self, personal: Personal, tokens: Sequence[str], batch_header: bytes = b"") -> bytes:
        """`batch_header` are whole lines as `structured_header` writes them, or b"" for none.
        Raises HeaderRefused or MessageTooBig, as `serialize` would.
        """
        local = message_local(personal.message)
        values = (
            _date(personal.at // 1000),
            address_header("To", (Mailbox("", personal.address),)),
            self._subject_line(personal.subject),
            f"<{local}@".encode(),
            _mark(0, f"<{local}@{self._domain}>").encode(),
            personal.text.encode("ascii"),
            personal.html.encode("ascii"),
            batch_header,
            *[token.encode() for token in tokens],
        )
        pieces = self._pieces.copy()
        for at, hole in self._holes:
            pieces[at] = values[hole]
        return checked_size(b"".join(pieces), self._size_cap)

    def _subject_line(self, subject: str) -> bytes:
        """The last one is remembered: many letters say the same to everybody."""
        last = self._subject
        if last[0] != subject:
            last = self._subject = (subject, text_header("Subject", subject))
        return last[1]


@lru_cache(maxsize=4)
def _date(second: int) -> bytes:
    return date_header(datetime.fromtimestamp(second, UTC))
