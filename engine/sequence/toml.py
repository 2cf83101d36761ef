"""The tables of a TOML text, or what is wrong with it in an author's words: the standard reader
knows the place and little else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import islice

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


class NestedTooDeeply(ValueError):
    """Tables and lists, or the parts of a key, more than are read."""


def read_tables(text: str) -> dict[str, object]:
    """The tables of a TOML text, in a time that grows with its length alone. Raises ValueError."""
    if _DEEP_KEY.search(text):
        raise NestedTooDeeply("nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise NestedTooDeeply("nested too deeply") from None


def toml_mistake(file: str, text: str, error: ValueError) -> Mistake:
    """Why `read_tables` could not read `text`, and where."""
    if isinstance(error, NestedTooDeeply):
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


_IN_STATEMENTS = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'|" r"#[^\n]*",
    re.DOTALL,
)
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_NAME})\s*\]")
_KEY = re.compile(rf"\s*({_NAME})\s*=")


_CHARACTER = re.compile(r"(?:\\[ \t]*\n\s*)*(?:\\u.{4}|\\U.{8}|\\.|.)", re.DOTALL)


class Places:
    """`line("list[0].letter[1].subject")` is the key's line, or that of the nearest table around
    it. Lines and columns count from 1.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.lines: dict[str, int] = {"": 1}
        self._columns: dict[str, tuple[int, int]] = {}
        counts: dict[str, int] = {}
        path = ""
        for number, line in _statements(text):
            table, key = _TABLE.match(line), _KEY.match(line)
            if table:
                path = _enter(_parts(table[2]), table[1] == "[[", counts)
                self.lines.setdefault(path, number)
                self._columns.setdefault(path, (table.start(1) + 1,) * 2)
            elif key:
                value = key.end() + len(line[key.end() :]) - len(line[key.end() :].lstrip())
                within = path
                for part in _parts(key[1]):
                    within = f"{within}.{part}" if within else part
                    self.lines.setdefault(within, number)
                    self._columns.setdefault(within, (key.start(1) + 1, value + 1))

    def line(self, path: str) -> int:
        return self.lines[self._nearest(path)]

    def column(self, path: str, *, of_key: bool = False) -> int:
        """Where the value of a key begins, or the key itself; the brackets of a table; 0 where
        nothing is known.
        """
        key, value = self._columns.get(self._nearest(path), (0, 0))
        return key if of_key else value

    def within_text(self, path: str, number: int, offset: int) -> tuple[int, int]:
        """Line and column of one character (`offset` from 0) of a text in quotes: the `number`-th
        in the value of a key, from 0; the value itself where it is not found.
        """
        line, column = self.line(path), self.column(path)
        if path not in self._columns:
            return line, column
        start = sum(len(before) + 1 for before in self._text.split("\n")[: line - 1]) + column - 1
        texts = (m for m in _IN_STATEMENTS.finditer(self._text, start) if m[0][0] != "#")
        text = next(islice(texts, number, None), None)
        if text is None:
            return line, column
        at = text.start() + _offset_in_quotes(text[0], offset)
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)

    def _nearest(self, path: str) -> str:
        while path not in self.lines:
            path = path.rpartition("[" if path.endswith("]") else ".")[0]
        return path


def _offset_in_quotes(quoted: str, offset: int) -> int:
    """Where the character at `offset` of a text stands in the text as written, with its quotes and
    escapes.
    """
    quotes = 3 if quoted[:3] in ('"""', "'''") else 1
    begin = quotes + (quotes == 3 and quoted[3:4] == "\n")
    if quoted[0] == "'":
        return begin + offset
    characters = _CHARACTER.finditer(quoted, begin, len(quoted) - quotes)
    character = next(islice(characters, offset, None), None)
    return character.start() if character else len(quoted) - quotes


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each line that begins a table or a key, not one inside a text or an array of several
    lines.
    """
    bare = _IN_STATEMENTS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    depth = 0
    for number, (line, seen) in enumerate(zip(text.split("\n"), bare.split("\n"), strict=True), 1):
        if depth == 0:
            if _TABLE.match(line) and seen.lstrip().startswith("["):
                yield number, line
                continue
            if _KEY.match(line) and "=" in seen:
                yield number, line
        depth = max(
            0,
            depth
            + sum(seen.count(bracket) for bracket in "[{")
            - sum(seen.count(bracket) for bracket in "]}"),
        )


def _parts(name: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, name)]


def _enter(parts: list[str], is_array: bool, counts: dict[str, int]) -> str:
    """The path of a table: within an array of tables, of its latest element."""
    path = ""
    for depth, part in enumerate(parts, 1):
        path = f"{path}.{part}" if path else part
        if is_array and depth == len(parts):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path
