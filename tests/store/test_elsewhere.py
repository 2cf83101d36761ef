"""A PostgreSQL elsewhere: every connection goes by the whole of `[store] url`, and none waits on a
server that is gone.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine import app
from engine.app import opening_of
from engine.cli.main import main
from engine.ledger import connections
from engine.ledger.store import LOST, Ledger
from engine.store import connecting, database
from engine.store.connecting import ORDINARY_SECONDS, connect, reach
from engine.store.database import Database
from tests.backup.database_context import backup, database_context_of, restore
from tests.chaos.proxy import Proxy
from tests.cli.asking import join
from tests.cli.commanding import CONFIG, WORDS
from tests.elsewhere import (
    OWNER,
    OWNER_PASSWORD,
    PASSWORD,
    SUPERUSER,
    VERSIONS,
    Elsewhere,
    issue,
    program_folders,
)
from tests.running import free_port, wait_for, write
from tests.running_installation import Installations

pytestmark = pytest.mark.timeout(240)


def _pooled(conninfo: str) -> None:
    with closing(Database(conninfo)) as pool, pool.open().connection() as connection:
        connection.execute("SELECT 1")


def _of_the_ledger(conninfo: str) -> None:
    with closing(Ledger(conninfo)) as ledger, ledger.datastore.get_connection() as connection:
        connection.execute("SELECT 1")


def _listening(conninfo: str) -> None:
    with Database(conninfo).listening("anything"):
        pass


def _beside(conninfo: str) -> None:
    connect(conninfo).close()


WAYS: dict[str, Callable[[str], None]] = {
    "pool": _pooled,
    "ledger": _of_the_ledger,
    "listening": _listening,
    "beside": _beside,
}
CONNECTIONS = b"""SELECT a.application_name, s.ssl
FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)
WHERE a.usename IN ('gardener', 'relance_program')"""


Servers = Callable[[str], Elsewhere]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """The server of a version, started when it is first asked for."""
    folders, started = program_folders(), dict[str, Elsewhere]()
    with ExitStack() as stack:

        def of(version: str) -> Elsewhere:
            if version not in folders:
                pytest.skip(
                    f"no PostgreSQL {version} beside the embedded one: see"
                    " tests/install_postgres.sh"
                )
            if version not in started:
                started[version] = stack.enter_context(Elsewhere(folders[version]))
            return started[version]

        yield of


@pytest.fixture
def elsewhere(servers: Servers) -> Elsewhere:
    return servers(min(program_folders(), default=VERSIONS[0]))


def installation(folder: Path, url: str) -> Path:
    """Its password in no file of its own: whoever runs it says where by PGPASSFILE."""
    write(
        folder,
        WORDS
        | {
            "config.toml": (
                CONFIG.format(web=free_port(), smtp=free_port(), page=free_port())
                + f'\n[store]\nurl = "{url}"\n'
            )
        },
    )
    return folder


def password_file(folder: Path) -> Path:
    path = folder / "pgpass"
    escaped = OWNER_PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    path.write_text(f"*:*:*:{OWNER}:{escaped}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_all_of_the_url_holds_for_all_connections(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hosts, the first of them dead; the server's name held against its certificate; the
    password in a file, for a copy too.
    """
    elsewhere.database("relance")
    hosts = f"localhost:{free_port()},localhost:{elsewhere.port}"
    url = elsewhere.url(
        OWNER,
        "",
        "relance",
        hosts=hosts,
        more="&target_session_attrs=read-write&application_name=potager",
    )
    folder = installation(tmp_path / "installation", url)
    monkeypatch.setenv("PGPASSFILE", str(password_file(tmp_path)))
    assert main(["-C", str(folder), "publish", "--yes"]) == 0
    with app.open_context(folder) as context, context.database.listening("ledger_events"):
        assert context.ledger.head() > 0 and context.clock.now() > 0
        with psycopg.connect(elsewhere.url(SUPERUSER, PASSWORD, "relance")) as seen:
            rows = seen.execute(CONNECTIONS).fetchall()
        assert len(rows) >= 3 and set(rows) == {("potager", True)}
    assert main(["-C", str(folder), "backup", "-o", str(tmp_path / "copy")]) == 0
    assert main(["-C", str(folder), "restore", str(tmp_path / "copy"), "--yes"]) == 0
    assert main(["-C", str(folder), "status"]) in (0, 1)


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_copy_goes_from_one_version_of_postgresql_to_another_and_back(
    servers: Servers, installations: Installations, tmp_path: Path, version: str
) -> None:
    """The embedded one is 18. The owner elsewhere is no superuser."""
    with database_context_of(installations, lambda context: join(context, 3)) as here:
        owner = make_conninfo(servers(version).database("garden"), password=OWNER_PASSWORD)
        config = replace(here.config, store_url=owner, folder=tmp_path / "there")
        shutil.copytree(here.config.folder, config.folder)
        there = replace(
            here,
            config=config,
            owner=owner,
            open_context=opening_of(config, owner, here.secrets),
        )
        assert backup(here, tmp_path / "copy") == 0
        with here.open_context() as context:
            head = context.ledger.head()
        assert restore(there, tmp_path / "copy") == 0
        with there.open_context() as context:
            join(context, 2)
            context.views.catch_up()
            assert context.views.compare(lambda done, total: None) == []
            moved = context.ledger.head()
            context.rollback_detection.note()
        assert backup(there, tmp_path / "back") == 0
        assert restore(here, tmp_path / "back") == 0
        with here.open_context() as context:
            assert head < moved < context.ledger.head()
            context.views.catch_up()
            assert context.views.compare(lambda done, total: None) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_another_authority_vouches_for_is_spoken_to_by_none(
    elsewhere: Elsewhere, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "POOL_SECONDS", 3.0)
    monkeypatch.setattr(database, "OPEN_SECONDS", 3.0)
    stranger = tmp_path / "stranger.pem"
    issue(stranger, tmp_path / "key", tmp_path / "certificate", "Another authority")
    right = elsewhere.url(SUPERUSER, PASSWORD, "postgres", more="&connect_timeout=2")
    WAYS[way](right)
    with pytest.raises(
        Exception, match=r"certificate verify failed|does not answer|couldn't get a connection"
    ):
        WAYS[way](make_conninfo(right, sslrootcert=str(stranger)))


