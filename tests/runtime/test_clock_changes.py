"""Every change of the engine's clock is an event of the installation: its speed, a trial, and what
a running process finds of the machine's clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from engine.context import AppContext
from engine.desk import clock
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM, ClockChanged
from engine.runtime.clock_changes import ClockWatch, check_clock
from engine.runtime.startup import make_ready
from engine.sequence.delay import DAY, MINUTE
from engine.status.findings import findings
from engine.status.gather import gather
from engine.subscriber.events import Cause
from tests.cli.asking import FILES
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
CAUSE = Cause("operator")


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


class Machine:
    """A machine's two clocks."""

    def __init__(self, context: AppContext) -> None:
        self.wall, self.steady, self.context = 1_000 * DAY, 5 * DAY, context
        self.watch = ClockWatch(context, lambda: self.wall, lambda: self.steady)

    def passes(self, milliseconds: int, jump: int = 0) -> None:
        """Time passes, and somebody sets the clock meanwhile."""
        self.wall, self.steady = self.wall + milliseconds + jump, self.steady + milliseconds
        if jump:
            self.context.clock.jump(jump)
        self.watch.look()


def changes(context: AppContext) -> list[ClockChanged]:
    return [
        entry.event
        for entry in context.ledger.stream(STREAM)
        if isinstance(entry.event, ClockChanged)
    ]


def clock_findings(context: AppContext) -> list[str]:
    return [found.code for found in findings(gather(context)) if found.code.startswith("clock")]


def times(context: AppContext) -> list[int]:
    return [entry.recorded_at for batch in context.ledger.all() for entry in batch]


def test_a_trial_and_each_change_of_speed_are_recorded_with_what_holds_from_then_on(
    installations: Installations,
) -> None:
    with installations.made(FILES) as fast:
        make_ready(fast, 1)
        assert changes(fast) == []
        make_ready(fast, 1000)
        make_ready(fast, 0)
        begun, faster = changes(fast)
        assert (begun.rate, begun.trial) == (1, True)
        assert (faster.rate, faster.trial) == (1000, True)
        assert fast.clock.rate == 1000 and fast.clock.trial is not None
        make_ready(fast, 1)
        slower = changes(fast)[2]
        assert (slower.rate, slower.trial) == (1, True) and slower.ahead > 0
        assert abs(slower.ahead - fast.clock.ahead) < MINUTE
        assert times(fast) == sorted(times(fast))


def test_a_clock_that_only_goes_on_is_no_change(context: AppContext) -> None:
    machine, before = Machine(context), changes(context)
    machine.passes(30 * DAY)
    machine.passes(5_000, 4 * MINUTE)
    assert changes(context) == before and clock_findings(context) == []


def test_a_clock_set_forward_while_running_is_recorded_at_the_time_it_was(
    context: AppContext,
) -> None:
    machine, now = Machine(context), context.clock.now()
    other = Machine(context)
    machine.passes(5_000, 60 * DAY)
    other.wall, other.steady = machine.wall, machine.steady
    other.watch.look()
    found = changes(context)[-1]
    assert [change.jumped for change in changes(context)] == [60 * DAY]
    assert abs(found.at - now) < MINUTE and found.ahead >= 60 * DAY
    assert context.ledger.last_recorded() < now + MINUTE
    assert clock_findings(context) == ["clock-jumped"]


def test_a_clock_set_back_is_recorded_once_and_shown_and_nothing_starts_on_it(
    context: AppContext,
) -> None:
    make_ready(context, 0)
    machine = Machine(context)
    now = context.clock.now()
    context.installation_stream.execute(lambda state: [ClockChanged(now)], CAUSE, now)
    machine.passes(5_000, -60 * DAY)
    machine.passes(5_000)
    found = changes(context)[-1]
    assert changes(context)[-2] == ClockChanged(changes(context)[-2].at)
    assert found.jumped == -60 * DAY and 60 * DAY - MINUTE < found.behind <= 60 * DAY
    assert clock_findings(context) == ["clock-behind", "clock-jumped"]
    assert times(context) == sorted(times(context))
    with pytest.raises(UserError, match="ahead of the engine's clock"):
        check_clock(context)
    with pytest.raises(UserError, match="ahead of the engine's clock"):
        make_ready(context, 0)
    machine.passes(5_000, 60 * DAY)
    make_ready(context, 0)
    assert "clock-behind" not in clock_findings(context)


def test_a_clock_that_jumps_dates_no_fact_until_the_database_agrees(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One machine of several: the ledger would be ahead of the clocks of all others, and no verb
    would start on them.
    """
    before, ahead = context.clock.now(), 10 * MINUTE
    monkeypatch.setattr(clock, "wall_now", lambda: time.time_ns() // 1_000_000 + ahead)
    assert before <= context.clock.now() < before + MINUTE
    context.clock.trust_wall()
    # Both clocks are read in whole milliseconds, so that one may be lost between them.
    assert context.clock.now() >= before + ahead - 1
    monkeypatch.undo()
    context.clock.trust_wall()
    assert context.clock.now() < before + MINUTE
