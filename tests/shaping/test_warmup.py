"""A sender that nobody knows yet sends each provider a little more each day, and no more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.shaping.warmup import FIRST_DAY, STEP_BACK, WarmUp

asking = st.tuples(st.integers(0, 3), st.integers(0, 5000), st.booleans())


@given(st.lists(asking, max_size=80))
def test_no_day_has_more_letters_than_its_place_in_the_row_allows(
    steps: list[tuple[int, int, bool]],
) -> None:
    warming, day, sent = WarmUp(0), 0, 0
    for pause, letters, too_fast in steps:
        day, sent = day + pause, sent if pause == 0 else 0
        if too_fast:
            warming = warming.step_back(day)
        granted, warming = warming.take(day, letters)
        sent += granted
        assert 0 <= granted <= letters
        assert warming.sent == sent
        assert granted == 0 or sent <= warming.limit
        assert warming.days <= day


def test_letters_grow_by_half_on_each_day_of_sending() -> None:
    warming, sent = WarmUp(0), []
    for day in range(5):
        granted, warming = warming.take(day, 10_000)
        sent.append(granted)
    assert sent == [100, 150, 225, 338, 507]


def test_a_day_without_letters_does_not_count() -> None:
    _, warming = WarmUp(0).take(0, FIRST_DAY // 2 - 1)
    assert warming.on(1).limit == FIRST_DAY
    assert warming.on(90).limit == FIRST_DAY
    _, warming = WarmUp(0).take(0, FIRST_DAY // 2)
    assert warming.on(90).limit == FIRST_DAY * 1.5


def test_one_steps_back_once_a_day() -> None:
    warming = WarmUp(4, days=10).step_back(4).step_back(4)
    assert warming.days == 10 - STEP_BACK
    assert warming.step_back(5).days == 10 - 2 * STEP_BACK
    assert WarmUp(0, days=1).step_back(0).days == 0
