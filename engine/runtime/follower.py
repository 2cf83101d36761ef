"""The thread of `run` that feeds the views, woken by the ledger's NOTIFY, and wakes the sender when
it has gone on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from engine.ledger.store import CHANNEL, LOST
from engine.store.database import Database
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.follow")
WAIT_SECONDS = 1.0
REST_FACTOR, MAX_REST_SECONDS = 3, 1.0


def rest(worked: float) -> float:
    """Seconds to leave the ledger alone after `worked` seconds of following it. A single fact is
    followed as soon as it is heard of. Under load batches grow by the rest: a letter's claim and
    its outcome then fall into one batch, and its rows are written once instead of twice.
    """
    return min(MAX_REST_SECONDS, REST_FACTOR * worked)


class Follower:
    """`await ended` ends with the thread, and raises what ended it unless it was told to stop.
    `followed` is called in the
    loop whenever the views have come to the ledger's end.
    """

    def __init__(
        self, database: Database, follow: Callable[[], bool], followed: Callable[[], None]
    ) -> None:
        """`follow` feeds the views one batch and is True while there is more."""
        self.database, self.follow, self.followed = database, follow, followed
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._follow()
        except BaseException as raised:
            error = raised
        self.loop.call_soon_threadsafe(self._end, error)

    def _end(self, error: BaseException | None) -> None:
        if self.ended.cancelled():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                with self.database.listening(CHANNEL) as listening:
                    while not self._stopping.is_set():
                        begun = time.monotonic()
                        while self.follow() and not self._stopping.is_set():
                            pass
                        self.loop.call_soon_threadsafe(self.followed)
                        self._stopping.wait(rest(time.monotonic() - begun))
                        listening.wait(WAIT_SECONDS)
            except LOST as error:
                log.warning(
                    "following waits for the database", extra={"why": safe_error_text(error)}
                )
                self._stopping.wait(1)
