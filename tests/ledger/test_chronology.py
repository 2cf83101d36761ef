"""Dates that go back are found, each run of them once, and nothing is known before its position."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.installation.events import STREAM, ClockChanged
from engine.ledger.chronology import TOLERANCE, Backdated, Chronology, DeclaredClock
from engine.ledger.codec import Entry
from engine.ledger.store import Descent
from engine.sequence.delay import DAY, HOUR
from engine.subscriber.events import Cause


def chronology(dates: Sequence[int]) -> Chronology:
    """Of entries recorded at these instants, from position 1."""
    descents = [
        Descent(number, date, dates[number - 2])
        for number, date in enumerate(dates, 1)
        if number > 1 and date < dates[number - 2]
    ]
    return Chronology(descents, lambda position: dates[position - 1], len(dates))


def test_dates_that_never_go_back_are_sound() -> None:
    assert chronology([]).backdated == ()
    assert chronology([5, 5, 6, 9]).backdated == ()


def test_a_clock_set_forward_and_back_is_named_with_its_first_and_last_position() -> None:
    dates = [10, 20, 80, 21, 22, 79, 80, 81]
    assert chronology(dates).backdated == (Backdated(4, 6, 21, 3, 80),)
    assert chronology([10, 20, 80, 21, 40, 30, 90]).backdated == (Backdated(4, 6, 21, 3, 80),)


def test_a_single_row_among_later_ones_is_named_alone() -> None:
    assert chronology([10, 20, 30, 12, 31, 13, 32]).backdated == (
        Backdated(4, 4, 12, 3, 30),
        Backdated(6, 6, 13, 5, 31),
    )


@given(st.lists(st.integers(0, 12), max_size=12), st.integers(0, 12))
def test_it_finds_what_a_look_at_every_entry_finds(dates: list[int], instant: int) -> None:
    found = chronology(dates)
    before = [max(dates[:n], default=0) for n in range(len(dates))]
    assert [found.backdated_at(position) is not None for position in range(1, len(dates) + 1)] == [
        date < latest for date, latest in zip(dates, before, strict=True)
    ]
    later = [position for position, date in enumerate(dates, 1) if date > instant]
    assert found.known_at(instant) == (later[0] - 1 if later else len(dates))
    for run in found.backdated:
        assert run.latest == before[run.first - 1] == dates[run.after - 1]
        assert run.recorded_at == min(dates[run.first - 1 : run.last])


def changed(position: int, event: ClockChanged) -> Entry:
    return Entry(
        position, STREAM, position, "clock-changed", event.at, event.at, Cause("operator"), event
    )


def test_a_fact_later_than_a_checkpoint_over_it_is_one_unless_the_ledger_says_why() -> None:
    signed = 100 * DAY
    undeclared = DeclaredClock([])
    assert not undeclared.recorded_after(4, signed + TOLERANCE, signed)
    assert undeclared.recorded_after(4, signed + TOLERANCE + 1, signed)
    sped_up = DeclaredClock([changed(3, ClockChanged(signed, rate=1000, trial=True, ahead=0))])
    assert not sped_up.recorded_after(4, signed + 60 * DAY, signed + 2 * HOUR)
    assert sped_up.recorded_after(4, signed + 600 * DAY, signed + 2 * HOUR)
    assert sped_up.recorded_after(2, signed + 60 * DAY, signed + 2 * HOUR)


def test_a_jump_of_the_machines_clock_is_no_declaration_that_it_was_right() -> None:
    """Engine time and wall time jump together, and the checkpoint signed meanwhile with them."""
    jumped = DeclaredClock([changed(3, ClockChanged(DAY, jumped=60 * DAY))])
    assert jumped.wall_time(4, 61 * DAY) == 61 * DAY
