"""The agenda: each person folded, and the next act of each of their open matters. A view finds what is due; it never decides."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import cast

from engine.installation.events import STREAM, InstallationEvent
from engine.installation.state import Installation
from engine.ledger.codec import NOT_PACKED, Entry, pack, unpacker
from engine.ledger.store import Ledger
from engine.store.arrays import bigints, byteas, integers, texts, uuids
from engine.store.binary import bigint, integer, row, uuid_of
from engine.store.sql import beside
from engine.subscriber.acts import acts, keys
from engine.subscriber.events import PersonEvent
from engine.subscriber.evolve import fold
from engine.subscriber.person import NOBODY, Person
from projections.stale import Stale, made_stale
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
log = logging.getLogger("relance.follow")
STALE_PIECE = 1000
RECENT = 4000
"""People kept unpacked: a letter's outcome follows its claim within a moment."""
unpack_person = unpacker(Person)


def read_folds(rows: Sequence[tuple[object, ...]]) -> tuple[dict[str, Person], list[str]]:
    """People as their rows have them, and whose row cannot be read: the ledger still knows them, and their next fact writes the row anew."""
    folds, unreadable = {}, []
    for who, state in rows:
        subscriber = str(who)
        try:
            folds[subscriber] = unpack_person(state)
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
        self._recent: OrderedDict[str, Person] = OrderedDict()
        self._some_are_stale = True

    def begin(self, position: int) -> None:
        self.position = position
        self._recent.clear()
        self._some_are_stale = True
        self.installation = Installation()
        for entry in self.ledger.stream(STREAM):
            if entry.position <= position:
                self.installation = self.installation.evolve(cast(InstallationEvent, entry.event))

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        touched: dict[str, list[PersonEvent]] = {}
        stale = Stale()
        for entry in entries:
            if entry.stream == STREAM:
                before, event = self.installation, cast(InstallationEvent, entry.event)
                self.installation = before.evolve(event)
                stale |= made_stale(before, self.installation, event)
            else:
                touched.setdefault(entry.stream, []).append(cast(PersonEvent, entry.event))
        stood = self._as_they_stood(cursor, touched)
        self.position = entries[-1].position
        people = {subscriber: fold(events, stood.get(subscriber, NOBODY)) for subscriber, events in touched.items()}
        self._put_folds(cursor, people)
        plan, calendar = self.installation.plan(), self.installation.calendar
        self._put_acts(cursor, people, {subscriber: keys(person, plan, calendar) for subscriber, person in stood.items()})
        if stale:
            self._some_are_stale = True
            cursor.execute(self.sql["mark_stale"], {"lists": integers(stale.lists), "mailings": texts(stale.mailings)})

    def tidy(self, cursor: Cursor) -> bool:
        """Only here is the agenda asked what it says: after a publication, which keys a person's rows have is no matter of their facts alone."""
        if not self._some_are_stale:
            return False
        stale = [str(row[0]) for row in cursor.execute(self.sql["some_stale"], {"limit": STALE_PIECE}).fetchall()]
        standing: dict[str, set[str]] = {}
        for subscriber, key in cursor.execute(self.sql["standing"], {"subscribers": uuids(stale)}).fetchall() if stale else ():
            standing.setdefault(str(subscriber), set()).add(str(key))
        self._put_acts(cursor, self._folds(cursor, stale), standing)
        self._some_are_stale = len(stale) == STALE_PIECE
        return self._some_are_stale

    def whole(self, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        plan, calendar = self.installation.plan(), self.installation.calendar
        folds, rows = [], []
        for subscriber, history in groupby(entries, key=attrgetter("stream")):
            if subscriber != STREAM:
                person, uuid = fold([cast(PersonEvent, entry.event) for entry in history]), uuid_of(subscriber)
                folds.append(row(uuid, bigint(person.version), pack(person)))
                for key, a in acts(person, plan, calendar).items():
                    rows.append(
                        row(
                            uuid, key.encode(), a.kind.encode(), a.letter.encode(), bigint(a.due), bigint(a.planned), integer(a.list),
                            integer(a.run), a.why.encode(),
                        )
                    )  # fmt: skip
        return {"fold": folds, "agenda": rows}

    def _as_they_stood(self, cursor: Cursor, subscribers: Collection[str]) -> dict[str, Person]:
        known = {subscriber: self._recent[subscriber] for subscriber in subscribers if subscriber in self._recent}
        return known | self._folds(cursor, [subscriber for subscriber in subscribers if subscriber not in known])

    def _folds(self, cursor: Cursor, subscribers: Collection[str]) -> dict[str, Person]:
        if not subscribers:
            return {}
        rows = cursor.execute(self.sql["folds"], {"subscribers": uuids(subscribers)}, binary=True).fetchall()
        folds, unreadable = read_folds(rows)
        return folds | {subscriber: self._again(subscriber) for subscriber in unreadable}

    def _again(self, subscriber: str) -> Person:
        """A person from the ledger alone, as of the view's position."""
        return fold(cast(PersonEvent, entry.event) for entry in self.ledger.stream(subscriber) if entry.position <= self.position)

    def _put_folds(self, cursor: Cursor, people: Mapping[str, Person]) -> None:
        if not people:
            return
        versions, states = bigints([p.version for p in people.values()]), byteas([pack(p) for p in people.values()])
        cursor.execute(self.sql["put_folds"], {"subscribers": uuids(people), "versions": versions, "states": states})
        for subscriber, person in people.items():
            self._recent[subscriber] = person
            self._recent.move_to_end(subscriber)
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)

    def _put_acts(self, cursor: Cursor, people: Mapping[str, Person], standing: Mapping[str, Collection[str]]) -> None:
        """Rows of these people, in place of those that may stand under the keys of `standing`."""
        plan, calendar = self.installation.plan(), self.installation.calendar
        rows: list[tuple[str, str, str, str, int, int, int, int, str]] = []
        gone: list[tuple[str, str]] = []
        for subscriber, person in people.items():
            wanted = acts(person, plan, calendar)
            gone += [(subscriber, key) for key in standing.get(subscriber, ()) if key not in wanted]
            rows += [(subscriber, key, a.kind, a.letter, a.due, a.planned, a.list, a.run, a.why) for key, a in wanted.items()]
        if gone:
            cursor.execute(self.sql["remove_rows"], {"subscribers": uuids([each[0] for each in gone]), "keys": texts([each[1] for each in gone])})
        if rows:
            subscribers, row_keys, kinds, letters, dues, planned, lists, runs, whys = zip(*rows, strict=True)
            cursor.execute(
                self.sql["put_rows"],
                {
                    "subscribers": uuids(subscribers), "keys": texts(row_keys), "kinds": texts(kinds), "letters": texts(letters),
                    "dues": bigints(dues), "planned": bigints(planned), "lists": integers(lists), "runs": integers(runs), "whys": texts(whys),
                },
            )  # fmt: skip
