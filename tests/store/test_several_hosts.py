"""A database of several hosts, one of which takes writes: the others, those that are gone, and the
lines that lead to nobody any more, cost seconds and no more.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engine.ledger.store import LOST
from engine.store import connecting, database
from engine.store.connecting import connect, reach
from engine.store.database import Database
from tests.chaos.proxy import Proxy
from tests.elsewhere import PASSWORD, SUPERUSER, VERSIONS, Elsewhere, program_folders

pytestmark = pytest.mark.timeout(120)
AWAY_SECONDS, FOUND_AGAIN_SECONDS = 8.0, 5.0
"""A pool that waits twice as long each time looks again seven seconds after it has waited eight."""


@pytest.fixture(scope="module")
def server() -> Iterator[Elsewhere]:
    folders = program_folders()
    if not folders:
        pytest.skip(f"no PostgreSQL {VERSIONS[0]} here: see tests/install_postgres.sh")
    with Elsewhere(folders[min(folders)]) as started:
        yield started


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a host that is reached and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def _url(server: Elsewhere, hosts: str = "", more: str = "") -> str:
    return server.url(SUPERUSER, PASSWORD, "postgres", hosts=hosts, more=more)


def test_only_a_server_that_takes_writes_is_connected_to(server: Elsewhere) -> None:
    """A standby's ledger lags behind: whoever read it would take the ledger for put back."""
    server.database("reading")
    url = server.url(SUPERUSER, PASSWORD, "reading")
    with connect(url) as connection:
        connection.execute("ALTER DATABASE reading SET default_transaction_read_only = on")
    with pytest.raises(psycopg.OperationalError, match="session is read-only"):
        connect(url)
    connect(f"{url}&target_session_attrs=any").close()


def test_each_of_several_hosts_has_seconds_to_answer_and_one_alone_has_more() -> None:
    one, several = (
        conninfo_to_dict(reach(f"postgresql://owner@{hosts}/relance")) for hosts in ("a", "a,b")
    )
    assert (str(one["connect_timeout"]), str(several["connect_timeout"])) == ("10", "5")
    assert one["target_session_attrs"] == several["target_session_attrs"] == "read-write"


def test_a_host_that_is_gone_costs_one_connection_its_deadline_and_no_other(
    server: Elsewhere, deaf: int
) -> None:
    url = _url(server, f"localhost:{deaf},localhost:{server.port}", "&connect_timeout=2")
    begun = time.monotonic()
    connect(url).close()
    first, begun = time.monotonic() - begun, time.monotonic()
    connect(url).close()
    assert first >= 2 > time.monotonic() - begun


HOSTS = st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), min_size=2, max_size=5, unique=True)


@given(HOSTS, st.data())
def test_each_host_is_tried_once_with_its_own_port_and_the_last_reached_first(
    hosts: list[str], data: st.DataObject
) -> None:
    ports = [str(5432 + n) for n in range(len(hosts))]
    given_places = list(zip(hosts, ports, strict=True))
    known = data.draw(st.sampled_from(given_places))
    conninfo = make_conninfo(host=",".join(hosts), port=",".join(ports))
    _, together = connecting._best_first(conninfo)
    connecting._reached[together] = ":".join(known)
    parts = conninfo_to_dict(connecting._best_first(conninfo)[0])
    tried = list(zip(str(parts["host"]).split(","), str(parts["port"]).split(","), strict=True))
    assert tried[0] == known and sorted(tried) == sorted(given_places)
    assert [each for each in tried if each != known] == [e for e in given_places if e != known]


def test_a_server_that_is_there_again_is_found_within_seconds(server: Elsewhere) -> None:
    with (
        Proxy(server.port) as network,
        closing(Database(_url(server, f"localhost:{network.port}"))) as pool,
    ):
        pool.open()
        waiting = threading.Thread(target=_wait_for, args=(pool,))
        network.cut()
        with pytest.raises(LOST), pool.connection() as connection:
            connection.execute("SELECT 1")
        waiting.start()
        time.sleep(AWAY_SECONDS)
        network.mend()
        waiting.join(FOUND_AGAIN_SECONDS)
        assert not waiting.is_alive()


def _wait_for(pool: Database) -> None:
    with pool.connection() as connection:
        connection.execute("SELECT 1")


def test_who_listens_on_a_line_that_leads_to_nobody_is_told(
    server: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a proxy keeps it open nothing would ever come, and nobody would know."""
    for module, name in (
        (connecting, "SILENT_SECONDS"),
        (database, "QUIET_SECONDS"),
    ):
        monkeypatch.setattr(module, name, 1.0)
    with Proxy(server.port) as network:
        pool = Database(_url(server, f"localhost:{network.port}"))
        with pool.listening("anything") as listening:
            assert not listening.wait(1.5) and not listening.wait(0.1)
            network.swallow()
            end = time.monotonic() + 30
            with pytest.raises(LOST):
                while time.monotonic() < end:
                    listening.wait(0.5)


def test_who_stands_still_in_a_transaction_holds_nobody_up(
    server: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is paused would keep what it has locked until it goes on. Of a rebuild, which
    works for long between two statements, nothing is taken away.
    """
    monkeypatch.setattr(connecting, "IDLE_SECONDS", 0.5)
    lock = "SELECT pg_advisory_xact_lock(7)"
    with (
        closing(Database(_url(server))) as paused,
        closing(Database(_url(server))) as other,
        ThreadPoolExecutor(1) as waiting,
    ):
        paused.open()
        other.open()
        with pytest.raises(LOST), paused.transaction() as connection:
            connection.execute(lock)
            waiting.submit(_locked, other, lock).result(10)
            connection.execute("SELECT 1")
        with paused.transaction(long=True) as connection:
            time.sleep(1.5)
            assert connection.execute("SELECT 1").fetchone() == (1,)


def _locked(pool: Database, statement: str) -> None:
    with pool.transaction() as connection:
        connection.execute(statement.encode())
