"""Mail headers, serialised by us because Python's `email` breaks long URLs and lets headers in
(A03, A04).

Four writers, one per kind of header; each returns whole lines of ASCII octets ending in CRLF, none
above 998 octets, folded so that removing each CRLF gives back what was written. Each refuses what
does not pass `guard`, the one gate against header injection (A04): no value with a control
character passes, neither in clear nor inside RFC 2047 words, however often these are nested.
Refusals name the header and never repeat the value, which may be personal.

Encoded words (RFC 2047) are written and strictly read back. Writing: UTF-8 only, B or Q, whichever
makes the whole text shorter; no word above 75 characters, no character cut in two, and only octets
that section 5(3) allows inside a phrase, so the same words serve subjects and names. Reading: only
what can be read without doubt; everything else is a ValueError that does not repeat the text.

Mailboxes are `Display name <local@domain>` (RFC 5322 section 3.4). The address follows a strict
grammar of our own (G10), the one by which it was taken in: a dot-atom, an @, a host name; no
quoting, no comment, no literal. A display name goes in clear, quoted, or as encoded words, never
encoded inside quotes.
"""

from __future__ import annotations

import binascii
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from engine.intake.address import local_refusal

# C0, DEL, C1, line and paragraph separators, lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# 50 leaves room on the first line for the shortest encoded word.
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,49}")
_NEVER_WRITTEN = frozenset({"bcc", "resent-bcc"})
_DEEPEST_NESTING = 3


class HeaderRefused(ValueError):
    """A header that will not be written; the sentence names the header, never the value."""


@lru_cache(maxsize=64)
def field_name(name: str) -> str:
    """`name` if it can be a header's name here; Bcc cannot (A01). Raises HeaderRefused."""
    if _FIELD_NAME.fullmatch(name) is None:
        raise HeaderRefused(
            "The name of a header is made of at most 50 letters, digits and hyphens."
        )
    if name.lower() in _NEVER_WRITTEN:
        raise HeaderRefused(f"{name} is never written on the wire.")
    return name


def is_header_text(value: str) -> bool:
    """Whether a header takes `value`, which an author wrote: told when it is written rather than
    when letters are withheld.
    """
    try:
        guard("Subject", value)
    except HeaderRefused:
        return False
    return True


def guard(name: str, value: str) -> str:
    """`value` unchanged, or HeaderRefused if it holds, in clear or encoded, what no header may
    hold.
    """
    if value.isascii():
        if not value.isprintable():
            raise HeaderRefused(f"{name} holds a control character or a line break.")
    elif _FORBIDDEN.search(value):
        raise HeaderRefused(f"{name} holds a control character or a line break.")
    if "=?" in value:
        _guard_encoded(name, value)
    return value


def _guard_encoded(name: str, value: str) -> None:
    for _ in range(_DEEPEST_NESTING):
        try:
            inner = decoded(value)
        except ValueError as reason:
            raise HeaderRefused(f"{name} holds {reason}.") from None
        if inner == value:
            return
        if _FORBIDDEN.search(inner):
            raise HeaderRefused(
                f"{name} holds a control character or a line break, hidden in an encoded word."
            )
        value = inner
    raise HeaderRefused(f"{name} holds encoded words within encoded words.")


WORD_LENGTH = 75
SHORTEST_ROOM = 24  # "=?utf-8?q?" + one four-octet character as =XX=XX=XX=XX + "?="

