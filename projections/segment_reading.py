"""Who is in a segment, as kept; whom a condition holds for, as asked now; and whether what is kept
is what each person's own answer says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from engine.sequence.condition import Condition, InSegment, asks_what_was_measured, reads_vault
from engine.sequence.model import Plan
from engine.store.binary import uuids
from engine.store.database import Database
from engine.subscriber.condition_answers import Truth
from engine.subscriber.truth import SegmentConditions
from engine.views import PeopleCount, Verified
from projections.agenda import Agenda
from projections.folds import read_folds
from projections.segment_home import Home
from projections.segments import SegmentMembership
from projections.view import Cursor

BATCH = 1000


def nobody_watches(done: int, total: int) -> None:
    """The progress that is not shown."""


class SegmentReading:
    """Implements engine.views.SegmentViews.

    Where no segment is published, what conditions look at is kept of nobody: everybody's fold is
    then asked, one by one.
    """

    def __init__(self, database: Database, agenda: Agenda, plan: Callable[[], Plan]) -> None:
        """`plan` is the one in force, whichever process follows."""
        self.database, self.agenda, self._plan = database, agenda, plan
        self._kept = SegmentMembership(agenda.schema, agenda.segments.personal)

    @property
    def _segments(self) -> SegmentMembership:
        plan = self._plan()
        if plan is not self._kept.plan:
            self._kept.use(plan)
        return self._kept

    def counts(self) -> Mapping[str, int]:
        segments = self._segments
        plan = segments.plan
        counts = {name: 0 for name, segment in plan.segments.items() if segment.static}
        with self.database.connection() as connection:
            for home in segments.homes:
                definitions = home.definitions(segments.conditions)
                built = dict(connection.execute(home.sql["built"]).fetchall())
                counts |= {
                    name: 0 for name in home.segments if built.get(name) == definitions[name]
                }
                rows = connection.execute(home.sql["counts"]).fetchall()
                counts |= {str(row[0]): int(row[1]) for row in rows if row[0] in counts}
            if segments.tracked:
                rows = connection.execute(segments.sql["static_counts"]).fetchall()
                counts |= {
                    name: int(n)
                    for name, n in rows
                    if name in plan.segments and plan.segments[name].static
                }
        return counts

    def members(self, segment: str) -> Iterator[list[str]]:
        home = self._home(segment)
        if home is None:
            if segment in self._segments.plan.segments:
                yield from self.chosen(InSegment(segment), self.agenda.now())
            return
        with self.database.transaction() as connection, connection.cursor(name="segment") as cursor:
            cursor.execute(home.sql["members"], {"segment": segment})
            while rows := cursor.fetchmany(BATCH):
                yield [str(row[0]) for row in rows]

    def page(self, segment: str, after: str, limit: int) -> list[str] | None:
        home, values = self._home(segment), {"segment": segment, "after": after, "limit": limit}
        segments = self._segments
        with self.database.connection() as connection:
            if home is None:
                rows = connection.execute(segments.sql["put_after"], values).fetchall()
            else:
                built = dict(connection.execute(home.sql["built"]).fetchall())
                if built.get(segment) != home.definitions(segments.conditions)[segment]:
                    return None
                rows = connection.execute(home.sql["members_after"], values).fetchall()
        return [str(row[0]) for row in rows]

    def standing(self, subscribers: Collection[str]) -> Mapping[str, Collection[str]]:
        stood: dict[str, set[str]] = {who: set() for who in subscribers}
        with self.database.connection() as connection, connection.cursor() as cursor:
            for home in self._segments.homes:
                for who, names in home.standing(cursor, subscribers).items():
                    stood[who] |= names & home.names
        return stood

    def chosen(self, condition: Condition, at: int) -> Iterator[list[str]]:
        segments = self._segments
        if not segments.tracked:
            for truths in self._asked_one_by_one(segments.conditions, condition, at):
                yield [who for who, truth in truths.items() if truth]
            return
        with (
            self.database.transaction(long=True) as connection,
            connection.cursor() as asking,
            connection.cursor(name="chosen") as cursor,
        ):
            resolved = segments.conditions.resolved(condition)
            cursor.execute(*segments.choosing(asking, resolved, at))
            while rows := cursor.fetchmany(BATCH):
                yield [str(row[0]) for row in rows]

    def counted(self, condition: Condition, at: int) -> PeopleCount:
        segments = self._segments
        if not segments.tracked:
            every = self._asked_one_by_one(segments.conditions, condition, at)
            answers = [truth for truths in every for truth in truths.values()]
            return PeopleCount(answers.count(True), answers.count(None), answers.count(False))
        with self.database.transaction() as connection, connection.cursor() as cursor:
            resolved = segments.conditions.resolved(condition)
            return PeopleCount(*segments.counted(cursor, resolved, at))

    def truths(
        self, condition: Condition, subscribers: Collection[str], at: int
    ) -> Mapping[str, Truth]:
        conditions = self._segments.conditions
        resolved = conditions.resolved(condition)
        with self.database.transaction() as connection, connection.cursor() as cursor:
            rows = cursor.execute(
                self.agenda.sql["folds"], {"subscribers": uuids(subscribers)}, binary=True
            ).fetchall()
            return self._truths(conditions, resolved, rows, cursor, at)

    def verify(
        self, segment: str, at: int, tell: Callable[[int, int], None] = nobody_watches
    ) -> Verified:
        conditions = self._segments.conditions
        if segment not in conditions.dynamic:
            raise KeyError(segment)
        members = {who for some in self.members(segment) for who in some}
        wanted: set[str] = set()
        condition = conditions.dynamic[segment]
        for truths in self._asked_one_by_one(conditions, condition, at, tell):
            wanted |= {who for who, truth in truths.items() if truth}
        return Verified(
            len(members), tuple(sorted(wanted - members)), tuple(sorted(members - wanted))
        )

    def forget_personal(self) -> None:
        """Segments that read the vault are then built anew as people are followed."""
        with self.database.connection() as connection:
            for home in self._segments.homes[1:]:
                connection.execute(home.sql["forget_built"])

    def compared(self, plan: Plan, segment: str, at: int) -> tuple[int, int]:
        now, then = self._segments, SegmentMembership(self.agenda.schema, self._kept.personal)
        then.use(plan)
        condition = then.conditions.dynamic[segment]
        if not now.tracked:
            every = self._asked_one_by_one(then.conditions, condition, at)
            return sum(truth is True for truths in every for truth in truths.values()), 0
        home = self._home(segment)
        schema = home.schema if home is not None else now.schema
        with self.database.transaction(long=True) as connection, connection.cursor() as cursor:
            return then.compared(cursor, schema, segment, condition, at)

    def _asked_one_by_one(
        self,
        conditions: SegmentConditions,
        condition: Condition,
        at: int,
        tell: Callable[[int, int], None] = nobody_watches,
    ) -> Iterator[Mapping[str, Truth]]:
        """What a condition comes to for everybody, some at a time."""
        resolved = conditions.resolved(condition)
        with (
            self.database.transaction(long=True) as connection,
            connection.cursor(name="people") as people,
            connection.cursor() as cursor,
        ):
            [(total,)] = connection.execute(self.agenda.sql["count_folds"]).fetchall()
            people.execute(self.agenda.sql["every_fold"], binary=True)
            done = 0
            while rows := people.fetchmany(BATCH):
                yield self._truths(conditions, resolved, rows, cursor, at)
                done += len(rows)
                tell(done, int(total))

    def _truths(
        self,
        conditions: SegmentConditions,
        resolved: Condition,
        rows: Sequence[tuple[object, ...]],
        cursor: Cursor,
        at: int,
    ) -> Mapping[str, Truth]:
        folds, _ = read_folds(rows)
        personal = self._kept.personal if reads_vault(resolved) else None
        measured = asks_what_was_measured(resolved)
        known = personal.traits_of(cursor, list(folds), measured=measured) if personal else {}
        return {
            who: conditions.truth_of(resolved, person, known.get(who), at)[0]
            for who, person in folds.items()
            if not person.erased
        }

    def _home(self, segment: str) -> Home | None:
        homes = (home for home in self._segments.homes if segment in home.segments)
        return next(homes, None)
