"""When a message is tried again, and when it is the target that is left alone. No clock runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from engine.desk.hooks import HookState, Retry
from engine.hooks import schedule
from engine.hooks.schedule import (
    DAY,
    DEAD_AFTER,
    FAILURES_OF_A_TARGET,
    HOUR,
    JITTER,
    MAX_RETRIES,
    MAX_RETRY_AFTER,
    MAX_TRIES,
    SECOND,
    read_retry_after,
)

NOW = 1_780_000_000_000


@dataclass
class Life:
    """A target's, from one try to the next. `messages`: positions of what it is to be told; it
    answers a message that is among `refuses` with 500. `tried`: when, and which; `taken`: which.
    """

    messages: list[int]
    refuses: set[int]
    chance: float = 0.5
    state: HookState = field(default_factory=lambda: HookState(name="crm", position=0))
    retries: dict[int, Retry] = field(default_factory=dict)
    tried: list[tuple[int, int]] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    now: int = NOW

    def live(self, until: int) -> None:
        while self.now < until:
            new = next((m for m in self.messages if m > self.state.position), 0)
            turn = schedule.turn(self.state, self.retries.values(), self.now, has_new=new > 0)
            if turn.retry is None and not turn.new:
                self.now += max(1, turn.wait)
                continue
            position = turn.retry.position if turn.retry else new
            self.tried.append((self.now, position))
            if position in self.refuses:
                change = schedule.refused(
                    self.state, position, turn.retry, "500", self.now, chance=self.chance
                )
            else:
                self.taken.append(position)
                change = schedule.delivered(self.state, position, turn.retry, "204", self.now)
            self.state = change.state
            for dropped in change.drop:
                del self.retries[dropped]
            self.retries |= {put.position: put for put in change.put}
            self.now += 100

    def times(self, position: int) -> list[int]:
        return [when for when, tried in self.tried if tried == position]


@pytest.mark.parametrize(
    ("chance", "hours"), [(0.0, 34 * (1 - JITTER)), (0.5, 34), (1.0, 34 * (1 + JITTER))]
)
def test_a_message_is_tried_ten_times_within_34_hours(chance: float, hours: float) -> None:
    life = Life([7], {7}, chance)
    life.live(NOW + 10 * DAY)
    times = life.times(7)
    assert len(times) == MAX_TRIES == 10
    assert (times[-1] - times[0]) / HOUR == pytest.approx(hours, abs=0.01)
    assert life.state.given_up == 1
    assert life.retries[7].next_try is None


def test_a_message_that_fails_holds_no_other() -> None:
    life = Life([*range(1, 50)], {3})
    life.live(NOW + 10 * SECOND)
    assert life.taken == [position for position in range(1, 50) if position != 3]
    assert life.state.position == 49
    assert len(life.times(3)) == 2


def test_after_five_different_failures_the_target_is_left_alone_and_nothing_is_lost() -> None:
    life = Life([*range(1, 101)], set(range(1, 101)))
    life.live(NOW + 3 * DAY)
    assert life.state.position == FAILURES_OF_A_TARGET
    assert life.state.given_up == 0
    tries = [when for when, _ in life.tried]
    assert max(later - before for before, later in pairwise(tries)) <= HOUR * 1.1
    assert len(tries) < 3 * 24 + 20
    life.refuses.clear()
    life.live(life.now + 2 * DAY)
    assert sorted(life.taken) == [*range(1, 101)]
    assert not life.retries
    assert life.state.failing_since == 0


def test_one_kind_of_message_that_is_always_refused_does_not_stop_the_others() -> None:
    """Five of it in a row look like a dead target, and the next of another kind is taken."""
    life = Life([*range(1, 31)], set(range(1, 6)))
    life.live(NOW + DAY)
    assert life.taken == [*range(6, 31)]


def test_after_five_days_of_nothing_but_failures_it_is_switched_off_and_keeps_its_place() -> None:
    life = Life([*range(1, 101)], set(range(1, 101)))
    life.live(NOW + 8 * DAY)
    assert life.state.off == "dead"
    assert NOW + DEAD_AFTER <= life.state.off_at < NOW + DEAD_AFTER + 2 * HOUR
    assert life.state.position == FAILURES_OF_A_TARGET
    assert len(life.retries) == FAILURES_OF_A_TARGET


def test_one_taken_in_time_begins_the_five_days_anew() -> None:
    life = Life([1, 2], {1})
    life.live(NOW + 8 * DAY)
    assert life.state.off == ""


def test_a_queue_that_is_full_holds_the_position() -> None:
    state = HookState(name="crm", position=MAX_RETRIES)
    full = [Retry(n, 1, NOW + HOUR, NOW, "500") for n in range(1, MAX_RETRIES + 1)]
    assert not schedule.turn(state, full, NOW, has_new=True).new
    assert schedule.turn(state, full[1:], NOW, has_new=True).new
    assert schedule.turn(state, full, NOW + HOUR, has_new=True).retry == full[0]


def test_a_target_that_asks_for_time_gets_it() -> None:
    state = HookState(name="crm", position=4)
    throttled = schedule.refused(state, 5, None, "429", NOW, retry_after=600 * SECOND)
    assert throttled.state.next_try == NOW + 600 * SECOND
    assert throttled.put[0].next_try == NOW + 600 * SECOND
    other = schedule.refused(state, 5, None, "500", NOW, retry_after=600 * SECOND)
    assert other.state.next_try == 0
    assert other.put[0].next_try == NOW + 600 * SECOND


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 120 * SECOND),
        ("99999999999999", MAX_RETRY_AFTER),
        ("Thu, 28 May 2026 20:27:20 GMT", 40 * SECOND),
        ("Thu, 28 May 2026 20:00:00 GMT", 0),
        ("", 0),
        ("-5", 0),
        ("soon", 0),
        ("²", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, wait: int) -> None:
    assert read_retry_after(text, NOW) == wait
