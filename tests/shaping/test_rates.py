"""No minute has more letters than the provider takes, however they are asked for and sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.config import packaged_providers
from engine.shaping.rates import (
    LETTERS_BEFORE_ANOTHER,
    MINUTE,
    TOKEN_SECONDS,
    Tokens,
    bucket_of,
    connections_earned,
)

ORANGE = packaged_providers().by_name["orange"]
asking = st.tuples(
    st.floats(0, 30), st.integers(0, 200), st.floats(0, TOKEN_SECONDS - 0.001), st.booleans()
)


@given(st.integers(1, 400), st.lists(asking, min_size=1, max_size=60))
def test_no_minute_has_more_letters_than_the_limit(
    per_minute: int, steps: list[tuple[float, int, float, bool]]
) -> None:
    bucket, tokens, now = bucket_of(per_minute), Tokens(0, 0), 0.0
    sent: list[float] = []
    for pause, letters, late, slowed in steps:
        now += pause
        granted, tokens = tokens.take(bucket, now, letters, slowed)
        assert 0 <= granted <= letters
        sent += [now + late] * granted
    sent.sort()
    for first, instant in enumerate(sent):
        within = sum(instant <= other < instant + MINUTE for other in sent[first:])
        assert within <= per_minute


@given(st.integers(1, 100_000))
def test_four_fifths_of_the_limit_can_be_had(per_minute: int) -> None:
    bucket = bucket_of(per_minute)
    assert bucket.per_second * MINUTE >= 0.75 * per_minute
    assert bucket.burst >= 1


def test_connections_are_earned_and_one_is_lost_where_it_goes_too_fast() -> None:
    earned = [connections_earned(ORANGE, n * LETTERS_BEFORE_ANOTHER) for n in range(4)]
    assert earned == [1, 2, 2, 2]
    assert connections_earned(ORANGE, 10_000, slowed=True) == 1
    assert connections_earned(ORANGE, 0, slowed=True) == 1
