"""Which host reads the mailbox of mails that come back, and how far it has got. The mailbox stands
here as a hash of its address.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg.rows import TupleRow

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


class Progress(NamedTuple):
    """Mails up to `uid` are done, as long as the mailbox says the same UIDVALIDITY (RFC 9051
    section 2.3.1.1). Zeros before the first.
    """

    uid_validity: int = 0
    uid: int = 0


class InboxLease:
    """The lease of one mailbox for one process. `seconds` by the database's wall clock."""

    def __init__(self, database: Database, mailbox: str, holder: str, seconds: float = 90) -> None:
        self._database, self.seconds = database, seconds
        self._values = {"mailbox": mailbox, "holder": holder, "seconds": seconds}

    def take(self) -> Progress | None:
        """None while another process holds it."""
        rows = self._run("take")
        return Progress(int(rows[0][0]), int(rows[0][1])) if rows else None

    def keep(self) -> bool:
        """False once another process has taken it."""
        return bool(self._run("keep"))

    def advance(self, progress: Progress) -> bool:
        """Remember what is done. False once another process has taken the lease."""
        return bool(self._run("advance", **progress._asdict()))

    def release(self) -> None:
        self._run("release")

    def _run(self, statement: str, **values: object) -> list[TupleRow]:
        with self._database.connection() as connection:
            cursor = connection.execute(SQL[statement], self._values | values)
            return cursor.fetchall() if cursor.description else []
