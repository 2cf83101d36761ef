"""Whoever feeds the views leaves the ledger alone for a while where there is much to follow, so
that more of it comes together.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.following import MAX_REST_FROM_FACTS_SECONDS, MAX_REST_SECONDS, rest


@given(st.booleans())
def test_a_single_fact_is_followed_as_soon_as_it_is_heard_of(mostly_letters: bool) -> None:
    assert rest(0.005, mostly_letters) < 0.02


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_the_more_there_was_the_longer_the_rest_and_never_longer_than_a_second(
    one: float, other: float
) -> None:
    less, more = sorted((one, other))
    assert 0 <= rest(less, True) <= rest(more, True) <= MAX_REST_SECONDS == 1.0
    assert rest(less, False) <= rest(more, False) <= MAX_REST_FROM_FACTS_SECONDS == 0.2
