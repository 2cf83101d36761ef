"""The ledger's connections: the library's, but for how those that have ended are found out."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import DictRow

from engine.store.database import DATABASE_LOST


class Connections(PostgresDatastore):
    """Whoever takes a connection gets one that lives, as far as can be seen from here: the library's `pre_ping` asks the server each time, which is
    a journey for every append and every look-up."""

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        while True:
            with super().get_connection() as connection:
                if not _has_ended(connection):
                    yield connection
                    return


def _has_ended(connection: psycopg.Connection[DictRow]) -> bool:
    """A server has nothing to say to who rests, but good-bye: only where something has come is it asked. One that has ended is closed here, and the
    pool makes another. Of a server that is gone without a sign the next statement tells."""
    try:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if waiting.poll(0):
            connection.execute(b"")
    except DATABASE_LOST:
        connection.close()
    return connection.closed
