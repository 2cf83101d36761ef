"""A copy that somebody else has had in hand: what it says is held against its seal first, and
nothing in it is ever carried out.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.backup import copy_streams as copying
from engine.backup.copy_streams import PARTS
from engine.backup.manifest import Manifest, part_of, read_manifest
from engine.context import DatabaseContext
from engine.i18n.user_error import UserError
from engine.store import programs
from engine.store.database import program_role_of
from tests.backup.database_context import backup, database_context_of, restore
from tests.cli.asking import join
from tests.running_installation import Installations

pytestmark = pytest.mark.timeout(240)

HOSTILE = """
CREATE SCHEMA ledger;
CREATE FUNCTION ledger.strike() RETURNS integer LANGUAGE plpgsql AS
$$ BEGIN COPY (SELECT 'struck') TO PROGRAM 'cat > {mark}'; RETURN 1; END $$;
CREATE MATERIALIZED VIEW ledger.trap AS SELECT ledger.strike()
"""
RIGHTS = """SELECT rolname::text,
rolsuper OR pg_has_role(rolname, 'pg_execute_server_program', 'MEMBER')
FROM pg_roles WHERE rolname = current_user"""


@pytest.fixture
def database_context(installations: Installations) -> Iterator[DatabaseContext]:
    with database_context_of(installations, lambda context: join(context, 3)) as made:
        yield made


@pytest.fixture
def mark() -> Iterator[Path]:
    """A file that the server's account could write: whatever makes it has run a program."""
    folder = Path(tempfile.mkdtemp(prefix="mark-"))
    folder.chmod(0o777)
    yield folder / "mark"
    shutil.rmtree(folder)


def archive(conninfo: str, file: Path, *which: str) -> None:
    """As copies were made once: by pg_dump."""
    parts = conninfo_to_dict(conninfo)
    environment = programs.environment() | {"PGPASSWORD": str(parts.pop("password"))}
    command = [
        str(programs.program("pg_dump")),
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--file={file}",
        *which,
    ]
    subprocess.run(
        [
            *command,
            f"--dbname={make_conninfo(**{key: str(value) for key, value in parts.items()})}",
        ],
        env=environment,
        check=True,
    )


def manifest_of(
    copy: Path, change: Callable[[Manifest], Manifest] = lambda manifest: manifest, **more: object
) -> None:
    """Written again over the parts as they are now."""
    path = copy / "manifest.json"
    parts = {
        part: {"sha256": part_of(copy / part).sha256, "bytes": part_of(copy / part).bytes}
        for part in PARTS
    }
    path.write_text(json.dumps(json.loads(path.read_text()) | {"parts": parts} | more))
    path.write_bytes(change(read_manifest(path)).written())


def entries(database_context: DatabaseContext) -> int:
    with database_context.open_context() as context:
        return context.ledger.head()


def refused(database_context: DatabaseContext, copy: Path, *more: str) -> str:
    with pytest.raises(UserError) as refusal:
        restore(database_context, copy, *more)
    return str(refusal.value)


def test_no_word_of_a_copy_is_carried_out(
    database_context: DatabaseContext, installations: Installations, tmp_path: Path, mark: Path
) -> None:
    """The ledger's part is an archive of a hostile database: whoever loads it as a superuser runs a
    program of its author.
    """
    backup(database_context, tmp_path / "copy")
    head = entries(database_context)
    with psycopg.connect(installations.admin, autocommit=True) as admin:
        admin.execute("CREATE DATABASE hostile")
    try:
        hostile = make_conninfo(installations.admin, dbname="hostile")
        with psycopg.connect(hostile, autocommit=True) as admin:
            admin.execute(HOSTILE.format(mark=mark).encode())
        assert mark.read_text() == "struck\n"
        mark.unlink()
        archive(hostile, tmp_path / "copy" / "ledger.dump", "--schema=ledger")
    finally:
        with psycopg.connect(installations.admin, autocommit=True) as admin:
            admin.execute("DROP DATABASE hostile WITH (FORCE)")
    assert "ledger.dump is damaged" in refused(database_context, tmp_path / "copy")
    manifest_of(tmp_path / "copy")
    assert "manifest.json was changed since the copy was made" in refused(
        database_context, tmp_path / "copy"
    )
    manifest_of(tmp_path / "copy", format=1, seal="")
    assert "say --unsealed" in refused(database_context, tmp_path / "copy")
    # Even where the operator, or whoever has the secrets, vouches for it.
    for vouched, more in ((False, ("--unsealed",)), (True, ())):
        if vouched:
            manifest_of(
                tmp_path / "copy",
                lambda manifest: manifest.sealed(database_context.secrets.pepper),
                format=2,
            )
        assert "does not end where its manifest says" in refused(
            database_context, tmp_path / "copy", *more
        )
        assert not mark.exists() and entries(database_context) == head


