"""Rejected rows of one file: counted by reason, and written beside it in the order of its lines,
however late each was found to be none.

What is more than a few thousand waits in a nameless file, sorted piece by piece, and is put
together at the end. A kill before that leaves no file of rejected rows: the same import again
rejects them again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from engine.i18n.in_words import in_words
from engine.i18n.language import Say, grouped
from engine.imports.refusals import RowFault
from engine.imports.rejects_file import RejectWriter
from engine.imports.sorted_pieces import RejectedLine, SortedPieces
from engine.words import Reason

REASONS_SHOWN = 40
LINES_SHOWN = 5
HELD = 10_000
HELD_CHARACTERS = 10_000_000
OTHER = Reason(RowFault.OTHER)


class Rejections:
    """`with Rejections(path, _) as rejections:` then `add`: reasons are written in the language
    of `_`. When `rehearsed`, nothing is written. Raises TableRefused where it cannot write.
    """

    def __init__(self, source: Path, say: Say, *, rehearsed: bool = False) -> None:
        self._say = say
        self.rehearsed = rehearsed
        self.count = 0
        self.reasons: dict[Reason[StrEnum], tuple[int, tuple[int, ...]]] = {}
        self._writer = RejectWriter(source)
        self._held: list[RejectedLine] = []
        self._characters = 0
        self._pieces = SortedPieces(source.parent)

    def add(
        self, line: int, reason: Reason[StrEnum], raw: str, kind: Reason[StrEnum] | None = None
    ) -> None:
        """`kind` is the reason without what differs from row to row."""
        kind = kind or reason
        if kind not in self.reasons and len(self.reasons) >= REASONS_SHOWN:
            kind = OTHER
        count, lines = self.reasons.get(kind, (0, ()))
        self.reasons[kind] = (count + 1, tuple(sorted((*lines, line))[:LINES_SHOWN]))
        self.count += 1
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
        if not self.count:
            return
        yield f"{grouped(self.count, _):>11}  " + _("rejected")
        for reason, (count, where) in sorted(self.reasons.items(), key=lambda item: -item[1][0]):
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
