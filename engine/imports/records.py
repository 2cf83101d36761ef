"""Rows of cells out of text lines, one at a time, whatever their line ends and however badly they
are quoted.

A stray quote costs the line it stands on and no other: a quoted cell that runs on too long, or
closes in the middle of a word on a later line, makes its first line Broken, and reading goes on
with the very next line.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TextIO

from engine.imports.refusals import RowFault
from engine.words import Reason

CELL_LIMIT = 64 * 1024  # characters a quoted cell may hold
ROW_LINES = 50  # physical lines a row with quoted cells may cover
LINE_LIMIT = (
    256 * 1024
)  # characters of a physical line; a longer one is skipped in pieces, never held whole
_KEPT = 1000  # characters of a line too long that go on to the reject file


class Record(NamedTuple):
    """The cells of one row; `line` is the physical line (from 1) where it starts, `raw` its text as
    written.
    """

    line: int
    cells: list[str]
    raw: str


class Broken(NamedTuple):
    """A line that is no row, and why."""

    line: int
    reason: Reason[RowFault]
    raw: str


class _Lines:
    """Physical lines, each with its ending: CR, LF or CRLF. The file is opened with newline=''."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._ahead: deque[str] = deque()
        self._unread = ""

    def next(self) -> str:
        if self._ahead:
            return self._ahead.popleft()
        text = self._unread or self._file.readline(LINE_LIMIT)
        self._unread = ""
        if len(text) == LINE_LIMIT:
            self._skip_rest(text)
        return text

    def put_back(self, lines: list[str]) -> None:
        self._ahead.extendleft(reversed(lines))

    def _skip_rest(self, piece: str) -> None:
        while piece and not piece.endswith("\n"):
            before, piece = piece, self._file.readline(LINE_LIMIT)
            if before.endswith("\r"):
                # readline cuts between CR and LF at its limit; anything but that LF is the next
                # line.
                self._unread = "" if piece == "\n" else piece
                return


def records(file: TextIO, delimiter: str, comments: bool = False) -> Iterator[Record | Broken]:
    """The rows of `file`; blank lines are skipped, and those that start with # when `comments` is
    true.

    Without a delimiter every line is one cell and quotes mean nothing.
    """
    lines = _Lines(file)
    between = f'"{delimiter}"'
    number = 0
    while text := lines.next():
        number += 1
        if number == 1:
            text = text.removeprefix("\ufeff")
        if text.isspace() or not text or (comments and text.lstrip().startswith("#")):
            continue
        raw = text.rstrip("\r\n")
        if len(text) >= LINE_LIMIT:
            yield Broken(number, Reason(RowFault.LINE_TOO_LONG, most=LINE_LIMIT), raw[:_KEPT] + "…")
        elif not delimiter:
            yield Record(number, [raw], raw)
        elif '"' not in text:
            yield Record(number, raw.split(delimiter), raw)
        elif raw[0] == raw[-1] == '"' and raw.count('"') == 2 * raw[1:-1].count(between) + 2:
            # Every quote is accounted for: the first, the last, and two between each two cells.
            yield Record(number, raw[1:-1].split(between), raw)
        else:
            row = _Quoted(text, lines, delimiter)
            cells = row.cells()
            if isinstance(cells, Reason):
                lines.put_back(row.taken)
                yield Broken(number, cells, raw)
            else:
                yield Record(number, cells, row.text.rstrip("\r\n"))
                number += len(row.taken)


class _Quoted:
    """One row that holds a quote; `taken` are the physical lines it needed after its first."""

    def __init__(self, text: str, lines: _Lines, delimiter: str) -> None:
        self.text = text
        self.taken: list[str] = []
        self._lines = lines
        self._delimiter = delimiter
        self._plain = _plain(delimiter)

    def cells(self) -> list[str] | Reason[RowFault]:
        """The cells, or the reason why there are none."""
        cells: list[str] = []
        at = 0
        while True:
            opening = at
            while self.text.startswith(" ", opening):
                opening += 1
            if self.text.startswith('"', opening):
                first = len(self.taken)
                closing = self._closing(opening)
                if closing is None:
                    return Reason(RowFault.QUOTE_OPEN)
                end = self._end(closing + 1)
                beside = self.text[closing + 1 : end]
                if '"' in beside or (beside.strip() and len(self.taken) > first):
                    return Reason(RowFault.QUOTE_MISPLACED)
                cells.append(
                    self.text[opening + 1 : closing].replace('""', '"') + beside.rstrip(" ")
                )
            else:
                end = self._end(at)
                cells.append(self.text[at:end])
            if not self.text.startswith(self._delimiter, end):
                return cells
            at = end + 1

    def _end(self, at: int) -> int:
        match = self._plain.match(self.text, at)
        return match.end() if match else at

    def _closing(self, opening: int) -> int | None:
        at = opening + 1
        while True:
            quote = self.text.find('"', at)
            if (quote if quote >= 0 else len(self.text)) - opening > CELL_LIMIT:
                return None
            if quote >= 0 and not self.text.startswith('"', quote + 1):
                return quote
            at = quote + 2 if quote >= 0 else len(self.text)
            if quote < 0 and not self._take():
                return None

    def _take(self) -> bool:
        more = (
            self._lines.next()
            if len(self.taken) < ROW_LINES - 1 and len(self.text) < LINE_LIMIT
            else ""
        )
        if more:
            self.taken.append(more)
            self.text += more
        return bool(more)


@cache
def _plain(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf"[^{re.escape(delimiter)}\r\n]*")
