"""Restarts the embedded server when it has died. Every process of an installation does so; the lock
under which a server is started lets one of them do it, and the others find it running.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from .failure import EmbeddedFailed

log = logging.getLogger("relance.store")
LOOK_SECONDS = 0.5
AFTER_FAILURE_SECONDS = 5.0
STOP_PATIENCE = 30.0


class Guard:
    """A thread that asks `lives` and calls `start` until it is stopped. Any failure (a full disk,
    no descriptor left) is logged and tried again.
    """

    def __init__(self, lives: Callable[[], bool], start: Callable[[], None]) -> None:
        self._lives, self._start = lives, start
        self._stopping = threading.Event()
        self._trouble = ""
        self._thread = threading.Thread(target=self._look, name="guard", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why the server would not be restarted at this moment; "" while it would."""
        return (
            self._trouble
            if self._thread.is_alive() or self._stopping.is_set()
            else self._trouble or "its thread has ended"
        )

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(STOP_PATIENCE)

    def _look(self) -> None:
        pause = LOOK_SECONDS
        while not self._stopping.wait(pause):
            try:
                if not self._lives():
                    self._start()
                    log.warning("PostgreSQL had died and runs again")
            except Exception as error:
                # Any exception: a guard that ended would be missed only when it is needed.
                pause = AFTER_FAILURE_SECONDS
                self._tell(error)
            else:
                pause, self._trouble = LOOK_SECONDS, ""

    def _tell(self, error: Exception) -> None:
        why = (
            str(error) if isinstance(error, EmbeddedFailed) else f"{type(error).__name__}: {error}"
        )
        if why != self._trouble:
            self._trouble = why
            log.error("PostgreSQL cannot be looked after, or started again", extra={"why": why})
