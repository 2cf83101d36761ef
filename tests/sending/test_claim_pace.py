"""A sender claims what leaves within seconds, and not all that is due: what it has claimed nobody
else sends, and where it is lost that waits.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.sending.claim_pace import CLAIM_SECONDS, FIRST_ROWS, MAX_ROWS, ClaimPace

RATES = st.floats(0.01, 10_000)


def steady(pace: ClaimPace, rate: float) -> None:
    """All is due: each batch is as large as it may be."""
    for _ in range(20):
        pace.note(pace.rows, pace.rows / rate)


@given(RATES, RATES)
def test_a_batch_lasts_for_seconds_whatever_came_before(before: float, rate: float) -> None:
    pace = ClaimPace()
    assert pace.rows == FIRST_ROWS
    steady(pace, before)
    steady(pace, rate)
    meant = min(MAX_ROWS, max(1, rate * CLAIM_SECONDS))
    assert meant / 2 - 1 <= pace.rows <= meant + 1


@given(st.lists(st.tuples(st.integers(0, MAX_ROWS), st.floats(0, 1e6))))
def test_there_is_always_something_to_claim_and_never_too_much(
    batches: list[tuple[int, float]],
) -> None:
    pace = ClaimPace()
    for letters, seconds in batches:
        pace.note(letters, seconds)
        assert 1 <= pace.rows <= MAX_ROWS


def test_a_batch_of_which_nothing_was_left_to_hand_over_says_nothing() -> None:
    pace = ClaimPace()
    steady(pace, 1000)
    pace.note(0, 0.01)
    assert pace.rows == MAX_ROWS
