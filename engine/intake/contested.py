"""A mail that somebody contests, read as hostile input: the letters it claims to be, the tokens of
its links, its subject and words. Nothing in it is believed here.

Headers are read by the standard library's parser. Every size is bounded before parsing, so no file
takes long or nests deep. Pure.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from itertools import islice

from engine.intake.mail_fault import MailFault
from engine.words import CodedError

MAX_MAIL_BYTES = 3_000_000
MAX_LINES = 200_000
MAX_BOUNDARIES = 32
MAX_HEADER_CHARACTERS = 8_000
MAX_CLAIMS = 20
TOKEN = re.compile(r"/l/([A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])")
MESSAGE_ID = re.compile(r"<?([a-z2-7]{26})(?:@[A-Za-z0-9.-]{1,255})?>?")
_BOUNDARY = re.compile(rb"boundary[ \t]{0,9}(?:\*[0-9*]{0,9})?[ \t]{0,9}=", re.IGNORECASE)
_STRUCTURED = re.compile(
    rb"^content-[a-z-]{1,30}[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE
)
_PLAIN_CHARSETS = re.compile(
    r"ascii|utf-8|utf-16(?:-[lb]e)?|iso8859-\d+|cp125\d|cp437|cp85\d|koi8-[ru]|mac-roman|gb2312|gbk|big5|shift_jis|euc_jp"
)
_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    IndexError,
    KeyError,
    AssertionError,
    RecursionError,
    binascii.Error,
)
"""The exceptions that the standard library's parser raises for input that is no mail."""


class ContestedRefused(CodedError[MailFault]):
    """Says why the file cannot be read as a mail, without quoting it."""


@dataclass(frozen=True, slots=True)
class Contested:
    """What a file holds. `messages` are ids in Relance's form (32 hexadecimal digits), `ids` the
    Message-IDs as written, `tokens` those of the unsubscribe header first, then those of links.
    `text` and `html` are "" where there is no such part.
    """

    digest: str
    messages: tuple[str, ...]
    ids: tuple[str, ...]
    tokens: tuple[str, ...]
    sender: str
    to: str
    subject: str
    date: str
    text: str
    html: str


def message_of(text: str) -> str:
    """The message id of a Message-ID of Relance's form, with or without brackets and host, or of
    its 32 hexadecimal digits; "" for any other.
    """
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return text
    match = MESSAGE_ID.fullmatch(text.strip())
    if match is None:
        return ""
    raw = base64.b32decode(match[1].upper() + "======")
    return raw.hex() if base64.b32encode(raw).decode().lower().startswith(match[1]) else ""


def read_contested(data: bytes) -> Contested:
    """Raises ContestedRefused."""
    _check(data)
    try:
        return _read(data)
    except ContestedRefused:
        raise
    except _UNREADABLE as error:
        raise ContestedRefused(MailFault.UNREADABLE) from error


def _check(data: bytes) -> None:
    if len(data) > MAX_MAIL_BYTES:
        raise ContestedRefused(MailFault.TOO_LARGE, most=MAX_MAIL_BYTES)
    if data.count(b"\n") + data.count(b"\r") > MAX_LINES:
        raise ContestedRefused(MailFault.TOO_MANY_LINES, most=MAX_LINES)
    if b"\0" in data[:1000]:
        raise ContestedRefused(MailFault.NOT_TEXT)
    if sum(1 for _ in _BOUNDARY.finditer(data)) > MAX_BOUNDARIES:
        raise ContestedRefused(MailFault.TOO_MANY_PARTS, most=MAX_BOUNDARIES)
    if any(len(header[0]) > MAX_HEADER_CHARACTERS for header in _STRUCTURED.finditer(data)):
        raise ContestedRefused(MailFault.CONTENT_HEADER_TOO_LONG, most=MAX_HEADER_CHARACTERS)


def _read(data: bytes) -> Contested:
    whole = BytesParser(policy=compat32).parsebytes(data)
    mails = [
        whole,
        *(
            part
            for part in whole.walk()
            if part.get_content_type() == "message/rfc822"
            for part in _inner(part)
        ),
    ]
    if not any(mail.keys() for mail in mails):
        raise ContestedRefused(MailFault.NO_HEADER)
    chosen = next((mail for mail in mails if _is_ours(mail)), whole)
    ids = _unique(value.strip()[:300] for value in _values(chosen, "Message-ID"))
    text, html = _words(chosen, "plain"), _words(chosen, "html")
    header = [
        token for value in _values(chosen, "List-Unsubscribe") for token in TOKEN.findall(value)
    ]
    tokens = _unique([*header, *TOKEN.findall(text), *TOKEN.findall(html)])
    return Contested(
        hashlib.sha256(data).hexdigest(),
        _unique(message for value in ids if (message := message_of(value))),
        ids,
        tokens,
        _first(chosen, "From"),
        _first(chosen, "To"),
        _first(chosen, "Subject"),
        _first(chosen, "Date"),
        text,
        html,
    )


def _inner(part: Message) -> list[Message]:
    held = part.get_payload()
    return [inner for inner in held if isinstance(inner, Message)] if isinstance(held, list) else []


def _is_ours(mail: Message) -> bool:
    return any(message_of(value) for value in _values(mail, "Message-ID")) or any(
        TOKEN.search(v) for v in _values(mail, "List-Unsubscribe")
    )


def _values(mail: Message, name: str) -> Iterator[str]:
    """The first few values of a header, each cut to a length that is decoded quickly."""
    raw = (str(value) for key, value in mail.raw_items() if key.lower() == name.lower())
    for value in islice(raw, MAX_CLAIMS):
        text = (
            value[:MAX_HEADER_CHARACTERS]
            .encode("utf-8", "surrogateescape")
            .decode("utf-8", "replace")
        )
        yield re.sub(r"\r?\n[ \t]?", " ", text).strip()


def _first(mail: Message, name: str) -> str:
    value = next(_values(mail, name), "")
    pieces = [
        piece.decode(_charset(charset), "replace") if isinstance(piece, bytes) else piece
        for piece, charset in decode_header(value)
    ]
    return " ".join("".join(pieces).split())


def _words(mail: Message, kind: str) -> str:
    """The first part of this kind, decoded; attached mails are left out."""
    for part in _parts(mail):
        if (
            part.get_content_type() == f"text/{kind}"
            and part.get_content_disposition() != "attachment"
        ):
            charset = _charset(part.get_content_charset())
            # The library does not decode the part by its own charset: some codecs never come to an
            # end.
            del part["Content-Type"]
            raw = part.get_payload(decode=True)
            return raw.decode(charset, "replace") if isinstance(raw, bytes) else ""
    return ""


def _parts(mail: Message) -> Iterator[Message]:
    if mail.get_content_type() == "message/rfc822" or not mail.is_multipart():
        if not mail.is_multipart():
            yield mail
        return
    for part in _inner(mail):
        yield from _parts(part)


def _charset(label: str | None) -> str:
    """The named charset if it decodes in one pass, else UTF-8."""
    try:
        name = codecs.lookup((label or "utf-8")[:40]).name
    except (LookupError, ValueError):
        return "utf-8"
    return name if _PLAIN_CHARSETS.fullmatch(name) else "utf-8"


def _unique(values: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:MAX_CLAIMS]
