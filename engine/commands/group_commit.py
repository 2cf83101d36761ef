"""Group commit: requests that arrive within a few milliseconds are decided and written together,
each answered after the commit.

A crash before the commit answers nobody and changes nothing; after it, whoever asks again is told
that it is done.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future

from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.ledger.store import LOST

GATHER_SECONDS = 0.003
MOST = 500
WAITING = 5000


class TooBusy(Exception):
    """More is waiting than can be done soon; the one who asks should come again."""


class GroupCommit:
    """One thread that executes what others request. `submit` from any thread; the future holds the
    Result.
    """

    def __init__(self, command_handler: CommandHandler) -> None:
        self.command_handler = command_handler
        self._waiting: queue.Queue[tuple[CommandRequest, Future[Result]] | None] = queue.Queue(
            WAITING
        )
        self._thread = threading.Thread(target=self._work, name="group-commit", daemon=True)
        self._thread.start()

    def submit(self, request: CommandRequest) -> Future[Result]:
        future: Future[Result] = Future()
        try:
            self._waiting.put_nowait((request, future))
        except queue.Full:
            future.set_exception(TooBusy("too many requests at once; please try again"))
        return future

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while True:
            batch, over = self._gather()
            if batch:
                self._carry_out(batch)
            if over:
                return

    def _gather(self) -> tuple[list[tuple[CommandRequest, Future[Result]]], bool]:
        batch: list[tuple[CommandRequest, Future[Result]]] = []
        while len(batch) < MOST:
            try:
                item = self._waiting.get(timeout=GATHER_SECONDS if batch else None)
            except queue.Empty:
                break
            if item is None:
                return batch, True
            if item[1].set_running_or_notify_cancel():
                batch.append(item)
        return batch, False

    def _carry_out(self, batch: list[tuple[CommandRequest, Future[Result]]]) -> None:
        """One bad person stops nobody else: where it fails together, it is tried in halves, until
        it fails for those alone who made it fail.
        """
        try:
            results = self.command_handler.execute([request for request, _ in batch])
        except BaseException as error:
            if len(batch) > 1 and isinstance(error, Exception) and not isinstance(error, LOST):
                middle = len(batch) // 2
                self._carry_out(batch[:middle])
                self._carry_out(batch[middle:])
                return
            for _, future in batch:
                future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
