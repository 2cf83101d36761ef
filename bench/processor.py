"""What work takes of the processor, in all processes that do it. Others on the machine lengthen the
wall's time, hardly this.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

import psutil

from engine.store import postmaster


class Used:
    """`with Used(data) as it: …`, then `it.seconds`: of all that this process has started, ended or
    not, and of the PostgreSQL in `data`.

    `own`: of this process too, where it does the work itself and not only waits for others.
    """

    seconds = 0.0

    def __init__(self, data: Path, *, own: bool = False) -> None:
        self._own = own
        note = postmaster.read_note(data)
        self._server = note.pid if note is not None else 0

    def __enter__(self) -> Self:
        self._before = self._now()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds = self._now() - self._before

    def _now(self) -> float:
        own = os.times()
        found = (
            own.children_user + own.children_system + (own.user + own.system if self._own else 0.0)
        )
        trees = psutil.Process().children(recursive=True)
        if psutil.pid_exists(self._server):
            server = psutil.Process(self._server)
            trees += [server, *server.children(recursive=True)]
        return found + sum(map(_seconds, set(trees)))


def _seconds(process: psutil.Process) -> float:
    """Of one process and of those of its children that have ended; nothing where it has ended
    meanwhile: then its parent has it.
    """
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(
        times.user
        + times.system
        + getattr(times, "children_user", 0)
        + getattr(times, "children_system", 0)
    )
