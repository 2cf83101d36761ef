"""Changes of the engine's clock: its speed, a trial, and what a running process finds of the
machine's wall clock. Each is an event of the installation, in the transaction of the change itself.

Engine time is no proof of anything: whoever has the machine can set its clock. What can be had is
that no fact is recorded before the one it follows (engine.ledger.store), and that whoever reads the
ledger sees where the clock was changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from engine.desk.clock import Clock, steady_now, wall_now
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.installation.events import ClockChanged
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.ledger.recorder import Within
from engine.sequence.delay import MINUTE
from engine.subscriber.events import Cause

log = logging.getLogger("relance.run")
MAX_DIFFERENCE = 5 * MINUTE
"""Wall-clock milliseconds by which clocks may differ before it is a change."""


class RecordedFacts(Protocol):
    def last_recorded(self) -> int:
        """When the last fact was recorded (engine time, ms), 0 where there is none."""


class ClockStores(Protocol):
    @property
    def clock(self) -> Clock: ...

    @property
    def ledger(self) -> RecordedFacts: ...

    @property
    def installation_stream(self) -> InstallationStream: ...


def behind(stores: ClockStores) -> int:
    """By how many milliseconds of engine time the clock stands before the last fact, 0 where it
    does not.
    """
    return max(0, stores.ledger.last_recorded() - stores.clock.now())


def check_clock(stores: ClockStores) -> None:
    """The ledger must not be ahead of the engine's time by more than five wall-clock minutes: facts
    would be recorded at another time than they happen. Raises UserError.
    """
    if behind(stores) > MAX_DIFFERENCE * max(1, stores.clock.rate):
        raise UserError(
            N_(
                "the ledger is ahead of the engine's clock by more than five minutes: set this"
                " machine's clock right and start again"
            )
        )


def begin_trial(stores: ClockStores, over_people: bool) -> None:
    """From here on the installation is a trial."""
    clock, now = stores.clock, stores.clock.now()
    _change(
        stores,
        ClockChanged(now, rate=clock.rate, trial=True, ahead=clock.ahead),
        lambda cursor: clock.begin_trial(cursor, over_people),
    )


def set_speed(stores: ClockStores, speed: int) -> None:
    """The clock goes on from where it stands, or from the last fact where another process was a
    moment ahead of us at the old speed.
    """
    _begin_epoch(stores, speed)
    if behind(stores):
        _begin_epoch(stores, speed)


def _begin_epoch(stores: ClockStores, speed: int) -> None:
    clock = stores.clock
    epoch = clock.epoch(speed, behind(stores))
    changed = ClockChanged(
        epoch.epoch_engine,
        rate=speed,
        trial=clock.trial is not None,
        ahead=epoch.epoch_engine - epoch.epoch_wall,
    )
    _change(stores, changed, lambda cursor: clock.begin(cursor, epoch))


def _change(stores: ClockStores, changed: ClockChanged, within: Within) -> None:
    stores.installation_stream.execute(
        lambda state: [changed], Cause("operator"), changed.at, within
    )
    stores.clock.reread()


class ClockWatch:
    """What one process finds of the clock while it runs. `wall` and `steady` tell milliseconds; the
    difference between the two changes only where somebody sets the machine's clock.
    """

    def __init__(
        self,
        stores: ClockStores,
        wall: Callable[[], int] = wall_now,
        steady: Callable[[], int] = steady_now,
    ) -> None:
        self.stores, self.wall, self.steady = stores, wall, steady
        self._offset = wall() - steady()
        self._behind = False

    def look(self) -> None:
        """Record that the clock jumped, or stands behind the last fact, once each. A jump is
        recorded at the time it would be without it: what comes after is not dragged along.
        """
        clock, offset = self.stores.clock, self.wall() - self.steady()
        tolerance = MAX_DIFFERENCE * max(1, clock.rate)
        jumped = offset - self._offset if abs(offset - self._offset) > MAX_DIFFERENCE else 0
        lag = behind(self.stores) if behind(self.stores) > tolerance else 0
        if jumped or (lag and not self._behind):
            self._note(
                ClockChanged(
                    clock.now() - jumped * clock.rate,
                    rate=clock.rate,
                    trial=clock.trial is not None,
                    ahead=clock.ahead,
                    jumped=jumped,
                    behind=lag,
                ),
                tolerance,
            )
        self._offset, self._behind = offset, lag > 0

    def _note(self, changed: ClockChanged, tolerance: int) -> None:
        """Once, though every process of this machine finds it."""

        def decide(state: Installation) -> list[ClockChanged]:
            last = state.clock
            known = (
                last is not None
                and (last.jumped > 0, last.jumped < 0, last.behind > 0)
                == (changed.jumped > 0, changed.jumped < 0, changed.behind > 0)
                and abs(last.at - changed.at) <= tolerance
            )
            return [] if known else [changed]

        if self.stores.installation_stream.execute(decide, Cause("engine"), changed.at):
            log.error(
                "this machine's clock was changed: see `relance status`",
                extra={"jumped": changed.jumped, "behind": changed.behind},
            )
