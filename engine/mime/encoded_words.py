"""RFC 2047 encoded words, written and strictly read back.

Writing: UTF-8 only, B or Q, whichever makes the whole text shorter; no word above 75 characters, no
character cut in two, and only octets that RFC 2047 section 5(3) allows inside a phrase, so the same
words serve subjects and names. Reading: only what can be read without doubt; everything else is a
ValueError that does not repeat the text.
"""

from __future__ import annotations

import binascii
import re
import string

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
