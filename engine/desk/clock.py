"""The engine's clock: an epoch and a rate kept in the database, so that it can be sped up and every
process agrees. Milliseconds since 1970, UTC.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from engine.store.database import Database
from engine.store.sql import queries

SQL = queries(Path(__file__).with_name("desk.sql"))
REFRESH_SECONDS = 5.0


def wall_now() -> int:
    return time.time_ns() // 1_000_000


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
    """Reads its row at most every five seconds; `set_rate` begins a new epoch at the present engine
    time.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._rate = self._read() or self._begin()
        self._read_at = time.monotonic()

    def now(self) -> int:
        """The engine's present time, integer milliseconds since 1970-01-01T00:00:00Z."""
        if time.monotonic() - self._read_at > REFRESH_SECONDS:
            self._rate = self._read() or self._rate
            self._read_at = time.monotonic()
        return self._rate.engine_at(wall_now())

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
        return self.now() - wall_now()

    def begin_trial(self, over_people: bool) -> None:
        """Mark this installation as a trial, if it is none yet."""
        with self.database.connection() as connection:
            connection.execute(
                SQL["begin_trial"], {"since": self.now(), "over_people": over_people}
            )
        self._rate = self._read() or self._rate

    def wall_age(self, engine_instant: int) -> float:
        """Roughly how many wall-clock seconds ago an engine instant was."""
        return (self.now() - engine_instant) / 1000 / self.rate

    def set_rate(self, rate: int) -> None:
        self._write(replace(self._rate, epoch_wall=wall_now(), epoch_engine=self.now(), rate=rate))

    def jump(self, milliseconds: int) -> None:
        """Move engine time forward, for tests and demonstrations."""
        self._write(
            replace(self._rate, epoch_wall=wall_now(), epoch_engine=self.now() + milliseconds)
        )

    def _begin(self) -> Rate:
        wall = wall_now()
        self._write(Rate(wall, wall, 1))
        return self._rate

    def _read(self) -> Rate | None:
        with self.database.connection() as connection:
            row = connection.execute(SQL["clock"]).fetchone()
        return Rate(*row) if row else None

    def _write(self, rate: Rate) -> None:
        with self.database.connection() as connection:
            connection.execute(
                SQL["set_clock"],
                {"wall": rate.epoch_wall, "engine": rate.epoch_engine, "rate": rate.rate},
            )
        self._rate = rate
