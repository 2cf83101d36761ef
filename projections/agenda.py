"""The agenda: each person's folded state, and the next act of each of their open memberships and
requests. A view finds what is due; it never decides.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import cast

from engine.frozen import dataclass
from engine.installation.events import (
    STREAM,
    InstallationEvent,
)
from engine.installation.state import Installation
from engine.ledger.codec import Entry, pack
from engine.ledger.store import Ledger
from engine.store.binary import (
    JSONB,
    bigint,
    bigints,
    byteas,
    integer,
    integers,
    row,
    texts,
    uuid_of,
    uuids,
)
from engine.store.safe_error_text import safe_error_text
from engine.store.sql import beside
from engine.subscriber.act import Act
from engine.subscriber.agenda import acts, keys
from engine.subscriber.agenda_key import withheld_of
from engine.subscriber.events import PersonEvent
from engine.subscriber.evolve import CANNOT_BE_FOLDED, fold
from engine.subscriber.person import NOBODY, Person
from projections.folds import read_folds
from projections.segments import PersonalHome, SegmentMembership
from projections.stale_rows import StaleRows, stale_rows
from projections.view import LIVE, Cursor, schema_of


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A person whose history the rules cannot fold. They alone are quarantined, and everybody else
    is followed: they have no fold and no rows, so nothing is due to them and nothing is sent; their
    events stay in the ledger. They are tried again at each new event of theirs, after a
    publication, and whenever a process begins to follow.

    `position` is that of their last event, `why` the type of the error: its message may be
    personal.
    """

    position: int
    why: str


def failure_kind(position: int, error: Exception) -> Quarantined:
    """The type of the error; the same whether they were followed or rebuilt, since a replay
    compares it.
    """
    return Quarantined(position, f"{safe_error_text(error)}: {CANNOT_BE_FOLDED}")


SQL = beside(__file__)
log = logging.getLogger("relance.follow")
STALE_PIECE = 1000
QUARANTINE_BATCH = 200
FROM_THE_FIRST = "00000000-0000-0000-0000-000000000000"
RECENT = 4000
"""How many people are cached unpacked: a letter's outcome mostly follows its claim within a
moment.
"""


