"""How the database is reached: one complete conninfo for every connection, and no wait for a server
that is gone.

What `[store] url` says is kept, whatever libpq knows (sslmode, several hosts, target_session_attrs,
passfile, options…); what it leaves out is set so that a dead connection is noticed. TCP finds out
within a dozen seconds that a host is gone; where a proxy keeps the connection open, the server is
asked over a second connection once a statement has been silent for `SILENT_SECONDS`.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from time import monotonic
from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

from engine.store.sql import beside

SQL = beside(__file__)
ORDINARY_SECONDS = 60
"""The deadline of a statement of the running program."""
LONG_SECONDS = 6 * 3600
"""The deadline of a statement that reads or writes everything: a rebuild, a migration, a copy."""
CONNECT_SECONDS = 10
SILENT_SECONDS = 10.0
ASKING_SECONDS = 5
WAIT_INTERVAL = 0.1
NOTICING = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
"""TCP keepalive: seconds before the first probe and between probes; the last is milliseconds for
unacknowledged data.
"""
FROM_ENVIRONMENT = {"connect_timeout": "PGCONNECT_TIMEOUT", "options": "PGOPTIONS"}

RV = TypeVar("RV")
Row = TypeVar("Row", covariant=True)


class ServerSilent(psycopg.OperationalError):
    """The connection is open, but no server process works for it any more."""


MOVED: tuple[type[Exception], ...] = (ServerSilent, psycopg.errors.ReadOnlySqlTransaction)
"""Errors after which all connections must be made anew: the server is gone, or has become a
standby.
"""


def reach(conninfo: str, statement_seconds: int = ORDINARY_SECONDS) -> str:
    """`conninfo` completed with what it leaves out. `statement_seconds` is the deadline of each
    statement, unless its own `options` set one. Nothing is compiled: that costs more than any
    statement here, and the estimates that call for it are wrong where tables are not scanned.
    """
    parts = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    for key, variable in FROM_ENVIRONMENT.items():
        if key not in parts and variable in os.environ:
            parts[key] = os.environ[variable]
    # Of two settings in `options` the last one wins.
    ours = f"-c jit=off -c statement_timeout={statement_seconds * 1000}"
    parts["options"] = f"{ours} {parts.get('options', '')}".rstrip()
    return make_conninfo(**(NOTICING | {"connect_timeout": str(CONNECT_SECONDS)} | parts))


def connect(
    conninfo: str, statement_seconds: int = LONG_SECONDS, *, autocommit: bool = True
) -> psycopg.Connection[TupleRow]:
    """A connection outside the pools. Raises psycopg.Error."""
    return WatchedConnection.connect(reach(conninfo, statement_seconds), autocommit=autocommit)


class WatchedConnection(psycopg.Connection[Row]):
    """A connection whose server is asked, over a second one, whether it still works when a
    statement has been silent for long.
    """

    def wait(
        self, gen: PQGen[RV], interval: float = WAIT_INTERVAL, timeout: float | None = None
    ) -> RV:
        return super().wait(self._noticing(gen) if timeout is None else gen, interval, timeout)

    def _noticing(self, gen: PQGen[RV]) -> Generator[Wait, Ready | int, RV]:
        """Runs `gen`; raises ServerSilent when no server process works on its statement."""
        heard = monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = monotonic()
                elif monotonic() - heard > SILENT_SECONDS:
                    if not self._is_served():
                        self.close()
                        raise ServerSilent(
                            "the server has not answered, and does not work at an answer"
                        )
                    heard = monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            result: RV = end.value
            return result

    def _is_served(self) -> bool:
        reached = {
            option.keyword.decode(): option.val.decode()
            for option in self.pgconn.info
            if option.val
        }
        reached["connect_timeout"] = str(ASKING_SECONDS)
        try:
            with _ProbeConnection.connect(make_conninfo(**reached), autocommit=True) as asking:
                return (
                    asking.execute(SQL["at_work"], {"pid": self.info.backend_pid}).fetchone()
                    is not None
                )
        except psycopg.Error:
            return False


class _ProbeConnection(WatchedConnection[TupleRow]):
    def _is_served(self) -> bool:
        return False
