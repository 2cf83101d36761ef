"""A deadline for all that is said over blocking sockets together. Their own time-out is for each
read: a server that answers drop by drop never comes to it, and keeps the thread that reads.

Apart, because the doctor's look at a page and what is posted about a checkpoint need the same.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Self


class Deadline:
    """`with Deadline(10) as deadline:`, then `watch` each socket once it is connected: after so
    many seconds each is shut down, and whoever reads from it hears its end.
    """

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)

    @property
    def has_passed(self) -> bool:
        return time.monotonic() >= self._ends_at

    def watch(self, connected: socket.socket) -> None:
        self._sockets.append(connected)
        if self.has_passed:
            self._cut()

    def __enter__(self) -> Self:
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        for connected in [*self._sockets]:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)
