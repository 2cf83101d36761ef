"""A mail that came from outside, taken apart within bounds (B12): at most 10 MB, 50 parts, ten
multiparts inside each other; of a text the first hundred thousand characters are read.

What cannot be decoded survives as replacement characters. An attached mail is opened as far as its
header and no deeper, unless it is itself a report. Own reading instead of the library's: a
thousandfold nesting must cost nothing, and some codecs never come to an end.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

from engine.words import CodedError

MAX_MAIL_BYTES: Final = 10 * 1024 * 1024
MAX_PARTS: Final = 50
MAX_NESTING: Final = 10
MAX_HEADER_BYTES: Final = 256 * 1024
MAX_HEADERS: Final = 1000
MAX_VALUE_CHARACTERS: Final = 10_000
MAX_TEXT_CHARACTERS: Final = 100_000
MAX_LINE_CHARACTERS: Final = 2000

_HEADER = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)$", re.MULTILINE)
_WORD = re.compile(r"=\?([\w.:-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?([^?]{0,10000})\?=", re.I)
_BETWEEN_WORDS = re.compile(r"(\?=)\s{1,200}(?==\?)")
_PARAMETER = re.compile(r';\s*([\w-]{1,40})\*?(?:0\*?)?\s*=\s*(?:"([^"]{0,500})"|([^\s;"]{1,500}))')
_CHARSET = re.compile(
    r"us-ascii|ascii|utf-?8|utf-?16(?:le|be)?|(?:unicode-1-1-)?utf-7|iso-?8859-\d{1,2}|latin-?1"
    r"|(?:windows-|cp)\d{3,4}|koi8-[ru]|gb2312|gbk|gb18030|big5|shift[_-]jis|euc-(?:jp|kr)"
    r"|iso-2022-jp|ks_c_5601-1987|macintosh",
    re.I,
)
_TAG = re.compile(r"<[^<>]{0,5000}>")
_LINE_TAG = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h[1-6]|/?pre|/?td)\b[^<>]{0,2000}>", re.I)
_HIDDEN_TAG = re.compile(r"<(style|script|head)\b", re.I)


class InboundFault(StrEnum):
    """Why a mail is not taken apart."""

    TOO_LARGE = auto()
    TOO_MANY_PARTS = auto()
    TOO_DEEP = auto()
    NO_HEADER = auto()


class InboundRefused(CodedError[InboundFault]):
    """The mail passes a bound; the values are the bounds."""


@dataclass(frozen=True, slots=True)
class Part:
    """A mail, or a part of one. Names of headers are in lower case, values unfolded and not
    decoded; `body` is as it was transferred, with LF. `parts` are those of a multipart, or the one
    mail that is attached, of which only the header is read unless it is a report.
    """

    headers: tuple[tuple[str, str], ...]
    content_type: str
    parameters: tuple[tuple[str, str], ...]
    body: bytes
    parts: tuple[Part, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for known, value in self.headers if known == name)

    def value(self, name: str) -> str:
        """The first header of this name as it stands, "" where there is none."""
        return next((value for known, value in self.headers if known == name), "")

    def words(self, name: str) -> str:
        """The first header of this name, its encoded words (RFC 2047) decoded."""
        return decoded_words(self.value(name))

    def parameter(self, name: str) -> str:
        """Of Content-Type."""
        return next((value for known, value in self.parameters if known == name), "")

    @property
    def is_attached_mail(self) -> bool:
        return self.content_type in _MAILS

    @property
    def octets(self) -> bytes:
        """The body as it was before it was encoded for the way."""
        encoding = self.value("content-transfer-encoding").strip().lower()
        return _decoded(self.body, encoding)

    @property
    def text(self) -> str:
        """The words of a text part; HTML without its tags."""
        encoding = self.value("content-transfer-encoding").strip().lower()
        octets = _decoded(self.body[: 4 * MAX_TEXT_CHARACTERS], encoding)
        text = in_characters(octets, self.parameter("charset"))[:MAX_TEXT_CHARACTERS]
        return _without_tags(text) if self.content_type == "text/html" else text

    def walk(self) -> Iterator[Part]:
        """This part and those inside, an attached mail itself left out."""
        yield self
        if not self.is_attached_mail:
            for part in self.parts:
                yield from part.walk()


_MAILS = ("message/rfc822", "message/global", "message/rfc822-headers")
_HEADERS_ALONE = ("text/rfc822-headers", "message/global-headers")


def parse_mail(octets: bytes) -> Part:
    """Raises InboundRefused where a bound is passed, or nothing of it is a header."""
    if len(octets) > MAX_MAIL_BYTES:
        raise InboundRefused(InboundFault.TOO_LARGE, megabytes=MAX_MAIL_BYTES // 1024 // 1024)
    octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"")
    octets = octets.lstrip(b"\n")
    if octets.startswith((b"From ", b">From ")):  # the line that opens a mail in an mbox
        octets = octets.partition(b"\n")[2]
    mail = _part(octets, "text/plain", 0, [0])
    if not mail.headers:
        raise InboundRefused(InboundFault.NO_HEADER)
    return mail


def _part(octets: bytes, default: str, depth: int, count: list[int]) -> Part:
    count[0] += 1
    if count[0] > MAX_PARTS:
        raise InboundRefused(InboundFault.TOO_MANY_PARTS, parts=MAX_PARTS)
    headers, body = _split(octets)
    content_type, parameters = _content_type(headers, default)
    parts: tuple[Part, ...] = ()
    if content_type.startswith("multipart/"):
        if depth == MAX_NESTING:
            raise InboundRefused(InboundFault.TOO_DEEP, deep=MAX_NESTING)
        inside = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        boundary = next((value for name, value in parameters if name == "boundary"), "")
        pieces = _pieces(body, boundary)
        if pieces:
            parts = tuple(_part(piece, inside, depth + 1, count) for piece in pieces)
        else:
            content_type = "text/plain"
    elif content_type in _MAILS or content_type in _HEADERS_ALONE:
        encoding = next((v for name, v in headers if name == "content-transfer-encoding"), "")
        inner = _decoded(body, encoding.strip().lower())
        attached = header_alone(inner)
        if attached.content_type == "multipart/report" and depth < MAX_NESTING:
            attached = _part(inner, "text/plain", depth + 1, count)
        parts = (attached,)
    return Part(headers, content_type, parameters, body, parts)


def header_alone(octets: bytes) -> Part:
    """A mail of which only the header is read; the rest is its body."""
    headers, body = _split(octets.replace(b"\r\n", b"\n").lstrip(b"\n"))
    content_type, parameters = _content_type(headers, "text/plain")
    return Part(headers, content_type, parameters, body)


def _split(octets: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """The header and the body. A line of the header that is none is passed over, as mail systems
    do.
    """
    if octets.startswith(b"\n"):
        return (), octets[1:]
    head, blank, body = octets.partition(b"\n\n")
    if not _HEADER.match(head):
        return (), octets
    return tuple(fields(head)), body if blank else b""


def fields(head: bytes) -> Iterator[tuple[str, str]]:
    """The fields of a header, or of a block written like one: name in lower case, value
    unfolded.
    """
    for number, field in enumerate(_HEADER.finditer(head[:MAX_HEADER_BYTES])):
        if number == MAX_HEADERS:
            return
        value = in_characters(field[2][: 4 * MAX_VALUE_CHARACTERS], "utf-8")
        unfolded = " ".join(line.strip() for line in value.split("\n"))
        yield field[1].decode().lower(), unfolded.strip()[:MAX_VALUE_CHARACTERS]


def _content_type(
    headers: Sequence[tuple[str, str]], default: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    value = next((value for name, value in headers if name == "content-type"), "")
    kind = value.partition(";")[0].strip().lower()
    if not re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,80}", kind):
        kind = default if not value else "text/plain"
    return kind, tuple(
        (found[1].lower(), found[2] if found[2] is not None else found[3])
        for found in _PARAMETER.finditer(value)
    )


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    """What stands between the boundaries of a multipart; what was cut off counts to its end."""
    if not boundary:
        return []
    line = re.compile(rb"^--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*$", re.MULTILINE)
    pieces: list[bytes] = []
    begin = -1
    for mark in line.finditer(body):
        if begin >= 0:
            pieces.append(body[begin : mark.start() - 1 if mark.start() > begin else begin])
        if mark[1]:
            return pieces
        if len(pieces) > MAX_PARTS:
            raise InboundRefused(InboundFault.TOO_MANY_PARTS, parts=MAX_PARTS)
        begin = mark.end() + 1
    if begin >= 0:
        pieces.append(body[begin:])
    return pieces


def _decoded(octets: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    if encoding == "base64":
        octets = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
        return binascii.a2b_base64(octets[: len(octets) // 4 * 4] + _tail(octets))
    return octets


def _tail(octets: bytes) -> bytes:
    rest = octets[len(octets) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def in_characters(octets: bytes, charset: str) -> str:
    """By UTF-8 where it can be, else by the charset that is named, else by windows-1252."""
    name = charset.strip().lower()
    if not name.startswith(("utf-16", "utf-7", "unicode", "iso-2022")):
        try:
            return octets.decode()
        except UnicodeDecodeError:
            pass
    if not _CHARSET.fullmatch(name) or name in ("us-ascii", "ascii"):
        name = "cp1252"
    try:
        return octets.decode(name.removeprefix("unicode-1-1-"), "replace")
    except LookupError:
        return octets.decode("cp1252", "replace")


def decoded_words(value: str) -> str:
    """A header's value with its encoded words in characters."""
    if "=?" not in value:
        return value

    def characters(word: re.Match[str]) -> str:
        octets = word[3].encode()
        octets = (
            _decoded(octets, "base64")
            if word[2].lower() == "b"
            else binascii.a2b_qp(octets, header=True)
        )
        return in_characters(octets, word[1])

    return _WORD.sub(characters, _BETWEEN_WORDS.sub(r"\1", value))


