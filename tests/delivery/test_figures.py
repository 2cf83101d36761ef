"""Counts by provider and day, added up."""

from __future__ import annotations

from engine.delivery.figures import DayCount, Sums, summed


def test_sums_put_who_is_sent_most_first_and_know_what_was_tried() -> None:
    counts = [
        DayCount("free", 1, "sent", 3),
        DayCount("orange", 1, "sent", 4),
        DayCount("orange", 2, "failed", 2),
        DayCount("orange", 2, "hard", 1),
        DayCount("orange", 2, "soft", 1),
        DayCount("orange", 2, "blocked", 5),
    ]
    sums = summed(counts)
    assert list(sums) == ["orange", "free"]
    assert sums["orange"] == Sums(sent=4, failed=2, hard=1, soft=1, blocked=5)
    assert (sums["orange"].tried, sums["orange"].bounced) == (6, 2)
