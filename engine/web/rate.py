"""How often something happens in a minute (C13), counted by each process for itself: it guards the
process, so it costs nobody a row.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

KEPT = 20_000
MINUTE = 60


class Pace:
    """At most `most` calls a minute per key. Keys beyond KEPT are forgotten, the oldest first:
    memory stays bounded whoever knocks.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.clock = most, clock
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}

    def wait(self, key: str) -> int:
        """0 and the call is counted, or the seconds after which there is room again."""
        now = self.clock()
        with self._lock:
            calls = self._calls.pop(key, None) or deque()
            self._calls[key] = calls
            if len(self._calls) > KEPT:
                self._calls.pop(next(iter(self._calls)))
            while calls and calls[0] <= now - MINUTE:
                calls.popleft()
            if len(calls) >= self.most:
                return max(1, round(calls[0] + MINUTE - now))
            calls.append(now)
        return 0

    def allows(self, key: str) -> bool:
        return self.wait(key) == 0
