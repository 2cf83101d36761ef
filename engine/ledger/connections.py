"""The connections of the ledger's own pool, which the `eventsourcing` library takes."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import InternalError, OperationalError
from eventsourcing.postgres import ConnectionPool, PostgresDatastore
from psycopg.rows import DictRow, dict_row

from engine.store.connecting import MOVED, Pool, WatchedConnection, reach
from engine.store.database import DATABASE_LOST

POOL_SECONDS = 30.0


class _LedgerPool(Pool[psycopg.Connection[DictRow]], ConnectionPool[psycopg.Connection[DictRow]]):
    """The library's pool, which looks for a server as ours does."""


class Connections(PostgresDatastore):
    """A pool whose connections are checked without a round trip; the library's `pre_ping` asks the
    server before each use. It makes none before the first is needed: the library does not wait for
    that one, and the pool would make a second meanwhile.

    The library takes host, port, user, password and database apart from one another and nothing
    else; its pool takes a whole conninfo.
    """

    def __init__(self, conninfo: str, size: int, schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema)
        self.pool = _LedgerPool(
            reach(conninfo),
            connection_class=WatchedConnection[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=0,
            max_size=size,
            open=False,
            configure=self.after_connect_func(),
            timeout=POOL_SECONDS,
            name="ledger",
        )

    def register_type_adapters(self) -> None:
        """The library would ask the server for a type of its own INSERT, which `LedgerRecorder`
        does not use: a connection and two queries at every start.
        """

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
    """Whether the server has closed this connection. An idle connection has nothing to read unless
    it was closed; the socket is read only then. A connection that has ended is closed here and the
    pool makes another. A server lost without a sign shows at the next statement.
    """
    try:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN)
        if waiting.poll(0):
            connection.execute(b"")
    except DATABASE_LOST:
        connection.close()
    return connection.closed
