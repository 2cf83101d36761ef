"""How the database is reached: one complete conninfo for every connection, and no wait for a server
that is gone.

What `[store] url` says is kept, whatever libpq knows (sslmode, several hosts, target_session_attrs,
passfile, options…); what it leaves out is set so that a dead connection is noticed, and so that a
standby, whose ledger may lag behind, is not taken for the server. TCP finds out within a dozen
seconds that a host is gone; where a proxy keeps the connection open, the server is asked over a
second connection once a statement has been silent for `SILENT_SECONDS`.

Of several hosts the one that was reached last is tried first: one that is gone costs no further
connection its deadline.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow, tuple_row
from psycopg.waiting import Ready, Wait
from psycopg_pool import ConnectionPool, PoolTimeout

from engine.store.sql import beside

SQL = beside(__file__)
ORDINARY_SECONDS = 60
"""The deadline of a statement of the running program."""
LONG_SECONDS = 6 * 3600
"""The deadline of a statement that reads or writes everything: a rebuild, a migration, a copy."""
CONNECT_SECONDS, CONNECT_SECONDS_OF_SEVERAL = 10, 5
"""The deadline of reaching one host; of several the next is tried then."""
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
NOTICED = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
"""The same at the server's end: what a host held that is gone is free again as soon."""
IDLE_SECONDS = 8.0
"""How long a transaction of the running program may wait for its next statement. One that stands
still within it, as its machine may, would hold up all others by what it has locked.
"""
OPTION = re.compile(r"-c\s*([\w.]+)=(\S*)")
FROM_ENVIRONMENT = {"connect_timeout": "PGCONNECT_TIMEOUT", "options": "PGOPTIONS"}

RECONNECT_SECONDS = ASK_AGAIN_SECONDS = 2.0
RV = TypeVar("RV")
Pooled = TypeVar("Pooled", bound=psycopg.Connection[Any])
Row = TypeVar("Row", covariant=True)


class ServerSilent(psycopg.OperationalError):
    """The connection is open, but no server process works for it any more."""


MOVED: tuple[type[Exception], ...] = (
    ServerSilent,
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.IdleInTransactionSessionTimeout,
)
"""Errors after which all connections must be made anew: the server is gone, has become a standby,
or has not heard of this machine for long.
"""


def reach(conninfo: str, statement_seconds: int = ORDINARY_SECONDS) -> str:
    """`conninfo` completed with what it leaves out. `statement_seconds` is the deadline of each
    statement, unless its own `options` set one. Only a server that takes writes is connected to,
    unless `target_session_attrs` says otherwise. Nothing is compiled: that costs more than any
    statement here, and the estimates that call for it are wrong where tables are not scanned.
    """
    parts = address_parts(conninfo)
    for key, variable in FROM_ENVIRONMENT.items():
        if key not in parts and variable in os.environ:
            parts[key] = os.environ[variable]
    settings = {"jit": "off", "statement_timeout": str(statement_seconds * 1000)} | NOTICED
    if statement_seconds <= ORDINARY_SECONDS:
        settings["idle_in_transaction_session_timeout"] = str(round(1000 * IDLE_SECONDS))
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    # Of two settings in `options` the last one wins.
    parts["options"] = f"{ours} {parts.get('options', '')}".rstrip()
    several = "," in parts.get("host", "") + parts.get("hostaddr", "")
    ours_too = NOTICING | {
        "connect_timeout": str(CONNECT_SECONDS_OF_SEVERAL if several else CONNECT_SECONDS),
        "target_session_attrs": "read-write",
    }
    return make_conninfo(**(ours_too | parts))


def address_parts(url: str) -> dict[str, str]:
    """What an address of the database says, by libpq's names. Raises psycopg.Error."""
    return {key: str(value) for key, value in conninfo_to_dict(url).items()}


_reached: dict[str, str] = {}
"""Of each list of hosts the one that was reached last, as `_places` names it."""


