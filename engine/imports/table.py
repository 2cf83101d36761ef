"""A file of people, read row by row in fixed memory: what it is, which column is what, and each row
or why not.

Whole-file mistakes are TableRefused; a bad row is Rejected with its reason, and costs no other row.
Addresses are looked at only to find their column: `engine.intake.address.normalise` judges each
one, in the caller.
"""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TextIO

from engine.imports.agreement import COLUMN_MEANINGS, ColumnMeaning, JudgedColumn
from engine.imports.columns import (
    DELIMITERS,
    EMAIL,
    choose_delimiter,
    column_of,
    columns_by_content,
    columns_by_heading,
    folded,
    headings_of,
    is_address,
    is_column,
    known_headings,
)
from engine.imports.encoding import (
    BYTES_LIMIT,
    REPLACEMENT,
    Source,
    damaged,
    examine,
    mended,
    ungarbled,
    unreadable,
)
from engine.imports.records import Broken, Record, records
from engine.imports.refusals import RowFault, TableFault, TableRefused
from engine.words import Reason

__all__ = ["OpenTable", "Rejected", "Row", "Table", "TableRefused", "open_table"]

_TITLES = 10  # rows among which the headings are looked for
CHARACTERS_LIMIT = 1000  # of one cell
_NOT_MAPPED: Mapping[str, str] = MappingProxyType({})
_BREAK = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_AROUND = " \t\r\n\u00a0\u200b\u2028\u2029\u202f\u2060\u3000\ufeff"
_ROWS = 100
_HEAD = 300_000  # characters among which those rows are looked for
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=([^\w\s"]|\t)"?[\r\n]*', re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """`delimiter` is '' where every line is one address; `comments` tells whether lines starting
    with # are skipped.
    """

    source: Source
    delimiter: str
    separator_line: bool  # the first line is Excel's `sep=;`
    comments: bool

    def records(self, file: TextIO) -> Iterator[Record | Broken]:
        """What is in the file from its first byte on, the row of headings included."""
        if self.separator_line:
            file.readline()
        # A sheet saved as CSV often ends in rows of nothing but delimiters: they are blank lines.
        nothing = "".join((*DELIMITERS, self.delimiter, ' "\u00a0'))
        for record in records(file, self.delimiter, self.comments):
            if record.raw.strip(nothing):
                yield record._replace(line=record.line + 1) if self.separator_line else record

    def first_rows(self, head: str) -> list[list[str]]:
        """None at all if the very first is broken: what follows would be taken for the headings."""
        first = list(islice(self.records(io.StringIO(head, newline="")), _ROWS))
        if first and isinstance(first[0], Broken):
            return []
        return [record.cells for record in first if isinstance(record, Record)]


def lay_out(source: Source, known: Collection[str]) -> tuple[Layout, list[list[str]]]:
    """The layout, and the first rows read with it: at least one. `known` are folded headings.
    Raises TableRefused.
    """
    with opened(source) as file:
        head = file.read(_HEAD)
    separator = _SEPARATOR_LINE.fullmatch(head.partition("\n")[0].partition("\r")[0])
    layout = Layout(source, "", separator is not None, source.path.suffix.lower() == ".txt")
    if separator is not None:
        layout = replace(layout, delimiter=separator[1])
    elif not (layout.comments and _is_plain_list(layout.first_rows(head))):
        samples = {
            delimiter: replace(layout, delimiter=delimiter).first_rows(head)
            for delimiter in DELIMITERS
        }
        layout = replace(layout, delimiter=choose_delimiter(samples, known))
    rows = layout.first_rows(head)
    if not rows:
        raise TableRefused(TableFault.UNREADABLE, file=source.path.name, why=_problem(layout, head))
    return layout, rows


def opened(source: Source) -> io.TextIOWrapper:
    """The text of the file, its line ends as they are. Raises TableRefused."""
    try:
        return source.path.open(encoding=source.codec, errors=source.errors, newline="")
    except OSError as problem:
        raise unreadable(source.path.name, problem) from problem


def _is_plain_list(lines: list[list[str]]) -> bool:
    """Whether most lines are one address each, the first among them, and none has a tab between two
    things.
    """
    whole = [is_address(line[0]) for line in lines]
    tabs = any("\t" in line[0].strip() for line in lines)
    return bool(whole) and whole[0] and not tabs and 2 * sum(whole) > len(whole)


def _problem(layout: Layout, head: str) -> Reason[TableFault]:
    for record in layout.records(io.StringIO(head, newline="")):
        if isinstance(record, Broken):
            return Reason(TableFault.BROKEN_LINE, line=record.line, why=record.reason)
    return (
        Reason(TableFault.BLANK_LINES_ONLY)
        if len(head) < _HEAD
        else Reason(TableFault.BLANK_BEGINNING, n=_HEAD)
    )


@dataclass(frozen=True)
class Table:
    """What was found: `columns` is field -> index from 0; `unmapped` are the headings nobody
    wanted; `judged` are the columns of which somebody has said what they mean, `mapped` the places
    of those that were mapped by hand.

    `passed_over` is how many rows stand before the headings: the title of a sheet, the notes of an
    export. `delimiter` is '' where every line is one address, `header` None where the first row is
    already a person.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...] | None
    columns: Mapping[str, int]
    unmapped: tuple[str, ...]
    judged: tuple[JudgedColumn, ...] = ()
    mapped: frozenset[int] = frozenset()
    passed_over: int = 0


class Row(NamedTuple):
    """`line` is the physical line, from 1; `values` has every mapped field, '' for an empty cell;
    `raw` as written; `judged` has a cell for each of the table's judged columns.
    """

    line: int
    values: dict[str, str]
    raw: str
    judged: tuple[str, ...] = ()


class Rejected(NamedTuple):
    """A row that cannot be read; `reason` repeats nothing of the row, except in what `kind` leaves
    out of it.
    """

    line: int
    reason: Reason[StrEnum]
    raw: str
    kind: Reason[StrEnum] | None = None


def open_table(
    path: Path,
    wanted: Collection[str],
    mapping: Mapping[str, str] = _NOT_MAPPED,
    labels: Mapping[str, str] = _NOT_MAPPED,
    *,
    usual: Mapping[str, str] = _NOT_MAPPED,
    limit: int = BYTES_LIMIT,
) -> OpenTable:
    """Look at the file of at most `limit` bytes; its rows are read later, as often as asked.

    `wanted` are the names of fields, `email` always among them; `mapping` says COLUMN -> field or a
    ColumnMeaning, where COLUMN is a heading or a number from 1; `labels` is field -> what people
    call it, `usual` folded heading -> field for this kind of file. Raises TableRefused.
    """
    fields = tuple(dict.fromkeys((EMAIL, *wanted)))
    headings = headings_of(fields, labels, usual)
    beginning = _beginning(path, headings, mapping, limit)
    layout, header, sample = beginning.layout, beginning.header, beginning.rows
    width = beginning.width
    mapping, meanings = _by_kind(mapping)
    judged = tuple(_judged(name, meaning, header, width) for name, meaning in meanings.items())
    taken = [column.place for column in judged]
    twice = next((place for place in taken if taken.count(place) > 1), None)
    if twice is not None:
        raise TableRefused(TableFault.COLUMN_MEANS_TWO_THINGS, number=twice + 1)
    others: tuple[str, ...] = ()
    if header is None:
        columns = columns_by_content(sample, fields, mapping, taken)
    else:
        columns = columns_by_heading(header, sample, fields, mapping, headings, taken)
        others = tuple(
            heading
            for index, heading in enumerate(header)
            if index not in (*columns.values(), *taken) and heading
        )
    mapped = frozenset(columns[field] for field in mapping.values())
    return OpenTable(
        layout,
        Table(
            layout.source.codec,
            layout.delimiter,
            header,
            MappingProxyType(columns),
            others,
            judged,
            mapped,
            beginning.passed_over,
        ),
        width,
    )


class _Beginning(NamedTuple):
    """The layout of a file, how many rows stand before its headings, those (None where it has
    none), and the first rows below.
    """

    layout: Layout
    passed_over: int
    header: tuple[str, ...] | None
    rows: Sequence[Sequence[str]]

    @property
    def width(self) -> int:
        return len(self.header) if self.header is not None else max(map(len, self.rows))


def _beginning(
    path: Path, headings: Mapping[str, str], mapping: Mapping[str, str], limit: int
) -> _Beginning:
    layout, sample = lay_out(examine(path, limit), known_headings(headings, mapping))
    passed_over = _before_headings(sample, headings, mapping)
    sample = sample[passed_over:]
    if any(map(is_address, sample[0])):
        return _Beginning(layout, passed_over, None, sample)
    header = tuple(_tidy(mended(heading)) for heading in sample[0])
    return _Beginning(layout, passed_over, header, sample[1:])


class FirstLook(NamedTuple):
    """What a file looks like before anybody has said anything of it: `columns` is field -> index
    from 0 as far as that is found, `header` and the first `rows` as in it, `width` its columns.
    """

    header: tuple[str, ...] | None
    rows: Sequence[Sequence[str]]
    width: int
    columns: Mapping[str, int]


def first_look(path: Path, wanted: Collection[str], labels: Mapping[str, str]) -> FirstLook:
    """`wanted` and `labels` as for `open_table`. Raises TableRefused for what is no table."""
    fields = tuple(dict.fromkeys((EMAIL, *wanted)))
    headings = headings_of(fields, labels, _NOT_MAPPED)
    beginning = _beginning(path, headings, _NOT_MAPPED, BYTES_LIMIT)
    try:
        columns = (
            columns_by_content(beginning.rows, fields, _NOT_MAPPED)
            if beginning.header is None
            else columns_by_heading(beginning.header, beginning.rows, fields, _NOT_MAPPED, headings)
        )
    except TableRefused:
        places: dict[str, list[int]] = {}
        for index, heading in enumerate(beginning.header or ()):
            places.setdefault(headings.get(folded(heading), ""), []).append(index)
        columns = {field: alike[0] for field, alike in places.items() if field and len(alike) == 1}
    return FirstLook(beginning.header, beginning.rows, beginning.width, columns)


def columns_in(path: Path, mapping: Mapping[str, str]) -> set[str]:
    """Those of `mapping` that are headings of the file, or numbers of its columns. Raises
    TableRefused for what is no table.
    """
    beginning = _beginning(path, headings_of((EMAIL,), {}, {}), mapping, BYTES_LIMIT)
    return {name for name in mapping if is_column(name, beginning.header, beginning.width)}


def headings_in(path: Path) -> tuple[str, ...]:
    """Its headings, none where it has none. Raises TableRefused for what is no table."""
    return _beginning(path, headings_of((EMAIL,), {}, {}), {}, BYTES_LIMIT).header or ()


def _before_headings(
    rows: Sequence[Sequence[str]], fields: Mapping[str, str], mapping: Mapping[str, str]
) -> int:
    """How many of the first rows stand before one that names a column of addresses; 0 where none
    does, or where an address or such a name stands in the first.
    """
    names = {heading for heading, field in fields.items() if field == EMAIL} | {
        folded(column) for column, field in mapping.items() if field == EMAIL
    }
    for place, row in enumerate(rows[:_TITLES]):
        if any(map(is_address, row)):
            return 0
        if len(row) > 1 and any(
            folded(cell) in names for cell in row if not cell.strip().isdecimal()
        ):
            return place
    return 0


def _by_kind(mapping: Mapping[str, str]) -> tuple[dict[str, str], dict[str, ColumnMeaning]]:
    meanings: dict[str, ColumnMeaning] = {
        column: meaning
        for column, field in mapping.items()
        for meaning in COLUMN_MEANINGS
        if field == meaning
    }
    return {column: field for column, field in mapping.items() if column not in meanings}, meanings


def _judged(
    name: str, meaning: ColumnMeaning, header: tuple[str, ...] | None, width: int
) -> JudgedColumn:
    index = column_of(name, header, width)
    return JudgedColumn(index, header[index] if header is not None else "", meaning)


class OpenTable:
    """A file whose columns are known. Each call of `rows` reads it again from its first row."""

    def __init__(self, layout: Layout, table: Table, width: int) -> None:
        self.table = table
        self._layout = layout
        self.path = layout.source.path
        self.width = width
        self._source = layout.source
        self._file: io.TextIOWrapper | None = None
        self._read = 0

    def progress(self) -> tuple[int, int]:
        """Bytes read by the latest `rows` (in whole buffers), and bytes in all."""
        if self._file is not None:
            self._read = os.lseek(self._file.fileno(), 0, os.SEEK_CUR)
        return self._read, self._source.size

    def rows(self) -> Iterator[Row | Rejected]:
        """Every row below the headings. Raises TableRefused if the file is no longer what was
        opened.
        """
        for record in self.cells():
            yield Rejected(*record) if isinstance(record, Broken) else self._row(record)

    def cells(self) -> Iterator[Record | Broken]:
        """The same, as all the cells of each row. Raises TableRefused."""
        if not self._source.unchanged():
            raise TableRefused(TableFault.CHANGED, file=self._source.path.name)
        header_pending = 0 if self.table.header is None else self.table.passed_over + 1
        with opened(self._source) as file:
            self._file = file
            try:
                for record in self._layout.records(file):
                    if header_pending and isinstance(record, Record):
                        header_pending -= 1
                    elif isinstance(record, Record) and damaged(record.raw):
                        yield Broken(record.line, Reason(RowFault.NOT_UTF_8), mended(record.raw))
                    else:
                        yield record
            except UnicodeDecodeError:
                raise TableRefused(
                    TableFault.CHANGED_WHILE_READ, file=self._source.path.name
                ) from None
            finally:
                self.progress()
                self._file = None

    def _row(self, record: Record) -> Row | Rejected:
        line, cells, raw = record
        if len(cells) > self.width and _without_empty_end(cells) > self.width:
            return Rejected(
                line, Reason(RowFault.TOO_MANY_CELLS, n=len(cells), columns=self.width), raw
            )
        plain = (
            len(raw) <= CHARACTERS_LIMIT and raw.isascii() and raw.isprintable() and "&" not in raw
        )
        values: dict[str, str] = {}
        for field, index in self.table.columns.items():
            cell = cells[index].strip(_AROUND) if index < len(cells) else ""
            if not plain:
                if cell and ((right := ungarbled(cells[index])) or REPLACEMENT in cell):
                    return _garbled(line, field, right.strip(_AROUND), raw)
                cell = _tidy(cell)
                if len(cell) > CHARACTERS_LIMIT:
                    return Rejected(
                        line,
                        Reason(RowFault.CELL_TOO_LONG, field=field, most=CHARACTERS_LIMIT),
                        raw,
                    )
                if not cell.isprintable() and _CONTROL.search(cell):
                    return Rejected(line, Reason(RowFault.CONTROL_CHARACTER, field=field), raw)
            values[field] = cell
        if not values[EMAIL]:
            return Rejected(line, Reason(RowFault.ADDRESS_MISSING), raw)
        judged = self.table.judged
        return Row(
            line,
            values,
            raw,
            (
                tuple(cells[column.place] if column.place < len(cells) else "" for column in judged)
                if judged
                else ()
            ),
        )


def _garbled(line: int, field: str, right: str, raw: str) -> Rejected:
    while deeper := ungarbled(right):
        right = deeper
    kind = Reason(RowFault.GARBLED, field=field)
    reason = Reason(RowFault.GARBLED_READABLE, field=field, right=right) if right else kind
    return Rejected(line, reason, raw, kind)


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
