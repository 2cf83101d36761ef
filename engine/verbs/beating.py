"""A working process makes itself known: every few seconds it says on the desk that it lives and what troubles it, and when it ends.

It also remembers how far the ledger is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from engine.desk.processes import Processes
from engine.house import House
from engine.ledger.store import LOST
from engine.remembering import Restored

log = logging.getLogger("relance.run")
BEAT = 5.0

Troubles = Callable[[], Mapping[str, str]]


class Presence:
    """`await ended` ends when the process is told to stop; raises Restored when the ledger was put back beneath it."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def give_up(self, error: Restored) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


@asynccontextmanager
async def known(house: House, parts: Collection[str], troubles: Troubles) -> AsyncIterator[Presence]:
    """Known from the first moment to the last, draining included. While the database is away nobody could be told."""
    processes, presence = Processes(house.database), Presence()

    def beat() -> None:
        processes.beat(house.sender, parts, troubles())
        house.memory.note()

    await asyncio.to_thread(beat)
    beating = asyncio.create_task(_again_and_again(beat, presence))
    try:
        yield presence
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
        with contextlib.suppress(*LOST, Restored):
            await asyncio.to_thread(processes.leave, house.sender)
            await asyncio.to_thread(house.memory.note)


async def _again_and_again(beat: Callable[[], None], presence: Presence) -> None:
    while True:
        await asyncio.sleep(BEAT)
        try:
            await asyncio.to_thread(beat)
        except LOST as error:
            log.warning("the desk waits for the database", extra={"why": type(error).__name__})
        except Restored as error:
            presence.give_up(error)
