"""When a letter falls due: the calendar of the reader's zone, both changes of its clock, windows,
month ends; and what always holds.
"""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sequence.delay import (
    DAY,
    EVERY_DAY,
    HOUR,
    MINUTE,
    Delay,
    parse_clock,
    parse_days,
    parse_delay,
    parse_window,
)
from engine.sequence.timing import (
    ANY_HOUR,
    Hours,
    due,
    first_permitted,
    is_zone,
    later,
    to_instant,
    to_local,
)

PARIS = "Europe/Paris"
NEW_YORK = "America/New_York"
LORD_HOWE = "Australia/Lord_Howe"
TOKYO = "Asia/Tokyo"
UTC = "UTC"


def local(text: str, zone: str) -> int:
    """A local time; with an offset ("… +01:00") one of the two that a clock change makes."""
    moment = datetime.fromisoformat(text)
    return to_instant(moment, zone) if moment.tzinfo is None else int(moment.timestamp() * 1000)


# zone, start, delay, at/between/days, due
CASES = [
    (PARIS, "2026-11-23 15:00", "0 minutes", "", "2026-11-23 15:00+01:00"),
    (PARIS, "2026-11-23 15:00", "2 days", "09:00", "2026-11-25 09:00+01:00"),
    (PARIS, "2026-11-23 15:00", "2 days", "", "2026-11-25 15:00+01:00"),
    (PARIS, "2026-11-23 15:00", "90 minutes", "", "2026-11-23 16:30+01:00"),
    (PARIS, "2026-11-23 08:00", "0 minutes", "09:00", "2026-11-23 09:00+01:00"),
    (PARIS, "2026-11-23 09:00", "0 minutes", "09:00", "2026-11-23 09:00+01:00"),
    (PARIS, "2026-11-23 09:01", "0 minutes", "09:00", "2026-11-24 09:00+01:00"),
    (PARIS, "2026-11-23 15:00", "1 day 2 hours", "09:00", "2026-11-25 09:00+01:00"),
    # weekdays
    (PARIS, "2026-11-26 15:00", "2 days", "09:00 mon-fri", "2026-11-30 09:00+01:00"),
    (PARIS, "2026-11-27 15:00", "0 minutes", "mon-fri", "2026-11-27 15:00+01:00"),
    (PARIS, "2026-11-28 15:00", "0 minutes", "mon-fri", "2026-11-30 00:00+01:00"),
    (PARIS, "2026-11-28 15:00", "0 minutes", "sat", "2026-11-28 15:00+01:00"),
    (PARIS, "2026-11-29 15:00", "0 minutes", "sat", "2026-12-05 00:00+01:00"),
    # windows, also across midnight: the day is the one on which the window opens
    (PARIS, "2026-11-23 07:00", "0 minutes", "09:00-18:00", "2026-11-23 09:00+01:00"),
    (PARIS, "2026-11-23 12:00", "0 minutes", "09:00-18:00", "2026-11-23 12:00+01:00"),
    (PARIS, "2026-11-23 18:00", "0 minutes", "09:00-18:00", "2026-11-24 09:00+01:00"),
    (PARIS, "2026-11-24 01:00", "0 minutes", "20:00-02:00 mon", "2026-11-24 01:00+01:00"),
    (PARIS, "2026-11-24 02:00", "0 minutes", "20:00-02:00 mon", "2026-11-30 20:00+01:00"),
    (PARIS, "2026-11-24 01:00", "0 minutes", "20:00-02:00 tue", "2026-11-24 20:00+01:00"),
    (PARIS, "2026-11-23 23:59", "0 minutes", "20:00-02:00 mon", "2026-11-23 23:59+01:00"),
    # months and leap years
    (PARIS, "2026-01-31 10:00", "1 month", "", "2026-02-28 10:00+01:00"),
    (PARIS, "2028-01-31 10:00", "1 month", "09:00", "2028-02-29 09:00+01:00"),
    (PARIS, "2028-02-29 10:00", "1 year", "", "2029-02-28 10:00+01:00"),
    (PARIS, "2026-10-31 10:00", "4 months", "", "2027-02-28 10:00+01:00"),
    (PARIS, "2026-12-15 10:00", "1 month", "", "2027-01-15 10:00+01:00"),
    (PARIS, "2026-01-31 10:00", "1 month 1 day", "", "2026-03-01 10:00+01:00"),
    # spring: 02:00 to 03:00 is skipped on 29 March 2026
    (PARIS, "2026-03-28 02:30", "1 day", "", "2026-03-29 03:30+02:00"),
    (PARIS, "2026-03-28 15:00", "1 day", "02:30", "2026-03-29 03:30+02:00"),
    (PARIS, "2026-03-28 15:00", "2 days", "02:30", "2026-03-30 02:30+02:00"),
    (PARIS, "2026-03-28 15:00", "1 day", "15:00", "2026-03-29 15:00+02:00"),
    (PARIS, "2026-03-28 15:00", "24 hours", "", "2026-03-29 16:00+02:00"),
    (PARIS, "2026-03-29 01:00", "0 minutes", "02:00-03:00", "2026-03-29 03:00+02:00"),
    (NEW_YORK, "2026-03-07 02:30", "1 day", "", "2026-03-08 03:30-04:00"),
    (LORD_HOWE, "2026-10-03 02:10", "1 day", "", "2026-10-04 02:40+11:00"),
    # autumn: 02:00 to 03:00 comes twice on 25 October 2026, and counts once
    (PARIS, "2026-10-24 02:30", "1 day", "", "2026-10-25 02:30+02:00"),
    (PARIS, "2026-10-24 15:00", "1 day", "02:30", "2026-10-25 02:30+02:00"),
    (PARIS, "2026-10-25 02:40+02:00", "0 minutes", "02:30", "2026-10-26 02:30+01:00"),
    (PARIS, "2026-10-25 02:10+01:00", "0 minutes", "02:30", "2026-10-26 02:30+01:00"),
    (PARIS, "2026-10-25 02:10+01:00", "0 minutes", "02:00-03:00", "2026-10-25 02:10+01:00"),
    (PARIS, "2026-10-24 15:00", "1 day", "15:00", "2026-10-25 15:00+01:00"),
    (PARIS, "2026-10-24 15:00", "24 hours", "", "2026-10-25 14:00+01:00"),
    (PARIS, "2026-10-25 02:30+01:00", "1 day", "", "2026-10-26 02:30+01:00"),
    (NEW_YORK, "2026-10-31 01:30", "1 day", "", "2026-11-01 01:30-04:00"),
    (LORD_HOWE, "2026-04-04 01:45", "1 day", "", "2026-04-05 01:45+11:00"),
    # zones that never change their clock
    (TOKYO, "2026-03-28 02:30", "1 day", "02:30", "2026-03-29 02:30+09:00"),
    (UTC, "2026-10-24 02:30", "1 day", "", "2026-10-25 02:30+00:00"),
    ("Asia/Kathmandu", "2026-06-30 23:50", "1 day", "00:10", "2026-07-01 00:10+05:45"),
]  # fmt: skip


