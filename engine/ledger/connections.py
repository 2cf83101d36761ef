"""The ledger's connections: the library's, but for where they lead and how those that have ended
are found out.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import InternalError, OperationalError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.rows import DictRow, dict_row

from engine.store.connecting import MOVED, Watched, reach
from engine.store.database import DATABASE_LOST

POOL_SECONDS = 30.0


class Connections(PostgresDatastore):
    """Whoever takes a connection gets one that lives, as far as can be seen from here: the
    library's `pre_ping` asks the server each time, which is a journey for every append and every
    look-up.

    The library takes host, port, user, password and database apart from one another and nothing
    else; its pool takes a conninfo.
    """

    def __init__(self, conninfo: str, size: int, schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema)
        self.pool = ConnectionPool(
            reach(conninfo),
            connection_class=Watched[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=1,
            max_size=size,
            open=False,
            configure=self.after_connect_func(),
            timeout=POOL_SECONDS,
            name="ledger",
        )

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        try:
            while True:
                with super().get_connection() as connection:
                    if not _has_ended(connection):
                        yield connection
                        return
        except (OperationalError, InternalError) as error:
            if not isinstance(error.__cause__, MOVED):
                raise
            self.pool.drain()
            raise OperationalError(str(error)) from error.__cause__


def _has_ended(connection: psycopg.Connection[DictRow]) -> bool:
    """A server has nothing to say to who rests, but good-bye: only where something has come is it
    asked. One that has ended is closed here, and the pool makes another. Of a server that is gone
    without a sign the next statement tells.
    """
    try:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if waiting.poll(0):
            connection.execute(b"")
    except DATABASE_LOST:
        connection.close()
    return connection.closed