def test_what_the_operator_wrote_wins_and_what_is_left_out_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PGOPTIONS", raising=False)
    plain = conninfo_to_dict(reach("postgresql://owner@db/relance"))
    wanted = {
        "keepalives_idle": "5",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "tcp_user_timeout": "8000",
        "connect_timeout": "10",
    }
    assert {key: str(plain[key]) for key in wanted} == wanted
    assert str(plain["options"]).startswith(
        f"-c jit=off -c statement_timeout={ORDINARY_SECONDS * 1000} -c tcp_keepalives_idle=5"
    )
    chosen = conninfo_to_dict(
        reach(
            "postgresql://owner@db,other/relance?keepalives_idle=60&connect_timeout=3&options=-c%20statement_timeout%3D5"
        )
    )
    assert (chosen["host"], chosen["keepalives_idle"], str(chosen["connect_timeout"])) == (
        "db,other",
        "60",
        "3",
    )
    assert str(chosen["options"]).endswith(" -c statement_timeout=5")
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=8MB")
    assert str(conninfo_to_dict(reach("postgresql://owner@db/relance"))["options"]).endswith(
        " -c work_mem=8MB"
    )


def test_each_statement_has_its_deadline(elsewhere: Elsewhere) -> None:
    pool = Database(elsewhere.url(SUPERUSER, PASSWORD, "postgres")).open()
    shown = "SHOW statement_timeout"
    try:
        with pool.connection() as connection:
            assert connection.execute(shown).fetchone() == ("1min",)
        with pool.transaction(long=True) as connection:
            assert connection.execute(shown).fetchone() == ("6h",)
        with pool.connection() as connection:
            assert connection.execute(shown).fetchone() == ("1min",)
        with connect(pool.conninfo) as beside:
            assert beside.execute(shown).fetchone() == ("6h",)
    finally:
        pool.close()
    hasty = Database(
        elsewhere.url(SUPERUSER, PASSWORD, "postgres", more="&options=-c%20statement_timeout%3D50")
    ).open()
    try:
        with pytest.raises(LOST), hasty.connection() as connection:
            connection.execute("SELECT pg_sleep(20)")
    finally:
        hasty.close()


