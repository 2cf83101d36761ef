"""Parts of the database written to files and read back. What a file holds is data and nothing else:
rows as COPY takes them, below a line that names their table. No word of a copy is ever carried out,
whoever wrote it; tables are made by this program, and filled by a role that may do no more.

Copies made before that hold archives of `pg_dump`; of those too the data alone is read, by the
`pg_restore` of the embedded wheel, which reaches no database.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from engine.desk.desk import SQL as DESK
from engine.ledger import store as ledger
from engine.proof.store import SQL as PROOF
from engine.store import programs
from engine.store.connecting import connect
from engine.store.database import HERE, MIGRATION_LOCK, program_role
from engine.store.migrate import create_stores
from engine.store.safe_error_text import safe_error_text
from engine.store.sql import beside, queries
from engine.words import N_, WordedError

SQL = beside(__file__)
OF_DESK = ("clock", "api_key", "visited", "segment_count", "count", "awaited_order")
"""What cannot be made anew: keys' hashes, refunds that wait for their purchase, and figures that
are counted as things happen and name nobody (visits, how many were in a segment on a day, robots
caught).
"""
PARTS: Mapping[str, Callable[[str, str], bool]] = {
    "ledger.dump": lambda schema, table: schema in ("ledger", "proof"),
    "desk.dump": lambda schema, table: schema == "desk" and table in OF_DESK,
    "vault.dump": lambda schema, table: schema == "vault" and table != "migration",
}
"""Which tables each part of a copy holds. Views are left out: they are made anew."""
KEEP = (SQL["keep_signed"], SQL["keep_cosigned"], SQL["keep_stamped"])
KEPT = (SQL["signed_still"], SQL["cosigned_still"], SQL["stamped_still"])
"""What others hold or have signed stays, whatever copy is put back."""
ARCHIVE, COMPRESSED = b"PGDMP", b"\x1f\x8b"
LEVEL = 5
BLOCK = 1 << 20
CLOSING_SECONDS = 1.0
END = b"\\.\n"
NAME = r'"?([a-z_][a-z0-9_]{0,62})"?'
HEADING = re.compile(rf"^COPY {NAME}\.{NAME} \(([a-z0-9_\", ]+)\) FROM stdin;\n".encode())
COLUMN = re.compile(NAME.encode())

Connection = psycopg.Connection[TupleRow]
Table = tuple[str, str]
"""Schema and name."""


ENDS_EARLY = N_("{name} ends in the middle: use another copy")
ANOTHER_END = N_("the ledger in the copy does not end where its manifest says: use another copy")


NO_SCRATCH = N_(
    "the owner of the database may make no other one to try the copy in: let an administrator run"
    " ALTER ROLE … CREATEDB, or try it on another machine"
)


class CopyFailed(WordedError):
    """A copy cannot be written or put back: what, and why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a copy holds: `position` and `digest` of its last entry (0 and "" for none), the vault's
    `migrations`.
    """

    connection: Connection
    position: int
    digest: str
    migrations: tuple[str, ...]

    def dump(self, part: str, file: IO[bytes]) -> None:
        """One of PARTS into a file, compressed."""
        with gzip.GzipFile(
            fileobj=file, mode="wb", compresslevel=LEVEL, filename="", mtime=0
        ) as packed:
            for table, columns in _tables(self.connection).items():
                if PARTS[part](*table):
                    packed.write(
                        SQL["heading"]
                        .format(table=".".join(table), columns=", ".join(columns))
                        .encode()
                        + b"\n"
                    )
                    with self.connection.cursor().copy(
                        _copying("copy_out", table, columns)
                    ) as rows:
                        for block in rows:
                            packed.write(block)
                    packed.write(END)


@contextmanager
def snapshot(owner: str) -> Iterator[Snapshot]:
    """The database as of now, for as long as the context lasts. `owner` is the conninfo of who may
    read everything. Raises CopyFailed.
    """
    try:
        with connect(owner) as connection, connection.transaction():
            connection.execute(SQL["snapshot"])
            migrations = tuple(str(row[0]) for row in connection.execute(SQL["migrations"]))
            yield Snapshot(connection, *_head(connection), migrations)
    except psycopg.Error as error:
        raise CopyFailed("{why}", why=safe_error_text(error)) from error


def at_work(owner: str, role: str) -> int:
    """How many connections the running program has. One that has just been closed is in the
    server's list for a moment more, so it is asked again for a second.
    """
    end = time.monotonic() + CLOSING_SECONDS
    with connect(owner) as connection:
        while True:
            row = connection.execute(SQL["at_work"], {"role": role}).fetchone()
            number = int(row[0]) if row else 0
            if not number or time.monotonic() > end:
                return number
            time.sleep(0.05)


def put_back(
    owner: str,
    role: str,
    files: Mapping[str, Path],
    migrations: Collection[str],
    head: tuple[int, str],
) -> None:
    """Each part of PARTS from its file in place of whatever is there, all of it or nothing. `role`
    is the running program's, `migrations` are those that the vault in the copy has had, `head` is
    where its ledger ends: position and digest, as a Snapshot has them. Nobody can start meanwhile.
    Raises CopyFailed: then everything is as it was.
    """
    tables_of_ledger = ledger.statements()
    with connect(owner) as connection:
        connection.execute(queries(HERE / "roles.sql")["lock"], {"key": MIGRATION_LOCK})
        schemas = [str(row[0]) for row in connection.execute(SQL["stores"])]
        signed, worked = "proof" in schemas, "desk" in schemas
        try:
            with connection.transaction():
                if signed:
                    # A database may be older than a table of the proof.
                    _run(connection, PROOF["create"], *KEEP)
                if worked:
                    _run(connection, DESK["create"], SQL["keep_operations"])
                _run(connection, *(SQL.within(schema=schema)["drop"] for schema in schemas))
                create_stores(connection, tables_of_ledger, role, migrations)
                row = connection.execute(SQL["may_anything"]).fetchone()
                if row is not None and row[0]:
                    connection.execute(sql.SQL(SQL["as_program"]).format(role=sql.Identifier(role)))
                for part in PARTS:
                    _fill(connection, part, files[part])
                if _head(connection) != head:
                    raise CopyFailed(ANOTHER_END)
                _run(
                    connection,
                    SQL["as_owner"],
                    *(KEPT if signed else ()),
                    *((SQL["operations_still"],) if worked else ()),
                )
        except psycopg.Error as error:
            raise CopyFailed("{why}", why=safe_error_text(error)) from error


@contextmanager
def scratch(owner: str) -> Iterator[str]:
    """The conninfo of a new and empty database on the owner's server, gone afterwards: where this
    process is killed, when the next is made. One at a time. Raises CopyFailed where none can be
    made.
    """
    try:
        with connect(owner) as connection:
            (oid, _), *_rest = connection.execute(SQL["one_trial"]).fetchall()
            name = f"relance_trial_{oid}"
            drop = sql.SQL(SQL["drop_scratch"]).format(name=sql.Identifier(name))
            connection.execute(drop)
            connection.execute(sql.SQL(SQL["make_scratch"]).format(name=sql.Identifier(name)))
            try:
                yield make_conninfo(owner, dbname=name)
            finally:
                connection.execute(drop)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CopyFailed(NO_SCRATCH) from error
    except psycopg.Error as error:
        raise CopyFailed("{why}", why=safe_error_text(error)) from error


class AtWork(Exception):
    """The running program is connected."""


@contextmanager
def clear(owner: str, program: str) -> Iterator[None]:
    """Drop every store and view once the context's own work is done, so that the next start makes
    them anew. Nobody can start meanwhile.

    `owner` and `program` are the conninfos of who may create and of the running program. Raises
    AtWork before anything is touched.
    """
    with connect(owner) as guard:
        guard.execute(queries(HERE / "roles.sql")["lock"], {"key": MIGRATION_LOCK})
        if at_work(owner, program_role(program)):
            raise AtWork
        yield
        drop_views(program)
        with guard.transaction():
            for row in guard.execute(SQL["stores"]).fetchall():
                guard.execute(SQL.within(schema=str(row[0]))["drop"].encode())


def drop_views(program: str) -> None:
    """Views of a ledger that has given way to another; `program` is the conninfo of the running
    program's role.
    """
    with connect(program) as connection:
        for row in connection.execute(SQL["views"]).fetchall():
            connection.execute(SQL.within(schema=str(row[0]))["drop"].encode())


def _run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def _head(connection: Connection) -> tuple[int, str]:
    """Position and digest of the ledger's last entry."""
    head = connection.execute(SQL["head"]).fetchone()
    return (int(head[0]), hashlib.sha256(bytes(head[1])).hexdigest()) if head else (0, "")


