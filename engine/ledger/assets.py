"""Pictures and downloads as they were published, named by the SHA-256 of their octets, beside the
ledger: an edition says which name had which. A machine keeps those it has served as files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from tempfile import NamedTemporaryFile

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


class Assets:
    """`folder` is this machine's, and may be thrown away. Digests are in hexadecimal."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder

    def missing(self, digests: Collection[str]) -> set[str]:
        """Which of these are not kept yet."""
        asked = {"digests": [bytes.fromhex(digest) for digest in digests]}
        with self.database.connection() as connection:
            return {row[0].hex() for row in connection.execute(SQL["missing"], asked).fetchall()}

    def keep(self, octets: bytes) -> None:
        with self.database.connection() as connection:
            digest = hashlib.sha256(octets).digest()
            connection.execute(SQL["keep"], {"digest": digest, "octets": octets})

    def open(self, digest: str) -> int | None:
        """A descriptor, to be closed by the caller; None where it was never kept."""
        kept = self.folder / digest
        try:
            return os.open(kept, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            pass
        with self.database.connection() as connection:
            asked = {"digest": bytes.fromhex(digest)}
            row = connection.execute(SQL["octets"], asked).fetchone()
        if row is None:
            return None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, delete=False) as file:
            file.write(row[0])
        os.replace(file.name, kept)
        return os.open(kept, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
