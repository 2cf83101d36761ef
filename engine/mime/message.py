"""One letter as the octets that go on the wire, before signing (A01, A02, A07, A16, A60).

The same `Mail` always gives the same octets: every retry is the same message. Nothing here reads a
clock or random.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import count

from engine.mime.address_header import Mailbox, address_header
from engine.mime.header_guard import HeaderRefused
from engine.mime.header_values import checked_message_id
from engine.mime.headers import date_header, structured_header, text_header
from engine.mime.quoted_printable import quoted_printable

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
        mark = "=_" + hashlib.sha256(f"{attempt} {message_id}".encode()).hexdigest()[:32]
        if not any(mark.encode("ascii") in part for part in parts):
            return mark
    raise AssertionError("count() does not end")
