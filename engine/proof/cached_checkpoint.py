"""The newest signed checkpoint, for who asks many times a second: one question to the database
answers for some seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.proof.store import SignedCheckpoint

CACHE_SECONDS = 10.0


class CachedCheckpoint:
    """Called, it gives the signed note, b"" where nothing is signed yet. `clock` counts seconds
    from anywhere.
    """

    def __init__(
        self,
        latest: Callable[[], SignedCheckpoint | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._latest, self._clock = latest, clock
        self._held: tuple[float, bytes] | None = None

    def __call__(self) -> bytes:
        now = self._clock()
        if self._held is None or now - self._held[0] >= CACHE_SECONDS:
            newest = self._latest()
            self._held = now, newest.note if newest is not None else b""
        return self._held[1]
