"""The stop journal: who asked to be written to no more, or to be forgotten, in a file outside the
database.

A database put back from an older copy forgets the erasures and withdrawals since then; this file
does not, and `relance restore` applies them again (E04). One JSON object a line, on the disk
(fsync) before the commit it belongs to, one fsync for all that is decided together. A line whose
commit then did not happen is harmless: it says that somebody asked, and applying it asks again
whether it applies. Random ids and keyed hashes only.

When the disk takes no more, an erasure is refused, because it could come undone; a withdrawal never
is (GDPR 7(3)): its line is kept in memory and written with the next one that can be.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal, get_args

from engine.frozen import dataclass
from engine.store.files import sync_folder

log = logging.getLogger("relance.vault")
FILE = "stop.journal"
Kind = Literal["erasure", "withdrawal", "restriction", "suppression", "pause"]
KINDS = frozenset(get_args(Kind))
PIECE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Stop:
    """`stream` is whose (all but a suppression), `hash` the keyed hash of an address in
    hexadecimal: of a suppression, or behind a withdrawal, for a copy in which that person is not
    known yet. `purpose` "*" is everything, `why` the basis or reason or, of a pause,
    its end (ms; "" for no pause), `at` engine time (ms).
    """

    kind: Kind
    at: int
    stream: str = ""
    purpose: str = ""
    hash: str = ""
    why: str = ""

    def line(self) -> bytes:
        fields_set = {name: value for name, value in asdict(self).items() if value != ""}
        return json.dumps(fields_set, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def suppression(hashed: bytes, reason: str, at: int) -> Stop:
    return Stop("suppression", at, hash=hashed.hex(), why=reason)


class StopJournal:
    """One append-only file, written by any number of threads and processes of this machine.
    `trouble` says why it cannot be written; "" while it can.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.trouble = ""
        self._owed: list[bytes] = []
        self._has: frozenset[Stop] = frozenset()
        self._lock = threading.Lock()

    def has(self, stops: Iterable[Stop]) -> None:
        """Tell the journal which lines the file holds already, so that applying them does not write
        them again.
        """
        self._has = frozenset(stops)

    def note(self, stops: Sequence[Stop]) -> None:
        """Write and fsync. Raises OSError; then none of these lines is kept for later."""
        lines = [stop.line() for stop in stops if stop not in self._has]
        if lines:
            with self._lock:
                self._write(lines)

    def tell(self, stops: Sequence[Stop]) -> None:
        """The same for what must go on even when the disk is full: the lines are then kept in
        memory and `trouble` says so.
        """
        lines = [stop.line() for stop in stops if stop not in self._has]
        if not lines:
            return
        with self._lock:
            try:
                self._write(lines)
            except OSError:
                self._owed += lines
                log.error(
                    "the stop journal cannot be written: people leave all the same",
                    extra={"why": self.trouble, "owed": len(self._owed)},
                )

    def _write(self, lines: Iterable[bytes]) -> None:
        try:
            append(self.path, b"".join((*self._owed, *lines)))
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
            raise
        self.trouble = ""
        self._owed.clear()


def append(path: Path, lines: bytes) -> None:
    """Append whole lines and fsync, after completing a torn last line. A partial write is undone.
    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        try:
            _write_all(file, b"\n" + lines if torn else lines)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)
    if new:
        sync_folder(path.parent)


def _write_all(file: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(file, octets) :]


def read(path: Path) -> tuple[list[Stop], int]:
    """Every line in order, and how many could not be read: torn by a crash before their commit, or
    damaged since. Raises OSError.
    """
    return _stops(path.read_bytes())


def later_than(path: Path, instant: int) -> list[Stop]:
    """The lines later than an instant (ms), found from the file's end: mostly none, however long
    the file is. Raises OSError.
    """
    with path.open("rb") as file:
        size, piece = file.seek(0, os.SEEK_END), PIECE_BYTES
        while True:
            start = file.seek(max(0, size - piece))
            octets = file.read()
            stops, _unreadable = _stops(octets if start == 0 else octets.partition(b"\n")[2])
            if start == 0 or any(stop.at <= instant for stop in stops):
                return [stop for stop in stops if stop.at > instant]
            piece *= 4


def _stops(octets: bytes) -> tuple[list[Stop], int]:
    stops, unreadable = [], 0
    for line in octets.split(b"\n"):
        if not line.strip():
            continue
        try:
            stops.append(_stop(json.loads(line)))
        except (ValueError, TypeError, KeyError, RecursionError):
            unreadable += 1
    return stops, unreadable


def _stop(fields_read: dict[str, object]) -> Stop:
    kind, at = fields_read["kind"], fields_read["at"]
    if kind not in KINDS or not isinstance(at, int):
        raise ValueError("no line of a stop journal")
    texts = {name: str(fields_read.get(name, "")) for name in ("stream", "purpose", "hash", "why")}
    bytes.fromhex(texts["hash"])
    return Stop(kind, at, **texts)  # type: ignore[arg-type]


def each_once(stops: Iterable[Stop]) -> Iterator[Stop]:
    """Sorted by instant across the files of several machines, without duplicates."""
    yield from sorted(dict.fromkeys(stops), key=lambda stop: stop.at)
