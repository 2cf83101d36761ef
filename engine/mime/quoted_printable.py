"""Bodies as quoted-printable (RFC 2045 section 6.7): pure ASCII, CRLF only, lines of at most 76
octets.

Reading it back gives the body octet for octet, its line breaks written as CRLF.
"""

from __future__ import annotations

import binascii
import re

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
