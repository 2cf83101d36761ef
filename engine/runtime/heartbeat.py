"""A working process makes itself known: every few seconds it says on the desk that it lives and
what troubles it, and when it ends.

It also remembers how far the ledger is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from engine import __version__
from engine.context import AppContext
from engine.desk.agreement import Disagreement, check_clock
from engine.desk.processes import Processes
from engine.ledger.store import LOST
from engine.runtime.rollback_detection import Restored
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.run")
BEAT = 5.0

Troubles = Callable[[], Mapping[str, str]]


class _Changes:
    """What is news since the last beat, said once: pauses, and what troubles this process or the
    views it feeds.
    """

    def __init__(self) -> None:
        self._paused: Mapping[int, str] = {}
        self._troubles: Mapping[str, str] = {}

    def tell(self, paused: Mapping[int, str], troubles: Mapping[str, str]) -> None:
        for number, why in paused.items():
            if self._paused.get(number) != why:
                log.warning("sending is paused", extra={"list": number, "why": why})
        for number in self._paused.keys() - paused.keys():
            log.info("sending goes on", extra={"list": number})
        for what in troubles.keys() - self._troubles.keys():
            kind, _, view = what.partition(":")
            log.error(
                "a view has stopped" if view else "trouble",
                extra={"with": view or kind, "why": troubles[what]},
            )
        for what in self._troubles.keys() - troubles.keys():
            kind, _, view = what.partition(":")
            log.info("a view goes on" if view else "trouble is over", extra={"with": view or kind})
        self._paused, self._troubles = dict(paused), dict(troubles)


class Presence:
    """`await ended` ends when the process is told to stop; raises Restored when the ledger was put
    back beneath it, Disagreement when this machine's clock has gone astray.
    """

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unheard = (
            False  # the database was away at the last beat: whoever stops then does not wait for it
        )

    def stop(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def give_up(self, error: Restored | Disagreement) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


@asynccontextmanager
async def known(
    context: AppContext, parts: Collection[str], troubles: Troubles
) -> AsyncIterator[Presence]:
    """Known from the first moment to the last, draining included. While the database is away nobody
    could be told.
    """
    processes, presence, changes = Processes(context.database), Presence(), _Changes()

    def beat() -> None:
        told = troubles()
        processes.beat(context.sender, parts, told, check_clock(context.database))
        context.rollback_detection.note()
        changes.tell(context.installation_stream.current().paused if "send" in parts else {}, told)

    await asyncio.to_thread(beat)
    log.info("started", extra={"parts": sorted(parts), "pid": os.getpid(), "version": __version__})
    beating = asyncio.create_task(_again_and_again(beat, presence))
    try:
        yield presence
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
        if not presence.unheard:
            with contextlib.suppress(*LOST, Restored):
                await asyncio.to_thread(processes.leave, context.sender)
                await asyncio.to_thread(context.rollback_detection.note)
        log.info("stopped", extra={"parts": sorted(parts), "pid": os.getpid()})


async def _again_and_again(beat: Callable[[], None], presence: Presence) -> None:
    while True:
        await asyncio.sleep(BEAT)
        try:
            await asyncio.to_thread(beat)
            if presence.unheard:
                log.info("the database answers again")
            presence.unheard = False
        except LOST as error:
            if not presence.unheard:
                log.warning("the database does not answer", extra={"why": safe_error_text(error)})
            presence.unheard = True
        except (Restored, Disagreement) as error:
            presence.give_up(error)
        except Exception as error:
            # What cannot be told of keeps nobody from the work itself.
            log.error("this process cannot say that it lives", exc_info=error)
