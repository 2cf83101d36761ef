"""Work of the event loop that comes round by itself, and is cut when the process is told to stop.
Apart from the supervisor, which imports what does such work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

from engine.ledger.store import LOST
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.run")


async def each_time(
    event: asyncio.Event, stop: asyncio.Event, work: Callable[[], Coroutine[object, object, object]]
) -> None:
    """Do `work` each time `event` is set, until `stop` is, which cuts what is under way. A lost
    database is waited for; any other error is raised.
    """
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            turn = asyncio.ensure_future(event.wait())
            await asyncio.wait({turn, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                turn.cancel()
                break
            event.clear()
            working = asyncio.ensure_future(work())
            try:
                await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                working.cancel()
            await asyncio.wait({working})
            error = None if working.cancelled() else working.exception()
            if isinstance(error, LOST):
                log.warning(
                    "what comes round by itself waits for the database",
                    extra={"why": safe_error_text(error)},
                )
            elif error is not None:
                raise error
    finally:
        stopped.cancel()
