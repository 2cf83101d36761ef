"""PgBouncer between Relance and PostgreSQL: with a session for each connection it serves; where it
hands connections on after each transaction it is refused with a sentence.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from engine.store import connecting
from engine.store.connecting import connect, reach
from engine.store.database import Database, StoreUnavailable
from tests.elsewhere import PASSWORD, SUPERUSER, Elsewhere, program_folders
from tests.running import free_port, wait_for

pytestmark = pytest.mark.timeout(120)
SETTINGS = """[databases]
postgres = host=localhost port={behind} pool_size={size}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {mode}
auth_type = scram-sha-256
auth_file = {folder}/users
server_tls_sslmode = verify-full
server_tls_ca_file = {authority}
ignore_startup_parameters = options
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Elsewhere]:
    folders = program_folders()
    if not folders:
        pytest.skip("no PostgreSQL beside the embedded one: see tests/install_postgres.sh")
    if shutil.which("pgbouncer") is None:
        pytest.skip("no pgbouncer here: see tests/cluster/install.sh")
    with Elsewhere(folders[min(folders)]) as started:
        yield started


@contextmanager
def pooler(server: Elsewhere, mode: str, size: int = 5) -> Iterator[str]:
    """The URL by which it is reached."""
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="pooler-"))
    settings, log = folder / "settings.ini", folder / "log"
    (folder / "users").write_text(f'"{SUPERUSER}" "{PASSWORD}"\n')
    settings.write_text(
        SETTINGS.format(
            behind=server.port,
            port=port,
            mode=mode,
            size=size,
            folder=folder,
            authority=server.authority,
        )
    )
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    if account is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["pgbouncer", str(settings)],
            stdout=file,
            stderr=file,
            user=account.pw_uid if account is not None else None,
            group=account.pw_gid if account is not None else None,
            extra_groups=[] if account is not None else None,
        )
    url = f"postgresql://{SUPERUSER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}/postgres"
    try:
        wait_for(lambda: _answers(url) or process.poll() is not None, 30)
        assert process.poll() is None, log.read_text()
        yield url
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=5).close()
        return True
    return False


@pytest.mark.parametrize("size", [1, 5])
def test_a_pooler_that_hands_connections_on_is_refused(server: Elsewhere, size: int) -> None:
    """The duties of an installation are locks of a session, and NOTIFY is heard by one."""
    with pooler(server, "transaction", size) as url, pytest.raises(StoreUnavailable) as told:
        Database(url).open()
    assert "pool_mode = session" in str(told.value)


def test_a_pooler_with_a_session_for_each_connection_serves(
    server: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that takes long is waited for: its process is known, though the pooler gives
    another number. Deadlines hold, though the pooler has left them out.
    """
    monkeypatch.setattr(connecting, "SILENT_SECONDS", 0.5)
    with pooler(server, "session") as url, closing(Database(url).open()) as pool:
        with pool.listening("anything") as listening, pool.connection() as connection:
            connection.execute("NOTIFY anything")
            assert listening.wait(5)
            assert connection.execute("SELECT pg_sleep(2)").fetchone() == ("",)
            for setting, value in (("statement_timeout", "1min"), ("jit", "off")):
                assert connection.execute(f"SHOW {setting}").fetchone() == (value,)
        with pool.duty("night", "anything") as taken, pool.duty("night", "anything") as second:
            assert taken is not None and second is None


def test_no_pooler_is_seen_where_there_is_none(server: Elsewhere) -> None:
    url = server.url(SUPERUSER, PASSWORD, "postgres")
    with connect(url) as connection, connect(url) as other:
        assert not connection.pooled and not connection.is_handed_on(other)
        assert connection.info.backend_pid == connection.server_pid
    assert "statement_timeout" in reach(url)
