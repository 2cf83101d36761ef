"""Dates that matter: a webinar, a feast that moves, a date of each reader's own; and when a letter
that is counted from one of them is planned. Pure; instants are milliseconds since 1970.
"""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache

from engine.frozen import dataclass
from engine.sequence.delay import NONE, Delay
from engine.sequence.feasts import feast_day
from engine.sequence.timing import Hours, due, due_before, to_instant, to_local

BY_FIELD = "field:"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A date of everybody's: `at` (ms), or a feast of every year at `minute` past midnight, on the
    clock of `timezone`.
    """

    id: str
    timezone: str
    at: int = 0
    feast: str = ""
    minute: int = 0

    def of_year(self, year: int) -> int:
        """The instant (ms) of the feast in a year."""
        return _feast_moment(self.feast, year, self.minute, self.timezone)

    def occurrence(self, moment: int) -> str:
        """The name of one occurrence: the year of a feast, the anchor itself where it has a date,
        so that a date that is moved stays the same occurrence.
        """
        return str(to_local(moment, self.timezone).year) if self.feast else self.id

    def moments(self, floor: int) -> tuple[int, ...]:
        """The moment (ms) of the anchor; of a feast, those from the year before `floor` (ms) to
        two years after it.
        """
        if not self.feast:
            return (self.at,)
        year = to_local(floor, self.timezone).year
        return tuple(self.of_year(year + shift) for shift in (-1, 0, 1, 2))


@lru_cache(maxsize=512)
def _feast_moment(feast: str, year: int, minute: int, timezone: str) -> int:
    day = datetime.combine(feast_day(feast, year), time(minute // 60, minute % 60))
    return to_instant(day, timezone)


@dataclass(frozen=True, slots=True)
class PersonalDate:
    """A date that each reader has of their own, in a field: once, or `yearly`."""

    field: str
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class Anchored:
    """So long `before` a date, or so long since it. `date`: whose date."""

    date: Anchor | PersonalDate
    offset: Delay = NONE
    before: bool = False

    def planned(self, moment: int, hours: Hours, zone: str) -> int:
        """When a letter counted from a date at `moment` (ms) is meant to leave: `before` it never
        nearer to it than the author wrote, since it never earlier.
        """
        counted = due_before if self.before else due
        return counted(moment, self.offset, hours, zone)

    def first(self, floor: int, hours: Hours, zone: str) -> tuple[int, int]:
        """The date (ms) and the plan for it (ms) that someone gets who is there from `floor` (ms)
        on: of a feast the first whose letter is planned then or later.
        """
        assert isinstance(self.date, Anchor)
        plans = [(moment, self.planned(moment, hours, zone)) for moment in self.date.moments(floor)]
        return next((plan for plan in plans if plan[1] >= floor), plans[-1])

    def following(self, after: int, hours: Hours, zone: str) -> int | None:
        """The next plan (ms) later than `after` (ms); None where the date does not come again, or
        each reader has their own.
        """
        if not isinstance(self.date, Anchor):
            return None
        planned = self.first(after + 1, hours, zone)[1]
        return planned if planned > after else None

    def date_of(self, planned: int, hours: Hours, zone: str) -> int:
        """The date (ms) that the plan `planned` (ms) is counted from."""
        assert isinstance(self.date, Anchor)
        dates = self.date.moments(planned)
        return min(dates, key=lambda moment: abs(self.planned(moment, hours, zone) - planned))