def hours_of(text: str) -> Hours:
    at = between = None
    days = EVERY_DAY
    for part in text.split():
        if part[0].isalpha():
            days = parse_days(part)
        elif "-" in part:
            between = parse_window(part)
        else:
            at = parse_clock(part)
    return Hours(at, between, days)


@pytest.mark.parametrize(
    ("zone", "start", "delay", "hours", "expected"),
    CASES,
    ids=[" ".join(case[:4]) for case in CASES],
)
def test_a_letter_falls_due_when_its_reader_expects_it(
    zone: str, start: str, delay: str, hours: str, expected: str
) -> None:
    found = due(local(start, zone), parse_delay(delay), hours_of(hours), zone)
    assert to_local(found, zone).isoformat(" ", "minutes") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 weeks", "14 days"),
        ("1 year 1 month", "13 months"),
        ("36 hours", "36 hours"),
        ("1 day, 90 minutes", "1 day 1 hour 30 minutes"),
        ("0 minutes", "0 minutes"),
    ],
)
def test_a_delay_is_read_and_said(text: str, said: str) -> None:
    assert str(parse_delay(text)) == said


@pytest.mark.parametrize(
    "text", ["", "soon", "2", "days", "-1 day", "1.5 days", "2 days later", "9999 years", "² days"]
)
def test_what_is_no_delay_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration|longer than"):
        parse_delay(text)


