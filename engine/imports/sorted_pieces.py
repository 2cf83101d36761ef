"""Rejected rows that are too many to be held: sorted pieces in one nameless file beside the input,
which nobody else can open and no crash leaves.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

RejectedLine = tuple[int, str, str]
"""A physical line from 1, why it was rejected in words, and the row as it was written."""
AHEAD = 64 * 1024
"""Octets read ahead of each piece when they are put together."""


class SortedPieces:
    """Use it in a `with`. Every method raises OSError where the disk does not do its part."""

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
        for line in file.readlines(AHEAD):
            start += len(line)
            if start > end:
                return
            number, reason, raw = json.loads(line)
            yield number, reason, raw
