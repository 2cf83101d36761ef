"""People found by a search as a table: their address, their fields, and why nothing may be written
to them. Handing it out is an event of the installation, from whichever door.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TextIO

from engine.audience.people import HasSegments, Search, SearchStores, found
from engine.commands.operators import ActingStores, execute_for
from engine.desk.clock import Clock
from engine.imports.rejected_rows import inert
from engine.installation.events import PeopleExported
from engine.subscriber.eligibility import why_not_at_all
from engine.subscriber.events import Cause
from engine.subscriber.person import NOBODY, Person
from engine.vault.evidence import Evidence
from engine.vault.vault import KnownPerson

MakeCause = Callable[[Mapping[str, object]], tuple[Cause, Evidence]]
Rows = Iterable[Sequence[Sequence[str]]]


class FoldedViews(HasSegments, Protocol):
    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]: ...


class ExportedStores(SearchStores, Protocol):
    @property
    def views(self) -> FoldedViews: ...


class RecordingStores(ActingStores, Protocol):
    @property
    def clock(self) -> Clock: ...


def columns(stores: SearchStores) -> list[str]:
    return ["address", *stores.installation_stream.current().plan().fields, "barred"]


def rows(stores: ExportedStores, search: Search) -> Iterator[list[list[str]]]:
    """A page at a time, in the order of `columns`."""
    fields = columns(stores)[1:-1]
    for page in found(stores, search):
        why = barred(stores, page)
        yield [
            [
                person.address,
                *(person.fields.get(name, "") for name in fields),
                why[person.subscriber],
            ]
            for person in page
        ]


def barred(stores: ExportedStores, people: Sequence[KnownPerson]) -> dict[str, str]:
    """Why nothing may be written to them, for any purpose; "" where it may."""
    folds = stores.views.folds([person.subscriber for person in people])
    return {
        person.subscriber: why_not_at_all(folds.get(person.subscriber, NOBODY)) for person in people
    }


def chosen_by(search: Search) -> dict[str, object]:
    """As the evidence of the event has it: it says that a name was looked for, and not which."""
    return {
        "conditions": [str(line) for line in search.lines],
        "name": bool(search.name),
        "address": bool(search.address),
    }


def write_rows(
    file: TextIO, heads: Sequence[str], pages: Rows, told: Callable[[int], None]
) -> None:
    """Every cell inert in a spreadsheet; `told` hears how many rows there are, page by page."""
    writer, written = csv.writer(file, quoting=csv.QUOTE_ALL), 0
    writer.writerow(heads)
    for page in pages:
        writer.writerows([map(inert, row) for row in page])
        told(written := written + len(page))


def record_export(
    stores: RecordingStores, particulars: Mapping[str, object], written: int, cause: MakeCause
) -> None:
    """`particulars` lie in the vault: a condition may name somebody."""
    now, fields = stores.clock.now(), stores.installation_stream.current().plan().fields
    event = PeopleExported(now, written, tuple(fields))
    execute_for(stores, cause(particulars), lambda state: [event], now)
