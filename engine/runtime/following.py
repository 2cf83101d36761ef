"""The follower: a thread that feeds the views, and tells the loop when they may have gone on; and
what hears of it in a process that sends and does not follow.

It is woken by the ledger's NOTIFY, and by itself when time alone changes something; between the two
it rests.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.desk.clock import Clock
from engine.desk.movement import Movement
from engine.ledger.store import CHANNEL, INSTALLATION_CHANNEL, LOST
from engine.store.database import Alarm, Database, Listening
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.follow")
DUE_CHANNEL = "agenda_due"
"""Where a follower says that letters may have become due."""
PART = "follow"
WAIT_SECONDS = 1.0
REST_SECONDS = 30.0
"""For which nothing is looked at that nobody told of."""
SHORTEST_SECONDS = 0.02
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

    def next_look(self) -> int | None:
        """When (ms) time alone may change who is in a segment, or what is followed."""

    def faults(self) -> Mapping[str, str]: ...


class Follower:
    """`await ended` ends with the thread, and raises what ended it unless it was told to stop. In
    the loop `followed` is called when the views may have gone on, `changed` when something was
    published or paused, or the clock goes otherwise.
    """

    def __init__(
        self,
        database: Database,
        views: FollowedViews,
        clock: Clock,
        followed: Callable[[], None],
        changed: Callable[[], None],
        movement: Movement | None = None,
    ) -> None:
        self.database, self.views, self.clock = database, views, clock
        self.movement = movement or Movement()
        self.followed, self.changed = followed, changed
        self.loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self.loop.create_future()
        self._stopping, self._alarm = threading.Event(), Alarm()
        self._thread = threading.Thread(target=self._run, name="follow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._alarm.ring()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._follow()
        except BaseException as raised:
            error = raised
        self._alarm.close()
        self.movement.waits(PART)
        self.loop.call_soon_threadsafe(self._end, error)

    def _end(self, error: BaseException | None) -> None:
        if self.ended.cancelled():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _follow(self) -> None:
        channels = CHANNEL, INSTALLATION_CHANNEL
        while not self._stopping.is_set():
            try:
                with self.database.listening(*channels) as listening:
                    # What was told before is not heard.
                    heard = frozenset(channels)
                    while not self._stopping.is_set():
                        if INSTALLATION_CHANNEL in heard:
                            self.clock.reread()
                            self.loop.call_soon_threadsafe(self.changed)
                        self._catch_up(listening, told=bool(heard))
                        seconds = self._seconds()
                        self.movement.goes_on(PART, resting=seconds)
                        heard = listening.wait(seconds, self._alarm)
            except LOST as error:
                log.warning(
                    "following waits for the database", extra={"why": safe_error_text(error)}
                )
                self.movement.goes_on(PART)
                self._stopping.wait(1)

    def _catch_up(self, listening: Listening, *, told: bool) -> None:
        begun = time.monotonic()
        self.movement.goes_on(PART)
        while self.views.follow() and not self._stopping.is_set():
            self.movement.goes_on(PART)
            told = True
            self.loop.call_soon_threadsafe(self.followed)
        if told:
            self.loop.call_soon_threadsafe(self.followed)
            listening.tell(DUE_CHANNEL)
        self._stopping.wait(rest(time.monotonic() - begun, self.views.mostly_letters))

    def _seconds(self) -> float:
        """Until there is something to do that nobody tells of; a view that cannot go on is tried
        again soon.
        """
        if self.views.faults():
            return WAIT_SECONDS
        look = self.views.next_look()
        if look is None:
            return REST_SECONDS
        seconds = self.clock.seconds_until(look)
        # One that has come already is another process's, or waits for something else.
        return min(REST_SECONDS, max(SHORTEST_SECONDS, seconds)) if seconds else WAIT_SECONDS


class Hearing:
    """A thread that hears of what a process does not follow itself. What is to be done for each
    channel is done in the loop whenever something is told there, and at the beginning.
    """

    def __init__(
        self, database: Database, clock: Clock, heard: Mapping[str, Callable[[], None]]
    ) -> None:
        self.database, self.clock, self.heard = database, clock, heard
        self.loop = asyncio.get_running_loop()
        self._stopping, self._alarm = threading.Event(), Alarm()
        threading.Thread(target=self._run, name="hear", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        self._alarm.ring()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self.database.listening(*self.heard) as listening:
                    channels = frozenset(self.heard)
                    while not self._stopping.is_set():
                        self._tell(channels)
                        channels = listening.wait(REST_SECONDS, self._alarm)
            except LOST:
                self._stopping.wait(WAIT_SECONDS)
        self._alarm.close()

    def _tell(self, channels: frozenset[str]) -> None:
        if INSTALLATION_CHANNEL in channels:
            self.clock.reread()
        for channel in channels:
            self.loop.call_soon_threadsafe(self.heard[channel])
