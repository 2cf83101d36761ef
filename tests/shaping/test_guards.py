"""Complaints and bounces that are too many of too many letters, and of nothing less."""

from __future__ import annotations

import pytest

from engine.shaping.guards import MIN_LETTERS, Ended, Reason, reason_to_pause


@pytest.mark.parametrize(
    ("accepted", "complained", "tried", "bounced", "reason"),
    [
        (1000, 2, 1000, 49, None),
        (1000, 3, 1000, 0, "complaints"),
        (1000, 0, 1000, 50, "bounces"),
        (1000, 3, 1000, 50, "complaints"),
        (MIN_LETTERS - 1, 100, MIN_LETTERS - 1, 100, None),
        (MIN_LETTERS, 1, MIN_LETTERS, 0, "complaints"),
        (0, 0, 0, 0, None),
    ],
)
def test_what_nobody_asked_for_pauses_where_a_guard_is_passed(
    accepted: int, complained: int, tried: int, bounced: int, reason: Reason | None
) -> None:
    ended = Ended(accepted=accepted, tried=tried, complained=complained, bounced=bounced)
    assert reason_to_pause(ended) == reason