class Agenda:
    name = "agenda"
    version = 8
    of_everybody = True
    tables: tuple[str, ...] = (
        *("fold", "zone", "agenda", "stale", "aside"),
        *("segment_member", "segment_look", "segment_built", "choosing"),
    )

    def __init__(
        self,
        ledger: Ledger,
        prefix: str = LIVE,
        now: Callable[[], int] = lambda: 0,
        personal: PersonalHome | None = None,
        *,
        keeps_personal: bool = True,
    ) -> None:
        """`now` is the engine's time (ms), at which segments are looked at; `personal` what the
        vault knows, `keeps_personal` whether the members of segments that ask it are kept there.
        """
        self.schema = schema_of(Agenda, prefix)
        self.sql = SQL.within(schema=self.schema)
        self.ledger, self.now = ledger, now
        self.segments = SegmentMembership(self.schema, personal, keeps_personal=keeps_personal)
        self.installation = Installation()
        self.position = 0
        self._recent: OrderedDict[str, Person] = OrderedDict()
        self._zones: set[str] = set()
        self._some_are_stale = True
        self._quarantined: set[str] | None = None  # None: not known yet
        self._try_again_after: str | None = FROM_THE_FIRST  # None: all were tried
        self._lists_indexed: bool | None = None  # None: not known

    def begin(self, position: int) -> None:
        """Another version of the program may have quarantined people that this one can fold: they
        are tried again from here.
        """
        self.position = position
        self._recent.clear()
        self._zones.clear()
        self._some_are_stale = True
        self._quarantined = None
        self._try_again_after = FROM_THE_FIRST
        self._lists_indexed = None
        self.installation = Installation()
        for entry in self.ledger.stream(STREAM):
            if entry.position <= position:
                self.installation = self.installation.evolve(cast(InstallationEvent, entry.event))
        self.segments.use(self.installation.plan())

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        touched: dict[str, list[PersonEvent]] = {}
        stale = StaleRows()
        for entry in entries:
            if entry.stream == STREAM:
                before, event = self.installation, cast(InstallationEvent, entry.event)
                self.installation = before.evolve(event)
                stale |= stale_rows(before, self.installation, event)
            else:
                touched.setdefault(entry.stream, []).append(cast(PersonEvent, entry.event))
        self.position = entries[-1].position
        self._use_segments(cursor)
        anew = self._known_quarantined(cursor) & touched.keys()
        stood, unreadable = self._as_they_stood(cursor, touched.keys() - anew)
        anew |= set(unreadable)
        anew |= self._fold_new_events(
            cursor,
            {
                subscriber: events
                for subscriber, events in touched.items()
                if subscriber not in anew
            },
            stood,
        )
        self._rewrite_rows(cursor, dict.fromkeys(anew))
        if stale:
            self._some_are_stale = True
            self._try_again_after = FROM_THE_FIRST
            mailings = [*stale.mailings, *(withheld_of(mailing) for mailing in stale.mailings)]
            if stale.lists or mailings:
                cursor.execute(
                    self.sql["mark_stale"],
                    {"lists": integers(stale.lists), "mailings": texts(mailings)},
                )
            self.segments.choose_later(cursor, stale.choices)

    def tidy(self, cursor: Cursor) -> bool:
        """Retries quarantined people when a process begins to follow and after a publication:
        either may have brought what was missing.
        """
        self._index_lists(cursor)
        more = self._try_again(cursor) | self._tidy_stale(cursor)
        return more or self._tidy_segments(cursor)

    def _index_lists(self, cursor: Cursor) -> None:
        wanted = any(self.installation.paused)
        if wanted != self._lists_indexed:
            cursor.execute(self.sql["index_lists" if wanted else "forget_lists"].encode())
            self._lists_indexed = wanted

    def _tidy_stale(self, cursor: Cursor) -> bool:
        if not self._some_are_stale:
            return False
        stale = [
            str(row[0])
            for row in cursor.execute(self.sql["some_stale"], {"limit": STALE_PIECE}).fetchall()
        ]
        folds, unreadable = self._folds(cursor, stale)
        self._rewrite_rows(cursor, dict.fromkeys(unreadable) | folds)
        self.segments.put_traits(cursor, folds)
        if stale:
            cursor.execute(self.sql["notify_due"])
        self._some_are_stale = len(stale) == STALE_PIECE
        return self._some_are_stale

    def _use_segments(self, cursor: Cursor) -> None:
        """What conditions look at is kept only while segments are published: when the first is, or
        the last no longer, everybody's row is written anew, a piece at a time.
        """
        plan = self.installation.plan()
        if plan is not self.segments.plan and plan != self.segments.plan:
            tracked = self.segments.tracked
            self.segments.use(plan)
            if self.segments.tracked != tracked:
                cursor.execute(self.segments.sql["mark_everybody"])
                self._some_are_stale = True

    def _tidy_segments(self, cursor: Cursor) -> bool:
        """Looks again at whom time may have changed, and builds one segment, at the engine's time.
        What segments are built from must be there of everybody: nothing is stale any more.
        """
        if self.segments.at_rest:
            return False
        if key := self.segments.next_choice(cursor):
            self._choose(cursor, key)
            return True
        now = self.now()
        due = self.segments.due_looks(cursor, now)
        if due:
            folds, unreadable = self._folds(cursor, list(due))
            self._rewrite_rows(cursor, dict.fromkeys(unreadable))
            self.segments.forget(cursor, due.keys() - folds.keys() - set(unreadable))
            self.segments.look_again(cursor, folds, {who: due[who] for who in folds}, now)
        return self.segments.build_one(cursor, now, self.position) or bool(due)

    def _choose(self, cursor: Cursor, key: str) -> None:
        """Find whom a mailing to segments was for when it fell due; their rows are then written by
        what each of them comes to.
        """
        occurrence = next((o for o in self.installation.calendar if o.key == key), None)
        plan = self.installation.plan()
        broadcast = plan.broadcasts.get(occurrence.broadcast) if occurrence else None
        if occurrence is not None and broadcast is not None:
            self.segments.mark_chosen(cursor, broadcast.segments, occurrence.at)
            self._some_are_stale = True

    def _try_again(self, cursor: Cursor) -> bool:
        if self._try_again_after is None:
            return False
        values = {"after": self._try_again_after, "limit": QUARANTINE_BATCH}
        some = [
            str(row[0]) for row in cursor.execute(self.sql["some_quarantined"], values).fetchall()
        ]
        self._known_quarantined(cursor)
        self._rewrite_rows(cursor, dict.fromkeys(some))
        self._try_again_after = some[-1] if len(some) == QUARANTINE_BATCH else None
        return self._try_again_after is not None

    def _fold_new_events(
        self,
        cursor: Cursor,
        touched: Mapping[str, Sequence[PersonEvent]],
        stood: Mapping[str, Person],
    ) -> set[str]:
        """People with their new events folded in, and the people for whom folding failed."""
        plan, calendar = self.installation.plan(), self.installation.calendar
        known = self.segments.known_for_mailings(cursor, touched, calendar)
        people: dict[str, Person] = {}
        wanted: dict[str, Mapping[str, Act]] = {}
        standing: dict[str, Collection[str]] = {}
        failed: set[str] = set()
        for subscriber, events in touched.items():
            before = stood.get(subscriber)
            try:
                person = fold(events, before or NOBODY)
                wanted[subscriber] = acts(person, plan, calendar, known.get(subscriber))
                standing[subscriber] = keys(before, plan, calendar) if before is not None else ()
            except Exception:
                # The whole history tells whether their events or the kept fold was at fault.
                failed.add(subscriber)
            else:
                people[subscriber] = person
        self._put_folds(cursor, people, stood)
        self._put_acts(cursor, {subscriber: wanted[subscriber] for subscriber in people}, standing)
        self.segments.follow(cursor, people, touched, stood, self.now())
        return failed

    def _rewrite_rows(self, cursor: Cursor, people: Mapping[str, Person | None]) -> None:
        """Rewrite the rows of people from their present state, folded from the ledger where it is
        not cached; people who cannot be folded are quarantined.

        Only here are a person's existing rows looked up: after a publication their keys no longer
        follow from the person's events alone.
        """
        if not people:
            return
        plan, calendar = self.installation.plan(), self.installation.calendar
        traits = self.segments.known_for_mailings(cursor, people, calendar)
        standing: dict[str, set[str]] = {}
        for subscriber, key in cursor.execute(
            self.sql["standing"], {"subscribers": uuids(people)}
        ).fetchall():
            standing.setdefault(str(subscriber), set()).add(str(key))
        read: dict[str, Person] = {}
        wanted: dict[str, Mapping[str, Act]] = {}
        failed: dict[str, Quarantined] = {}
        for subscriber, known in people.items():
            history = self._history(subscriber) if known is None else []
            try:
                person = known or fold(cast(PersonEvent, entry.event) for entry in history)
                wanted[subscriber] = acts(person, plan, calendar, traits.get(subscriber))
            except Exception as error:
                position = max(
                    (entry.position for entry in history or self._history(subscriber)), default=0
                )
                failed[subscriber] = failure_kind(position, error)
            else:
                if known is None:
                    read[subscriber] = person
        self._put_folds(cursor, read)
        self._put_acts(cursor, wanted, standing)
        self.segments.look_at_all(cursor, read, self.now())
        self._come_back(cursor, read)
        self._quarantine(cursor, failed)

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        plan, calendar = self.installation.plan(), self.installation.calendar
        subscribers = {entry.stream for entry in entries if entry.stream != STREAM}
        known = self.segments.known_for_mailings(cursor, subscribers, calendar)
        rows: dict[str, list[bytes]] = {"fold": [], "agenda": [], "aside": []}
        for subscriber, history in groupby(entries, key=attrgetter("stream")):
            if subscriber == STREAM:
                continue
            facts, uuid = list(history), uuid_of(subscriber)
            try:
                person = fold([cast(PersonEvent, entry.event) for entry in facts])
                matters = acts(person, plan, calendar, known.get(subscriber))
            except Exception as error:
                failed = failure_kind(facts[-1].position, error)
                rows["aside"].append(row(uuid, bigint(failed.position), failed.why.encode()))
                continue
            rows["fold"].append(
                row(
                    uuid,
                    bigint(person.version),
                    pack(person),
                    person.timezone.encode(),
                    JSONB + self.segments.traits_of({subscriber: person}, {})[0].encode(),
                )
            )
            for key, a in matters.items():
                rows["agenda"].append(
                    row(
                        uuid, key.encode(), a.kind.encode(), a.letter.encode(), bigint(a.due),
                        bigint(a.planned), integer(a.list), integer(a.run), a.why.encode(),
                    )
                )  # fmt: skip
        return rows

    def _as_they_stood(
        self, cursor: Cursor, subscribers: Collection[str]
    ) -> tuple[dict[str, Person], list[str]]:
        known = {
            subscriber: self._recent[subscriber]
            for subscriber in subscribers
            if subscriber in self._recent
        }
        folds, unreadable = self._folds(
            cursor, [subscriber for subscriber in subscribers if subscriber not in known]
        )
        return known | folds, unreadable

    def _folds(
        self, cursor: Cursor, subscribers: Collection[str]
    ) -> tuple[dict[str, Person], list[str]]:
        if not subscribers:
            return {}, []
        return read_folds(
            cursor.execute(
                self.sql["folds"], {"subscribers": uuids(subscribers)}, binary=True
            ).fetchall()
        )

    def _history(self, subscriber: str) -> list[Entry]:
        """All events of one person, up to the view's position."""
        return [
            entry for entry in self.ledger.stream(subscriber) if entry.position <= self.position
        ]

    def _known_quarantined(self, cursor: Cursor) -> set[str]:
        if self._quarantined is None:
            self._quarantined = {
                str(row[0]) for row in cursor.execute(self.sql["all_quarantined"]).fetchall()
            }
        return self._quarantined

    def _quarantine(self, cursor: Cursor, failed: Mapping[str, Quarantined]) -> None:
        if not failed:
            return
        subscribers, known = uuids(failed), self._known_quarantined(cursor)
        for subscriber, quarantined in failed.items():
            self._recent.pop(subscriber, None)
            if subscriber not in known:
                log.error(
                    "somebody is set aside",
                    extra={
                        "subscriber": subscriber,
                        "position": quarantined.position,
                        "why": quarantined.why,
                    },
                )
        for statement in ("without_fold", "without_rows"):
            cursor.execute(self.sql[statement], {"subscribers": subscribers})
        self.segments.forget(cursor, failed)
        positions = bigints([quarantined.position for quarantined in failed.values()])
        whys = texts([quarantined.why for quarantined in failed.values()])
        cursor.execute(
            self.sql["quarantine"],
            {"subscribers": subscribers, "positions": positions, "whys": whys},
        )
        known.update(failed)

    def _come_back(self, cursor: Cursor, people: Collection[str]) -> None:
        known = self._known_quarantined(cursor)
        if back := known & set(people):
            cursor.execute(self.sql["come_back"], {"subscribers": uuids(back)})
            known -= back
            log.info("people who were set aside go on", extra={"people": len(back)})

    def _put_folds(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        stood: Mapping[str, Person] = MappingProxyType({}),
    ) -> None:
        """`stood`: the folds that they were made from, where they are known."""
        if not people:
            return
        versions = bigints([p.version for p in people.values()])
        states = byteas([pack(p) for p in people.values()])
        zones = [person.timezone for person in people.values()]
        if new := set(zones) - self._zones:
            cursor.execute(self.sql["put_zones"], {"zones": texts(list(new))})
            self._zones |= new
        cursor.execute(
            self.sql["put_folds"],
            {
                "subscribers": uuids(people),
                "versions": versions,
                "states": states,
                "zones": texts(zones),
                "traits": texts(self.segments.traits_of(people, stood)),
            },
        )
        for subscriber, person in people.items():
            self._recent[subscriber] = person
            self._recent.move_to_end(subscriber)
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)

    def _put_acts(
        self,
        cursor: Cursor,
        wanted: Mapping[str, Mapping[str, Act]],
        standing: Mapping[str, Collection[str]],
    ) -> None:
        """Write the rows of these people, replacing those under the keys of `standing`."""
        rows: list[tuple[str, str, str, str, int, int, int, int, str]] = []
        gone: list[tuple[str, str]] = []
        for subscriber, matters in wanted.items():
            gone += [
                (subscriber, key) for key in standing.get(subscriber, ()) if key not in matters
            ]
            rows += [
                (subscriber, key, a.kind, a.letter, a.due, a.planned, a.list, a.run, a.why)
                for key, a in matters.items()
            ]
        if gone:
            cursor.execute(
                self.sql["remove_rows"],
                {
                    "subscribers": uuids([row[0] for row in gone]),
                    "keys": texts([row[1] for row in gone]),
                },
            )
        if rows:
            subscribers, row_keys, kinds, letters, dues, planned, lists, runs, whys = zip(
                *rows, strict=True
            )
            cursor.execute(
                self.sql["put_rows"],
                {
                    "subscribers": uuids(subscribers), "keys": texts(row_keys),
                    "kinds": texts(kinds), "letters": texts(letters), "dues": bigints(dues),
                    "planned": bigints(planned), "lists": integers(lists), "runs": integers(runs),
                    "whys": texts(whys),
                },
            )  # fmt: skip
