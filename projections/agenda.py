"""The agenda: each person folded, and the next act of each of their open matters. A view finds what is due; it never decides."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from engine.installation.events import STREAM, BroadcastFellDue, InstallationEvent, SequencePublished
from engine.installation.publishing import affected_lists
from engine.installation.state import Installation
from engine.ledger.codec import NOT_PACKED, Entry, pack, unpacker
from engine.ledger.store import Ledger
from engine.store.arrays import bigints, byteas, integers, texts, uuids
from engine.store.sql import beside
from engine.subscriber.acts import acts
from engine.subscriber.events import PersonEvent
from engine.subscriber.evolve import evolve, fold
from engine.subscriber.person import NOBODY, Person
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
log = logging.getLogger("relance.follow")
STALE_PIECE = 1000
unpack_person = unpacker(Person)
Row = tuple[str, str, int, int, int, int, str]


def read_folds(rows: Sequence[tuple[object, ...]]) -> tuple[dict[str, Person], list[str]]:
    """People as their rows have them, and whose row cannot be read: the ledger still knows them, and their next fact writes the row anew."""
    folds, unreadable = {}, []
    for row in rows:
        subscriber = str(row[0])
        try:
            folds[subscriber] = unpack_person(row[2])
        except NOT_PACKED:
            log.warning("a fold cannot be read: this person is read from the ledger", extra={"subscriber": subscriber})
            unreadable.append(subscriber)
    return folds, unreadable


class Agenda:
    name = "agenda"
    version = 2
    tables: tuple[str, ...] = ("fold", "agenda", "stale")

    def __init__(self, ledger: Ledger, prefix: str = LIVE) -> None:
        self.schema = schema_of(Agenda, prefix)
        self.sql = SQL.within(schema=self.schema)
        self.ledger = ledger
        self.installation = Installation()
        self.position = 0

    def begin(self, cursor: Cursor, position: int) -> None:
        self.position = position
        self.installation = Installation()
        for entry in self.ledger.stream(STREAM):
            if entry.position <= position:
                self.installation = self.installation.evolve(cast(InstallationEvent, entry.event))

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        touched: dict[str, list[PersonEvent]] = {}
        changed: set[int] = set()
        for entry in entries:
            if entry.stream == STREAM:
                changed |= self._installation(cast(InstallationEvent, entry.event))
            else:
                touched.setdefault(entry.stream, []).append(cast(PersonEvent, entry.event))
        folds = self._folds(cursor, touched)
        self.position = entries[-1].position
        for subscriber, events in touched.items():
            person = folds.get(subscriber, NOBODY)
            for event in events:
                person = evolve(person, event)
            folds[subscriber] = person
        self._put_folds(cursor, folds)
        self._put_acts(cursor, folds)
        if changed:
            cursor.execute(self.sql["mark_stale"], {"lists": sorted(changed)})

    def tidy(self, cursor: Cursor) -> bool:
        stale = [str(row[0]) for row in cursor.execute(self.sql["some_stale"], {"limit": STALE_PIECE}).fetchall()]
        if stale:
            self._put_acts(cursor, self._folds(cursor, stale))
        return len(stale) == STALE_PIECE

    def _installation(self, event: InstallationEvent) -> set[int]:
        """Take in a fact about the installation; the lists whose people it concerns."""
        before = self.installation
        self.installation = before.evolve(event)
        if isinstance(event, SequencePublished):
            return set(affected_lists(before.plan(), self.installation.plan()))
        if isinstance(event, BroadcastFellDue):
            broadcast = self.installation.plan().broadcasts.get(event.broadcast)
            return set(broadcast.to) if broadcast else set()
        return set()

    def _folds(self, cursor: Cursor, subscribers: Collection[str]) -> dict[str, Person]:
        rows = cursor.execute(self.sql["folds"], {"subscribers": uuids(subscribers)}, binary=True).fetchall()
        folds, unreadable = read_folds(rows)
        return folds | {subscriber: self._again(subscriber) for subscriber in unreadable}

    def _again(self, subscriber: str) -> Person:
        """A person from the ledger alone, as of the view's position."""
        return fold(cast(PersonEvent, entry.event) for entry in self.ledger.stream(subscriber) if entry.position <= self.position)

    def _put_folds(self, cursor: Cursor, folds: Mapping[str, Person]) -> None:
        if folds:
            versions, states = bigints([p.version for p in folds.values()]), byteas([pack(p) for p in folds.values()])
            cursor.execute(self.sql["put_folds"], {"subscribers": uuids(folds), "versions": versions, "states": states})

    def _put_acts(self, cursor: Cursor, people: Mapping[str, Person]) -> None:
        if not people:
            return
        plan, calendar = self.installation.plan(), self.installation.calendar
        wanted: dict[tuple[str, str], Row] = {}
        for subscriber, person in people.items():
            for key, act in acts(person, plan, calendar).items():
                wanted[subscriber, key] = (act.kind, act.letter, act.due, act.planned, act.list, act.run, act.why)
        rows = cursor.execute(self.sql["rows"], {"subscribers": uuids(people)}, binary=True).fetchall()
        standing = {(str(row[0]), cast(str, row[1])): cast(Row, tuple(row[2:])) for row in rows}
        gone = [key for key in standing if key not in wanted]
        if gone:
            cursor.execute(self.sql["remove_rows"], {"subscribers": uuids([k[0] for k in gone]), "keys": texts([k[1] for k in gone])})
        new = [(key, row) for key, row in wanted.items() if standing.get(key) != row]
        if new:
            kinds, letters, dues, planned, lists, runs, whys = zip(*(row for _, row in new), strict=True)
            cursor.execute(
                self.sql["put_rows"],
                {
                    "subscribers": uuids([key[0] for key, _ in new]), "keys": texts([key[1] for key, _ in new]), "kinds": texts(kinds),
                    "letters": texts(letters), "dues": bigints(dues), "planned": bigints(planned), "lists": integers(lists),
                    "runs": integers(runs), "whys": texts(whys),
                },
            )  # fmt: skip
