"""One reader of dates for every door: what it reads, what it refuses, and how a column decides
whether the day or the month comes first.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.in_words import in_english
from engine.intake.instants import (
    AHEAD,
    DateOrder,
    DateRefused,
    DatesOfColumn,
    is_no_day,
    not_after,
    read_instant,
)
from tests.telling import telling

PARIS = "Europe/Paris"


def utc(text: str, order: DateOrder | None = None) -> str:
    return (
        datetime.fromtimestamp(read_instant(text, PARIS, order) / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .removesuffix("+00:00")
    )


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-01", "2024-02-29T23:00:00.000"),
        ("2024-3-1", "2024-02-29T23:00:00.000"),
        ("2024/03/01 9:05", "2024-03-01T08:05:00.000"),
        ("2026-11-22T10:15:00+01:00", "2026-11-22T09:15:00.000"),
        ("2026-11-22T10:15:00+0100", "2026-11-22T09:15:00.000"),
        ("2026-11-22T10:15:00 +01", "2026-11-22T09:15:00.000"),
        ("2026-11-22t09:15:00z", "2026-11-22T09:15:00.000"),
        ("2026-11-22T09:15:00.123456789Z", "2026-11-22T09:15:00.123"),
        ("2026-11-22 09:15:00,5 UTC", "2026-11-22T09:15:00.500"),
        ("20-03-2023 23:41:59", "2023-03-20T22:41:59.000"),
        ("13.2.24", "2024-02-12T23:00:00.000"),
        ("31/12/99", "1999-12-30T23:00:00.000"),
        ("12/31/2023 5:59 PM", "2023-12-31T16:59:00.000"),
        ("12/31/2023, 12:05 a.m.", "2023-12-30T23:05:00.000"),
        ("20/03/2023 9h05", "2023-03-20T08:05:00.000"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000"),
        ("2026-11-22T24:00:00Z", "2026-11-23T00:00:00.000"),
        ("20261122T091500Z", "2026-11-22T09:15:00.000"),
        ("2026-11-22T10:15[Europe/Paris]", "2026-11-22T09:15:00.000"),
        ("2026-11-22T10:15:00-05:00[America/Lima]", "2026-11-22T15:15:00.000"),
        ("2026-11-22T10:15:00\u221205:00", "2026-11-22T15:15:00.000"),
        ("2022/01/05 10:00:00 AM UTC+1", "2022-01-05T09:00:00.000"),
        ("Sun, 22 Nov 2026 10:15:00 +0100", "2026-11-22T09:15:00.000"),
        ("Mon Nov 23 2026 10:15:00 GMT+0100 (heure normale)", "2026-11-23T09:15:00.000"),
        ("1er août 2026", "2026-07-31T22:00:00.000"),
        ("22 nov. 2026 à 9h", "2026-11-22T08:00:00.000"),
        ("5 Jan 2022, 10:00", "2022-01-05T09:00:00.000"),
        ("January 5, 2022 at 10:00 PM", "2022-01-05T21:00:00.000"),
        ("5. Januar 2022", "2022-01-04T23:00:00.000"),
        ("5 de enero de 2022", "2022-01-04T23:00:00.000"),
        ("13-févr-24", "2024-02-12T23:00:00.000"),
        ("13/2/2024 - 10:00", "2024-02-13T09:00:00.000"),
        ("2024-03-05 10:00:00 America/Lima", "2024-03-05T15:00:00.000"),
        ("22-Nov-2026", "2026-11-21T23:00:00.000"),
        (" 2024-03-01\u202f10:30 ", "2024-03-01T09:30:00.000"),
    ],
)
def test_a_date_is_read_as_people_and_machines_write_it(text: str, instant: str) -> None:
    assert utc(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "20240301",
            "2024-W09-5",
            "2024-03-01T25:00",
            "2024-02-30",
            "0000-00-00",
            "00/00/00",
            "now",
            "2024-03-01 evil",
        ),
        "2024-03-01T10:30+25:00",
        *(
            "31 février 2026",
            "31 foo 2026",
            "12 monkeys 2026",
            "2026-11-22T24:01Z",
            "2024-03-01T10:30[Mars/Base]",
            "9999-12-31T24:00Z",
            "1795000000",
        ),
        *(
            "٢٠٢٥-١١-٢٠",
            "13:05 PM",
            "2024-03-01 13:05 PM",
            "1/2-2024",
            "2024-03-0110:00",
            "2024-03-01 9:",
            "99/99/9999",
            "0001-01-01",
        ),
    ],
)
def test_what_is_no_date_is_refused_without_repeating_it(text: str) -> None:
    with telling(DateRefused, r"not understood|no such day"):
        read_instant(text, PARIS, "day-first")


def test_what_can_be_read_in_two_ways_is_read_only_where_somebody_has_said_which() -> None:
    with telling(DateRefused, "with the day or with the month first"):
        read_instant("03/04/2024", PARIS)
    assert utc("03/04/2024", "day-first").startswith("2024-04-02")
    assert utc("03/04/2024", "month-first").startswith("2024-03-03")
    assert utc("05/05/2024").startswith("2024-05-04")
    with telling(DateRefused, "no such day"):
        read_instant("02/13/2024", PARIS, "day-first")


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["02/03/2024", "02/13/2024", "7/4/24 5:59 PM"], "month-first"),
        (["02/03/2024", "13/02/2024", "20-03-2023 23:41:59"], "day-first"),
        (["2024-02-03", "05/05/2024", "", "00/00/00"], "day-first"),
        (["02/03/2024", "2024-02-03"], None),
        (["02/03/2024", "13/02/2024", "02/13/2024"], None),
    ],
)
def test_a_column_is_read_as_a_whole(dates: list[str], order: DateOrder | None) -> None:
    seen = DatesOfColumn()
    for line, date in enumerate(dates, 2):
        seen.see(date, line)
    assert seen.order == order


def test_a_column_remembers_where_it_said_what() -> None:
    seen = DatesOfColumn()
    for line, date in enumerate(["02/03/2024", "13/02/2024", "02/13/2024"], 2):
        seen.see(date, line)
    assert (seen.either, seen.day_first, seen.month_first) == (2, 3, 4)


@pytest.mark.parametrize("text", ["00/00/00", "0/0/00", "0000-00-00", "--02-29", "--0229"])
def test_a_date_that_is_no_day_is_known(text: str) -> None:
    assert is_no_day(text)


@pytest.mark.parametrize("text", ["2024-02-29", "Ana", "", "-", "12", "00/00/00 Lyon"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert not is_no_day(text)


def test_a_clock_may_run_ahead_by_five_minutes_and_not_by_more() -> None:
    assert (not_after(9, 10), not_after(10 + AHEAD, 10), not_after(11 + AHEAD, 10)) == (9, 10, None)


@given(
    st.text(max_size=40)
    | st.from_regex(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ]?\d{0,2}:?\d{0,2} ?(PM)?", fullmatch=True)
)
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    for order in ("day-first", "month-first", None):
        try:
            assert isinstance(read_instant(text, PARIS, order), int)
        except DateRefused as refusal:
            assert not text.strip() or len(text) < 4 or text not in in_english(refusal.reason)
