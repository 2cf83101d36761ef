"""Which loops of a process move: each says so in memory as it goes round, and how long it may take
until it says so again. All times are of the monotonic clock, in seconds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

MOVES_WITHIN_SECONDS: Final = 180.0
"""A loop that has not come round within so many stands still: statements end before that."""
STALL_SECONDS: Final = 12.0
"""Two looks that are further apart: the whole process stood still, and no loop is to blame."""


class Movement:
    """Its methods may be called in any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._looked_at, self._lost = clock(), 0.0

    def goes_on(self, loop: str, resting: float = 0) -> None:
        """`loop` has come round, and may rest for so many seconds before it goes on."""
        self._until[loop] = self._clock() - self._lost + resting + MOVES_WITHIN_SECONDS

    def waits(self, loop: str) -> None:
        """It waits for what ends by itself or is told of, or has ended."""
        self._until[loop] = math.inf

    def standing(self) -> frozenset[str]:
        """The loops that stand still. Ask every few seconds: what passed while nobody asked is not
        counted.
        """
        now = self._clock()
        if now - self._looked_at > STALL_SECONDS:
            self._lost += now - self._looked_at
        self._looked_at = now
        return frozenset(
            loop for loop, until in list(self._until.items()) if now - self._lost > until
        )
