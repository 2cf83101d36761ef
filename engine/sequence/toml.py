"""The tables of a TOML text, or what is wrong with it in an author's words: the standard reader
knows the place and little else.
"""

from __future__ import annotations

import re
import tomllib

from engine.sequence.mistakes import Mistake
from engine.words import N_, words

_AT = re.compile(r"\(at line (\d+), column (\d+)\)")
_CURLY = re.compile("[\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb]")
_DAY = re.compile(r"=\s*\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}|\s*$)")
_STRINGS_AND_COMMENTS = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*')
_CURLY_QUOTES = N_(
    "these quotes are typographic: a program that writes text put them there; TOML wants straight"
    ' ones, "…"'
)
_OTHERWISE = N_('a line is `key = "text"`, `key = 12`, `[table]` or `[[table]]`')
_NO_SUCH_DAY = N_("this day or this hour does not exist")
_BACKSLASH = N_(
    "a backslash in a text is written twice, `\\\\`, or the text stands in simple quotes, '…'"
)
_KEY_EXPECTED = N_(
    "a key is expected here: small letters, digits, hyphens and underscores, or any text in quotes"
)
_NOT_TOML = N_("this is not TOML: {why}")

# How the standard reader's sentences begin, and what an author is told.
_TOLD = (
    ("Cannot overwrite a value", N_("this key is there twice in its table")),
    (
        "Cannot declare",
        N_(
            "this table is there twice: a table that may be there several times has two brackets on"
            " each side, as in [[list]]"
        ),
    ),
    ("Duplicate inline table key", N_("this key is there twice in its table")),
    (
        "Cannot mutate immutable namespace",
        N_("this table was closed before: its keys stand together"),
    ),
    (
        "Expected '='",
        N_(
            "an `=` is missing here: a key is small letters, digits, hyphens and underscores, then"
            " `=` and its value"
        ),
    ),
    ("Unterminated string", N_("the quote that ends this text is missing")),
    ("Illegal character '\\n'", N_("the quote that ends this text is missing")),
    ("Illegal character", N_("a character that TOML does not allow here")),
    ("Unclosed array", N_("the bracket `]` that ends this list is missing")),
    ("Unclosed inline table", N_("the brace `}` that ends this table is missing")),
    ("Invalid initial character for a key part", _KEY_EXPECTED),
    (
        "Expected newline or end of document",
        N_("something follows the value: one key on a line, and text in quotes"),
    ),
    ("Unescaped '\\'", _BACKSLASH),
    ("Invalid hex value", _BACKSLASH),
    ("Invalid statement", _KEY_EXPECTED),
    ("Expected ']", N_("the bracket that ends this table's name is missing")),
    ("Found invalid character", N_("a character that TOML does not allow here")),
    ("Invalid date or datetime", _NO_SUCH_DAY),
)


# Keys within keys, as in a.b.c: the standard reader takes minutes over a line of a hundred thousand
# of them.
MAX_KEY_PARTS = 32
_DEEP_KEY = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*)""" + f"{{{MAX_KEY_PARTS}}}"
)


def read_tables(text: str) -> dict[str, object]:
    """The tables of a TOML text, in a time that grows with its length alone. Raises ValueError."""
    if _DEEP_KEY.search(text):
        raise ValueError("nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def toml_mistake(file: str, text: str, error: ValueError) -> Mistake:
    """Why `read_tables` could not read `text`, and where."""
    if str(error) == "nested too deeply":
        return Mistake(
            file, 1, _NOT_TOML, why=words(N_("its tables and lists are nested too deeply"))
        )
    place = _AT.search(str(error))
    lines = text.rstrip().split("\n")
    line, column = (int(place[1]), int(place[2])) if place else (len(lines), 0)
    at = lines[line - 1] if line <= len(lines) else ""
    bare = _STRINGS_AND_COMMENTS.sub(lambda inside: " " * len(inside[0]), at)
    curly = _CURLY.search(bare)
    if curly:
        message, column = _CURLY_QUOTES, curly.start() + 1
    elif _DAY.search(bare):
        message = _NO_SUCH_DAY
    elif str(error).startswith("Invalid value"):
        message = N_('text stands in quotes: `key = "text"`')
    else:
        message = next(
            (told for begins, told in _TOLD if str(error).startswith(begins)), _OTHERWISE
        )
    return Mistake(file, line, _NOT_TOML, True, column, why=words(message))