def test_zones_are_those_of_the_database() -> None:
    assert is_zone(PARIS)
    assert not is_zone("Europe/Nowhere")
    assert not is_zone("../etc/passwd")


ZONES = st.sampled_from(
    [
        PARIS,
        NEW_YORK,
        LORD_HOWE,
        TOKYO,
        UTC,
        "America/Sao_Paulo",
        "Asia/Kathmandu",
        "Africa/Casablanca",
    ]
)
STARTS = st.integers(local("2024-01-01 00:00", UTC), local("2032-01-01 00:00", UTC))
DELAYS = st.builds(Delay, st.integers(0, 14), st.integers(0, 60), st.integers(0, 3000))
CLOCKS = st.integers(0, 1439)
DAYS = st.frozensets(st.integers(0, 6), min_size=1)
WINDOWS = st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1])
HOURS = st.one_of(
    st.just(ANY_HOUR),
    st.builds(Hours, CLOCKS, st.none(), DAYS),
    st.builds(Hours, st.none(), st.none() | WINDOWS, DAYS),
)


@given(STARTS, DELAYS, HOURS, ZONES)
def test_nothing_falls_due_before_it_was_counted_from(
    start: int, delay: Delay, hours: Hours, zone: str
) -> None:
    assert due(start, delay, hours, zone) >= start


@given(STARTS, DELAYS, HOURS, ZONES)
def test_what_is_due_may_leave_at_once(start: int, delay: Delay, hours: Hours, zone: str) -> None:
    moment = due(start, delay, hours, zone)
    if to_local(moment, zone).utcoffset() == to_local(moment - 3 * HOUR, zone).utcoffset():
        assert permitted(moment, hours, zone)
    assert first_permitted(moment, hours, zone) == moment


def permitted(instant: int, hours: Hours, zone: str) -> bool:
    """Said again, and more slowly, what `hours` allows."""
    moment = to_local(instant, zone)
    minute, day = moment.hour * 60 + moment.minute, moment.weekday()
    if hours.at is not None:
        return minute == hours.at and moment.second == 0 and day in hours.days
    if hours.between is None:
        return day in hours.days
    start, end = hours.between
    if start < end:
        return start <= minute < end and day in hours.days
    return (minute >= start and day in hours.days) or (minute < end and (day - 1) % 7 in hours.days)


@given(STARTS, st.integers(0, 400 * DAY), st.integers(0, 3000), ZONES)
def test_who_came_first_is_written_to_first_by_the_clock(
    start: int, apart: int, minutes: int, zone: str
) -> None:
    delay = Delay(minutes=minutes)
    assert (
        due(start, delay, ANY_HOUR, zone)
        == start + minutes * MINUTE
        <= due(start + apart, delay, ANY_HOUR, zone)
    )


@given(STARTS, st.integers(0, 400 * DAY), DELAYS, HOURS)
def test_who_came_first_is_written_to_first_where_the_clock_never_changes(
    start: int, apart: int, delay: Delay, hours: Hours
) -> None:
    assert due(start, delay, hours, TOKYO) <= due(start + apart, delay, hours, TOKYO)


@given(STARTS, st.integers(1, 60), ZONES)
def test_days_keep_the_time_of_day_but_for_an_hour_that_is_skipped(
    start: int, days: int, zone: str
) -> None:
    before, after = to_local(start, zone), to_local(later(start, Delay(days=days), zone), zone)
    assert (after.date() - before.date()).days == days
    if (
        to_local(later(start, Delay(days=days), zone) - 3 * HOUR, zone).utcoffset()
        == after.utcoffset()
    ):
        assert after.time() == before.time()


@given(STARTS, ZONES)
def test_an_instant_is_its_local_time(start: int, zone: str) -> None:
    moment = to_local(start, zone)
    if moment.fold == 0:
        assert to_instant(moment.replace(tzinfo=None), zone) == start


@given(
    st.integers(0, 2_000_000_000_000),
    st.builds(Delay, st.integers(0, 40), st.integers(0, 800), st.integers(0, 5000)),
    st.sampled_from(
        [
            "UTC",
            "Europe/Paris",
            "America/New_York",
            "Pacific/Apia",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
        ]
    ),
)
def test_no_delay_is_shorter_than_its_least(start: int, delay: Delay, zone: str) -> None:
    assert later(start, delay, zone) - start >= delay.least_ms
