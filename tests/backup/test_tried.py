"""Copies are remembered with whether they were tried; a trial finds what is wrong with one, and
leaves what is in use alone.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from engine.backup.copy_streams import scratch
from engine.backup.manifest import FILE, part_of, read_manifest
from engine.context import AppContext, DatabaseContext
from engine.desk.operations import place_of
from engine.i18n.user_error import UserError
from engine.store.connecting import connect
from tests.backup.database_context import backup, database_context_of, restore
from tests.cli.asking import join
from tests.privacy.garden import Anna
from tests.running_installation import Installations

pytestmark = pytest.mark.timeout(240)


def prepare(context: AppContext) -> None:
    Anna(context).joins()
    join(context, 3)
    context.tree.sign_now()
    context.views.catch_up()


@pytest.fixture(scope="module")
def database_context(installations: Installations) -> Iterator[DatabaseContext]:
    with database_context_of(installations, prepare) as found:
        yield found


@pytest.fixture(scope="module")
def copy(database_context: DatabaseContext, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copies") / "copy"
    assert backup(database_context, target) == 0
    return target


def databases(database_context: DatabaseContext) -> set[str]:
    with connect(database_context.owner) as connection:
        return {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}


def resealed(database_context: DatabaseContext, source: Path, target: Path, part: str) -> None:
    """A copy whose part was changed by who holds the secrets."""
    manifest = read_manifest(source / FILE)
    parts = {**manifest.parts, part: part_of(target / part)}
    fields = json.loads(manifest.written()) | {"seal": ""}
    fields["parts"] = {name: {"sha256": p.sha256, "bytes": p.bytes} for name, p in parts.items()}
    (target / FILE).write_text(json.dumps(fields))
    sealed = read_manifest(target / FILE).sealed(database_context.secrets.pepper)
    (target / FILE).write_bytes(sealed.written())


def test_a_copy_is_remembered_by_its_moment_place_and_size_and_is_in_no_copy(
    database_context: DatabaseContext, copy: Path
) -> None:
    with database_context.open_context() as context:
        (made,) = context.operations.latest("backup")
        assert made.well and made.place == place_of(copy)
        assert made.position == read_manifest(copy / FILE).position
        assert made.octets == sum(part.stat().st_size for part in copy.glob("*.dump"))
    assert b"desk.operation" not in gzip.decompress((copy / "desk.dump").read_bytes())


def test_the_home_of_a_system_s_user_is_not_named_on_the_desk() -> None:
    assert place_of(Path.home() / "copies" / "monday") == "~/copies/monday"
    assert place_of(Path("/srv/copies/monday")) == "/srv/copies/monday"


def test_a_copy_that_is_tried_leaves_everything_as_it_was(
    database_context: DatabaseContext, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = databases(database_context)
    with database_context.open_context() as context:
        join(context, 1)
        head = context.ledger.head()
    assert restore(database_context, copy, "--try") == 0
    assert "elle peut être remise" in capsys.readouterr().out
    assert databases(database_context) == before
    with database_context.open_context() as context:
        assert context.ledger.head() == head and not context.installation_stream.current().paused
        (tried,), (made,) = context.operations.latest("trial"), context.operations.latest("backup")
        assert tried.well and tried.copy == made.copy


def test_what_a_trial_that_was_killed_has_left_goes_with_the_next(
    database_context: DatabaseContext,
) -> None:
    owner, before = database_context.owner, databases(database_context)
    with scratch(owner):
        (left,) = databases(database_context) - before
    with connect(owner) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(left)))
    with scratch(owner) as there:
        assert databases(database_context) - before == {left}
        with connect(there) as connection:
            assert connection.execute("SELECT to_regnamespace('vault')").fetchone() == (None,)
    assert databases(database_context) == before


def test_a_trial_finds_evidence_that_is_not_what_the_ledger_commits_to(
    database_context: DatabaseContext, copy: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy"
    shutil.copytree(copy, target)
    rows = gzip.decompress((target / "vault.dump").read_bytes())
    assert b"7b22" in rows
    (target / "vault.dump").write_bytes(gzip.compress(rows.replace(b"7b22", b"7b20", 1)))
    resealed(database_context, copy, target, "vault.dump")
    with pytest.raises(UserError, match="differs from what it proves"):
        restore(database_context, target, "--try")
    with database_context.open_context() as context:
        (tried,) = context.operations.latest("trial")
        assert not tried.well and tried.faults == 1


def test_a_copy_that_is_damaged_is_remembered_as_such(
    database_context: DatabaseContext, copy: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy"
    shutil.copytree(copy, target)
    with (target / "ledger.dump").open("ab") as file:
        file.write(b"x")
    with pytest.raises(UserError, match="damaged"):
        restore(database_context, target, "--try")
    with database_context.open_context() as context:
        (tried,) = context.operations.latest("trial")
        assert not tried.well and "ledger.dump is damaged" in tried.why


def test_which_copies_were_made_is_known_after_one_was_put_back(
    database_context: DatabaseContext, copy: Path
) -> None:
    with database_context.open_context() as context:
        before = len(context.operations.latest("backup", "trial", limit=99))
    assert restore(database_context, copy) == 0
    with database_context.open_context() as context:
        assert len(context.operations.latest("backup", "trial", limit=99)) == before
        (restored,) = context.operations.latest("restore")
        assert restored.place == place_of(copy)


def test_a_copy_that_could_not_be_made_is_remembered(
    database_context: DatabaseContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    monkeypatch.setattr("engine.backup.copies._write", _full)
    with pytest.raises(OSError, match="No space left"):
        backup(database_context, folder / "copy")
    with database_context.open_context() as context:
        (made,) = context.operations.latest("backup")
        assert not made.well and made.why == "No space left on device"


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device", "/srv/copies")
