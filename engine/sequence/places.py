"""Where a key of a TOML text and its value stand, which the standard reader does not tell: good for
an author's message, never for meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_STRINGS_AND_COMMENTS = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'|" r"#[^\n]*",
    re.DOTALL,
)
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*(\[\[?)\s*({_NAME})\s*\]")
_KEY = re.compile(rf"\s*({_NAME})\s*=")


class Places:
    """`line("list[0].letter[1].subject")` is the key's line, or that of the nearest table around
    it. Lines and columns count from 1.
    """

    def __init__(self, text: str) -> None:
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

    def _nearest(self, path: str) -> str:
        while path not in self.lines:
            path = path.rpartition("[" if path.endswith("]") else ".")[0]
        return path


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each line that begins a table or a key, not one inside a text or an array of several
    lines.
    """
    bare = _STRINGS_AND_COMMENTS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
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
