"""How entries are inserted: under the ledger's lock, at dense positions, by the library's recorder
with statements of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from engine.store.binary import beginning, bigint, copy_rows, length, uuid_of
from engine.store.sql import AnyCursor, queries

SQL = queries(Path(__file__).with_name("store.sql"))
EIGHT = length(8)
LOCK = ";".join(SQL[name] for name in ("lock", "notify")).encode()
LOCKED = b"%b;%b" % (LOCK, SQL["last"].encode())
"""Lock and last entry in one round trip. Each statement sees what was committed before it began, so
the last one sees what the lock waited for.
"""
FEW = (
    SQL["few"]
    .replace("{last}", SQL["last"])
    .replace("{recorded_at}", "%d")
    .replace("{written}", "%d")
    .encode()
)
FEW_BEFORE, FEW_AFTER = FEW.split(b"{rows}")
Within = Callable[[AnyCursor], None]
Row = bytes
"""A COPY row up to the position, which is known only under the lock."""


class LedgerPutBack(OperationalError):
    """The ledger ends before what this process has written to it: an older copy was put back, or a
    standby took over that had not heard of it. Nothing is appended, since versions and positions
    known here are no longer so. As an OperationalError it is one of LOST.
    """


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder with `insert_events` by binary COPY at dense positions.

    `written`: the highest position that this process has committed since it is `watched`.
    `put_back`: the ledger was found to end before it.
    """

    watched = False
    written = 0
    put_back = False

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: object
    ) -> Sequence[int]:
        rows = [
            beginning(
                5,
                uuid_of(str(event.originator_id)),
                bigint(event.originator_version),
                event.topic.encode(),
                event.state,
            )
            for event in stored_events
        ]
        return self.write(
            lambda cursor, last: rows, cast(Sequence[Within], kwargs.get("within", ()))
        )

    def write(
        self, rows: Callable[[AnyCursor, int], Sequence[Row]], within: Sequence[Within]
    ) -> Sequence[int]:
        """Insert in order; returns the positions. `rows` is called under the lock, when no other
        writer can come between, with when the last entry was recorded (ms, 0: there is none).
        """
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            if within:
                cursor.execute(b"BEGIN")
            for write in within:
                write(cursor)
            cursor.execute(LOCKED if within else b"BEGIN;" + LOCKED)
            while cursor.nextset():
                pass
            last = cursor.fetchone()
            first = int(last["position"]) + 1 if last is not None else 1
            if first <= self.written:
                self.put_back = True
                raise LedgerPutBack("the ledger ends before what was written to it")
            asked = rows(cursor, int(last["recorded_at"]) if last is not None else 0)
            copy_rows(
                cursor,
                SQL["copy"],
                [
                    b"%b%b%b" % (write, EIGHT, bigint(position))
                    for position, write in enumerate(asked, first)
                ],
            )
            # On an exception the library's pool rolls back.
            connection.commit()
        return self._committed(first, len(asked))

    def write_few(
        self, rows: Sequence[bytes], recorded_at: int, within: Sequence[Within]
    ) -> Sequence[int]:
        """Insert a few rows (each as `Encoded.literals` gives it): lock, insert and commit in one
        statement. `recorded_at` is the earliest of theirs (ms). Raises IntegrityError where the
        last entry was recorded later, or stands before what was written.
        """
        values = b",".join([b"(%b,%d)" % (row, n) for n, row in enumerate(rows, 1)])
        written = b"%b;%b%b%b;COMMIT" % (
            LOCK,
            FEW_BEFORE % (recorded_at, self.written),
            values,
            FEW_AFTER,
        )
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            if within:
                cursor.execute(b"BEGIN")
            for write in within:
                write(cursor)
            cursor.execute(written if within else b"BEGIN;" + written)
            while cursor.description is None or cursor.description[0].name != "notification_id":
                cursor.nextset()
            first = min(int(row["notification_id"]) for row in cursor.fetchall())
        return self._committed(first, len(rows))

    def _committed(self, first: int, count: int) -> Sequence[int]:
        # Of two threads one may be forgotten: a position that is too low finds less, never wrongly.
        if self.watched:
            self.written = max(self.written, first + count - 1)
        return range(first, first + count)
