"""A file of people, read row by row in fixed memory: what it is, which column is what, and each row or why not.

Whole-file mistakes are TableRefused; a bad row is Rejected with a sentence, and costs no other row. Addresses are
looked at only to find their column: `engine.intake.address.normalise` judges each one, in the caller.
"""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from engine.intake.columns import EMAIL, columns_by_content, columns_by_heading, headings_of, is_address, known_headings
from engine.intake.encoding import BYTES_LIMIT, TableRefused, examine
from engine.intake.layout import Layout, lay_out, opened
from engine.intake.records import Broken, Record
from engine.intake.rejects import RejectWriter

__all__ = ["OpenTable", "RejectWriter", "Rejected", "Row", "Table", "TableRefused", "open_table"]

CHARACTERS_LIMIT = 1000  # of one cell
_NOT_MAPPED: Mapping[str, str] = MappingProxyType({})
_BREAK = re.compile("\r\n|[\r\n\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_AROUND = " \t\r\n\u00a0\u200b\u2028\u2029\u202f\u2060\u3000\ufeff"


@dataclass(frozen=True)
class Table:
    """What was found: `columns` is field -> index from 0; `unmapped` are the headings nobody wanted.

    `delimiter` is '' where every line is one address, `header` None where the first row is already a person.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...] | None
    columns: Mapping[str, int]
    unmapped: tuple[str, ...]


class Row(NamedTuple):
    """`line` is the physical line, from 1; `values` has every mapped field, '' for an empty cell; `raw` as written."""

    line: int
    values: dict[str, str]
    raw: str


class Rejected(NamedTuple):
    """A row that cannot be read; `reason` is a sentence that repeats nothing of the row."""

    line: int
    reason: str
    raw: str


def open_table(
    path: Path,
    wanted: Collection[str],
    mapping: Mapping[str, str] = _NOT_MAPPED,
    labels: Mapping[str, str] = _NOT_MAPPED,
    *,
    limit: int = BYTES_LIMIT,
) -> OpenTable:
    """Look at the file of at most `limit` bytes; its rows are read later, as often as asked.

    `wanted` are the names of fields, `email` always among them; `mapping` says COLUMN -> field, where COLUMN is a
    heading or a number from 1; `labels` is field -> what people call it. Raises TableRefused.
    """
    source = examine(path, limit)
    fields = tuple(dict.fromkeys((EMAIL, *wanted)))
    headings = headings_of(fields, labels)
    layout, sample = lay_out(source, known_headings(headings, mapping))
    width = max(map(len, sample))
    if any(map(is_address, sample[0])):
        columns = columns_by_content(sample, fields, mapping)
        table = Table(source.codec, layout.delimiter, None, MappingProxyType(columns), ())
    else:
        width = len(sample[0])
        header = tuple(map(_tidy, sample[0]))
        columns = columns_by_heading(header, sample[1:], fields, mapping, headings)
        others = (heading for index, heading in enumerate(header) if index not in columns.values() and heading)
        table = Table(source.codec, layout.delimiter, header, MappingProxyType(columns), tuple(others))
    return OpenTable(layout, table, width)


class OpenTable:
    """A file whose columns are known. Each call of `rows` reads it again from its first row."""

    def __init__(self, layout: Layout, table: Table, width: int) -> None:
        self.table = table
        self._layout = layout
        self._source = layout.source
        self._width = width
        self._file: io.TextIOWrapper | None = None
        self._read = 0

    def progress(self) -> tuple[int, int]:
        """Bytes read by the latest `rows` (in whole buffers), and bytes in all."""
        if self._file is not None:
            self._read = os.lseek(self._file.fileno(), 0, os.SEEK_CUR)
        return self._read, self._source.size

    def rows(self) -> Iterator[Row | Rejected]:
        """Every row below the headings. Raises TableRefused if the file is no longer what was opened."""
        if not self._source.unchanged():
            raise TableRefused(f"{self._source.path.name} has changed since it was looked at: start again")
        header_pending = self.table.header is not None
        with opened(self._source) as file:
            self._file = file
            try:
                for found in self._layout.records(file):
                    if isinstance(found, Broken):
                        yield Rejected(*found)
                    elif header_pending:
                        header_pending = False
                    else:
                        yield self._row(found)
            except UnicodeDecodeError:
                raise TableRefused(f"{self._source.path.name} has changed while it was read: start again") from None
            finally:
                self.progress()
                self._file = None

    def _row(self, record: Record) -> Row | Rejected:
        line, cells, raw = record
        if len(cells) > self._width and _without_empty_end(cells) > self._width:
            return Rejected(line, f"the row has {len(cells)} cells; there are {self._width} columns", raw)
        plain = len(raw) <= CHARACTERS_LIMIT and raw.isascii() and raw.isprintable()
        values: dict[str, str] = {}
        for field, index in self.table.columns.items():
            cell = cells[index].strip(_AROUND) if index < len(cells) else ""
            if not plain:
                cell = _tidy(cell)
                if len(cell) > CHARACTERS_LIMIT:
                    return Rejected(line, f"the cell for {field} is longer than {CHARACTERS_LIMIT} characters", raw)
                if not cell.isprintable() and _CONTROL.search(cell):
                    return Rejected(line, f"the cell for {field} holds a control character", raw)
            values[field] = cell
        if not values[EMAIL]:
            return Rejected(line, "the e-mail cell is empty", raw)
        return Row(line, values, raw)


def _without_empty_end(cells: list[str]) -> int:
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def _tidy(cell: str) -> str:
    text = cell.strip(_AROUND)
    if not text.isprintable():
        text = _BREAK.sub(" ", text)
    return text if text.isascii() else unicodedata.normalize("NFC", text)
