"""How one file is laid out, judged from its first rows: what separates columns, and which lines are
no rows.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TextIO

from engine.imports.columns import DELIMITERS, choose_delimiter, is_address
from engine.imports.encoding import Source, unreadable
from engine.imports.records import Broken, Record, records
from engine.imports.refusals import TableFault, TableRefused
from engine.words import Reason

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
        for found in records(file, self.delimiter, self.comments):
            if found.raw.strip(nothing):
                yield found._replace(line=found.line + 1) if self.separator_line else found

    def first_rows(self, head: str) -> list[list[str]]:
        """None at all if the very first is broken: what follows would be taken for the headings."""
        found = list(islice(self.records(io.StringIO(head, newline="")), _ROWS))
        if found and isinstance(found[0], Broken):
            return []
        return [record.cells for record in found if isinstance(record, Record)]


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
    for found in layout.records(io.StringIO(head, newline="")):
        if isinstance(found, Broken):
            return Reason(TableFault.BROKEN_LINE, line=found.line, why=found.reason)
    return (
        Reason(TableFault.BLANK_LINES_ONLY)
        if len(head) < _HEAD
        else Reason(TableFault.BLANK_BEGINNING, n=_HEAD)
    )
