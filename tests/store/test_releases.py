"""Several releases over one database: what is added stands beside programs of the release before,
what is taken away waits for them, and what they could not read is not written while they work.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

import engine.store.migrate
from engine import __version__
from engine.app import opening_of
from engine.cli.migrate import migrate as migrate_verb
from engine.context import DatabaseContext
from engine.desk import processes
from engine.desk.processes import Disagreement, Processes
from engine.installation.events import SendingPaused
from engine.ledger import names
from engine.ledger.admission import HeldBack
from engine.ledger.store import LOST
from engine.status.findings import findings
from engine.status.gather import gather, view_states
from engine.store import release
from engine.store.database import HERE, program_role_of
from engine.store.migrate import Migration, fingerprint, migrate
from engine.store.release import NewerDatabase, NotMigrated, Release, is_older
from engine.store.sql import queries
from engine.subscriber.events import Cause
from tests.backup.database_context import database_context_of
from tests.cli.asking import join
from tests.conftest import MakeContext
from tests.running_installation import Installations

AS_0_1_0_LEFT_IT = """
DROP TABLE desk.release;
ALTER TABLE desk.process DROP COLUMN version;
DELETE FROM vault.migration WHERE name LIKE 'needs-%';
CREATE TABLE desk.taken (subscriber uuid, key text);
COMMENT ON SCHEMA ledger IS 'relance of another fingerprint'
"""
BEAT_OF_0_1_0 = """
INSERT INTO desk.process (id, host, pid, parts, since, seen, clock)
VALUES ('former', 'db2', 4711, '{send}', clock_timestamp(), clock_timestamp(), 0)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, clock = excluded.clock
"""
ENDED = "DELETE FROM desk.process"


@pytest.fixture
def there(installations: Installations) -> Iterator[DatabaseContext]:
    """With somebody in it, elsewhere as far as the program knows."""
    with database_context_of(installations, lambda context: join(context, 1)) as opened:
        yield opened


@pytest.fixture
def former(there: DatabaseContext) -> DatabaseContext:
    """The same as the release before left it."""
    run(there, AS_0_1_0_LEFT_IT)
    return there


def run(database: DatabaseContext, statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner, autocommit=True) as owner:
        cursor = owner.execute(statements.encode())
        return cursor.fetchall() if cursor.description else []


def release_in(database: DatabaseContext) -> Release | None:
    with psycopg.connect(database.owner) as owner:
        return release.release_of(owner)


def migrated(database: DatabaseContext) -> Migration:
    return migrate(database.owner, program_role_of(database.owner))


def test_no_verb_migrates_what_stands_elsewhere(former: DatabaseContext) -> None:
    elsewhere = replace(former.config, store_url=former.owner)
    opening = opening_of(elsewhere, former.owner, former.secrets)
    with pytest.raises(NotMigrated, match=r"of Relance 0\.1\.0.*`relance migrate`"), opening():
        pass
    assert run(former, "SELECT to_regclass('desk.release') IS NULL") == [(True,)]
    assert migrated(former) == Migration("0.1.0", True, ())
    with opening() as context:
        assert context.ledger.head() > 0


def test_the_embedded_database_is_migrated_by_whoever_comes_while_nothing_else_works_on_it(
    former: DatabaseContext,
) -> None:
    run(former, BEAT_OF_0_1_0)
    with pytest.raises(NotMigrated), former.open_context():
        pass
    run(former, ENDED)
    with former.open_context() as context:
        assert context.ledger.head() > 0
    assert release_in(former) == Release(__version__, fingerprint(), "0.2.0")


def test_what_is_added_stands_beside_the_release_before_and_what_it_needs_is_kept_for_it(
    former: DatabaseContext,
) -> None:
    run(former, BEAT_OF_0_1_0)
    done = migrated(former)
    assert [(process.host, process.version) for process in done.older] == [("db2", "0.1.0")]
    run(former, BEAT_OF_0_1_0)
    kept = "SELECT to_regclass('desk.taken') IS NOT NULL"
    mark = "SELECT obj_description('ledger'::regnamespace, 'pg_namespace')"
    assert run(former, kept) == [(True,)]
    assert run(former, mark) == [("relance of another fingerprint",)]
    with former.open_context() as context:
        (finding,) = [one for one in findings(gather(context)) if one.code == "older"]
        assert finding.values["version"] == "0.1.0"
    run(former, ENDED)
    assert migrated(former) == Migration(__version__, True, ())
    assert run(former, kept) == [(False,)]
    # By which a program of 0.1.0 looks at the vault's migrations, and stops at one it knows not.
    assert run(former, mark) == [("relance 0.2.0",)]
    assert run(former, "SELECT count(*) FROM vault.migration WHERE name = 'needs-0.2.0'") == [(1,)]
    assert migrated(former) == Migration(__version__, False, ())


def test_a_migration_waits_for_a_table_in_use_without_keeping_others_from_it(
    former: DatabaseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.store.migrate, "TRIES", 2)
    run(former, "ALTER ROLE CURRENT_USER SET lock_timeout = 0")
    module_queries = queries(HERE / "migrate.sql").texts
    monkeypatch.setitem(
        module_queries, "patient", "SELECT set_config('lock_timeout', '50ms', false)"
    )
    with psycopg.connect(former.owner) as using:
        using.execute("SELECT count(*) FROM desk.process")
        with pytest.raises(Exception, match="a table is in use"):
            migrated(former)
        using.commit()
        assert migrated(former).changed


def test_an_older_program_goes_on_until_what_it_cannot_read_is_written(
    there: DatabaseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next release has brought its tables, and no new fact yet."""
    run(there, "UPDATE desk.release SET version = '99.0.0', fingerprint = 'another'")
    with there.open_context() as context:
        context.processes.beat("this", ["web"], {})
        run(there, "UPDATE desk.release SET minimum = '98.0.0'")
        with pytest.raises(Disagreement, match=r"for Relance 98\.0\.0 and newer"):
            context.processes.beat("this", ["web"], {})
    with (
        pytest.raises(NewerDatabase, match=r"for Relance 98\.0\.0 and newer"),
        there.open_context(),
    ):
        pass
    with pytest.raises(NewerDatabase):
        migrated(there)


