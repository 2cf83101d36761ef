"""A cron line means what crontab(5) says: weeks begin on Sunday, and what it does not mean is
refused.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice

import pytest

from engine.runtime.scheduler import recurrences
from engine.sequence.cron import read_cron
from engine.sequence.timing import to_instant, to_local

PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("0 9 1 * *", ("0", "9", "1", "*", "*")),
        ("*/20 8-18/5 * JAN,mar *", ("0,20,40", "8,13,18", "*", "1,3", "*")),
        ("5/30 0 * * *", ("5,35", "0", "*", "*", "*")),
        ("0 9 * * 1-5", ("0", "9", "*", "*", "mon,tue,wed,thu,fri")),
        ("0 9 * * 0", ("0", "9", "*", "*", "sun")),
        ("0 9 * * 7", ("0", "9", "*", "*", "sun")),
        ("0 9 * * 5-7", ("0", "9", "*", "*", "fri,sat,sun")),
        ("0 9 * * sat-mon", ("0", "9", "*", "*", "mon,sat,sun")),
    ],
)
def test_a_line_is_spelled_out(line: str, meant: tuple[str, ...]) -> None:
    assert read_cron(line) == meant


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 9 * *", "five parts"),
        ("60 9 * * *", '"60" is no minute'),
        ("0 24 * * *", '"24" is no hour'),
        ("0 9 0 * *", '"0" is no day'),
        ("0 9 * 13 *", '"13" is no month'),
        ("0 9 * * 8", '"8" is no weekday'),
        ("0 9 * * lundi", '"lundi" is no weekday'),
        ("0 9 10-5 * *", '"10-5" is no day'),
        ("0 9 */0 * *", '"*/0" is no day'),
        ("0 9 *-3 * *", "is no day"),
        ("0 9 ² * *", "is no day"),
        ("@daily", "five parts"),
        ("0 9 1 * 1", "both days of the month and weekdays"),
    ],
)
def test_what_no_cron_means_is_refused_with_a_sentence(line: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"cron line|both days") as raised:
        read_cron(line)
    assert said in str(raised.value)


def test_monday_is_monday() -> None:
    start = to_instant(datetime(2026, 11, 22, 12), PARIS)
    found = [
        to_local(moment, PARIS) for moment in islice(recurrences("30 7 * * 1", PARIS, start), 3)
    ]
    assert [each.strftime("%a %d %H:%M") for each in found] == [
        "Mon 23 07:30",
        "Mon 30 07:30",
        "Mon 07 07:30",
    ]


def test_a_moment_is_not_named_twice() -> None:
    first = next(recurrences("0 9 * * *", PARIS, 0))
    assert next(recurrences("0 9 * * *", PARIS, first)) == first + 86_400_000
