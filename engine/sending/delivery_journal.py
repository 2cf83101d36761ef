"""The delivery journal, a local file of marks: which final dots this sender has written, and what
was answered.

One short line per mark with its time (wall clock, ms since 1970), one plain `write` each, no fsync:
it survives the end of the process, not of the machine. After a kill, a key without a mark was not
handed over, a code was the answer, DOT alone means in doubt. Answers stay for some while after they
are recorded, since a database that is put back, or a standby that takes over, may have lost that;
a file that was never shortened begins with COMPLETE. It is locked for the life of its writer, so a
lock that is free means that the writer is dead. Keys are no personal data.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

Mark: TypeAlias = int  # DOT, or the code of the answer
DOT: Final[Mark] = 0

MAX_OCTETS = 8 * 1024 * 1024  # octets before the file is rewritten with what is still needed
KEPT_OCTETS = 4 * 1024 * 1024
"""Octets of marks that are kept though they are recorded, the newest: of some forty thousand
letters, which is a quarter of an hour at fifty a second.
"""
COMPLETE = b"complete\n"
BOOT_SLACK_SECONDS = 5
_LINE = re.compile(r"(\S+) (dot|[2-5][0-9]{2})(?: ([0-9]{1,15}))?")
_LOCK_SECONDS = 1.0  # seconds; `is_alive` elsewhere holds the lock for an instant


def journal_file(data: Path, sender: str) -> Path:
    """Where a sender's delivery journal is, below the installation's `data` folder."""
    return data / "marks" / f"{sender}.marks"


class JournalTaken(Exception):
    """Another living process writes this file."""


class DeliveryJournal:
    """Opens `path` for appending, exclusively; `left` holds the marks of the previous writer.
    Raises JournalTaken, OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = _locked(path)
        whole = path.read_bytes()
        os.ftruncate(
            self._file, whole.rfind(b"\n") + 1
        )  # a torn line must not grow into another mark
        self._is_empty = b"\n" not in whole
        self.left = _parsed(whole)
        self._kept = {match[1]: line for line, match in _lines(whole)}

    def dot(self, key: str) -> None:
        """Called before the octets that hold the dot are written. Raises OSError: then the dot must
        not be sent.
        """
        self._write(key, DOT)

    def answer(self, key: str, code: int) -> None:
        self._write(key, code)

    def forget(self, keys: Iterable[str]) -> None:
        """The outcomes of `keys` are recorded in the ledger; the file may shrink."""
        with self._lock:
            for key in keys:
                self._kept.pop(key, None)
            if os.fstat(self._file).st_size > MAX_OCTETS:
                self._rewrite()

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, key: str, mark: Mark) -> None:
        line = _line(key, mark)
        with self._lock:
            if self._is_empty:
                line = COMPLETE + line
            written = os.write(self._file, line)
            if written < len(line):
                os.ftruncate(self._file, os.fstat(self._file).st_size - written)
                raise OSError(f"The mark file {self.path.name} takes no more: the disk is full.")
            self._is_empty = False
            self._kept[key] = line.removeprefix(COMPLETE)

    def _rewrite(self) -> None:
        # Renamed over the old file while both are locked: a kill at any point leaves one of them
        # whole, and the lock never looks free.
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        file = _locked(fresh)
        try:
            newest = self.path.read_bytes()[-KEPT_OCTETS:]
            newest = newest[newest.index(b"\n") + 1 :]
            whole = b"".join(self._kept.values()) + newest
            if os.write(file, whole) < len(whole):
                raise OSError(
                    f"The mark file {self.path.name} cannot be rewritten: the disk is full."
                )
            os.rename(fresh, self.path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file = file


def read_journal(path: Path) -> dict[str, Mark]:
    """The last mark of every key; a torn last line is no mark. A missing file holds none. Raises
    OSError.
    """
    try:
        return _parsed(path.read_bytes())
    except FileNotFoundError:
        return {}


class TimedMark(NamedTuple):
    """`at`: when it was written (wall clock, ms since 1970); marks of earlier versions of the
    program have no time.
    """

    mark: Mark
    at: int | None


def timed_marks(path: Path) -> dict[str, TimedMark]:
    """As `read_journal`, each with its time. Raises OSError."""
    return {
        match[1]: TimedMark(_mark(match), int(match[3]) if match[3] else None)
        for _, match in _lines(path.read_bytes())
    }


def is_complete(path: Path) -> bool:
    """Whether every mark that a dead writer made is in its file. Raises OSError."""
    with path.open("rb") as file:
        return file.readline() == COMPLETE and not may_have_lost_marks(path)


def may_have_lost_marks(path: Path) -> bool:
    """Whether the machine was started since the file was written: what had not reached the disk is
    then missing. True where that cannot be known. Raises OSError.
    """
    try:
        status = Path("/proc/stat").read_text(encoding="ascii", errors="replace")
        started = int(status.partition("btime ")[2].split(maxsplit=1)[0])
    except (OSError, ValueError, IndexError):
        return True
    return path.stat().st_mtime < started + BOOT_SLACK_SECONDS


def is_alive(path: Path) -> bool:
    """Whether a living process holds the file open for writing its marks."""
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _parsed(whole: bytes) -> dict[str, Mark]:
    return {match[1]: _mark(match) for _, match in _lines(whole)}


def _mark(line: re.Match[str]) -> Mark:
    return DOT if line[2] == "dot" else int(line[2])


def _lines(whole: bytes) -> Iterator[tuple[bytes, re.Match[str]]]:
    for line in whole[: whole.rfind(b"\n") + 1].split(b"\n"):
        if match := _LINE.fullmatch(line.decode("utf-8", "replace")):
            yield line + b"\n", match


def _line(key: str, mark: Mark) -> bytes:
    if key.split() != [key]:
        raise ValueError("A key in the mark file is one word.")
    return f"{key} {mark or 'dot'} {time.time_ns() // 1_000_000}\n".encode()


def _locked(path: Path) -> int:
    patience = time.monotonic() + _LOCK_SECONDS
    while True:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A former writer may have renamed another file into place between our open and our
            # lock.
            if os.fstat(file).st_ino == os.stat(path).st_ino:
                return file
        except BlockingIOError:
            if time.monotonic() > patience:
                os.close(file)
                raise JournalTaken(
                    f"Another process is writing the mark file {path.name}."
                ) from None
        except FileNotFoundError:
            pass
        os.close(file)
        time.sleep(0.01)