def test_a_line_that_is_open_and_leads_to_nobody_is_left(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stood before is swallowed; the server itself answers whoever comes anew. A statement
    that takes long is waited for all the same.
    """
    monkeypatch.setattr(connecting, "SILENT_SECONDS", 1.0)
    with Proxy(elsewhere.port) as network:
        pool = Database(
            elsewhere.url(SUPERUSER, PASSWORD, "postgres", hosts=f"localhost:{network.port}")
        ).open()
        try:
            with pool.connection() as connection:
                assert connection.execute("SELECT pg_sleep(2.5)").fetchone() == ("",)
            network.swallow()
            begun = time.monotonic()
            with pytest.raises(LOST), pool.connection() as connection:
                connection.execute("SELECT 1")
            wait_for(lambda: _answers(pool), 15)
            assert time.monotonic() - begun < 20
        finally:
            pool.close()


def _answers(pool: Database) -> bool:
    try:
        with pool.connection() as connection:
            return connection.execute("SELECT 1").fetchone() is not None
    except LOST:
        return False


def test_a_server_that_falls_silent_is_lost(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(connecting, "ASKING_SECONDS", 2)
    with Proxy(elsewhere.port) as network:
        ledger = Ledger(
            elsewhere.url(SUPERUSER, PASSWORD, "postgres", hosts=f"localhost:{network.port}")
        )
        try:
            with ledger.datastore.get_connection() as connection:
                connection.execute("SELECT 1")
            network.silence()
            with pytest.raises(LOST), ledger.datastore.get_connection() as connection:
                connection.execute("SELECT 1")
        finally:
            network.mend()
            ledger.close()


def test_a_server_that_became_a_standby_is_lost_and_looked_for_anew(elsewhere: Elsewhere) -> None:
    """SQLSTATE 25006, as after a failover, where the URL takes any server: for the pool and for the
    ledger, and never something nobody expected.
    """
    owner = elsewhere.database("standby")
    owner = make_conninfo(owner, password=OWNER_PASSWORD, target_session_attrs="any")
    pool, ledger = Database(owner).open(), Ledger(owner)
    try:
        with pool.connection() as connection:
            connection.execute("CREATE TABLE t (n integer)")
        for connected, drain in (
            (pool.connection, pool.pool.drain),
            (ledger.datastore.get_connection, ledger.datastore.pool.drain),
        ):
            _insert(connected())
            _read_only(elsewhere, "on")
            drain()
            with pytest.raises(LOST):
                _insert(connected())
            _read_only(elsewhere, "off")
            wait_for(partial(_inserted, connected), 20)
    finally:
        ledger.close()
        pool.close()


def _inserted(connected: Callable[[], Any]) -> bool:
    try:
        _insert(connected())
    except LOST:
        return False
    return True


def _insert(opened: Any) -> None:
    with opened as connection:
        connection.execute("INSERT INTO t VALUES (1)")


def _read_only(elsewhere: Elsewhere, value: str) -> None:
    with psycopg.connect(
        elsewhere.url(SUPERUSER, PASSWORD, "postgres"), autocommit=True
    ) as connection:
        connection.execute(
            f"ALTER DATABASE standby SET default_transaction_read_only = {value}".encode()
        )
