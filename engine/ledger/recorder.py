"""How entries are inserted: under the ledger's lock, at dense positions, by the library's recorder
with statements of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from engine.store.binary import beginning, bigint, copy_rows, length, uuid_of
from engine.store.sql import AnyCursor, queries

SQL = queries(Path(__file__).with_name("store.sql"))
EIGHT = length(8)
LOCKED = ";".join(SQL[name] for name in ("lock", "notify", "head")).encode()
"""Lock and head in one round trip. Each statement sees what was committed before it began, so the
last one sees what the lock waited for.
"""
FEW_BEFORE, FEW_AFTER = SQL["few"].encode().split(b"{rows}")
Within = Callable[[AnyCursor], None]
Row = bytes
"""A COPY row up to the position, which is known only under the lock."""


class LedgerRecorder(PostgresApplicationRecorder):
    """The library's recorder with `insert_events` by binary COPY at dense positions."""

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
        return self.write(lambda cursor: rows, cast(Sequence[Within], kwargs.get("within", ())))

    def write(
        self, rows: Callable[[AnyCursor], Sequence[Row]], within: Sequence[Within]
    ) -> Sequence[int]:
        """Insert in order; returns the positions. `rows` is called under the lock, when no other
        writer can come between.
        """
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            if within:
                cursor.execute(b"BEGIN")
            for write in within:
                write(cursor)
            cursor.execute(LOCKED if within else b"BEGIN;" + LOCKED)
            while cursor.nextset():
                pass
            head = cursor.fetchone()
            assert head is not None
            first = int(head["coalesce"]) + 1
            asked = rows(cursor)
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
        return range(first, first + len(asked))

    def write_few(self, rows: Sequence[bytes], within: Sequence[Within]) -> Sequence[int]:
        """Insert a few rows (each as `Encoded.literals` gives it): lock, insert and commit in one
        statement.
        """
        values = b",".join([b"(%b,%d)" % (row, n) for n, row in enumerate(rows, 1)])
        written = b"%b;%b%b%b;COMMIT" % (LOCKED, FEW_BEFORE, values, FEW_AFTER)
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            if within:
                cursor.execute(b"BEGIN")
            for write in within:
                write(cursor)
            cursor.execute(written if within else b"BEGIN;" + written)
            while cursor.description is None or cursor.description[0].name != "coalesce":
                cursor.nextset()
            head = cursor.fetchone()
            assert head is not None
            first = int(head["coalesce"]) + 1
        return range(first, first + len(rows))
