"""Names that are on the disk when a call returns, for the five rooms whose files must survive a
power cut; and locks between the processes of one installation: `flock`, which the kernel drops with
the process that held it.

Three files: `start.lock` (held while starting or stopping), `users.lock` (shared, by each process
that uses the server), `server.lock` (inherited by the server and its children, hence held exactly
as long as one of them lives, whatever their process ids mean in this container).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.words import N_, Words, words


def sync_folder(folder: Path) -> None:
    """After a file was made, renamed or removed in it. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


PAUSE_SECONDS = 0.05
TOLD_EVERY = 3.0


def opened(path: Path, access: int = os.O_RDWR) -> int:
    """A descriptor of the file `path`; a missing file is made, readable only by the owner of its
    folder.
    """
    try:
        descriptor = os.open(path, access | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return os.open(path, access | os.O_NOFOLLOW)
    if os.geteuid() == 0:
        # After one run as root (`sudo`) the folder's owner must still be able to open it.
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    return descriptor


def take(descriptor: int, kind: int) -> bool:
    """Takes the lock if it is free (`fcntl.LOCK_SH` or `LOCK_EX`); never blocks."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(path: Path) -> bool:
    """Whether nobody holds `path` at this moment."""
    descriptor = opened(path)
    try:
        return take(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


SO_FAR = N_("{what} ({seconds} s so far)")


@contextmanager
def alone(
    path: Path, progress: Callable[[Words], None], patience: float | None = None
) -> Iterator[bool]:
    """Holds `path` alone for the block; True once obtained, False after `patience` seconds (None:
    waits for ever).
    """
    descriptor = opened(path)
    try:
        wait = Wait(progress)
        while not (obtained := take(descriptor, fcntl.LOCK_EX)):
            if patience is not None and wait.seconds > patience:
                break
            wait.pause(N_("Another process is starting or stopping PostgreSQL"))
        yield obtained
    finally:
        os.close(descriptor)


class Wait:
    """One wait: sleeps in small steps and reports every few seconds what it waits for."""

    def __init__(self, progress: Callable[[Words], None]) -> None:
        self._progress = progress
        self._since = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since

    def pause(self, doing: str) -> None:
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY:
            self._told = now
            seconds = round(self.seconds)
            self._progress(words(SO_FAR, what=Words(doing), seconds=seconds))
        time.sleep(PAUSE_SECONDS)
