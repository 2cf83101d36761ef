"""The connections to one mailbox provider that this process may have open, whichever pool opens
them. The desk leases them; here they are kept to.

A connection that we broke off counts a moment longer: the server may not have noticed yet.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Protocol

from engine.sending.replies import Reply
from engine.shaping.providers import Provider
from engine.shaping.rates import TOKEN_SECONDS

NOTICED_SECONDS = 0.3
"""Wall-clock seconds after which a server has seen that we broke a connection off."""


class NoLine(Exception):
    """This process may have no connection to the provider any more: what waits was not begun."""


class Idle(Protocol):
    """Who keeps connections open that are not in use."""

    def close_one_idle(self) -> bool:
        """Begin to close one of them; False where there is none."""


LinesOf = Callable[[Provider], "Lines | None"]
"""The connections to a provider; None where nobody counts them."""
ServersOf = Callable[[Collection[str]], Coroutine[None, None, Mapping[str, Sequence[str]]]]
"""Of domains, the names of their mail servers, best first; none where that is not known."""


class Lines:
    """`allowed` may be set from any thread; the rest is used in one event loop. `refused` is told
    what a server said instead of taking a connection.
    """

    def __init__(self, refused: Callable[[Reply], None], allowed: int = 0) -> None:
        self.allowed, self.open, self.active = allowed, 0, 0
        self._refused = refused
        self.holders: list[Idle] = []
        self._wanted_at = float("-inf")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    @property
    def needed(self) -> int:
        """How many are open, in use, or about to be."""
        recent = time.monotonic() - self._wanted_at < TOKEN_SECONDS
        return max(self.open, self.active, self.allowed if recent else 0)

    def resize(self, allowed: int, wanted: bool = False) -> None:
        self.allowed = allowed
        if wanted:
            self._wanted_at = time.monotonic()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    @contextlib.asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """The right to use one connection, open or to be opened. Raises NoLine."""
        self._loop = asyncio.get_running_loop()
        while self.active >= self.allowed:
            if not self.allowed:
                raise NoLine
            await self._change()
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
            self._changed.set()

    async def opening(self) -> None:
        """Wait until one more may be opened, and count it. Raises NoLine."""
        while self.open >= self.allowed:
            if not self.allowed:
                raise NoLine
            if not any(holder.close_one_idle() for holder in self.holders):
                await self._change()
            else:
                await asyncio.sleep(0)
        self.open += 1

    def turned_away(self, reply: Reply) -> None:
        """The one that was being opened is not taken: the others are as many as there may be."""
        self.allowed = min(self.allowed, max(1, self.open - 1))
        self._refused(reply)

    def closed(self, by_us: bool) -> None:
        """One that was counted is no longer open."""
        asyncio.get_running_loop().call_later(NOTICED_SECONDS if by_us else 0, self._count_closed)

    def _count_closed(self) -> None:
        self.open -= 1
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
