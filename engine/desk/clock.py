"""The engine's clock: an epoch and a rate kept in the database, so that it can be sped up and every
process agrees. Milliseconds since 1970, UTC.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from engine.frozen import dataclass
from engine.store.database import Database
from engine.store.sql import AnyCursor, queries

SQL = queries(Path(__file__).with_name("desk.sql"))
REFRESH_SECONDS = 5.0


_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""What goes on while a machine sleeps: Linux has another clock for it than macOS."""


def wall_now() -> int:
    return time.time_ns() // 1_000_000


def steady_now() -> int:
    """Milliseconds since this machine was started; nobody sets it."""
    return time.clock_gettime_ns(_BOOT) // 1_000_000


@dataclass(frozen=True, slots=True)
class Trial:
    """The clock was sped up from an instant on (engine time); `over_people`: people had been
    registered before, at real time.
    """

    since: int
    over_people: bool


@dataclass(frozen=True, slots=True)
class Rate:
    epoch_wall: int
    epoch_engine: int
    rate: int
    trial_since: int | None = None
    trial_over_people: bool = False

    def engine_at(self, wall: int) -> int:
        return self.epoch_engine + max(0, wall - self.epoch_wall) * self.rate


class Clock:
    """Reads its row at most every five seconds. A change of speed begins a new epoch at the present
    engine time; through the running program it is an event (engine.runtime.clock_changes).

    Between two looks at the database's clock (`trust_wall`) it goes by what nobody sets: where this
    machine's clock alone jumps, no fact is dated by it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.trust_wall()
        self._rate = self._read() or self._begin(Rate(wall := wall_now(), wall, 1))
        self._read_at = time.monotonic()

    def now(self) -> int:
        """The engine's present time, integer milliseconds since 1970-01-01T00:00:00Z."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._rate = self._read() or self._rate
            self._read_at = time.monotonic()
        return self._rate.engine_at(self._wall())

    def trust_wall(self) -> None:
        """This machine's clock agrees with the database's: go by it from here on."""
        self._booted = wall_now() - steady_now()

    def _wall(self) -> int:
        return self._booted + steady_now()

    def engine_at(self, wall: int) -> int:
        """The engine's time at an instant of the wall clock, as the clock goes now."""
        return self._rate.engine_at(wall)

    @property
    def rate(self) -> int:
        """How many times faster than the wall clock."""
        return self._rate.rate

    @property
    def trial(self) -> Trial | None:
        since = self._rate.trial_since
        return Trial(since, self._rate.trial_over_people) if since is not None else None

    @property
    def ahead(self) -> int:
        """By how many milliseconds engine time is ahead of the wall clock."""
        return self.now() - self._wall()

    def begin_trial(self, cursor: AnyCursor, over_people: bool) -> None:
        """Mark this installation as a trial, if it is none yet. It holds from `reread` on."""
        cursor.execute(SQL["begin_trial"], {"since": self.now(), "over_people": over_people})

    def wall_age(self, engine_instant: int) -> float:
        """Roughly how many wall-clock seconds ago an engine instant was."""
        return (self.now() - engine_instant) / 1000 / self.rate

    def seconds_until(self, instant: int) -> float:
        """How many seconds of the wall clock an engine instant (ms) is ahead; 0 where it has
        come.
        """
        return max(0.0, (instant - self.now()) / 1000 / self.rate)

    def epoch(self, rate: int, milliseconds: int = 0) -> Rate:
        """The clock going on at `rate` from its present time, or so many milliseconds after it."""
        engine = self.now() + milliseconds
        return replace(self._rate, epoch_wall=self._wall(), epoch_engine=engine, rate=rate)

    def begin(self, cursor: AnyCursor, epoch: Rate) -> None:
        """Begin an epoch. It holds from `reread` on."""
        values = {"wall": epoch.epoch_wall, "engine": epoch.epoch_engine, "rate": epoch.rate}
        cursor.execute(SQL["set_clock"], values)

    def reread(self) -> None:
        """Take the clock as it is kept now."""
        self._rate = self._read() or self._rate

    def set_rate(self, rate: int) -> None:
        """Without an event of the installation, for tests."""
        self._begin(self.epoch(rate))

    def jump(self, milliseconds: int) -> None:
        """Move engine time forward without an event of the installation, for tests."""
        self._begin(self.epoch(self.rate, milliseconds))

    def _begin(self, epoch: Rate) -> Rate:
        with self.database.connection() as connection, connection.cursor() as cursor:
            self.begin(cursor, epoch)
        self._rate = epoch
        return epoch

    def _read(self) -> Rate | None:
        with self.database.connection() as connection:
            row = connection.execute(SQL["clock"]).fetchone()
        return Rate(*row) if row else None
