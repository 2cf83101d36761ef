"""Two versions of a text beside each other, with the words that differ marked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

CONTEXT_LINES = 2
MAX_LINES = 4_000
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Piece(NamedTuple):
    """Some words of a line; `changed` where the other side says something else."""

    text: str
    changed: bool


class Line(NamedTuple):
    """`number` counts from 1; 0 where this side has no such line."""

    number: int
    pieces: tuple[Piece, ...]


class Row(NamedTuple):
    """What stands beside each other. `gap`: lines before it are the same on both sides and left
    out.
    """

    before: Line
    after: Line
    gap: bool = False


NO_LINE = Line(0, ())


def side_by_side(before: str, after: str) -> list[Row]:
    """Lines that differ, with two of those around them. Of a very long text its first 4,000
    lines.
    """
    old, new = before.splitlines()[:MAX_LINES], after.splitlines()[:MAX_LINES]
    rows: list[Row] = []
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT_LINES)
    for group in groups:
        start = len(rows)
        for kind, i1, i2, j1, j2 in group:
            rows += _rows(kind, old[i1:i2], new[j1:j2], i1, j1)
        first = rows[start]
        skipped = max(first.before.number, first.after.number) > 1
        rows[start] = first._replace(gap=skipped)
    return rows


def _rows(kind: str, old: Sequence[str], new: Sequence[str], i: int, j: int) -> Iterator[Row]:
    for n in range(max(len(old), len(new))):
        left = old[n] if n < len(old) else None
        right = new[n] if n < len(new) else None
        if kind == "equal" or left is None or right is None:
            yield Row(
                _whole(left, i + n + 1, kind != "equal"), _whole(right, j + n + 1, kind != "equal")
            )
        else:
            marked_left, marked_right = _marked(left, right)
            yield Row(Line(i + n + 1, marked_left), Line(j + n + 1, marked_right))


def _whole(text: str | None, number: int, changed: bool) -> Line:
    return NO_LINE if text is None else Line(number, (Piece(text, changed),) if text else ())


def _marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two lines of which one became the other, word by word."""
    old, new = _WORDS.findall(left), _WORDS.findall(right)
    before: list[Piece] = []
    after: list[Piece] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        changed = kind != "equal"
        if i1 < i2:
            before.append(Piece("".join(old[i1:i2]), changed))
        if j1 < j2:
            after.append(Piece("".join(new[j1:j2]), changed))
    return tuple(before), tuple(after)
