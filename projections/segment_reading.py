"""Who is in a segment, as kept; whom a condition holds for, as asked now; and whether what is kept
is what each person's own answer says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.sequence.condition import Condition
from engine.store.database import Database
from projections.agenda import Agenda, read_folds
from projections.segments import Home

BATCH = 1000


@dataclass(frozen=True, slots=True)
class SegmentOfPerson:
    """Whether somebody is in a segment, and when that is looked at again (ms, 0: never by time
    alone).
    """

    segment: str
    member: bool
    look: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A segment held against each person's own answer: `missing` should be in it and are not,
    `extra` are and should not be.
    """

    members: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]


class SegmentReading:
    """Implements engine.views.SegmentViews. What is asked for holds for the plan that the agenda's
    view has followed.
    """

    def __init__(self, database: Database, agenda: Agenda) -> None:
        self.database, self.agenda = database, agenda

    def counts(self) -> Mapping[str, int]:
        """Members of each dynamic segment that has some."""
        counts: dict[str, int] = {}
        with self.database.connection() as connection:
            for home in self.agenda.segments.homes:
                rows = connection.execute(home.sql["counts"]).fetchall()
                counts |= {str(row[0]): int(row[1]) for row in rows if row[0] in home.segments}
        return counts

    def members(self, segment: str) -> Iterator[list[str]]:
        """The members of a dynamic segment, some at a time."""
        home = self._home(segment)
        if home is None:
            return
        with self.database.transaction() as connection, connection.cursor(name="segment") as cursor:
            cursor.execute(home.sql["members"], {"segment": segment})
            while rows := cursor.fetchmany(BATCH):
                yield [str(row[0]) for row in rows]

    def of_person(self, subscriber: str) -> list[SegmentOfPerson]:
        found: list[SegmentOfPerson] = []
        with self.database.connection() as connection:
            for home in self.agenda.segments.homes:
                rows = connection.execute(
                    home.sql["of_person"], {"subscriber": subscriber}
                ).fetchall()
                found += [
                    SegmentOfPerson(str(row[0]), bool(row[1]), int(row[2]))
                    for row in rows
                    if row[0] in home.segments
                ]
        return sorted(found, key=lambda one: one.segment)

    def chosen(self, condition: Condition, at: int) -> list[str]:
        """Everybody for whom a condition holds at an instant (ms)."""
        with self.database.transaction() as connection, connection.cursor() as cursor:
            resolved = self.agenda.segments.conditions.resolved(condition)
            return self.agenda.segments.chosen(cursor, resolved, at)

    def counted(self, condition: Condition, at: int) -> tuple[int, int, int]:
        """For how many people it holds, for how many it is not known, for how many it does not."""
        with self.database.transaction() as connection, connection.cursor() as cursor:
            resolved = self.agenda.segments.conditions.resolved(condition)
            return self.agenda.segments.counted(cursor, resolved, at)

    def verify(self, segment: str, at: int) -> Verified:
        """Ask every person anew, one by one, and compare. Raises KeyError for a segment that is not
        a dynamic one of the plan.
        """
        segments = self.agenda.segments
        members = {who for some in self.members(segment) for who in some}
        wanted: set[str] = set()
        personal = segments.personal if segment in segments.conditions.personal else None
        with (
            self.database.transaction(long=True) as connection,
            connection.cursor(name="people") as people,
            connection.cursor() as cursor,
        ):
            people.execute(self.agenda.sql["every_fold"], binary=True)
            while rows := people.fetchmany(BATCH):
                folds, _ = read_folds(rows)
                known = personal.traits_of(cursor, list(folds)) if personal else {}
                wanted |= {
                    who
                    for who, person in folds.items()
                    if not person.erased
                    and segments.conditions.holds(segment, person, known.get(who), at)[0]
                }
        return Verified(
            len(members), tuple(sorted(wanted - members)), tuple(sorted(members - wanted))
        )

    def _home(self, segment: str) -> Home | None:
        homes = (home for home in self.agenda.segments.homes if segment in home.segments)
        return next(homes, None)
