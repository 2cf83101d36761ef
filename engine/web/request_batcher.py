"""Those who come while others are being served are served together, next: nobody waits for company,
and under load each group shares its cost.

Everything here happens on the event loop, but for `serve` itself, which blocks and is run in a
thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from engine.commands.group_commit import TooBusy

MOST = 500
WAITING = 5000
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Crowd(Generic[Asked, Answer]):
    """`serve` is called with what a group asks for, and gives as many answers, or errors."""

    def __init__(self, serve: Callable[[Sequence[Asked]], Sequence[Answer | Exception]]) -> None:
        self.serve = serve
        self._threads = ThreadPoolExecutor(1, "crowd")
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._at_work = False

    async def answer(self, asked: Asked) -> Answer:
        """Raises TooBusy when more are waiting than can be served soon, or what serving this one
        raised.
        """
        if len(self._waiting) >= WAITING:
            raise TooBusy("too many requests at once; please try again")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if not self._waiting and not self._at_work:
            # After this turn of the loop, so that whoever came in the same turn goes along.
            loop.call_soon(self._go_on)
        self._waiting.append((asked, future))
        return await future

    def _go_on(self) -> None:
        if self._at_work or not self._waiting:
            return
        group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._at_work = True
        job = asyncio.get_running_loop().run_in_executor(
            self._threads, self.serve, [asked for asked, _ in group]
        )
        job.add_done_callback(lambda done: self._served([future for _, future in group], done))

    def _served(
        self,
        futures: Sequence[asyncio.Future[Answer]],
        done: asyncio.Future[Sequence[Answer | Exception]],
    ) -> None:
        self._at_work = False
        self._go_on()
        failure = done.exception()
        answers = done.result() if failure is None else [failure] * len(futures)
        for future, answer in zip(futures, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)
