"""The heartbeat of a working process: every few seconds it writes on the desk that it lives and
what troubles it; when it ends, its row is removed. It also remembers how far the ledger is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from engine import __version__
from engine.desk.movement import Movement
from engine.desk.processes import STANDS, Disagreement, Processes, check_clock
from engine.installation.stream import InstallationStream
from engine.ledger.store import LOST
from engine.runtime.clock_changes import ClockStores, ClockWatch
from engine.runtime.rollback_detection import Restored, RollbackDetection
from engine.store.database import Database
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.run")
BEAT_SECONDS = 5.0

Troubles = Callable[[], Mapping[str, str]]


class HeartbeatStores(ClockStores, Protocol):
    """What a heartbeat reads and writes; `sender` is the process's name on the desk."""

    @property
    def sender(self) -> str: ...

    @property
    def database(self) -> Database: ...

    @property
    def processes(self) -> Processes: ...

    @property
    def rollback_detection(self) -> RollbackDetection: ...

    @property
    def installation_stream(self) -> InstallationStream: ...


class _Changes:
    """Logs what is new since the last beat, once: pauses, and what troubles this process or the
    views it feeds.
    """

    def __init__(self) -> None:
        self._paused: Mapping[int, str] = {}
        self._troubles: Mapping[str, str] = {}

    def log(self, paused: Mapping[int, str], troubles: Mapping[str, str]) -> None:
        for number, why in paused.items():
            if self._paused.get(number) != why:
                log.warning("sending is paused", extra={"list": number, "why": why})
        for number in self._paused.keys() - paused.keys():
            log.info("sending goes on", extra={"list": number})
        for trouble in troubles.keys() - self._troubles.keys():
            kind, _, view = trouble.partition(":")
            log.error(
                "a view has stopped" if view else "trouble",
                extra={"with": view or kind, "why": troubles[trouble]},
            )
        for trouble in self._troubles.keys() - troubles.keys():
            kind, _, view = trouble.partition(":")
            log.info("a view goes on" if view else "trouble is over", extra={"with": view or kind})
        self._paused, self._troubles = dict(paused), dict(troubles)


class Heartbeat:
    """`await ended` ends when the process is told to stop; raises Restored when the ledger was put
    back beneath it, Disagreement when this machine's clock has gone astray.
    """

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unheard = False
        """The database was away at the last beat: a process that stops then does not wait for
        it.
        """

    def stop(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def fail(self, error: Restored | Disagreement) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


@asynccontextmanager
async def beating(
    stores: HeartbeatStores,
    parts: Collection[str],
    troubles: Troubles,
    movement: Movement | None = None,
) -> AsyncIterator[Heartbeat]:
    """A heartbeat from the first moment to the last, draining included. It is not heard while the
    database is away, nor while one of the loops of which `movement` tells stands still: then it
    says which.
    """
    heartbeat, changes, watch = Heartbeat(), _Changes(), ClockWatch(stores)
    loops = movement or Movement()

    def beat() -> None:
        standing = loops.standing()
        current = {
            **troubles(),
            **{f"{STANDS}:{loop}": f"{socket.gethostname()} ({os.getpid()})" for loop in standing},
        }
        ahead = check_clock(stores.database)
        stores.clock.trust_wall()
        watch.look()
        if standing:
            stores.processes.stands(stores.sender, current)
        else:
            stores.processes.beat(stores.sender, parts, current, ahead)
        stores.rollback_detection.note()
        paused = stores.installation_stream.known.paused if "send" in parts else {}
        changes.log(paused, current)

    await asyncio.to_thread(beat)
    log.info("started", extra={"parts": sorted(parts), "pid": os.getpid(), "version": __version__})
    repeating = asyncio.create_task(_repeat(beat, heartbeat))
    try:
        yield heartbeat
    finally:
        repeating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await repeating
        if not heartbeat.unheard:
            with contextlib.suppress(*LOST, Restored):
                await asyncio.to_thread(stores.processes.leave, stores.sender)
                await asyncio.to_thread(stores.rollback_detection.note)
        log.info("stopped", extra={"parts": sorted(parts), "pid": os.getpid()})


async def _repeat(beat: Callable[[], None], heartbeat: Heartbeat) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        try:
            await asyncio.to_thread(beat)
            if heartbeat.unheard:
                log.info("the database answers again")
            heartbeat.unheard = False
        except LOST as error:
            if not heartbeat.unheard:
                log.warning("the database does not answer", extra={"why": safe_error_text(error)})
            heartbeat.unheard = True
        except (Restored, Disagreement) as error:
            heartbeat.fail(error)
        except Exception as error:
            # A heartbeat that fails does not end the work.
            log.error("this process cannot say that it lives", exc_info=error)
