"""Every target at once, by one process of the installation, which holds the duty by a connection
that also hears of the ledger. A target that is dead or slow holds none of the others: each has its
own task, its own connection, its own place.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from engine.dns.https import Poster
from engine.dns.resolver import Resolver
from engine.hooks.delivery import Delivery
from engine.hooks.posting import POST_SECONDS, Target
from engine.hooks.settings import Hook
from engine.hooks.stores import HookStores
from engine.ledger.codec import EntryRefused
from engine.ledger.store import LOST
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.hooks")
DUTY: Final = "relance.hooks"
DUTY_SECONDS: Final = 5.0
"""How often a process that does not hold the duty asks for it."""
HEARD_SECONDS: Final = 0.5
REST_SECONDS: Final = 0.1
"""For which the ledger is left alone after it has been heard of."""
LOST_SECONDS: Final = 1.0
UNREADABLE_SECONDS: Final = 60.0
DRAIN_SECONDS: Final = 3.0
"""For what is under way when the process is told to stop."""


class Heard(Protocol):
    def wait(self, seconds: float) -> Collection[str]:
        """Where something was heard before the time was over."""


Duty = Callable[[], AbstractContextManager[Heard | None]]
"""Held while the context is entered; None where another process has it."""


class Hooks:
    """`run` returns once it is told to stop. Used from one event loop."""

    def __init__(
        self,
        hooks: Sequence[Hook],
        stores: HookStores,
        duty: Duty,
        resolver: Resolver,
        trusted: ssl.SSLContext,
    ) -> None:
        self._hooks, self._stores, self._duty = hooks, stores, duty
        self._resolver, self._trusted = resolver, trusted
        self._held, self._lost, self._released = asyncio.Event(), asyncio.Event(), threading.Event()
        self._wakes = [asyncio.Event() for _ in hooks]
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self, stop: asyncio.Event) -> None:
        for hook in self._hooks:
            if hook.allow_private:
                about = {"hook": hook.name, "host": hook.host}
                log.warning("a hook may reach into private networks: allow_private", extra=about)
        loop = self._ended.get_loop()
        threading.Thread(target=self._run, args=(loop,), name="hooks", daemon=True).start()
        try:
            while not stop.is_set() and not self._ended.done():
                await _first(stop, self._held)
                if self._held.is_set() and not self._ended.done():
                    await self._deliver_all(stop)
        finally:
            self._released.set()
        await self._ended

    async def _deliver_all(self, stop: asyncio.Event) -> None:
        """Until the duty is lost, or the end."""
        pairs = list(zip(self._hooks, self._wakes, strict=True))
        tasks = [asyncio.create_task(self._deliver(*pair, stop)) for pair in pairs]
        over = asyncio.create_task(_first(stop, self._lost))
        try:
            await asyncio.wait([over, *tasks], return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
        finally:
            for task in (over, *tasks):
                task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(end, Exception):
                raise end

    async def _deliver(self, hook: Hook, wake: asyncio.Event, stop: asyncio.Event) -> None:
        target = Target(hook, self._resolver, Poster(self._trusted, POST_SECONDS))
        delivery = Delivery(hook, self._stores, target)
        trouble = ""
        try:
            while not stop.is_set():
                wake.clear()
                try:
                    seconds = await delivery.step()
                    told = delivery.trouble
                except LOST as error:
                    seconds, told = LOST_SECONDS, safe_error_text(error)
                except EntryRefused as error:
                    seconds, told = UNREADABLE_SECONDS, str(error)
                if told and told != trouble:
                    log.error("a hook waits", extra={"hook": hook.name, "why": told})
                trouble = told
                if seconds:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(_first(stop, wake), seconds)
        finally:
            await target.close()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread of its own."""
        error: BaseException | None = None
        try:
            self._hold(loop)
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # The loop is closed.
            loop.call_soon_threadsafe(self._end, error)

    def _end(self, error: BaseException | None) -> None:
        if self._ended.cancelled():
            return
        if error is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(error)
        self._tell_held(False)
        self._held.set()

    def _hold(self, loop: asyncio.AbstractEventLoop) -> None:
        """Until `_released`."""
        while not self._released.is_set():
            try:
                with self._duty() as heard:
                    if heard is None:
                        self._released.wait(DUTY_SECONDS)
                        continue
                    self._begin()
                    loop.call_soon_threadsafe(self._tell_held, True)
                    while not self._released.is_set():
                        if heard.wait(HEARD_SECONDS):
                            loop.call_soon_threadsafe(self._wake)
                            self._released.wait(REST_SECONDS)
            except LOST as error:
                why = safe_error_text(error)
                log.warning("hooks wait for the database", extra={"why": why})
                self._released.wait(LOST_SECONDS)
            if not self._released.is_set():
                loop.call_soon_threadsafe(self._tell_held, False)

    def _begin(self) -> None:
        names = [hook.name for hook in self._hooks]
        self._stores.desk.begin(names, self._stores.ledger.head(), self._stores.now())

    def _tell_held(self, held: bool) -> None:
        now, then = (self._held, self._lost) if held else (self._lost, self._held)
        now.set()
        then.clear()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()


async def _first(*events: asyncio.Event) -> None:
    """Until one of them is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