def _places(parts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The hosts of a conninfo in their order, by name and port: what each has of its own."""
    lists = {key: parts[key].split(",") for key in ("host", "hostaddr", "port") if key in parts}
    count = max((len(values) for values in lists.values()), default=0)
    if any(len(values) not in (1, count) for values in lists.values()):
        return {}
    places: dict[str, dict[str, str]] = {}
    for n in range(count):
        place = {key: values[n % len(values)] for key, values in lists.items()}
        name = place.get("host") or place.get("hostaddr", "")
        places[f"{name}:{place.get('port') or '5432'}"] = place
    return places


def _best_first(conninfo: str) -> tuple[str, str]:
    """`conninfo` with the host first that was reached last, and a name for its hosts together (""
    where there is but one).
    """
    parts = address_parts(conninfo)
    places = _places(parts)
    if len(places) < 2:
        return conninfo, ""
    together = ",".join(places)
    order = sorted(places, key=lambda place: place != _reached.get(together))
    chosen = {key: ",".join(places[name][key] for name in order) for key in places[order[0]]}
    return make_conninfo(**(parts | chosen)), together


def connect(
    conninfo: str, statement_seconds: int = LONG_SECONDS, *, autocommit: bool = True
) -> WatchedConnection[TupleRow]:
    """A connection outside the pools. Raises psycopg.Error."""
    return WatchedConnection.connect(reach(conninfo, statement_seconds), autocommit=autocommit)


class WatchedConnection(psycopg.Connection[Row]):
    """A connection whose server is asked, over a second one, whether it still works when a
    statement has been silent for long.
    """

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        ordered, together = _best_first(conninfo)
        autocommit = bool(options.pop("autocommit", False))
        connection = super().connect(ordered, autocommit=True, **options)
        try:
            connection._know_server()
            connection.autocommit = autocommit
        except BaseException:
            connection.close()
            raise
        if together:
            _reached[together] = f"{connection.info.host}:{connection.info.port}"
        return connection

    def _know_server(self) -> None:
        """Of a pooler in between, the number it gave is its own, and what `options` say may have
        been left out.
        """
        self.server_pid = self.info.backend_pid
        self.server_pid = self._asked_pid()
        if not self.pooled:
            return
        options = next((o.val or b"" for o in self.pgconn.info if o.keyword == b"options"), b"")
        names, values = zip(*OPTION.findall(options.decode()), strict=True)
        self.execute(SQL["set"], {"names": list(names), "values": list(values)})

    def _asked_pid(self) -> int:
        row = psycopg.Cursor(self, row_factory=tuple_row).execute(SQL["server_pid"]).fetchone()
        return int(row[0]) if row is not None else 0

    @property
    def pooled(self) -> bool:
        """Whether a pooler stands in between."""
        return self.server_pid != self.info.backend_pid

    def is_handed_on(self, other: WatchedConnection[Row]) -> bool:
        """Whether the pooler in between gives this connection's server to others after each
        transaction. `other` is a second connection to the same, in autocommit as this one is.
        """
        with other.transaction():
            pid = other._asked_pid()
            return pid == self.server_pid or self._asked_pid() != self.server_pid

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
                    asking.execute(SQL["at_work"], {"pid": self.server_pid}).fetchone() is not None
                )
        except psycopg.Error:
            return False


class Pool(ConnectionPool[Pooled]):
    """Connections are looked for as long as somebody waits for one. The package's own pool lets
    ever more time pass between two attempts, minutes at last, and finds a server that is there
    again as late.
    """

    def __init__(self, conninfo: str, **options: Any) -> None:
        super().__init__(conninfo, reconnect_timeout=RECONNECT_SECONDS, **options)

    def getconn(self, timeout: float | None = None) -> Pooled:
        """Raises PoolTimeout."""
        end = monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            left = end - monotonic()
            try:
                # An attempt that was given up is begun again by who asks anew.
                return super().getconn(min(left, ASK_AGAIN_SECONDS))
            except PoolTimeout:
                if left <= ASK_AGAIN_SECONDS:
                    raise


class _ProbeConnection(WatchedConnection[TupleRow]):
    def _is_served(self) -> bool:
        return False
