"""What could not be imported, beside the file it came from, for its owner to mend: private, and
inert in any sheet.
"""

from __future__ import annotations

import csv
import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from engine.imports.refusals import TableFault, TableRefused

# What a sheet would take for a formula, at the start or after quotes and blanks. A sheet that
# expects semicolons or tabs also starts a cell within ours after each of them, and a new row after
# each line end.
_FORMULA = re.compile(
    r"""(^(?=[\t\r\n])|(?:^|[;\t\r\n])(?=(?:[^\S\t\r\n]|["'\ufeff\u200b])*[=+\-@＝＋－＠]))"""
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