def _tables(connection: Connection) -> dict[Table, list[str]]:
    return {
        (str(row[0]), str(row[1])): cast(list[str], row[2])
        for row in connection.execute(SQL["tables"])
    }


def _copying(statement: str, table: Table, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(SQL[statement]).format(
        table=sql.Identifier(*table), columns=sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _fill(connection: Connection, part: str, file: Path) -> None:
    """The vault has the tables of the migrations that the copy names, so each of them is in it: a
    copy cut between two tables would be read without a fault otherwise.
    """
    known = _tables(connection)
    missing = {table for table in known if table[0] == "vault" and PARTS[part](*table)}
    with _opened(part, file) as lines:
        for line in lines:
            heading = HEADING.fullmatch(line)
            if heading is None:
                continue
            table = (heading[1].decode(), heading[2].decode())
            columns = [name.decode() for name in COLUMN.findall(heading[3])]
            missing.discard(table)
            if table == ("vault", "migration"):
                _pass_over(part, lines)
                continue
            if not PARTS[part](*table) or not set(columns) <= set(known.get(table, ())):
                raise CopyFailed(
                    N_("{name} holds {table}, which has no place there: use another copy"),
                    name=part,
                    table=f"{'.'.join(table)} ({', '.join(columns)})",
                )
            with connection.cursor().copy(_copying("copy_in", table, columns)) as rows:
                for block in _rows(part, lines):
                    rows.write(block)
    if missing:
        raise CopyFailed(ENDS_EARLY, name=part)


def _rows(part: str, lines: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks of whole lines, up to the one that ends them."""
    kept: list[bytes] = []
    size = 0
    for line in lines:
        if line == END:
            yield b"".join(kept)
            return
        kept.append(line)
        size += len(line)
        if size > BLOCK:
            yield b"".join(kept)
            kept.clear()
            size = 0
    raise CopyFailed(ENDS_EARLY, name=part)


def _pass_over(part: str, lines: Iterator[bytes]) -> None:
    for _ in _rows(part, lines):
        continue


@contextmanager
def _opened(part: str, file: Path) -> Iterator[Iterator[bytes]]:
    """Its lines. Raises CopyFailed where it is damaged, or nothing of ours."""
    try:
        with file.open("rb") as begun:
            kind = begun.read(len(ARCHIVE))
        if kind == ARCHIVE:
            with _archive(part, file) as lines:
                yield lines
        elif kind.startswith(COMPRESSED):
            with gzip.open(file, "rb") as packed:
                yield packed
        else:
            raise CopyFailed(N_("{name} is no part of a copy: use another copy"), name=part)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CopyFailed(
            N_("{name} is damaged ({what}): use another copy"),
            name=part,
            what=safe_error_text(error),
        ) from error


@contextmanager
def _archive(part: str, file: Path) -> Iterator[Iterator[bytes]]:
    command = [str(programs.program("pg_restore")), "--data-only", "--file=-", str(file.absolute())]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(
            command,
            env=programs.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as running:
            assert running.stdout is not None
            try:
                yield running.stdout
                ended = not running.stdout.readline()
            except BaseException:
                running.kill()
                raise
            if not ended:
                running.kill()
        if running.returncode != 0:
            why = _cause(complaints) or str(running.returncode)
            raise CopyFailed("{name}: pg_restore: {why}", name=part, why=why)


def _cause(complaints: IO[bytes]) -> str:
    """What went wrong, and not what was only remarked before."""
    complaints.seek(0)
    lines = [
        line.strip()
        for line in complaints.read(100_000).decode("utf-8", "replace").splitlines()
        if line.strip()
    ]
    return next((line for line in lines if "error:" in line.lower()), lines[0] if lines else "")
