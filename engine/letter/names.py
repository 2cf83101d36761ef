"""What of a stranger's words may stand in a mail to somebody who has agreed to nothing: a name, and
nothing that could be more (G12).

Whoever fills in a form may type another's address. The mail that asks that person to confirm must
carry no advertising of theirs, so this is no list of what is bad (a host can be spelled in more
ways than anybody lists) but of what a name is made of.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_NAME = 40  # characters
MAX_WORDS = 6
_APOSTROPHES, _HYPHENS = "'\u2019\u02bc\u02bb", "-\u2010\u2011"
# letters by their category that stand in names; others of it look like stops and colons
_MODIFIERS = "\u30fc\u3005"
_NOT_IN_NAMES = "\ua78f"  # a letter by its category, and a dot to the eye
_UNIT = "LM*"
_WORD = rf"'?(?:{_UNIT})+(?:['-](?:{_UNIT})+)*"
_SHORT = rf"(?:{_UNIT}){{1,3}}\."
_INITIALS = rf"(?:{_UNIT}\.)+(?:-(?:{_UNIT}\.)+)*"
_NAME = re.compile(rf"(?:{_WORD}|{_SHORT}|{_INITIALS})(?: (?:{_WORD}|{_SHORT}|{_INITIALS}))*")


def looks_like_a_name(text: str) -> bool:
    """Letters with their marks, in at most MAX_WORDS words: apostrophes and hyphens within them, a
    full stop after initials and short forms alone.

    Digits, signs, invisible characters and two blanks in a row are in no name. What counts is the
    text as NFKC folds it, as readers and programs do.
    """
    folded = unicodedata.normalize("NFKC", text)
    if not 0 < len(text) <= MAX_NAME or len(folded) > MAX_NAME or folded.count(" ") >= MAX_WORDS:
        return False
    return _NAME.fullmatch("".join(map(_kind, folded))) is not None and _is_shown(text)


def names_among(fields: Mapping[str, str]) -> dict[str, str]:
    """Those fields whose values look like names."""
    return {field: value for field, value in fields.items() if looks_like_a_name(value)}


def _kind(sign: str) -> str:
    if sign in _APOSTROPHES:
        return "'"
    if sign in _HYPHENS:
        return "-"
    if sign in " .":
        return sign
    category = unicodedata.category(sign)
    if (category in ("Lu", "Ll", "Lt", "Lo") and sign not in _NOT_IN_NAMES) or sign in _MODIFIERS:
        return "L"
    return "M" if category in ("Mn", "Mc") else "?"


def _is_shown(text: str) -> bool:
    """No sign of the text is one that only folding makes part of a name, but for wide blanks,
    apostrophes and hyphens.
    """
    return all(
        _kind(sign) != "?" or unicodedata.normalize("NFKC", sign) in (" ", "'", "-")
        for sign in text
    )
