"""Bring a database to what this program needs: the one place that creates. Run by one process at a
time under an advisory lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from psycopg.sql import Composed

from engine.desk import desk
from engine.ledger import store as ledger
from engine.proof import store as proof
from engine.store.database import HERE, alone, program_role, program_role_within
from engine.store.sql import queries
from engine.words import N_, WordedError

VAULT_MIGRATIONS = Path(__file__).parent.parent / "vault" / "migrations"


class NewerVault(WordedError):
    """The vault was made by a newer program than this one."""


def prepare(owner: str, password_file: Path, *, ours: bool = False) -> str:
    """The role and the stores of the running program, over one connection; its conninfo. See
    `ensure_program_role` and `migrate`.
    """
    with alone(owner) as connection:
        program = program_role_within(connection, owner, password_file, ours=ours)
        _bring_up_to_date(connection, program_role(program))
    return program


def migrate(owner: str, role: str) -> None:
    """Create or bring up to date; `role` is the running program's. Raises NewerVault rather than
    touch what it does not know.
    """
    with alone(owner) as connection:
        _bring_up_to_date(connection, role)


def _bring_up_to_date(connection: psycopg.Connection[TupleRow], role: str) -> None:
    wanted = _fingerprint()
    fingerprint, granted = _found(connection, role)
    if fingerprint != wanted:
        create_stores(connection, ledger.statements(), role)
        mark = queries(HERE / "migrate.sql")["mark"]
        connection.execute(sql.SQL(mark).format(fingerprint=sql.Literal(wanted)))
    elif not granted:
        _grant(connection, role)


def create_stores(
    connection: psycopg.Connection[TupleRow],
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


def _grant(connection: psycopg.Connection[TupleRow], role: str) -> None:
    """What the running program may do."""
    statements = queries(HERE / "migrate.sql")
    named = {"role": sql.Identifier(role), "database": sql.Identifier(connection.info.dbname)}
    for name in ("grant_ledger", "grant_tables", "grant_proof", "grant_views"):
        connection.execute(sql.SQL(statements[name]).format(**named))


def _fingerprint() -> str:
    """Names everything that a migration makes: while it is the same, none is needed, and none takes
    a lock that would stop the senders.
    """
    rooms = [Path(str(room.__file__)).with_suffix(".sql") for room in (desk, ledger, proof)]
    files = [HERE / "migrate.sql", *rooms, *sorted(VAULT_MIGRATIONS.glob("*.sql"))]
    return "relance " + hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


def _found(connection: psycopg.Connection[TupleRow], role: str) -> tuple[str, bool]:
    """The fingerprint of what is there, and whether everything is granted to `role`: a copy that
    was put back brings the fingerprint with it, and not what was granted on the database itself,
    nor to a role of another name.
    """
    row = connection.execute(
        queries(HERE / "migrate.sql")["fingerprint"], {"role": role}
    ).fetchone()
    return (str(row[0]), bool(row[1])) if row is not None else ("", False)


def _vault(connection: psycopg.Connection[TupleRow], only: Collection[str] | None) -> None:
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
