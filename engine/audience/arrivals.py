"""How those went on who came onto a list for the first time in one week: week by week since, what
came of the letters that were begun for them. A week in which fewer than ten came is not told.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TextIO

from engine.audience.results import EPOCH
from engine.audience.sources import SHOWN_FROM
from engine.views import ArrivalCount

WEEK = 7


@dataclass(frozen=True, slots=True)
class WeekSince:
    """Letters begun in one week: accepted, answered, and those by which somebody unsubscribed."""

    accepted: int = 0
    answered: int = 0
    unsubscribed: int = 0

    def plus(self, other: WeekSince) -> WeekSince:
        return WeekSince(
            self.accepted + other.accepted,
            self.answered + other.answered,
            self.unsubscribed + other.unsubscribed,
        )


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who came in the week of a Monday (days since 1970-01-01); None where they are too few to be
    told of, and then no weeks either. `weeks`: their first week, the one after it, up to now.
    """

    week: int
    people: int | None
    weeks: tuple[WeekSince, ...]

    @property
    def monday(self) -> str:
        """ "2026-11-02"."""
        return (EPOCH + timedelta(days=self.week)).isoformat()

    @property
    def total(self) -> WeekSince:
        whole = WeekSince()
        for week in self.weeks:
            whole = whole.plus(week)
        return whole


def cohorts_of(counts: Iterable[ArrivalCount], now: int) -> list[Cohort]:
    """The latest first; `now` is this week's Monday."""
    numbers = Counter[tuple[int, int, str]]()
    for count in counts:
        numbers[count.joined, count.week, count.what] += count.n
    found = []
    for joined in sorted({joined for joined, _week, _what in numbers}, reverse=True):
        people = numbers[joined, joined, "joined"]
        weeks = tuple(
            WeekSince(
                accepted=numbers[joined, week, "accepted"],
                answered=numbers[joined, week, "answered"],
                unsubscribed=numbers[joined, week, "unsubscribed"],
            )
            for week in range(joined, now + 1, WEEK)
        )
        few = people < SHOWN_FROM
        found.append(Cohort(joined, None if few else people, () if few else weeks))
    return found


def cohort_rows(cohorts: Sequence[Cohort]) -> Iterator[dict[str, str | int]]:
    """For CSV and JSON: a row for each week since each week of arrival."""
    for cohort in cohorts:
        for since, week in enumerate(cohort.weeks):
            people = cohort.people or 0
            yield {"joined": cohort.monday, "people": people, "weeks_since": since, **asdict(week)}


def write_cohorts(cohorts: Sequence[Cohort], file: TextIO) -> None:
    columns = ("joined", "people", "weeks_since", "accepted", "answered", "unsubscribed")
    writer = csv.DictWriter(file, columns, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(cohort_rows(cohorts))
