"""Looks after a server beneath a program that goes on: when it has died, it is started again.

Every process of an installation does so; the lock under which a server is started lets one of them do it, and the others find it running.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .failure import EmbeddedFailed

log = logging.getLogger("relance.store")
LOOK_EVERY = 0.5
AFTER_FAILURE = 5.0
STOP_PATIENCE = 30.0


class Guard:
    """A thread that asks `lives` and calls `start`, until `stop`. A start that fails (a full disk, say) is said, and tried again."""

    def __init__(self, lives: Callable[[], bool], start: Callable[[], None]) -> None:
        self._lives, self._start = lives, start
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="guard", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(STOP_PATIENCE)

    def _look(self) -> None:
        pause = LOOK_EVERY
        while not self._stopping.wait(pause):
            pause = LOOK_EVERY
            if self._lives():
                continue
            try:
                self._start()
                log.warning("PostgreSQL had died and runs again")
            except EmbeddedFailed as error:
                log.error("PostgreSQL has died and cannot be started", extra={"why": str(error)})
                pause = AFTER_FAILURE
