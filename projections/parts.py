"""The people of a rebuild dealt out to processes, one part after the other to whoever is free: most
of a rebuild is Python's, which uses one core.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from engine.ledger.codec import EntryRefused

PARTS = "0123456789abcdef"
"""People by the first digit of their stream, which is random: a part is read in order without
sorting the whole ledger.
"""

Work = Callable[[str], int]


def dealt_out(begin: Callable[[str], Work], conninfo: str, processes: int) -> Iterator[int]:
    """What the work of each part comes to, as soon as it is done; `begin(conninfo)` is called once
    in each process and must be picklable.

    Raises what a process raised. None outlives this one: each ends when nothing more is sent to it.
    """
    context = get_context("spawn")
    waiting, busy, workers = list(PARTS), [], []
    try:
        for _ in range(processes):
            here, there = context.Pipe()
            workers.append(
                context.Process(target=_worker, args=(there, begin, conninfo), daemon=True)
            )
            workers[-1].start()
            there.close()
            here.send(waiting.pop(0))
            busy.append(here)
        while busy:
            for pipe in wait(busy):
                assert isinstance(pipe, Connection)
                yield _answer(pipe)
                if waiting:
                    pipe.send(waiting.pop(0))
                else:
                    busy.remove(pipe)
                    pipe.close()
    finally:
        for pipe in busy:
            pipe.close()
        for worker in workers:
            worker.terminate() if busy else None
            worker.join()


def _answer(pipe: Connection) -> int:
    try:
        answer = pipe.recv()
    except EOFError as error:
        raise EntryRefused(
            "a process of the rebuild has ended; the views are as they were: begin again"
        ) from error
    if isinstance(answer, Exception):
        raise answer
    return int(answer)


def _worker(pipe: Connection, begin: Callable[[str], Work], conninfo: str) -> None:
    """Ctrl-C is for the process that deals out. Facts and folds hold no circles: to look for any
    takes a fifth of the time, and finds nothing.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    try:
        work = begin(conninfo)
        while True:
            pipe.send(work(pipe.recv()))
    except EOFError:
        return
    except Exception as error:
        pipe.send(error)