def _without_tags(text: str) -> str:
    visible, at = [], 0
    while hidden := _HIDDEN_TAG.search(text, at):
        visible.append(text[at : hidden.start()])
        at = text.lower().find(f"</{hidden[1].lower()}", hidden.end())
        if at < 0:
            break
    else:
        visible.append(text[at:])
    broken = _LINE_TAG.sub("\n", " ".join(visible).replace("\n", " "))
    return html.unescape(_TAG.sub("", broken)).replace("\u00a0", " ")


def words_of(mail: Part) -> str:
    """What a person would read: the plain texts, or the HTML where there is no plain one. Lines
    above 2,000 characters are cut.
    """
    texts = [part for part in mail.walk() if part.content_type == "text/plain"] or [
        part for part in mail.walk() if part.content_type == "text/html"
    ]
    text = "\n".join(part.text for part in texts)[:MAX_TEXT_CHARACTERS]
    return "\n".join(line[:MAX_LINE_CHARACTERS] for line in text.split("\n"))


def attached_mails(mail: Part) -> list[Part]:
    """The mails that are attached, as far as their headers."""
    return [part.parts[0] for part in mail.walk() if part.parts and not _is_multipart(part)]


def _is_multipart(part: Part) -> bool:
    return part.content_type.startswith("multipart/")


_ADDRESS = re.compile(
    r"[^\s<>\"'(),:;@\[\]\\|]{1,128}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_][\w-]{0,62}"
)


def addresses_in(text: str) -> list[str]:
    """Every address in it, in order, as it is written."""
    return [found[0] for found in _ADDRESS.finditer(text)] if "@" in text else []
