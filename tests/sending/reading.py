"""Reading the wire with nothing of the engine: lines, unfolding, and RFC 2047 by a small strict
decoder.

The standard library's own decoders are compared where they are right; this one is the reference
where they are not.
"""

from __future__ import annotations

import base64
import quopri
import re

WORD = re.compile(r"=\?utf-8\?([bq])\?([^? ]*)\?=")


def lines(octets: bytes) -> list[bytes]:
    """The lines without their CRLF; fails on a bare CR or LF, NUL, 8-bit octet, or a last line left
    open.
    """
    assert octets.endswith(b"\r\n")
    found = octets[:-2].split(b"\r\n")
    for line in found:
        assert b"\r" not in line and b"\n" not in line and b"\x00" not in line
        assert max(line, default=0) < 0x80
    return found


def unfolded(header: bytes) -> str:
    """The value of one serialised header: each CRLF removed, the name, colon and one blank taken
    off.
    """
    found = lines(header)
    for line in found:
        assert line.strip(), "a line of blanks alone"
    for line in found[1:]:
        assert line[:1] == b" ", "a continuation line begins with a blank"
    name, colon, value = b"".join(found).partition(b":")
    assert colon and re.fullmatch(rb"[A-Za-z0-9-]+", name)
    return value.decode("ascii").removeprefix(" ")


def words(value: str) -> list[str]:
    """The encoded words of an unfolded value, each checked for its form."""
    found = [match[0] for match in WORD.finditer(value)]
    for word in found:
        assert len(word) <= 75
        read_word(word)
    return found


def read_word(word: str) -> str:
    """One word alone: fails when a character is cut in two."""
    match = WORD.fullmatch(word)
    assert match is not None
    if match[1] == "b":
        return base64.b64decode(match[2], validate=True).decode("utf-8")
    assert re.fullmatch(r"(?:[A-Za-z0-9!*+/_-]|=[0-9A-F]{2})*", match[2]), (
        "signs a phrase does not allow"
    )
    return quopri.decodestring(match[2].encode("ascii"), header=True).decode("utf-8")


def read_text(value: str) -> str:
    """An unstructured value as a reader sees it (RFC 2047 section 6.2)."""
    joined = re.sub(r"(\?=) +(?==\?)", r"\1", value) if WORD.search(value) else value
    return WORD.sub(lambda match: read_word(match[0]), joined)
