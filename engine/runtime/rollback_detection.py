"""Where the ledger had come to, remembered by this machine outside the database: one that was put
back from an older copy is recognised by it.

A small file in data/, written every few seconds, holds a position and a digest of the entry there.
A ledger that ends before that position, or has another entry there, is not the one that was worked
with: letters that left since then would leave again. On several machines each has its own file; one
without a file takes the ledger as it finds it. `restored` tells a machine that was away that others
have recognised the same already.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from dataclasses import asdict
from pathlib import Path

from engine.frozen import dataclass
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger

log = logging.getLogger("relance.run")
FILE = "ledger-position.json"
PUT_BACK = "put back"
"""Stands for the digest of an entry that is gone: no entry has it."""


class Restored(Exception):
    """The ledger was put back from an older copy beneath a running process, which knows things that
    are no longer so.
    """

    def __init__(self) -> None:
        super().__init__(
            "the ledger was put back from an older copy while this process ran: it ends, so that"
            " nothing leaves; start it again"
        )


@dataclass(frozen=True, slots=True)
class Remembered:
    """`digest` is the SHA-256 of the entry's bytes at `position` ("" at 0); `restored` when the
    ledger was last known to be put back (ms).
    """

    position: int
    digest: str
    restored: int


class RollbackDetection:
    def __init__(
        self, ledger: Ledger, installation_stream: InstallationStream, folder: Path
    ) -> None:
        self.ledger, self.installation_stream, self.path = (
            ledger,
            installation_stream,
            folder / FILE,
        )
        self._last: Remembered | None = None
        self._written: Remembered | None = None

    def lost(self) -> Remembered | None:
        """What the file remembers and the ledger no longer holds; None when all is there, and where
        others have recognised that it is not.
        """
        told = self._read()
        if (
            told is None
            or self._holds(told)
            or self.installation_stream.current().restored != told.restored
        ):
            return None
        return told

    def confirm(self) -> None:
        """The ledger is the one this process began with. One look-up; asked before anything is
        taken to be sent. Raises Restored.
        """
        if self.ledger.recorder.put_back:
            self._note_loss()
            raise Restored
        if self._last is None:
            self.ledger.recorder.watched = True
            self._last = self._now()
        elif not self._holds(self._last):
            raise Restored

    def _note_loss(self) -> None:
        """What was lost may be younger than what was last remembered here: who starts next is told
        by the file, until somebody has recorded it.
        """
        restored = self.installation_stream.known.restored
        self._write(Remembered(self.ledger.recorder.written, PUT_BACK, restored))

    @property
    def forgotten(self) -> bool:
        """Whether there is no file here."""
        return not self.path.exists()

    def note(self) -> None:
        """Remember how far it is now. Raises Restored."""
        last = self._last
        if last is None or self.ledger.recorder.put_back:
            self.confirm()
            self._last = self.remember()
            return
        head, state = self.ledger.head_and_bytes_at(last.position)
        if _digest_of(state) != last.digest:
            raise Restored
        if last != self._written or self.forgotten or head != last.position:
            self._last = self.remember()

    def remember(self) -> Remembered:
        """The same for who has just asked what is `lost`. A disk that takes nothing is said, and
        what was remembered stays.
        """
        now = self._now()
        if now == self._written and not self.forgotten:
            return now
        told = self._read()
        if told is None or told.digest != PUT_BACK or told.restored != now.restored:
            self._write(now)
        return now

    def _write(self, now: Remembered) -> None:
        fresh = self.path.with_name(f"{FILE}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh.write_text(json.dumps(asdict(now)), encoding="utf-8")
            fresh.replace(self.path)
            self._written = now
        except OSError as error:
            log.warning("the ledger's position cannot be remembered", extra={"why": error.strerror})

    def _now(self) -> Remembered:
        # In this order: what the position covers is known.
        position, restored = self.ledger.head(), self.installation_stream.current().restored
        return Remembered(position, self._digest(position), restored)

    def _holds(self, told: Remembered) -> bool:
        return self._digest(told.position) == told.digest

    def _digest(self, position: int) -> str:
        return _digest_of(self.ledger.bytes_at(position))

    def _read(self) -> Remembered | None:
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            return Remembered(int(told["position"]), str(told["digest"]), int(told["restored"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning(
                "the remembered position of the ledger cannot be read, and is not used",
                extra={"why": type(error).__name__},
            )
            return None


def _digest_of(state: bytes | None) -> str:
    return hashlib.sha256(state).hexdigest() if state is not None else ""
