"""Weeks of arrival: who came is followed, and few are not told of."""

from __future__ import annotations

from engine.audience.arrivals import WeekSince, cohort_rows, cohorts_of
from engine.console import results_shown
from engine.views import ArrivalCount

NOW = 20_000


def counts(joined: int, people: int, *weeks: tuple[int, int, int]) -> list[ArrivalCount]:
    found = [ArrivalCount(joined, joined, "joined", people)]
    for number, week in enumerate(weeks):
        names = ("accepted", "answered", "unsubscribed")
        for name, n in zip(names, week, strict=True):
            found.append(ArrivalCount(joined, joined + 7 * number, name, n))
    return found


def test_each_week_of_arrival_goes_on_until_now_the_latest_first() -> None:
    early = counts(NOW - 14, 30, (30, 3, 1), (30, 0, 0))
    cohorts = cohorts_of([*early, *counts(NOW - 7, 10, (10, 1, 0))], NOW)
    assert [cohort.week for cohort in cohorts] == [NOW - 7, NOW - 14]
    assert cohorts[1].weeks == (WeekSince(30, 3, 1), WeekSince(30, 0, 0), WeekSince())
    assert cohorts[1].total == WeekSince(60, 3, 1)


def test_fewer_than_ten_are_not_told_of_anywhere() -> None:
    (few,) = cohorts_of(counts(NOW, 9, (9, 9, 9)), NOW)
    assert (few.people, few.weeks) == (None, ()) and not list(cohort_rows([few]))
    (row,) = results_shown.cohort_rows([few], "answered", "en")
    assert (row.people, row.cells) == ("–", ())


def test_answers_are_those_of_the_week_and_departures_of_all_until_then() -> None:
    cohorts = cohorts_of(counts(NOW - 7, 20, (20, 10, 1), (20, 5, 1)), NOW)
    (answered,) = results_shown.cohort_rows(cohorts, "answered", "en")
    assert [(cell.words, cell.heat) for cell in answered.cells] == [("50 %", 4), ("25 %", 2)]
    (gone,) = results_shown.cohort_rows(cohorts, "unsubscribed", "en")
    assert [cell.words for cell in gone.cells] == ["5.0 %", "10 %"]


def test_a_week_without_letters_is_empty_and_one_without_answers_says_nought() -> None:
    cohorts = cohorts_of(counts(NOW - 7, 20, (20, 0, 0)), NOW)
    (row,) = results_shown.cohort_rows(cohorts, "answered", "en")
    assert [(cell.words, cell.heat) for cell in row.cells] == [("0 %", 0), ("", 0)]
