"""What may enter a header at all: the one gate against header injection (A04).

No value with a control character passes, neither in clear nor inside RFC 2047 words, however often
these are nested. Refusals name the header and never repeat the value, which may be personal.
"""

from __future__ import annotations

import re
from functools import lru_cache

from engine.mime.encoded_words import decoded

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
