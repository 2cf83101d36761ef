"""How often one link is visited in a minute (C13), counted by each process for itself: nothing is written down for a visit that is one too many."""

from __future__ import annotations

import time
from collections import deque

KEPT = 20_000


class Rate:
    """`allows(key)` is False beyond `most` calls with that key within `seconds` of wall-clock time."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._seen: dict[str, deque[float]] = {}

    def allows(self, key: str) -> bool:
        now = time.monotonic()
        if len(self._seen) > KEPT:
            self._seen = {k: times for k, times in self._seen.items() if times[-1] > now - self.seconds}
            while len(self._seen) > KEPT:
                self._seen.pop(next(iter(self._seen)))
        times = self._seen.setdefault(key, deque(maxlen=self.most))
        full = len(times) == self.most and times[0] > now - self.seconds
        times.append(now)
        return not full
