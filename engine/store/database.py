"""The one database of an installation: its roles, its five schemas, and a pool of connections for
the running program.
"""

from __future__ import annotations

import math
import os
import secrets as random_source
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from engine.store.connecting import (
    LONG_SECONDS,
    MOVED,
    ORDINARY_SECONDS,
    Pool,
    WatchedConnection,
    connect,
    reach,
)
from engine.store.sql import queries
from engine.words import N_, WordedError

HERE = Path(__file__).parent
MIGRATION_LOCK = 0x52656C61
REFUSED_PASSWORD = "password authentication failed"
"""The message of any server version in English, as libpq passes it on."""
OPEN_SECONDS, CLOSE_SECONDS = 20.0, 2.0
QUIET_SECONDS = 30.0

DATABASE_LOST: tuple[type[Exception], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    *MOVED,
    PoolTimeout,
)
"""Raised by a lost or restarting database, by one that has become a standby, or that has not heard
of this machine for long: wait and try again.
"""

DATABASE_ERROR: tuple[type[Exception], ...] = (psycopg.Error,)
"""Every error of the database."""


class StoreUnavailable(WordedError):
    """The database cannot be reached or prepared: what, where, what to do."""


class Alarm:
    """Ends the wait of a thread that listens, from any other; rung before, it ends the next wait.
    Usable until `close`.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._lock = threading.Lock()
        self._open = True

    def ring(self) -> None:
        with self._lock, suppress(BlockingIOError):
            if self._open:
                os.write(self._write, b"!")

    def fileno(self) -> int:
        return self._read

    def hush(self) -> bool:
        """Whether it had rung."""
        rung = False
        with suppress(BlockingIOError):
            while os.read(self._read, 4096):
                rung = True
        return rung

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                os.close(self._read)
                os.close(self._write)


class Listening:
    """One connection that hears; used by one thread."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._answered = monotonic()

    def wait(self, seconds: float, alarm: Alarm | None = None) -> frozenset[str]:
        """The channels on which something was told before the time was over or `alarm` rang: none,
        where nothing was. Where nothing is told for long, the server is asked whether it is there:
        a proxy keeps a connection open that leads to nobody. Raises DATABASE_LOST.
        """
        polled, end = select.poll(), monotonic() + seconds
        polled.register(self._connection.fileno(), select.POLLIN)
        if alarm is not None:
            polled.register(alarm.fileno(), select.POLLIN)
        while not (heard := self._told()):
            left, patience = end - monotonic(), self._answered + QUIET_SECONDS - monotonic()
            if left <= 0:
                break
            if patience <= 0:
                self._connection.execute(b"")
                self._answered = monotonic()
                continue
            polled.poll(math.ceil(min(left, patience) * 1000))
            if alarm is not None and alarm.hush():
                return self._told()
        return heard

    def _told(self) -> frozenset[str]:
        heard = frozenset(notice.channel for notice in self._connection.notifies(timeout=0))
        if heard:
            self._answered = monotonic()
        return heard

    def tell(self, channel: str) -> None:
        """Everybody who listens to `channel`, this process too."""
        self._connection.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(channel)))


