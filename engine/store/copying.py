"""Parts of the database written to files and read back, with PostgreSQL's own programs: `pg_dump`, `pg_restore` and `psql` of the embedded wheel.

Passwords travel in the environment, which only our own account can read, never on a command line.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.proof.store import SQL as PROOF
from engine.store import binaries
from engine.store.database import HERE, MIGRATION_LOCK
from engine.store.sql import beside, queries

SQL = beside(__file__)
PARTS: Mapping[str, tuple[str, ...]] = {
    "ledger.dump": ("--schema=ledger", "--schema=proof"),
    "desk.dump": ("--table=desk.clock", "--table=desk.api_key"),
    "vault.dump": ("--schema=vault",),
}
"""What each part of a copy holds. Views are left out: they are made anew."""


class CopyFailed(Exception):
    """A program of PostgreSQL has failed: which, and what it said."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a copy holds: `position` and `digest` of its last entry (0 and "" for none), the vault's `migrations`; `snapshot` is its name."""

    snapshot: str
    position: int
    digest: str
    migrations: tuple[str, ...]


@contextmanager
def moment(owner: str) -> Iterator[Moment]:
    """The database as of now, for as long as the context lasts. `owner` is the conninfo of who may read everything."""
    with psycopg.connect(owner) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        (snapshot,) = connection.execute(SQL["export"]).fetchone() or ("",)
        head = connection.execute(SQL["head"]).fetchone()
        migrations = tuple(str(row[0]) for row in connection.execute(SQL["migrations"]))
        position, digest = (int(head[0]), hashlib.sha256(bytes(head[1])).hexdigest()) if head else (0, "")
        yield Moment(str(snapshot), position, digest, migrations)


def dump(owner: str, part: str, snapshot: str, file: IO[bytes]) -> None:
    """One of PARTS into a file, compressed, as it was at `snapshot`. Raises CopyFailed."""
    kept = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}")
    _run("pg_dump", (*kept, *PARTS[part]), owner, stdout=file)


def at_work(owner: str, role: str) -> int:
    """How many connections the running program has."""
    with psycopg.connect(owner) as connection:
        row = connection.execute(SQL["at_work"], {"role": role}).fetchone()
    return int(row[0]) if row else 0


def put_back(owner: str, archives: Sequence[Path]) -> None:
    """The archives in place of whatever is there, all of it or nothing. Nobody can start meanwhile. Raises CopyFailed: then everything is as it was.

    One psql reads one transaction. Without its last word, whatever keeps us from saying it, the database takes everything back.
    """
    with psycopg.connect(owner, autocommit=True) as guard, tempfile.TemporaryFile() as complaints:
        guard.execute(queries(HERE / "roles.sql")["lock"], {"key": MIGRATION_LOCK})
        schemas = [str(row[0]) for row in guard.execute(SQL["stores"])]
        command, environment = _command("psql", ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-"), owner)
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints) as psql:
            assert psql.stdin is not None
            try:
                signed = "proof" in schemas
                # A database or a copy may be older than a table of the proof.
                _say(psql.stdin, [SQL["begin"], *([PROOF["create"], SQL["keep_signed"], SQL["keep_stamped"]] if signed else [])])
                _say(psql.stdin, [*(SQL.within(schema=schema)["drop"] for schema in schemas), SQL["desk"]])
                for archive in archives:
                    _run("pg_restore", ("--no-owner", "--no-privileges", "--file=-", str(archive)), "", stdout=psql.stdin)
                _say(psql.stdin, [*([PROOF["create"], SQL["signed_still"], SQL["stamped_still"]] if signed else []), SQL["unmark"], SQL["commit"]])
                psql.stdin.close()
            except (BrokenPipeError, CopyFailed) as error:
                psql.kill()
                raise CopyFailed(_first(complaints) or str(error)) from error
        if psql.returncode != 0:
            raise CopyFailed(f"psql: {_first(complaints) or psql.returncode}")


def drop_views(program: str) -> None:
    """Views of a ledger that has given way to another; `program` is the conninfo of the running program's role."""
    with psycopg.connect(program, autocommit=True) as connection:
        for row in connection.execute(SQL["views"]).fetchall():
            connection.execute(SQL.within(schema=str(row[0]))["drop"].encode())


def _say(file: IO[bytes], statements: Sequence[str]) -> None:
    file.write("".join(f"\n{statement};\n" for statement in statements).encode())
    file.flush()


def _first(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return next((line for line in complaints.read(100_000).decode("utf-8", "replace").splitlines() if line.strip()), "")


def _run(name: str, arguments: Sequence[str], owner: str, stdout: IO[bytes]) -> None:
    command, environment = _command(name, arguments, owner)
    ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, check=False)
    if ended.returncode != 0:
        said = [line for line in ended.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise CopyFailed(f"{name}: {said[0] if said else f'it ended with {ended.returncode}'}")


def _command(name: str, arguments: Sequence[str], owner: str) -> tuple[list[str], dict[str, str]]:
    """The command and its environment; `owner` "" is for what needs no database."""
    parts = conninfo_to_dict(owner) if owner else {}
    password = str(parts.pop("password", None) or "")
    reach = [f"--dbname={make_conninfo(**parts)}"] if owner else []  # type: ignore[arg-type]
    return [str(binaries.program(name)), *arguments, *reach], binaries.environment() | ({"PGPASSWORD": password} if password else {})
