"""Feasts that move, and when a letter that is counted from a date is planned."""

from __future__ import annotations

from datetime import date, datetime

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sequence.anchors import Anchor, Anchored
from engine.sequence.delay import DAY, parse_clock, parse_days, parse_delay, parse_window
from engine.sequence.feasts import ENGLISH, FEASTS, easter, feast_day
from engine.sequence.timing import Hours, due_before, first_permitted, last_permitted, to_instant
from tests.examples import PARIS, local

BY_HOLIDAYS = {
    "jour-de-l-an": "Jour de l'an",
    "lundi-de-paques": "Lundi de Pâques",
    "fete-du-travail": "Fête du Travail",
    "victoire-1945": "Fête de la Victoire",
    "ascension": "Ascension",
    "lundi-de-pentecote": "Lundi de Pentecôte",
    "fete-nationale": "Fête nationale",
    "assomption": "Assomption",
    "toussaint": "Toussaint",
    "armistice-1918": "Armistice",
    "noel": "Noël",
}


def test_public_holidays_are_those_of_an_independent_table() -> None:
    for year in range(2008, 2101):
        public = holidays.country_holidays("FR", years=year, language="fr")
        for feast, name in BY_HOLIDAYS.items():
            assert name in public.get_list(feast_day(feast, year)), (feast, year)


# Published calendars of these years.
@pytest.mark.parametrize(
    ("feast", "days"),
    [
        ("fete-des-meres", ("2023-06-04", "2026-05-31", "2027-05-30", "2028-05-28")),
        ("fete-des-peres", ("2026-06-21", "2027-06-20")),
        ("fete-des-grands-meres", ("2026-03-01", "2027-03-07")),
        ("epiphanie", ("2023-01-08", "2026-01-04", "2027-01-03")),
        ("mardi-gras", ("2026-02-17", "2027-02-09")),
        ("avent", ("2026-11-29", "2028-12-03")),
        ("beaujolais-nouveau", ("2026-11-19",)),
        ("black-friday", ("2026-11-27",)),
        ("pentecote", ("2026-05-24", "2027-05-16")),
    ],
)
def test_what_that_table_does_not_have_is_on_the_day_of_the_calendars(
    feast: str, days: tuple[str, ...]
) -> None:
    for day in days:
        assert feast_day(feast, int(day[:4])).isoformat() == day


@given(st.integers(1583, 4099))
def test_easter_is_a_sunday_of_march_or_april(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_every_feast_has_its_day_in_every_year() -> None:
    assert set(ENGLISH.values()) <= set(FEASTS)
    for feast in FEASTS:
        assert all(feast_day(feast, year).year == year for year in range(1990, 2101))


def hours(at: str = "", between: str = "", days: str = "") -> Hours:
    return Hours(
        parse_clock(at) if at else None,
        parse_window(between) if between else None,
        parse_days(days or "every day"),
    )


WEBINAR = "2027-03-12 20:00"  # a Friday


@pytest.mark.parametrize(
    ("delay", "permitted", "planned"),
    [
        ("1 day", hours(), "2027-03-11 20:00"),
        ("1 hour", hours(), "2027-03-12 19:00"),
        ("1 day", hours(at="09:00"), "2027-03-11 09:00"),
        ("0 minutes", hours(at="09:00"), "2027-03-12 09:00"),
        ("1 hour", hours(at="21:00"), "2027-03-11 21:00"),
        ("1 hour", hours(between="09:00-18:00"), "2027-03-12 17:59"),
        ("1 hour", hours(between="22:00-02:00"), "2027-03-12 01:59"),
        ("5 days", hours(at="09:00", days="mon-fri"), "2027-03-05 09:00"),
        ("5 days", hours(days="mon-fri"), "2027-03-05 23:59"),
        ("2 weeks", hours(between="09:00-18:00", days="tue"), "2027-02-23 17:59"),
        ("1 month", hours(), "2027-02-12 20:00"),
    ],
)
def test_before_a_date_a_letter_leaves_no_nearer_to_it_than_written(
    delay: str, permitted: Hours, planned: str
) -> None:
    assert due_before(local(WEBINAR), parse_delay(delay), permitted, PARIS) == local(planned)


@given(
    st.integers(local("2026-01-01 00:00"), local("2028-01-01 00:00")),
    st.sampled_from(
        [
            hours(at="02:30"),
            hours(between="09:00-18:00", days="mon,thu"),
            hours(between="22:00-02:00", days="sun"),
            hours(days="sat"),
        ]
    ),
)
def test_the_last_permitted_moment_is_permitted_and_not_after(at: int, permitted: Hours) -> None:
    moment = last_permitted(at, permitted, PARIS)
    assert at - 9 * DAY < moment <= at
    assert first_permitted(moment, permitted, PARIS) == moment


def test_of_a_feast_the_first_is_meant_whose_letter_can_still_leave() -> None:
    ten_days_before = Anchored(
        Anchor("meres", PARIS, feast="fete-des-meres", minute=540), parse_delay("10 days"), True
    )
    assert ten_days_before.first(local("2027-05-20 09:00"), hours(), PARIS) == (
        local("2027-05-30 09:00"),
        local("2027-05-20 09:00"),
    )
    assert ten_days_before.first(local("2027-05-20 09:01"), hours(), PARIS)[0] == local(
        "2028-05-28 09:00"
    )


def test_days_before_a_date_are_those_of_the_reader() -> None:
    tokyo = "Asia/Tokyo"  # 20:00 in Paris is 04:00 of the next day there
    planned = due_before(local(WEBINAR), parse_delay("1 day"), hours(at="09:00"), tokyo)
    assert planned == to_instant(datetime(2027, 3, 12, 9), tokyo)
