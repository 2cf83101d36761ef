"""The last checkpoint this machine has signed, in a file outside the database: on the disk before
anybody else sees it (F07).

A database that is put back from a copy forgets what was signed since; the file does not. It is
replaced as a whole, so that a crash leaves the former one or the new one.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.i18n.language import N_
from engine.proof.checkpoint import Checkpoint, read_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import MOST_BYTES
from engine.proof.signing_refused import SigningRefused

UNREADABLE = N_(
    "{file} cannot be read ({why}): put your saved copy back; only if there is none, remove it, and"
    " the last checkpoint the database knows of counts"
)


class LastCheckpoint:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "proof" / "last-checkpoint"

    def read(self) -> tuple[bytes, Checkpoint] | None:
        """The signed note and what it says; None where nothing was signed yet. Raises
        SigningRefused.
        """
        try:
            with self.path.open("rb") as file:
                note = file.read(MOST_BYTES + 1)
            return note, read_checkpoint(note)
        except FileNotFoundError:
            return None
        except (OSError, ProofRefused) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise SigningRefused(UNREADABLE, file=self.path, why=why) from error

    def write(self, note: bytes) -> None:
        """On the disk when this returns, the name included. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb"
        ) as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        synced(self.path.parent)


def synced(folder: Path) -> None:
    """The names in a folder are on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