_FRAME = len("=?utf-8?q??=")
_PLAIN = (string.ascii_letters + string.digits + "!*+-/ ").encode("ascii")
_OCTETS = [
    "_" if octet == 0x20 else chr(octet) if octet in _PLAIN else f"={octet:02X}"
    for octet in range(256)
]
# Latin letters, and the signs of typography; the rest is rare enough to be worked out each time.
_USUAL = {
    chr(point): "".join([_OCTETS[octet] for octet in chr(point).encode()])
    for point in (*range(0x180), *range(0x2010, 0x2040), 0x20AC)
}
_START = re.compile(r"=\?([^?]*)\?([bBqQ])\?")
_BROKEN_ESCAPE = re.compile(r"=(?![0-9A-Fa-f]{2})")
_CHARSETS = frozenset({"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})


def encoded_words(text: str, room: int = WORD_LENGTH) -> list[str]:
    """The words that say `text`; the first takes at most `room` characters (at least
    SHORTEST_ROOM).
    """
    octets = text.encode("utf-8")
    q_length = len(octets) + 2 * len(octets.translate(None, _PLAIN))
    b_length = (len(octets) + 2) // 3 * 4
    room = min(room, WORD_LENGTH) - _FRAME
    if q_length > b_length:
        return _b_words(octets, room)
    if q_length <= room:
        return [f"=?utf-8?q?{''.join([_OCTETS[octet] for octet in octets])}?="]
    return _q_words(text, room)


def _q_words(text: str, room: int) -> list[str]:
    words: list[str] = []
    word: list[str] = []
    used = 0
    for character in text:
        token = _USUAL.get(character) or "".join(
            [_OCTETS[octet] for octet in character.encode("utf-8")]
        )
        if used + len(token) > room:
            words.append(f"=?utf-8?q?{''.join(word)}?=")
            word, used, room = [], 0, WORD_LENGTH - _FRAME
        word.append(token)
        used += len(token)
    words.append(f"=?utf-8?q?{''.join(word)}?=")
    return words


def _b_words(octets: bytes, room: int) -> list[str]:
    words, start = [], 0
    while start < len(octets):
        end = min(start + room // 4 * 3, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        words.append(
            f"=?utf-8?b?{binascii.b2a_base64(octets[start:end], newline=False).decode('ascii')}?="
        )
        start, room = end, WORD_LENGTH - _FRAME
    return words


def decoded(value: str) -> str:
    """`value` with its encoded words read, blanks between two words dropped (RFC 2047 section 6.2).

    Lenient in what it takes for a word (long ones, blanks inside, glued ones: mail programs read
    them too), strict in reading it. Linear in the length of `value`. Raises ValueError on a word
    that cannot be read.
    """
    if "=?" not in value:
        return value
    parts: list[str] = []
    done, after_word = 0, False
    while (start := _START.search(value, done)) is not None:
        end = value.find("?=", start.end())
        if end < 0:
            break
        between = value[done : start.start()]
        if not (after_word and between.isspace()):
            parts.append(between)
        parts.append(_read(start[1], start[2], value[start.end() : end]))
        done, after_word = end + 2, True
    parts.append(value[done:])
    return "".join(parts)


def _read(charset: str, encoding: str, text: str) -> str:
    charset = charset.partition("*")[0].lower()  # RFC 2231 section 5 allows a language: utf-8*fr
    if charset not in _CHARSETS:
        raise ValueError("an encoded word in a character set that is not read here")
    try:
        if encoding in "bB":
            octets = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
        elif _BROKEN_ESCAPE.search(text):
            raise ValueError
        else:
            octets = binascii.a2b_qp(text.encode("ascii"), header=True)
        return octets.decode(charset)
    except (
        ValueError
    ):  # binascii.Error and UnicodeError are both ValueErrors, and would quote the text
        raise ValueError("an encoded word that cannot be read") from None


LINE = 78  # RFC 5322 section 2.1.1
ENCODED_LINE = 76  # RFC 2047 section 2: the limit of a line that holds an encoded word

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_ATOMS = re.compile(rf"{_ATEXT}(?: {_ATEXT})*")
_ESCAPED = re.compile(r'(["\\])')
_LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
# IDNA 2003, which the standard library speaks, maps these to another, possibly foreign, domain (ß
# to ss).
_AMBIGUOUS = re.compile("[\u00df\u03c2\u200c\u200d]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who writes or is written to; `display` may be empty, `address` is a bare addr-spec."""

    display: str
    address: str


def ascii_domain(domain: str) -> str:
    """`domain` as A-labels, ASCII as it is. Raises HeaderRefused if it is no host name or would
    change its meaning.
    """
    if not domain.isascii():
        if len(domain) > 253 or _AMBIGUOUS.search(domain):
            raise HeaderRefused(
                "The domain of an address cannot be written in ASCII without doubt."
            )
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            raise HeaderRefused("The domain of an address cannot be written in ASCII.") from None
    if _DOMAIN.fullmatch(domain) is None:
        raise HeaderRefused("The domain of an address is not a host name.")
    return domain


def addr_spec(name: str, address: str) -> str:
    """`address` with an ASCII domain, fit for the header `name`. Raises HeaderRefused.

    Letters of any script before the @ stand in UTF-8 as they are (RFC 6532); such a mail leaves
    under SMTPUTF8 alone (A06).
    """
    local, _, domain = address.rpartition("@")
    if local_refusal(local):
        raise HeaderRefused(f"{name} holds an address whose part before the @ is not a plain name.")
    try:
        domain = ascii_domain(domain)
    except HeaderRefused as reason:
        raise HeaderRefused(f"{name} is refused: {reason}") from None
    if len(local) + 1 + len(domain) > _LONGEST_ADDRESS:
        raise HeaderRefused(f"{name} holds an address longer than {_LONGEST_ADDRESS} characters.")
    return f"{local}@{domain}"


def phrase(text: str) -> str | None:
    """`text` as RFC 5322 atoms or a quoted string, or None where only encoded words will do."""
    if not text.isascii() or "=?" in text:
        return None
    return text if _ATOMS.fullmatch(text) else '"' + _ESCAPED.sub(r"\\\1", text) + '"'


def address_header(name: str, mailboxes: Sequence[Mailbox]) -> bytes:
    """The header line(s), one mailbox a line, ending in CRLF. Raises HeaderRefused."""
    field_name(name)
    if not mailboxes:
        raise HeaderRefused(f"{name} names nobody.")
    used = len(name) + 2
    written = []
    for mailbox in mailboxes:
        written.append(_written(name, mailbox, used))
        used = 1
    return (f"{name}: " + ",\r\n ".join(written) + "\r\n").encode()


def _written(name: str, mailbox: Mailbox, used: int) -> str:
    """The mailbox, folded, when `used` columns of its first line are taken; room for a comma is
    kept.
    """
    address = addr_spec(name, mailbox.address)
    display = guard(name, mailbox.display)
    if not display:
        return address
    plain = phrase(display)
    if plain is not None and used + len(plain) <= LINE:
        fits = used + len(plain) + len(address) + 4 <= LINE
        return f"{plain} <{address}>" if fits else f"{plain}\r\n <{address}>"
    words = encoded_words(display, ENCODED_LINE - used)
    last = len(words[-1]) + (used if len(words) == 1 else 1)
    fits = last + len(address) + 4 <= ENCODED_LINE
    return "\r\n ".join(words) + (f" <{address}>" if fits else f"\r\n <{address}>")


__all__ = [
    "HeaderRefused",
    "Mailbox",
    "address_header",
    "ascii_domain",
    "date_header",
    "guard",
    "structured_header",
    "text_header",
]

LONGEST_LINE = 998  # RFC 5322 section 2.1.1, without the CRLF

_TOKEN = re.compile(r" *[^ ]+")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text_header(name: str, value: str) -> bytes:
    """An unstructured header (Subject, Comments): in clear when it survives so, else RFC 2047 words
    (A05).

    Raises HeaderRefused.
    """
    field_name(name)
    guard(name, value)
    if not value:
        return f"{name}:\r\n".encode("ascii")
    if value.isascii() and "=?" not in value and value.strip(" ") == value:
        if len(name) + 2 + len(value) <= LINE:
            return f"{name}: {value}\r\n".encode("ascii")
        lines = _folded(name, value)
        if max(map(len, lines)) <= LINE:
            return "\r\n".join([*lines, ""]).encode("ascii")
    words = encoded_words(value, ENCODED_LINE - len(name) - 2)
    return (f"{name}: " + "\r\n ".join(words) + "\r\n").encode("ascii")


def structured_header(name: str, value: str) -> bytes:
    """A header read by machines (List-*, Message-ID, Feedback-ID): ASCII, never an encoded word
    (A03).

    Folded at blanks the value already has, never right after the colon (Exchange misreads
    identifiers folded there), so a long URL stays whole on a longer line. Raises HeaderRefused.
    """
    field_name(name)
    guard(name, value)
    if not value.isascii():
        raise HeaderRefused(f"{name} is read by machines and may hold ASCII only.")
    if "=?" in value:
        raise HeaderRefused(
            f"{name} is read by machines and may not hold the signs =? side by side."
        )
    if not value or value[0] == " " or value[-1] == " ":
        raise HeaderRefused(f"{name} is empty, or begins or ends with a blank.")
    if len(name) + 2 + len(value) <= LINE:
        return f"{name}: {value}\r\n".encode("ascii")
    lines = _folded(name, value)
    if max(map(len, lines)) > LONGEST_LINE:
        raise HeaderRefused(f"{name} cannot be folded into lines of at most {LONGEST_LINE} octets.")
    return "\r\n".join([*lines, ""]).encode("ascii")


def _folded(name: str, value: str) -> list[str]:
    """Lines of at most 78 columns where the blanks of `value` allow; their concatenation is `name:
    value`.
    """
    first, *others = _TOKEN.findall(value)
    lines, line = [], f"{name}: {first}"
    for token in others:
        if len(line) + len(token) > LINE:
            lines.append(line)
            line = token
        else:
            line += token
    return [*lines, line]


def date_header(at: datetime) -> bytes:
    """The Date header at `at`, which must be aware, to the second, with a numeric zone (A10, RFC
    5322 section 3.3).

    An offset that is not whole minutes (local mean time) cannot be written and becomes +0000.
    Raises HeaderRefused.
    """
    offset = at.utcoffset()
    if offset is None:
        raise HeaderRefused("Date needs a time that knows its zone.")
    if offset.total_seconds() % 60:
        at, offset = at.astimezone(UTC), UTC.utcoffset(None)
    if at.year < 1900:
        raise HeaderRefused("Date cannot be before the year 1900.")
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    zone = f"{'-' if minutes < 0 else '+'}{hours:02}{rest:02}"
    day = f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04}"
    return f"Date: {day} {at.hour:02}:{at.minute:02}:{at.second:02} {zone}\r\n".encode("ascii")
