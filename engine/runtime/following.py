"""The follower: a thread that feeds the views, woken by the ledger's NOTIFY, and tells the loop
when it has gone on; and what hears of it in a process that sends and does not follow.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from engine.ledger.store import CHANNEL, LOST
from engine.store.database import Database
from engine.store.safe_error_text import safe_error_text
from engine.views import DUE_CHANNEL

log = logging.getLogger("relance.follow")
WAIT_SECONDS = 1.0
REST_FACTOR, MAX_REST_SECONDS, MAX_REST_FROM_FACTS_SECONDS = 3, 1.0, 0.2


def rest(worked: float, mostly_letters: bool) -> float:
    """Seconds to leave the ledger alone after `worked` seconds of following it. A single fact is
    followed as soon as it is heard of. Under load batches grow by the rest: a letter's claim and
    its outcome then fall into one batch, and its rows are written once instead of twice. Where most
    facts are others nothing is gained by it, and people wait to be seen.
    """
    longest = MAX_REST_SECONDS if mostly_letters else MAX_REST_FROM_FACTS_SECONDS
    return min(longest, REST_FACTOR * worked)


class FollowedViews(Protocol):
    """Implemented by engine.views.Views."""

    @property
    def mostly_letters(self) -> bool: ...

    def follow(self) -> bool: ...


class Follower:
    """`await ended` ends with the thread, and raises what ended it unless it was told to stop.
    `followed` is called in the loop whenever the views have gone on.
    """

    def __init__(
        self, database: Database, views: FollowedViews, followed: Callable[[], None]
    ) -> None:
        self.database, self.views, self.followed = database, views, followed
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
                        while self.views.follow() and not self._stopping.is_set():
                            self.loop.call_soon_threadsafe(self.followed)
                        self.loop.call_soon_threadsafe(self.followed)
                        worked = time.monotonic() - begun
                        self._stopping.wait(rest(worked, self.views.mostly_letters))
                        listening.wait(WAIT_SECONDS)
            except LOST as error:
                log.warning(
                    "following waits for the database", extra={"why": safe_error_text(error)}
                )
                self._stopping.wait(1)


def hear_of_due(database: Database, stop: asyncio.Event, heard: Callable[[], None]) -> None:
    """Call `heard` in the loop whenever a follower elsewhere says that letters have become due.
    Without it they are found by the next look at the agenda, a second later.
    """
    loop = asyncio.get_running_loop()

    def hear() -> None:
        while not stop.is_set():
            try:
                with database.listening(DUE_CHANNEL) as listening:
                    while not stop.is_set():
                        if listening.wait(WAIT_SECONDS) and not stop.is_set():
                            loop.call_soon_threadsafe(heard)
            except LOST:
                time.sleep(WAIT_SECONDS)

    threading.Thread(target=hear, name="due", daemon=True).start()
