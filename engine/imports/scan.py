"""One pass over a whole file before anybody is brought in: what its columns and its name say of
refusal, and in which order its dates are written.

Memory is bounded by the number of columns. What an operator has to say first is a TableRefused that
names the columns and the options.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.imports.agreement import (
    NEGATIVE,
    POSITIVE,
    REFUSING,
    Cell,
    ColumnMeaning,
    Heading,
    JudgedColumn,
    cell_of,
    file_speaks,
    has_status,
    heading_of,
    is_detail,
    is_ground,
    judge,
    may_speak_aloud,
    of_another_channel,
    refuses,
    speaks_aloud,
)
from engine.imports.columns import EMAIL, shown
from engine.imports.records import Record
from engine.imports.refusals import TableFault, TableRefused
from engine.imports.table import OpenTable
from engine.intake.instants import DateOrder, DatesOfColumn

PAUSE = 1_000  # rows
_WORDS_SHOWN = 4
_COLUMNS_SHOWN = 8
_QUIET = frozenset({Heading.PLAIN, Heading.NOTES})
_OF_A_PERSON = (EMAIL, "timezone", "language")


@dataclass(frozen=True)
class Scan:
    """`judged` are the table's, each with the order of its dates; `orders` is field -> the order of
    its dates; `agreed_at` are the headings of columns that say when people agreed and of which
    nobody has said anything.
    """

    judged: tuple[JudgedColumn, ...] = ()
    orders: Mapping[str, DateOrder] = field(default_factory=dict)
    agreed_at: tuple[str, ...] = ()


class ColumnsRefused(TableRefused):
    """`columns`: place from 0, and what a yes there most likely means; somebody has to say it."""

    def __init__(
        self, code: TableFault, columns: Mapping[int, ColumnMeaning], /, **values: str | int
    ) -> None:
        super().__init__(code, **values)
        self.columns = columns


@dataclass(slots=True)
class _Column:
    """What the cells of a column nobody has explained have said so far. `against` is the first line
    on which it alone may refuse, 0 for none.

    Addresses of pages say nothing; a status of one digit is a word of another program's own.
    """

    index: int
    name: str
    heading: Heading
    cells: Counter[Cell] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    plain_texts: int = 0
    digits: int = 0
    bits: int = 0
    aloud: int = 0
    against: int = 0

    def see(self, text: str, line: int, refused: bool) -> None:
        if "://" in text or (self.heading in _QUIET and not speaks_aloud(text)):
            return
        cell = cell_of(text)
        if cell is Cell.EMPTY:
            return
        self.cells[cell] += 1
        aloud = self.heading in _QUIET or (cell is Cell.OTHER and speaks_aloud(text))
        self.aloud += aloud
        self.digits += len(text) == 1 and text.isdecimal()
        self.bits += text.strip() in ("0", "1")
        if cell is Cell.OTHER:
            self.plain_texts += not is_detail(text)
        elif cell is not Cell.DATE and (text in self.words or len(self.words) < 50):
            self.words[text.strip()] += 1
        if not (refused or self.against):
            against = cell is not Cell.AGREED if aloud else refuses(cell, self.heading, text)
            self.against = line if against else 0

    def speaks(self) -> bool:
        if self.aloud:
            return True
        cells = self.cells
        known = cells[Cell.AGREED] + cells[Cell.NOT_YET] + sum(cells[cell] for cell in REFUSING)
        # Among other texts a 0 or a 1 is a number, a yes or a no is still an answer.
        switches = cells[Cell.YES] + cells[Cell.NO] - (self.bits if cells[Cell.OTHER] else 0)
        match self.heading:
            case Heading.LOG | Heading.REFUSAL:
                return bool(cells)
            case Heading.REFUSAL_HINT:
                return known + cells[Cell.YES] + cells[Cell.DATE] > 0
            case Heading.AGREEMENT:
                return known + cells[Cell.YES] + cells[Cell.NO] + self.plain_texts > 0
            case Heading.AGREEMENT_HINT:
                return known + switches > 0
            case Heading.STATUS:
                return known + self.digits > 0
            case _:
                return False

    def meaning(self) -> ColumnMeaning:
        """What it most likely means: what speaks of texts and calls alone is nothing to letters;
        one digit of a status is rather a yes.
        """
        if of_another_channel(self.name):
            return "ignore"
        return (
            "subscribed"
            if self.heading in POSITIVE or (self.heading is Heading.STATUS and self.digits)
            else "unsubscribed"
        )

    def __str__(self) -> str:
        words = ", ".join(
            f"{text} ×{count}" for text, count in self.words.most_common(_WORDS_SHOWN)
        )
        name = f"{self.index + 1} {shown(self.name)}" if self.name else str(self.index + 1)
        return f"{name} ({words})" if words and self.heading not in _QUIET else name


def scan(
    opened: OpenTable,
    dated: Iterable[str],
    zone: str,
    order: DateOrder | None,
    pause: Callable[[], None] = lambda: None,
    *,
    anybody: bool = True,
) -> Scan:
    """`dated` are the fields that hold dates, `zone` is the site's, `order` is what somebody has
    said of all dates. Unless `anybody` of the file can arrive, no column needs an answer. Raises
    TableRefused.
    """
    table = opened.table
    if anybody:
        _check_name(opened)
    judging = tuple(column for column in table.judged if column.meaning != "ignore")
    columns = _unexplained(opened)
    quiet = [column for column in columns if column.heading in _QUIET]
    speaking = [column for column in columns if column.heading not in _QUIET]
    agreeing = [column for column in speaking if column.heading in POSITIVE]
    dates = {
        name: (table.columns[name], DatesOfColumn()) for name in dated if name in table.columns
    }
    refusals = {
        column.place: DatesOfColumn() for column in judging if column.meaning == "unsubscribed"
    }
    places = [*dates.values(), *refusals.items()]
    polarity = [(column, Counter[Cell]()) for column in judging if _doubtful(column)]
    undated = rows = 0
    for record in opened.cells():
        rows += 1
        if rows % PAUSE == 0:
            pause()
        if not isinstance(record, Record):
            continue
        line, cells, raw = record
        width = len(cells)
        for index, seen in places:
            if index < width:
                seen.see(cells[index], line)
        for doubtful, counts in polarity:
            counts[cell_of(_cell(cells, doubtful.place))] += 1
        refused = not anybody or (
            bool(judging)
            and judge(tuple(_cell(cells, column.place) for column in judging), judging, zone).cell
            is not Cell.AGREED
        )
        for column in (*speaking, *quiet) if may_speak_aloud(raw) else speaking:
            if column.index < width and cells[column.index]:
                column.see(cells[column.index], line, refused)
        if (
            not (undated or refused)
            and agreeing
            and not any(cell_of(_cell(cells, column.index)) is Cell.DATE for column in agreeing)
        ):
            undated = line
    _check_polarity(polarity)
    dating = [column for column in agreeing if column.cells[Cell.DATE]]
    unsettled = [
        column
        for column in columns
        if anybody and column.speaks() and (column.against or not judging)
    ]
    if undated and not judging and anybody:
        # Where nobody at all is said to have agreed, a column made for it and left empty is what an
        # export of people never asked looks like.
        unfilled = (
            []
            if any(column.cells for column in agreeing)
            else [column for column in agreeing if is_ground(column.name)]
        )
        unsettled += [column for column in dating or unfilled if column not in unsettled]
    if unsettled:
        raise _question(opened, unsettled)
    header = table.header
    orders = {
        name: order or date_order_of(seen, index, header) for name, (index, seen) in dates.items()
    }
    judged_orders = {
        index: order or date_order_of(seen, index, header) for index, seen in refusals.items()
    }
    judged = tuple(
        column._replace(order=judged_orders.get(column.place)) for column in table.judged
    )
    return Scan(judged, orders, tuple(column.name for column in dating if column.name))


def meanings_to_be_said(
    header: Sequence[str], rows: Iterable[Sequence[str]], explained: Collection[int]
) -> dict[int, ColumnMeaning]:
    """Which columns, by their place from 0, speak of refusal or agreement in these rows, and what
    they most likely mean.
    """
    columns = [
        _Column(index, name, heading_of(name))
        for index, name in enumerate(header)
        if index not in explained
    ]
    for row in rows:
        for column in columns:
            column.see(_cell(row, column.index), 1, False)
    return {column.index: column.meaning() for column in columns if column.speaks()}


def _unexplained(opened: OpenTable) -> list[_Column]:
    table = opened.table
    explained = (
        {column.place for column in table.judged}
        | table.mapped
        | {table.columns[name] for name in _OF_A_PERSON if name in table.columns}
    )
    names = table.header if table.header is not None else ("",) * opened.width
    return [
        _Column(index, name, heading_of(name))
        for index, name in enumerate(names)
        if index not in explained
    ]


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _doubtful(column: JudgedColumn) -> bool:
    against = POSITIVE if column.meaning == "unsubscribed" else NEGATIVE
    return heading_of(column.heading) in against


def _check_name(opened: OpenTable) -> None:
    reason, path = file_speaks(opened.path.name), shlex.quote(str(opened.path))
    if reason and not opened.table.judged:
        raise TableRefused(
            TableFault.NAMED_AS_REFUSALS, file=opened.path.name, name=path, reason=reason
        )


def _check_polarity(columns: Iterable[tuple[JudgedColumn, Counter[Cell]]]) -> None:
    """Words say by themselves what they mean, so under a heading such as “subscription status” both
    options read them alike.
    """
    for column, cells in columns:
        if has_status(column.heading) and not (
            cells[Cell.YES] or cells[Cell.NO] or cells[Cell.DATE]
        ):
            continue
        other: ColumnMeaning = "subscribed" if column.meaning == "unsubscribed" else "unsubscribed"
        raise ColumnsRefused(
            (
                TableFault.YES_SEEMS_AGREEMENT
                if column.meaning == "unsubscribed"
                else TableFault.YES_SEEMS_REFUSAL
            ),
            {column.place: other},
            column=shown(column.heading),
            name=shlex.quote(column.heading),
        )


def _as_argument(column: _Column, names: Sequence[str]) -> str | int:
    """How a column is named on the command line: by its number where its name does not serve."""
    if column.name and column.name.isprintable() and names.count(column.name) == 1:
        return shlex.quote(column.name)
    return column.index + 1


def _question(opened: OpenTable, unsettled: Sequence[_Column]) -> TableRefused:
    names = opened.table.header or ()
    columns = ", ".join(map(str, unsettled[:_COLUMNS_SHOWN])) + (
        ", …" if len(unsettled) > _COLUMNS_SHOWN else ""
    )
    options = " ".join(
        f"--{column.meaning()} {_as_argument(column, names)}" for column in unsettled
    )
    return ColumnsRefused(
        TableFault.MEANING_UNKNOWN,
        {column.index: column.meaning() for column in unsettled},
        file=opened.path.name,
        columns=columns,
        options=options,
    )


def date_order_of(seen: DatesOfColumn, index: int, header: Sequence[str] | None) -> DateOrder:
    """How the dates of a column are written. Raises TableRefused where they leave it open."""
    if seen.order is not None:
        return seen.order
    name = f"{index + 1} {shown(header[index])}" if header is not None else str(index + 1)
    if seen.day_first and seen.month_first:
        raise TableRefused(
            TableFault.DATES_CONTRADICT, column=name, one=seen.day_first, other=seen.month_first
        )
    raise TableRefused(TableFault.DATES_READ_BOTH_WAYS, column=name, line=seen.either)
