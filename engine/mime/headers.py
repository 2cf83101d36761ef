"""Mail headers, serialised by us because Python's `email` breaks long URLs and lets headers in
(A03, A04).

Four writers, one per kind of header; each returns whole lines of ASCII octets ending in CRLF, none
above 998 octets, folded so that removing each CRLF gives back what was written. Each refuses what
does not pass `guard`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from engine.mime.address_header import ENCODED_LINE, LINE, Mailbox, address_header, ascii_domain
from engine.mime.encoded_words import encoded_words
from engine.mime.header_guard import HeaderRefused, field_name, guard

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
