"""A working process makes itself known: every few seconds it says on the desk that it lives, and what troubles it. One that ends says so too."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from engine.desk.processes import Processes
from engine.house import House
from engine.ledger.store import LOST

log = logging.getLogger("relance.run")
BEAT = 5.0

Troubles = Callable[[], Mapping[str, str]]


@asynccontextmanager
async def known(house: House, parts: Collection[str], troubles: Troubles) -> AsyncIterator[None]:
    """Known from the first moment to the last, draining included. While the database is away nobody could be told."""
    processes = Processes(house.database)

    def beat() -> None:
        processes.beat(house.sender, parts, troubles())

    await asyncio.to_thread(beat)
    beating = asyncio.create_task(_again_and_again(beat))
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
        with contextlib.suppress(*LOST):
            await asyncio.to_thread(processes.leave, house.sender)


async def _again_and_again(beat: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(BEAT)
        try:
            await asyncio.to_thread(beat)
        except LOST as error:
            log.warning("the desk waits for the database", extra={"why": type(error).__name__})