@pytest.mark.parametrize(
    "line",
    [
        b"COPY (SELECT 'struck') TO PROGRAM 'cat > {mark}';\n",
        b"\\! echo struck > {mark}\n",
        b"COPY ledger.events (state) FROM PROGRAM 'echo struck > {mark}';\n",
        b"SELECT 1 \\g | cat > {mark}\n",
    ],
)
def test_a_line_slipped_in_is_no_command(
    database_context: DatabaseContext, tmp_path: Path, mark: Path, line: bytes
) -> None:
    backup(database_context, tmp_path / "copy")
    path = tmp_path / "copy" / "ledger.dump"
    path.write_bytes(
        gzip.compress(
            line.replace(b"{mark}", str(mark).encode()) + gzip.decompress(path.read_bytes())
        )
    )
    assert "ledger.dump is damaged" in refused(database_context, tmp_path / "copy")
    manifest_of(
        tmp_path / "copy", lambda manifest: manifest.sealed(database_context.secrets.pepper)
    )
    assert restore(database_context, tmp_path / "copy") == 0
    assert not mark.exists()


def test_what_is_put_back_is_written_by_a_role_that_may_run_nothing(
    database_context: DatabaseContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(database_context, tmp_path / "copy")
    writers, fill = set(), copying._fill

    def asked(connection: copying.Connection, part: str, file: Path) -> None:
        writers.update(connection.execute(RIGHTS).fetchall())
        fill(connection, part, file)

    monkeypatch.setattr(copying, "_fill", asked)
    assert restore(database_context, tmp_path / "copy") == 0
    assert writers == {(program_role_of(database_context.owner), False)}


def test_who_changes_a_copy_while_it_is_put_back_changes_nothing(
    database_context: DatabaseContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was held against the seal is what is read, whoever writes into the copy's folder in
    between.
    """
    copy, fill = tmp_path / "copy", copying._fill
    backup(database_context, copy)
    head = entries(database_context)

    def meanwhile(connection: copying.Connection, part: str, file: Path) -> None:
        for name in PARTS:
            (copy / name).write_bytes(gzip.compress(b"something else\n"))
        fill(connection, part, file)

    monkeypatch.setattr(copying, "_fill", meanwhile)
    assert restore(database_context, copy) == 0
    assert entries(database_context) == head + 2


def test_parts_of_two_copies_do_not_go_together(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    backup(database_context, tmp_path / "one")
    with database_context.open_context() as context:
        join(context, 1)
        context.rollback_detection.note()
    backup(database_context, tmp_path / "two")
    shutil.copy(tmp_path / "one" / "vault.dump", tmp_path / "two" / "vault.dump")
    assert "vault.dump is damaged" in refused(database_context, tmp_path / "two")


def test_a_copy_from_before_copies_were_sealed_is_put_back_when_the_operator_vouches_for_it(
    database_context: DatabaseContext, tmp_path: Path
) -> None:
    """Archives of pg_dump 18 and a manifest of format 1; of them too the data alone is taken."""
    copy = tmp_path / "copy"
    backup(database_context, copy)
    head = entries(database_context)
    for part, which in {
        "ledger.dump": ("--schema=ledger", "--schema=proof"),
        "desk.dump": ("--table=desk.clock", "--table=desk.api_key"),
        "vault.dump": ("--schema=vault",),
    }.items():
        (copy / part).unlink()
        archive(database_context.owner, copy / part, *which)
    manifest_of(copy, format=1, seal="")
    with database_context.open_context() as context:
        join(context, 2)
        context.rollback_detection.note()
    assert restore(database_context, copy, "--unsealed") == 0
    with database_context.open_context() as context:
        assert [entry.name for entry in context.ledger.between(head, head + 2)] == [
            "ledger-restored",
            "sending-paused",
        ]
        context.views.catch_up()
        assert context.views.compare(lambda done, total: None) == []