class Database:
    """Connections of the running program, whose role may neither change nor delete an event."""

    def __init__(self, conninfo: str, *, size: int = 12) -> None:
        self.conninfo = conninfo
        self._first: list[psycopg.Connection[Any]] = []
        self.pool: Pool[psycopg.Connection[Any]] = Pool(
            reach(conninfo),
            connection_class=_beginning_with(self._first),
            min_size=1,
            max_size=size,
            open=False,
            kwargs={"autocommit": True},
            configure=_by_key,
            timeout=30,
            max_idle=120,
            name="relance",
        )

    def open(self) -> Database:
        # The pool would retry silently: its first connection is made here.
        try:
            self._first.append(_connected(self.conninfo, ORDINARY_SECONDS))
        except StoreUnavailable as error:
            if REFUSED_PASSWORD not in str(error):
                raise
            role = program_role(self.conninfo)
            raise StoreUnavailable(
                N_(
                    "the database does not take the password in data/secrets/database.password for"
                    " {role}: copy data/secrets from a machine that runs on it, or let an"
                    " administrator run\n  ALTER ROLE {role} PASSWORD '…';\nand put it into that"
                    " file"
                ),
                role=role,
            ) from error
        try:
            self.pool.open(wait=True, timeout=OPEN_SECONDS)
        except psycopg.Error as error:
            raise StoreUnavailable(
                N_("the database does not answer: {why}"), why=str(error)
            ) from error
        return self

    def close(self) -> None:
        self.pool.close(timeout=CLOSE_SECONDS)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self.pool.connection() as connection:
                yield connection
        except MOVED:
            self.pool.drain()
            raise

    @contextmanager
    def transaction(self, *, long: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """`long`: with the deadline for statements that read or write everything."""
        with self.connection() as connection, connection.transaction():
            if long:
                statements = queries(HERE / "roles.sql")
                connection.execute(statements["long"])
                connection.execute(statements["long_idle"])
            yield connection

    @contextmanager
    def listening(self, *channels: str) -> Iterator[Listening]:
        """A connection of its own that receives each `NOTIFY channel`."""
        with connect(self.conninfo) as connection:
            for channel in channels:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield Listening(connection)

    @contextmanager
    def duty(self, name: str, channel: str) -> Iterator[Listening | None]:
        """What one process of the installation does at a time, woken by `NOTIFY channel`: it is
        this one's for as long as the connection lives. None where another has it.
        """
        with connect(self.conninfo) as connection:
            statement = queries(HERE / "roles.sql")["take_duty"]
            (taken,) = connection.execute(statement, {"duty": name}).fetchone() or (False,)
            if taken:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield Listening(connection) if taken else None


def _beginning_with(
    first: list[psycopg.Connection[Any]],
) -> type[psycopg.Connection[Any]]:
    """A class of connections that takes those of `first` before it makes one."""

    class Connected(WatchedConnection[Any]):
        @classmethod
        def connect(  # type: ignore[override]
            cls, conninfo: str = "", **options: Any
        ) -> psycopg.Connection[Any]:
            return first.pop() if first else WatchedConnection.connect(conninfo, **options)

    return Connected


def _by_key(connection: psycopg.Connection[Any]) -> None:
    """The program asks by key. A generic plan made while a table was empty would scan it, and be
    kept while the table fills.
    """
    connection.execute("SET enable_seqscan = off")


@contextmanager
def alone(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that holds the creation lock, so that processes started together create one
    after the other.
    """
    statements = queries(HERE / "roles.sql")
    with _connected(conninfo) as connection:
        connection.execute(statements["lock"], {"key": MIGRATION_LOCK})
        yield connection


def _connected(conninfo: str, statement_seconds: int = LONG_SECONDS) -> WatchedConnection[TupleRow]:
    """Raises StoreUnavailable, without the conninfo's password."""
    try:
        connection = connect(conninfo, statement_seconds)
        if connection.pooled:
            _keeps_sessions(connection, conninfo)
        return connection
    except psycopg.ProgrammingError:
        raise StoreUnavailable(
            N_("[store] url in config.toml is not an address PostgreSQL understands")
        ) from None
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise StoreUnavailable(
            N_("the database cannot be reached: {why}; see [store] url in config.toml"), why=reason
        ) from error


def _keeps_sessions(connection: WatchedConnection[TupleRow], conninfo: str) -> None:
    """Raises StoreUnavailable where the pooler in between does not: locks that are held for a
    connection's life, and notifications, would be somebody else's.
    """
    with connect(conninfo) as other:
        handed_on = connection.is_handed_on(other)
    if handed_on:
        connection.close()
        raise StoreUnavailable(
            N_(
                "the pooler of [store] url hands its connections on after each transaction, and"
                " Relance needs sessions: set pool_mode = session for this database there, or"
                " give the address of PostgreSQL itself"
            )
        )


def ensure_database(admin: str, name: str) -> str:
    """Create database `name` on a server if it is missing; the owner's conninfo for it."""
    with _connected(admin) as connection:
        ensure_database_within(connection, name)
    return make_conninfo(admin, dbname=name)


def ensure_database_within(connection: psycopg.Connection[Any], name: str) -> None:
    """The same over a connection in autocommit, which holds the creation lock where it creates."""
    statements = queries(HERE / "roles.sql")

    def exists() -> bool:
        return connection.execute(statements["database_exists"], {"name": name}).rowcount > 0

    if exists():
        return
    connection.execute(statements["lock"], {"key": MIGRATION_LOCK})
    if not exists():
        connection.execute(
            sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                sql.Identifier(name)
            )
        )


def ensure_program_role(owner: str, password_file: Path, *, ours: bool = False) -> str:
    """The conninfo of the running program's role for the owner's database, made on first use with a
    random password kept in `password_file`.

    A role that is there is another machine's too, and is left as it is; where the server is `ours`
    alone, it gets a new password if the file is lost. Raises StoreUnavailable.
    """
    with alone(owner) as connection:
        return program_role_within(connection, owner, password_file, ours=ours)


def program_role_within(
    connection: psycopg.Connection[Any], owner: str, password_file: Path, *, ours: bool
) -> str:
    """`ensure_program_role` over a connection that holds the creation lock."""
    statements = queries(HERE / "roles.sql")
    database = connection.info.dbname
    role = _role_for(database)
    exists = connection.execute(statements["role_exists"], {"name": role}).fetchone() is not None
    lost = not password_file.exists()
    if lost and exists and not ours:
        raise StoreUnavailable(
            N_(
                "{file} is missing, and the role {role} is there already: copy data/secrets"
                " from a machine that runs on this database; if the password is lost"
                " everywhere, let an administrator run\n  ALTER ROLE {role} PASSWORD"
                " '…';\nand put it into that file"
            ),
            file=str(password_file),
            role=role,
        )
    if lost:
        with os.fdopen(
            os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            file.write(random_source.token_urlsafe(32))
    password = password_file.read_text().strip()
    try:
        if not exists:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
        elif lost:
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
    except psycopg.errors.InsufficientPrivilege as error:
        raise StoreUnavailable(
            N_(
                "the user of [store] url may not create the role {role}: let an administrator"
                " run\n  CREATE ROLE {role} LOGIN PASSWORD '…';\nand put that password into"
                " {file} in the installation's secrets folder"
            ),
            role=role,
            file=password_file.name,
        ) from error
    return make_conninfo(owner, user=role, password=password)


def program_role_of(owner: str) -> str:
    """The running program's role in the owner's database, which is named after it. Raises
    StoreUnavailable.
    """
    with _connected(owner) as connection:
        return _role_for(connection.info.dbname)


def _role_for(database: str) -> str:
    return f"{database}_program"


def program_role(program: str) -> str:
    return str(conninfo_to_dict(program)["user"])