def test_a_new_kind_of_fact_is_held_back_while_an_older_program_works(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = make_context({})
    desk = Processes(context.database)
    monkeypatch.setattr(processes, "__version__", "0.2.5")
    desk.beat("former", ["follow"], {})
    monkeypatch.setattr(processes, "__version__", "0.3.0")
    desk.beat("this", ["web"], {})
    monkeypatch.setitem(names.SINCE, "sending-paused", "0.3.0")
    now = context.clock.now()

    def pause() -> None:
        context.installation_stream.execute(
            lambda state: [SendingPaused(now, "operator")], Cause("operator"), now
        )

    head = context.ledger.head()
    with pytest.raises(HeldBack, match=r"before Relance 0\.3\.0") as held:
        pause()
    assert isinstance(held.value, LOST) and context.ledger.head() == head
    desk.leave("former")
    pause()
    assert context.ledger.head() == head + 1
    monkeypatch.setattr(release, "__version__", "0.2.5")
    monkeypatch.setattr(processes, "__version__", "0.2.5")
    with pytest.raises(Disagreement, match=r"0\.3\.0 and newer, and this is 0\.2\.5"):
        desk.beat("former", ["follow"], {})


def test_health_is_judged_by_the_views_of_ones_own_program(
    make_context: MakeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the release before may well stop at what it does not know."""
    context = make_context({})
    desk = Processes(context.database)
    monkeypatch.setattr(processes, "__version__", "0.1.5")
    desk.beat("former", ["follow"], {"view:agenda": "unknown", "relay": "refused"})
    monkeypatch.undo()
    assert not any(view.fault for view in view_states(context))
    assert [what for what, _why, _since in desk.troubles()] == ["relay"]
    desk.beat("this", ["follow"], {"view:agenda": "broken"})
    assert [view.name for view in view_states(context) if view.fault] == ["agenda"]


def test_the_verb_builds_new_views_and_drops_those_of_former_releases_alone(
    there: DatabaseContext, capsys: pytest.CaptureFixture[str]
) -> None:
    with there.open_context() as context:
        agenda = context.views.agenda.schema  # type: ignore[attr-defined]
        head = context.views.catch_up()
    former, newer = agenda.replace("_8", "_7"), agenda.replace("_8", "_9")
    assert former != agenda != newer
    run(there, f"ALTER SCHEMA {agenda} RENAME TO {former}; CREATE SCHEMA {newer}")
    run(there, BEAT_OF_0_1_0)
    assert migrate_verb(there, argparse.Namespace()) == 0
    assert "agenda" in capsys.readouterr().out
    views = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'view_agenda%' ORDER BY 1"
    assert run(there, views) == [(former,), (agenda,), (newer,)]
    with there.open_context() as context:
        positions = {name: at for name, at, _fault in context.views.positions()}
        assert positions["agenda"] == head
    run(there, ENDED)
    assert migrate_verb(there, argparse.Namespace()) == 0
    assert run(there, views) == [(agenda,), (newer,)]


def test_versions_are_compared_by_their_numbers() -> None:
    assert is_older("0.9.0", "0.10.0") and not is_older("1.0.0", "0.99.0")
    assert not is_older(__version__, __version__)
    assert all(part.isdigit() for part in __version__.split("."))
