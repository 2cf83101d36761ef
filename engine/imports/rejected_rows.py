"""Rejected rows of one file, and the values that others come in without: counted by reason, and
written beside it in the order of its lines, however late each was found to be none.

What is more than a few thousand waits in a nameless file, sorted piece by piece, and is put
together at the end. A kill before that leaves no file of rejected rows: the same import again
rejects them again. The file beside the input is private, and inert in any sheet.
"""

from __future__ import annotations

import csv
import heapq
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TextIO

from engine.i18n.in_words import in_words
from engine.i18n.language import N_, Say, grouped
from engine.imports.refusals import RowFault, TableFault, TableRefused
from engine.words import Reason

REASONS_SHOWN = 40
LINES_SHOWN = 5
HELD = 10_000
HELD_CHARACTERS = 10_000_000
OTHER = Reason(RowFault.OTHER)
# What a sheet would take for a formula, at the start or after quotes and blanks. A sheet that
# expects semicolons or tabs also starts a cell within ours after each of them, and a new row after
# each line end.
_FORMULA = re.compile(
    r"""(^(?=[\t\r\n])|(?:^|[;\t\r\n])(?=(?:[^\S\t\r\n]|["'\ufeff\u200b])*[=+\-@＝＋－＠]))"""
)
Counted = dict[Reason[StrEnum], tuple[int, tuple[int, ...]]]
"""How often each reason was given, and on which lines first."""
RejectedLine = tuple[int, str, str]
"""A physical line from 1, why it was rejected in words, and the row as it was written."""
READ_AHEAD_BYTES = 64 * 1024
"""Octets read ahead of each piece when they are put together."""


class Rejections:
    """`with Rejections(path, _) as rejections:` then `add`: reasons are written in the language
    of `_`. When `rehearsed`, nothing is written. Raises TableRefused where it cannot write.
    """

    def __init__(self, source: Path, say: Say, *, rehearsed: bool = False) -> None:
        self._say = say
        self.rehearsed = rehearsed
        self.count = self.values = 0
        self.reasons: Counted = {}
        self.value_reasons: Counted = {}
        self._writer = RejectWriter(source)
        self._held: list[RejectedLine] = []
        self._characters = 0
        self._pieces = SortedPieces(source.parent)

    def add(
        self, line: int, reason: Reason[StrEnum], raw: str, kind: Reason[StrEnum] | None = None
    ) -> None:
        """`kind` is the reason without what differs from row to row."""
        self.count += 1
        self._keep(self.reasons, kind or reason, line, reason, raw)

    def add_value(self, line: int, reason: Reason[StrEnum], raw: str) -> None:
        """One cell of a row that comes in without it."""
        self.values += 1
        self._keep(self.value_reasons, reason, line, reason, raw)

    def _keep(
        self,
        reasons: Counted,
        kind: Reason[StrEnum],
        line: int,
        reason: Reason[StrEnum],
        raw: str,
    ) -> None:
        if kind not in reasons and len(reasons) >= REASONS_SHOWN:
            kind = OTHER
        count, lines = reasons.get(kind, (0, ()))
        reasons[kind] = (count + 1, tuple(sorted((*lines, line))[:LINES_SHOWN]))
        if not self.rehearsed:
            self._held.append((line, in_words(reason, self._say), raw))
            self._characters += len(raw)
            if len(self._held) >= HELD or self._characters >= HELD_CHARACTERS:
                self._put_by()

    def _put_by(self) -> None:
        try:
            self._pieces.add(sorted(self._held))
        except OSError as problem:
            raise self._writer.refusal(problem) from problem
        self._held.clear()
        self._characters = 0

    def _write(self) -> None:
        for line, reason, raw in heapq.merge(sorted(self._held), *self._pieces.read()):
            self._writer.add(line, reason, raw)

    @property
    def path(self) -> Path | None:
        return self._writer.path if self._writer.count else None

    def __enter__(self) -> Rejections:
        return self

    def __exit__(self, *error: object) -> None:
        with self._writer, self._pieces:
            self._write()

    def lines(self, _: Say) -> Iterator[str]:
        for total, label, reasons in (
            (self.values, N_("values left out"), self.value_reasons),
            (self.count, N_("rejected"), self.reasons),
        ):
            if total:
                yield f"{grouped(total, _):>11}  {_(label)}"
            for reason, (count, where) in sorted(reasons.items(), key=lambda item: -item[1][0]):
                yield (
                    f"{grouped(count, _):>15}  {in_words(reason, _)}"
                    f" ({lines_in_words(count, where, _)})"
                )
        if self.path is not None:
            yield _("  Each rejected row, with its line and reason, is in {path}").format(
                path=self.path
            )


def lines_in_words(count: int, where: Sequence[int], _: Say) -> str:
    """The first lines of `count`: "line 2, 7, …"."""
    return _("line {lines}").format(
        lines=", ".join(map(str, where)) + (", …" if count > len(where) else "")
    )


def inert(cell: str) -> str:
    """The cell with ' before whatever a spreadsheet would run (OWASP, CSV injection)."""
    return _FORMULA.sub(r"\1'", cell)


class RejectWriter:
    """Writes `<input>.rejected.csv` (line, reason, row; UTF-8 with its mark; mode 0600) from the
    first rejection on.

    Use it in a `with`. An older reject file of the same input is replaced. Raises TableRefused if
    it cannot write.
    """

    def __init__(self, source: Path) -> None:
        self.path = source.with_name(source.name + ".rejected.csv")
        self.count = 0
        self._file: TextIO | None = None

    def add(self, line: int, reason: str, raw: str) -> None:
        """One rejected row: its physical line from 1, a sentence, and its text as it was
        written.
        """
        try:
            if self._file is None:
                self._file = self._create()
                _write(self._file, "line", "reason", "row")
            _write(self._file, str(line), inert(reason), inert(raw))
        except OSError as problem:
            raise self.refusal(problem) from problem
        self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._file is not None:
                self._file.close()
        except OSError as problem:
            raise self.refusal(problem) from problem

    def refusal(self, problem: OSError) -> TableRefused:
        return TableRefused(
            TableFault.REJECTS_UNWRITABLE,
            file=str(self.path),
            why=problem.strerror or str(problem),
        )

    def _create(self) -> TextIO:
        # Never through a file or link that already stands there: the old one may be readable by
        # others.
        with suppress(FileNotFoundError):
            self.path.unlink()
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(handle, "w", encoding="utf-8-sig", errors="backslashreplace", newline="")


def _write(file: TextIO, *cells: str) -> None:
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow(cells)


class SortedPieces:
    """Rejected rows that are too many to be held: sorted pieces in one nameless file beside the
    input, which nobody else can open and no crash leaves. Use it in a `with`. Every method raises
    OSError where the disk does not do its part.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._pieces: list[tuple[int, int]] = []

    def add(self, rows: Sequence[RejectedLine]) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        start = self._file.seek(0, 2)
        self._file.writelines(json.dumps(row).encode() + b"\n" for row in rows)
        self._file.flush()
        self._pieces.append((start, self._file.tell()))

    def read(self) -> list[Iterator[RejectedLine]]:
        """Each piece from its beginning; all of them may be read at once."""
        return (
            [_piece(self._file, *piece) for piece in self._pieces] if self._file is not None else []
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()


def _piece(file: IO[bytes], start: int, end: int) -> Iterator[RejectedLine]:
    while start < end:
        file.seek(start)
        for line in file.readlines(READ_AHEAD_BYTES):
            start += len(line)
            if start > end:
                return
            number, reason, raw = json.loads(line)
            yield number, reason, raw
