"""What is done once a day by one of several hosts, and retried within the hour after a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.desk.desk import Desk
from engine.sequence.timing import to_local

TRIED_AGAIN = 30 * 60_000
"""Wall-clock milliseconds for which one attempt excludes others."""


@dataclass(frozen=True, slots=True)
class Daily:
    """`name` on the desk: when it was last done (engine time) and, while it is being tried, until
    when nobody else tries (wall clock), both in ms.

    A day is one of engine time in `timezone`. A host that dies over it leaves the day to the next
    attempt, and it may then be done twice.
    """

    desk: Desk
    name: str
    timezone: str
    now: Callable[[], int]
    wall: Callable[[], int]

    def claim(self) -> tuple[int, int] | None:
        """What `done` is to be given, if today's run is due and no other host is at it; at most one
        caller gets it, the others None.
        """
        held = self.desk.mark(self.name) or (0, 0)
        last, until = held
        now, wall = self.now(), self.wall()
        # If the wall clock was set back by a day, the lease must not keep others away for that
        # long.
        if wall < until <= wall + TRIED_AGAIN or (last and self._day(last) == self._day(now)):
            return None
        mine = (last, wall + TRIED_AGAIN)
        return mine if self.desk.replace_mark(self.name, held, *mine) else None

    def done(self, claimed: tuple[int, int] | None = None) -> None:
        """Record that it was done today: by who claimed it, or by an operator without a claim."""
        if claimed is None:
            self.desk.set_mark(self.name, self.now(), 0)
        else:
            self.desk.replace_mark(self.name, claimed, self.now(), 0)

    def last(self) -> int:
        """When it was last done (engine time, ms); 0 for never."""
        return (self.desk.mark(self.name) or (0, 0))[0]

    def _day(self, instant: int) -> str:
        return to_local(instant, self.timezone).strftime("%Y-%m-%d")
