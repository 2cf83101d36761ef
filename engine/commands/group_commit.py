"""Group commit: requests that arrive while a batch is being executed form the next batch, so that
under load they share what a commit costs. Each is answered after the commit.

A crash before the commit answers nobody and changes nothing; after it, a request that is sent again
is answered that it is done.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, TypeVar

from engine.commands.command_handler import CommandRequest, Result
from engine.ledger.store import LOST

GATHER_SECONDS = 0.003
MAX_BATCH = 500
MAX_WAITING = 5000
Request = TypeVar("Request")
Answer = TypeVar("Answer")


class TooBusy(Exception):
    """Too many requests are waiting; send it again later."""

    def __init__(self) -> None:
        super().__init__("too many requests at once; please try again")


def bisect_failures(
    execute: Callable[[Sequence[Request]], Sequence[Answer]], requests: Sequence[Request]
) -> list[Answer | Exception]:
    """What `execute` answers to each of these requests, in their order. Where it raises, it is
    tried with halves, until those requests alone that make it raise have their exception for an
    answer. A lost database is the answer to all that are left.
    """
    answers: list[Answer | Exception] = []
    parts = [requests]
    while parts:
        part = parts.pop()
        try:
            answers += execute(part)
        except LOST as error:
            answers += [error] * (len(requests) - len(answers))
            break
        except Exception as error:
            if len(part) == 1:
                answers.append(error)
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
    return answers


class GroupCommit(Generic[Request, Answer]):
    """`execute` is called in one thread of this object's, with at most MAX_BATCH requests, and
    answers each with a value, or with an exception to be raised where the answer is waited for.

    Before a batch is executed, `gather_seconds` are waited for more requests: threads that have
    just been answered together come back one by one.
    """

    def __init__(
        self,
        execute: Callable[[Sequence[Request]], Sequence[Answer | Exception]],
        gather_seconds: float = 0,
    ) -> None:
        self._execute, self._gather_seconds = execute, gather_seconds
        self._thread = ThreadPoolExecutor(1, "group-commit")
        self._lock = threading.Lock()
        self._waiting: list[tuple[Request, Future[Answer] | asyncio.Future[Answer]]] = []
        self._executing = False

    def submit(self, request: Request) -> Future[Answer]:
        """From any thread. Raises TooBusy."""
        future: Future[Answer] = Future()
        self._add(request, future)
        self._begin()
        return future

    async def answer(self, request: Request) -> Answer:
        """From an event loop. Raises TooBusy, and what the request is answered with if that is an
        exception.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        if self._add(request, future) == 1:
            # After this turn of the loop, so that requests of the same turn are of the same batch.
            loop.call_soon(self._begin)
        return await future

    def close(self) -> None:
        """Executes what is waiting, and takes no more."""
        self._thread.shutdown()

    def _add(self, request: Request, future: Future[Answer] | asyncio.Future[Answer]) -> int:
        """How many are waiting now."""
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                raise TooBusy
            self._waiting.append((request, future))
            return len(self._waiting)

    def _begin(self) -> None:
        with self._lock:
            if self._executing or not self._waiting:
                return
            self._executing = True
        self._thread.submit(self._execute_waiting)

    def _execute_waiting(self) -> None:
        while True:
            if self._gather_seconds:
                time.sleep(self._gather_seconds)
            with self._lock:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                if not batch:
                    self._executing = False
                    return
            futures = [future for _, future in batch]
            answers: Sequence[Answer | BaseException]
            try:
                answers = bisect_failures(self._execute, [request for request, _ in batch])
            except BaseException as error:
                # Whatever was raised, every waiting request is answered.
                answers = [error] * len(batch)
            _settle(futures, answers)


class CommandGroupCommit(GroupCommit[CommandRequest, Result]):
    """Of what calls and forms request."""

    def __init__(self, execute: Callable[[Sequence[CommandRequest]], Sequence[Result]]) -> None:
        super().__init__(execute, GATHER_SECONDS)


def _settle(
    futures: Sequence[Future[Answer] | asyncio.Future[Answer]],
    answers: Sequence[Answer | BaseException],
) -> None:
    """Called in the thread that executes: a future of an event loop is settled by its own loop,
    woken once for all of them.
    """
    by_loop = defaultdict[
        asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Answer], Answer | BaseException]]
    ](list)
    for future, answer in zip(futures, answers, strict=True):
        if isinstance(future, asyncio.Future):
            by_loop[future.get_loop()].append((future, answer))
        else:
            _settle_one(future, answer)
    for loop, settled in by_loop.items():
        # The loop is closed: nobody waits for this future.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle_all, settled)


def _settle_all(
    settled: Iterable[tuple[asyncio.Future[Answer], Answer | BaseException]],
) -> None:
    for future, answer in settled:
        _settle_one(future, answer)


def _settle_one(
    future: Future[Answer] | asyncio.Future[Answer], answer: Answer | BaseException
) -> None:
    if future.done():
        # The caller was cancelled.
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
