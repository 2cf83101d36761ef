"""Bring a database to what this program needs: the one place that creates. Run by one process at a
time under an advisory lock.

A database in which nothing is written yet is made by whoever comes first. One of a former release
is brought up to date by `relance migrate`, beside programs that work on it; the embedded one by
whichever verb comes first, where nothing else works on it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from psycopg.sql import Composed

from engine import __version__
from engine.desk import desk
from engine.ledger import store as ledger
from engine.proof import store as proof
from engine.store import release
from engine.store.database import (
    HERE,
    StoreUnavailable,
    alone,
    program_role,
    program_role_within,
)
from engine.store.release import FIRST, Heard, NotMigrated, heard_of, is_older, refuse_newer
from engine.store.sql import queries
from engine.words import N_, WordedError, Words, words

Connection = psycopg.Connection[TupleRow]
VAULT_MIGRATIONS = Path(__file__).parent.parent / "vault" / "migrations"
OLDEST = "0.2.0"
"""The first release that works without what `take_away` removes: raised with it."""
TRIES, TRY_AGAIN_SECONDS = 40, 0.25
IN_USE: tuple[type[Exception], ...] = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
)


class NewerVault(WordedError):
    """The vault was made by a newer program than this one."""


@dataclass(frozen=True, slots=True)
class Migration:
    """`former` is the release that the database was of, "" where there was none. `older`: processes
    of former releases that are heard of; what only they need stands until there is none.
    """

    former: str
    changed: bool
    older: tuple[Heard, ...]


def prepare(
    owner: str,
    password_file: Path,
    *,
    ours: bool = False,
    tell: Callable[[Words], None] = lambda news: None,
) -> str:
    """The role and the stores of the running program, over one connection; its conninfo. See
    `ensure_program_role`. `ours`: nobody but this program makes anything on the server.

    Raises NotMigrated, NewerDatabase and NewerVault rather than touch what it may not.
    """
    with alone(owner) as connection:
        program = program_role_within(connection, owner, password_file, ours=ours)
        _see_to(connection, program_role(program), ours, tell)
    return program


def _see_to(connection: Connection, role: str, ours: bool, tell: Callable[[Words], None]) -> None:
    there = release.release_of(connection)
    if there is None:
        _migrate(connection, role)
        return
    refuse_newer(there.minimum)
    if is_older(__version__, there.version) or there.fingerprint == fingerprint():
        granted = connection.execute(queries(HERE / "migrate.sql")["granted"], {"role": role})
        if (granted.fetchone() or (False,))[0] is not True:
            _grant(connection, role)
        return
    busy = heard_of(connection)
    if busy or not ours:
        raise NotMigrated(
            N_(
                "the tables of the database are those of Relance {former}, and this is {own}:"
                " `relance migrate` adds what it needs, beside what runs; nothing was changed"
            ),
            former=there.version,
            own=__version__,
        )
    _migrate(connection, role)
    tell(
        words(
            N_("the database was brought from Relance {former} to {own}"),
            former=there.version,
            own=__version__,
        )
    )


def migrate(owner: str, role: str) -> Migration:
    """Create or bring up to date, beside whatever works on the database; `role` is the running
    program's. Raises NewerDatabase and NewerVault rather than touch what it does not know,
    StoreUnavailable where a table is in use for too long: then it is begun again.
    """
    with alone(owner) as connection:
        there = release.release_of(connection)
        if there is not None:
            refuse_newer(there.minimum)
            if is_older(__version__, there.version):
                return Migration(there.version, False, ())
        changed = there is None or there.fingerprint != fingerprint()
        older = _migrate(connection, role)
        finished = there is not None and not older and is_older(there.minimum, OLDEST)
        former = there.version if there is not None else ""
        return Migration(former, changed or finished, tuple(older))


def _migrate(connection: Connection, role: str) -> list[Heard]:
    """What is added, and, where nobody older is heard of, what is taken away. Who is older."""
    connection.execute(queries(HERE / "migrate.sql")["patient"])
    _patiently(lambda: create_stores(connection, ledger.statements(), role))
    made = {"version": __version__, "fingerprint": fingerprint(), "minimum": FIRST}
    connection.execute(release.SQL["expanded"], made)
    older = [process for process in heard_of(connection) if is_older(process.version, __version__)]
    if not older:
        _patiently(lambda: _finish(connection))
    return older


def _finish(connection: Connection) -> None:
    statements = queries(HERE / "migrate.sql")
    with connection.transaction():
        connection.execute(statements["take_away"].encode())
        connection.execute(release.SQL["finished"], {"minimum": OLDEST})
        connection.execute(release.SQL["forbid_first"], {"minimum": OLDEST})
        named = {"release": sql.Literal(f"relance {OLDEST}")}
        connection.execute(sql.SQL(statements["mark"]).format(**named))


def _patiently(step: Callable[[], None]) -> None:
    """A step that finds a table in use is begun anew: each can be done twice."""
    for left in reversed(range(TRIES)):
        try:
            return step()
        except IN_USE as error:
            if not left:
                raise StoreUnavailable(
                    N_("a table is in use and was not changed; begin again: {why}"), why=str(error)
                ) from error
            time.sleep(TRY_AGAIN_SECONDS)


def create_stores(
    connection: Connection,
    tables_of_ledger: Sequence[Composed],
    role: str,
    migrations: Collection[str] | None = None,
) -> None:
    """Schemas, tables and what `role` may do with them; the vault as these `migrations` leave it
    (None: all there are). Raises NewerVault.
    """
    statements = queries(HERE / "migrate.sql")
    ledger.create(connection, tables_of_ledger)
    connection.execute(statements["schemas"].encode())
    connection.execute(desk.SQL["create"].encode())
    _vault(connection, migrations)
    with connection.cursor() as cursor:
        proof.create(cursor)
    _grant(connection, role)


def _grant(connection: Connection, role: str) -> None:
    """What the running program may do."""
    statements = queries(HERE / "migrate.sql")
    named = {"role": sql.Identifier(role), "database": sql.Identifier(connection.info.dbname)}
    for name in ("grant_ledger", "grant_tables", "grant_proof", "grant_views"):
        connection.execute(sql.SQL(statements[name]).format(**named))


def fingerprint() -> str:
    """Names everything that a migration makes: while it is the same, none is needed, and none takes
    a lock that would stop the senders.
    """
    made = {
        "migrate": ("grant_ledger", "grant_tables", "grant_proof", "grant_views", "take_away"),
        "ledger": ("schema", "dense", "forbid", "guard", "assets"),
        "desk": ("create",),
        "proof": ("create", "forbid", "guard", "guard_stamps", "guard_cosignatures"),
    }
    files = {
        "migrate": queries(HERE / "migrate.sql"),
        "ledger": ledger.SQL,
        "desk": desk.SQL,
        "proof": proof.SQL,
    }
    statements = [files[room][name].encode() for room, names in made.items() for name in names]
    vault = [path.read_bytes() for path in sorted(VAULT_MIGRATIONS.glob("*.sql"))]
    return hashlib.sha256(b"\0".join([*statements, *vault])).hexdigest()


def _vault(connection: Connection, only: Collection[str] | None) -> None:
    table = queries(HERE / "migrate.sql")
    connection.execute(table["vault_versions"].encode())
    done = {str(row[0]) for row in connection.execute(table["vault_done"]).fetchall()}
    files = {path.stem: path for path in sorted(VAULT_MIGRATIONS.glob("*.sql"))}
    unknown = done - set(files)
    if unknown:
        raise NewerVault(
            N_("the vault has had {names}, which this program does not know: use a newer Relance"),
            names=", ".join(sorted(unknown)),
        )
    for stem, path in files.items():
        if stem not in done and (only is None or stem in only):
            with connection.transaction():
                connection.execute(path.read_text(encoding="utf-8").encode())
                connection.execute(table["vault_did"], {"name": stem})
