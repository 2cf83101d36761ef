"""The embedded PostgreSQL starts, is shared, survives every kind of death, and lets nobody in
without a password.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from engine.store import cluster, postmaster
from engine.store.embedded import Embedded, EmbeddedFailed, memory_settings
from engine.words import Words
from tests.clusters import new_cluster
from tests.sizes import LONG

pytestmark = pytest.mark.postgres

REPOSITORY = Path(__file__).parents[2]
SMALL = {"shared_buffers": "16MB"}
OTHER_PROCESS = """
import sys
from pathlib import Path
from engine.store.embedded import Embedded
one = Embedded(Path(sys.argv[1]), Path(sys.argv[2]), {"shared_buffers": "16MB"})
one.attach()
print("attached", flush=True)
sys.stdin.readline()
one.detach()
"""
AS_NOBODY = """
import os, pwd, sys
import psycopg
from pathlib import Path
from engine.store.embedded import Embedded
try: psycopg.connect("host=/nonexistent")  # imports all it needs while it still may read them
except psycopg.OperationalError: pass
nobody = pwd.getpwnam("nobody")
os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
one = Embedded(Path(sys.argv[1]), Path(sys.argv[2]), {"shared_buffers": "16MB"})
with psycopg.connect(one.attach()) as connection:
    print(connection.execute("SELECT 40 + 2").fetchone()[0])
data = Path(sys.argv[1])
print(*sorted({data.stat().st_uid, (data / "postmaster.pid").stat().st_uid}))
one.detach()
"""


@dataclass(frozen=True)
class Place:
    root: Path
    data: Path

    @property
    def secrets(self) -> Path:
        return self.data.parent / "secrets"

    @property
    def run(self) -> Path:
        return self.data.parent / f"{self.data.name}.run"

    def embedded(self, **settings: str) -> Embedded:
        return Embedded(self.data, self.secrets, SMALL | settings)

    def pid(self) -> int:
        note = postmaster.read_note(self.data)
        assert note is not None
        return note.pid

    def is_running(self) -> bool:
        return bool(postmaster.survivors(self.data))

    def other_process(self, *inside: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*inside, sys.executable, "-c", OTHER_PROCESS, str(self.data), str(self.secrets)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        )  # fmt: skip


def _place(name: str = "data") -> Iterator[Place]:
    root = Path(tempfile.mkdtemp(prefix="relance-")).resolve()
    place = Place(root, root / name / "postgres")
    try:
        yield place
    finally:
        for pid in postmaster.survivors(place.data):
            # It may have ended meanwhile by itself.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _eventually(lambda: not place.is_running())
        uid = place.data.stat().st_uid if place.data.exists() else os.geteuid()
        if (far := postmaster.folder_for(place.data, uid)).parent != place.data.parent:
            shutil.rmtree(far, ignore_errors=True)
        shutil.rmtree(root)


@pytest.fixture
def place() -> Iterator[Place]:
    yield from _place()


@pytest.fixture
def made(place: Place) -> Place:
    """A place with a PostgreSQL that was never started."""
    new_cluster(place.data, place.secrets)
    return place


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Place, Embedded, str]]:
    for place in _place():
        with place.embedded() as embedded:
            yield place, embedded, embedded.attach()


def _eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def _stranger(program: str | Path, place: Place, folder: Path) -> subprocess.Popen[bytes]:
    # Of the server's own account: PostgreSQL itself overlooks the processes of others.
    if os.geteuid() != 0:
        return subprocess.Popen([program, "60"], cwd=folder)
    owner = place.data.stat()
    return subprocess.Popen(
        [program, "60"], cwd=folder, user=owner.st_uid, group=owner.st_gid, extra_groups=[]
    )


def _finish(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=30)
    assert process.returncode == 0


def _attached(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert process.stdout is not None
    assert process.stdout.readline() == "attached\n"
    return process


def test_a_new_folder_starts_in_a_few_seconds_and_answers(place: Place) -> None:
    said: list[Words] = []
    began = time.monotonic()
    embedded = place.embedded()
    url = embedded.attach(said.append)
    assert time.monotonic() - began < 10
    assert any("Creating a new PostgreSQL" in news.said() for news in said)
    assert _ask(url, "SELECT current_user::text") == "postgres"
    embedded.detach()
    assert not place.is_running()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"), ("data_checksums", "on"), ("listen_addresses", ""),
        ("shared_buffers", "16MB"), ("password_encryption", "scram-sha-256"),
        ("checkpoint_timeout", "15min"), ("max_wal_size", "4GB"), ("TimeZone", "UTC"),
        ("log_error_verbosity", "terse"), ("fsync", "on"),
    ],
)  # fmt: skip
def test_the_server_is_set_as_promised(
    shared: tuple[Place, Embedded, str], setting: str, value: str
) -> None:
    assert _ask(shared[2], f"SHOW {setting}") == value


def test_the_order_of_words_is_the_builtin_one_of_unicode(
    shared: tuple[Place, Embedded, str],
) -> None:
    question = (
        "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'postgres'"
    )
    assert _ask(shared[2], question) == "bC.UTF-8"


def test_the_stored_password_is_a_scram_verifier_that_costs_a_connection_nothing(
    shared: tuple[Place, Embedded, str],
) -> None:
    stored = _ask(shared[2], "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert str(stored).startswith("SCRAM-SHA-256$1:")


@pytest.mark.parametrize("password", ["", "wrong"])
def test_who_has_not_the_password_is_refused(
    shared: tuple[Place, Embedded, str], password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(shared[1].url("postgres", password, "postgres"))


def test_no_line_of_pg_hba_trusts_anybody(shared: tuple[Place, Embedded, str]) -> None:
    lines = (shared[0].data / "pg_hba.conf").read_text().splitlines()
    methods = [line.split()[-1] for line in lines if line.strip() and not line.startswith("#")]
    assert len(methods) >= 3
    assert set(methods) == {"scram-sha-256"}


def test_only_the_servers_account_reaches_socket_data_and_password(
    shared: tuple[Place, Embedded, str],
) -> None:
    place = shared[0]
    folder = place.data.parent
    for path in (place.data, folder / "postgres.socket", place.secrets, place.run):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    assert stat.S_IMODE((place.secrets / "postgres.password").stat().st_mode) == 0o600
    assert stat.S_IMODE((place.run / "postgres.log").stat().st_mode) == 0o600
    assert psutil.Process(place.pid()).uids().effective == place.data.stat().st_uid != 0


def test_the_password_is_neither_in_the_command_line_nor_in_the_log(
    shared: tuple[Place, Embedded, str],
) -> None:
    place = shared[0]
    password = (place.secrets / "postgres.password").read_text().strip()
    assert len(password) > 30
    assert password not in " ".join(psutil.Process(place.pid()).cmdline())
    assert password not in (place.run / "postgres.log").read_text()
    assert not (place.data / ".unfinished").exists()


def test_an_error_leaves_no_personal_value_in_the_log(shared: tuple[Place, Embedded, str]) -> None:
    with psycopg.connect(shared[2]) as connection:
        connection.execute("CREATE TEMPORARY TABLE person (address text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('jean@example.org')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('jean@example.org')")
    log = (shared[0].run / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "jean" not in log


def test_a_url_carries_any_role_password_and_database(shared: tuple[Place, Embedded, str]) -> None:
    _, embedded, url = shared
    role, password, database = "o'né@/:", "p%40 ?&#é/", "a b/c?d"
    with psycopg.connect(url, autocommit=True) as connection:
        name = psycopg.sql.Identifier
        connection.execute(
            psycopg.sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                name(role), psycopg.sql.Literal(password)
            )
        )
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name(database)))
    assert (
        _ask(embedded.url(role, password, database), "SELECT current_user || current_database()")
        == role + database
    )


def test_the_users_own_variables_lead_nowhere_else(
    place: Place, shared: tuple[Place, Embedded, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = {
        "PGHOST": "elsewhere",
        "PGHOSTADDR": "127.0.0.9",
        "PGPORT": "1",
        "PGUSER": "x",
        "PGDATABASE": "x",
        "PGPASSWORD": "x",
        "PGDATA": "/nonexistent",
        "PGSSLMODE": "require",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    with place.embedded() as embedded:
        assert (
            _ask(embedded.attach(), "SELECT current_user || current_database()")
            == "postgrespostgres"
        )
        given = psutil.Process(place.pid()).environ()
        assert not {
            name: value
            for name, value in given.items()
            if name in hostile and value == hostile[name]
        }


def test_a_variable_that_forbids_connecting_is_named(
    shared: tuple[Place, Embedded, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICE", "no-such-service")
    with pytest.raises(EmbeddedFailed, match="PGSERVICE"):
        shared[0].embedded().attach()


def test_two_share_the_server_and_the_last_one_stops_it(made: Place) -> None:
    first, second = made.embedded(), made.embedded()
    first.attach()
    pid = made.pid()
    url = second.attach()
    assert made.pid() == pid
    first.detach()
    assert _ask(url, "SELECT 1") == 1
    second.detach()
    second.detach()
    assert not made.is_running()


def test_it_is_shared_between_processes_and_outlives_the_killed_one_that_started_it(
    made: Place,
) -> None:
    starter = _attached(made.other_process())
    pid = made.pid()
    starter.kill()
    starter.communicate(timeout=10)
    assert postmaster.is_server_of(made.data, pid)
    second = _attached(made.other_process())
    embedded = made.embedded()
    url = embedded.attach()
    assert made.pid() == pid
    _finish(second)
    assert _ask(url, "SELECT 1") == 1
    embedded.detach()
    assert not made.is_running()


def test_many_processes_starting_at_once_get_one_server(place: Place) -> None:
    processes = [place.other_process() for _ in range(4)]
    for process in processes:
        _attached(process)
    pid = place.pid()
    for process in processes[:-1]:
        _finish(process)
    assert place.pid() == pid
    _finish(processes[-1])
    assert not place.is_running()


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(
    shared: tuple[Place, Embedded, str],
) -> None:
    pid = shared[0].pid()
    assert os.getsid(pid) != os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)


@pytest.mark.parametrize("moment", [0.05, 0.3, 0.6, 0.9] if LONG else [0.05, 0.6])
def test_whoever_is_killed_while_creating_leaves_a_folder_that_still_starts(
    place: Place, moment: float
) -> None:
    starter = place.other_process()
    _eventually(place.run.exists)
    time.sleep(moment)
    starter.kill()
    starter.communicate(timeout=10)
    with place.embedded() as embedded:
        assert _ask(embedded.attach(), "SELECT 1") == 1


def test_a_killed_server_is_recovered_with_what_was_committed(made: Place) -> None:
    embedded = made.embedded()
    with psycopg.connect(embedded.attach(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
        os.kill(made.pid(), signal.SIGKILL)
        assert _ask(embedded.attach(), "SELECT count(*) FROM kept") == 1000
    embedded.detach()
    assert not made.is_running()


def test_busy_children_of_a_killed_server_do_not_prevent_the_next(made: Place) -> None:
    with made.embedded() as embedded, closing(psycopg.connect(embedded.attach())) as connection:
        # Busy in C, without waiting for anything, hence blind to the death of its parent.
        pid = connection.info.backend_pid
        connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 4000000000)")
        old = made.pid()
        os.kill(old, signal.SIGKILL)
        assert psutil.pid_exists(pid)
        assert _ask(embedded.attach(), "SELECT 1") == 1
        assert made.pid() != old
        assert pid not in postmaster.survivors(made.data)


@pytest.mark.parametrize(
    "rumour",
    [
        "",
        "\n",
        "half",
        "-",
        "{pid}",
        "{pid}\n{data}\n1700000000\n5432\n{socket}\n\n  1234  5678\nready   \n",
        "99999999999999999999\n",
        "0\n",
        "-{pid}\n",
        "1\n",
    ],
    ids=[
        "empty",
        "blank",
        "half-written",
        "sign",
        "first line",
        "living stranger",
        "huge",
        "zero",
        "negative",
        "init",
    ],
)
def test_a_stale_postmaster_pid_does_not_make_it_fail(stopped: Place, rumour: str) -> None:
    stranger = _stranger("sleep", stopped, stopped.data)
    try:
        socket = stopped.data.parent / "postgres.socket"
        text = rumour.format(pid=stranger.pid, data=stopped.data, socket=socket)
        (stopped.data / "postmaster.pid").write_text(text)
        (socket / ".s.PGSQL.5432.lock").write_text(
            f"{stranger.pid}\n{stopped.data}\n1700000000\n5432\n{socket}\n"
        )
        (socket / ".s.PGSQL.5432").write_text("")
        with stopped.embedded() as embedded:
            assert _ask(embedded.attach(), "SELECT 1") == 1
            assert stopped.pid() != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stranger_called_postgres_is_not_taken_for_the_server(stopped: Place) -> None:
    impostor = stopped.root / "postgres"
    shutil.copy("/bin/sleep", impostor)
    stranger = _stranger(impostor, stopped, Path("/"))
    try:
        (stopped.data / "postmaster.pid").write_text(f"{stranger.pid}\n")
        with stopped.embedded() as embedded:
            assert _ask(embedded.attach(), "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_lost_its_pid_file_is_replaced_without_loss(made: Place) -> None:
    with made.embedded() as embedded:
        with psycopg.connect(embedded.attach()) as connection:
            connection.execute("CREATE TABLE kept ()")
        old = made.pid()
        (made.data / "postmaster.pid").write_text("")
        assert _ask(embedded.attach(), "SELECT count(*) FROM kept") == 0
        assert made.pid() != old
        assert not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(
    shutil.which("unshare") is None, reason="needs unshare to make process ids of another container"
)
def test_a_server_in_another_container_on_the_same_folder_is_shared_not_doubled(
    made: Place,
) -> None:
    inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        pytest.skip("this system does not let us make process ids of another container")
    other = _attached(made.other_process(*inside))
    try:
        servers = sorted(postmaster.survivors(made.data))
        assert made.pid() not in servers
        with made.embedded() as embedded:
            assert _ask(embedded.attach(), "SELECT 1") == 1
        assert set(servers[:1]) <= set(postmaster.survivors(made.data))
    finally:
        _finish(other)
    assert not made.is_running()


def test_whoever_comes_while_it_stops_waits_and_starts_it_again(made: Place) -> None:
    first = made.embedded()
    with psycopg.connect(first.attach()):
        old = made.pid()
        os.kill(old, signal.SIGTERM)  # a smart shutdown, which waits for the connection above
        _eventually(lambda: (note := postmaster.read_note(made.data)) is not None and note.stopping)
        with made.embedded() as second:
            assert _ask(second.attach(), "SELECT 1") == 1
            assert made.pid() != old
    first.detach()


@pytest.mark.parametrize("name", ["d" * 120, "with, comma", "with \" and ' and space", "é" * 50])
def test_any_path_will_do(name: str) -> None:
    for place in _place(name):
        embedded = place.embedded()
        url = embedded.attach()
        assert _ask(url, "SELECT 1") == 1
        with place.embedded() as other:
            assert other.attach() == url
        folder = postmaster.folder_for(place.data, place.data.stat().st_uid)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == place.data.stat().st_uid
        embedded.detach()


def test_a_socket_folder_somebody_else_prepared_is_refused() -> None:
    for place in _place("d" * 120):
        new_cluster(place.data, place.secrets)
        with place.embedded():
            shutil.rmtree(folder := postmaster.folder_for(place.data, place.data.stat().st_uid))
        elsewhere = place.root / "elsewhere"
        elsewhere.mkdir()
        folder.symlink_to(elsewhere)
        try:
            with pytest.raises(EmbeddedFailed, match="somebody else's"):
                place.embedded().attach()
        finally:
            folder.unlink()
        assert not list(elsewhere.iterdir())


def test_a_folder_of_another_version_is_refused_by_name(place: Place) -> None:
    place.data.mkdir(parents=True)
    (place.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedFailed, match=r"PostgreSQL 16.*PostgreSQL 18.*\[store\] url"):
        place.embedded().attach()
    assert (place.data / "PG_VERSION").read_text() == "16\n"


def test_a_folder_of_other_things_is_left_alone(place: Place) -> None:
    place.data.mkdir(parents=True)
    (place.data / "thesis.txt").write_text("years of work")
    with pytest.raises(EmbeddedFailed, match=r"thesis\.txt"):
        place.embedded().attach()
    assert [entry.name for entry in place.data.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("left", "sentence"), [(None, "missing or empty"), ("", "missing"), ("x", "does not accept")]
)
def test_a_lost_or_changed_password_is_named(
    stopped: Place, left: str | None, sentence: str
) -> None:
    file = stopped.secrets / "postgres.password"
    password = file.read_text()
    try:
        file.unlink() if left is None else file.write_text(left)
        with pytest.raises(EmbeddedFailed, match=sentence):
            stopped.embedded().attach()
        assert not stopped.is_running()
    finally:
        file.write_text(password)


def test_a_setting_postgresql_does_not_know_ends_in_its_own_words(stopped: Place) -> None:
    with pytest.raises(EmbeddedFailed, match="no_such_setting"):
        stopped.embedded(no_such_setting="1").attach()
    assert not stopped.is_running()


@pytest.mark.parametrize(
    "name", ["listen_addresses", "hba_file", "port", "a b", "x = 1\nfsync", "Port"]
)
def test_a_setting_that_would_open_the_server_is_refused(name: str) -> None:
    with pytest.raises(EmbeddedFailed, match="cannot be chosen"):
        cluster.fragment({name: "*"})


def test_a_value_stays_within_its_quotes(stopped: Place) -> None:
    value = "a'b\\n''; fsync = off # \\"
    with stopped.embedded(**{"relance.note": value}) as embedded:
        assert _ask(embedded.attach(), 'SHOW "relance.note"') == value
        assert _ask(embedded.attach(), "SHOW fsync") == "on"
    with pytest.raises(EmbeddedFailed, match="control character"):
        cluster.fragment({"cluster_name": "a\nfsync = off"})


def test_it_gives_up_only_when_the_server_died_and_shows_its_log(stopped: Place) -> None:
    control = stopped.data / "global" / "pg_control"
    kept = control.read_bytes()
    owner = control.stat()
    control.unlink()
    with pytest.raises(EmbeddedFailed, match="pg_control"):
        stopped.embedded().attach()
    control.write_bytes(kept)
    control.chmod(0o600)
    os.chown(control, owner.st_uid, owner.st_gid)
    with stopped.embedded() as embedded:
        assert _ask(embedded.attach(), "SELECT 1") == 1


def test_it_waits_for_a_server_that_does_not_answer_yet_and_says_so(
    shared: tuple[Place, Embedded, str],
) -> None:
    place, _, _ = shared
    pid = place.pid()
    said: list[str] = []

    def wake(news: Words) -> None:
        said.append(news.said())
        if len(said) == 2:
            os.kill(pid, signal.SIGCONT)

    os.kill(pid, signal.SIGSTOP)
    try:
        Embedded(place.data, place.secrets, SMALL, answer_seconds=2).attach(wake)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert len(said) >= 2
    assert re.search(r"starting or recovering .*\d+ s so far", said[0])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")
def test_a_full_disk_is_named(place: Place) -> None:
    place.data.parent.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "none", place.data.parent], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this system does not let us mount a small disk")
    try:
        with pytest.raises(EmbeddedFailed, match=r"disk that holds .* is full"):
            place.embedded().attach()
    finally:
        subprocess.run(["umount", place.data.parent], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_an_ordinary_user_runs_it_as_itself() -> None:
    nobody = pwd.getpwnam("nobody")
    for place in _place():
        place.data.parent.mkdir(parents=True)
        place.root.chmod(0o711)
        os.chown(place.data.parent, nobody.pw_uid, nobody.pw_gid)
        run = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(place.data), str(place.secrets)],
            capture_output=True, text=True, cwd=REPOSITORY, timeout=60,
        )  # fmt: skip
        assert (run.stderr, run.stdout.split()) == ("", ["42", str(nobody.pw_uid)])
        assert not place.is_running()
        with place.embedded() as as_root:
            assert _ask(as_root.attach(), "SELECT 1") == 1
            assert psutil.Process(place.pid()).uids().effective == nobody.pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_folder_an_ordinary_user_may_not_write_is_named() -> None:
    for place in _place():
        place.data.parent.mkdir(parents=True)
        place.root.chmod(0o711)
        run = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(place.data), str(place.secrets)],
            capture_output=True, text=True, cwd=REPOSITORY, timeout=60,
        )  # fmt: skip
        assert "was refused access" in run.stderr.splitlines()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root opens ways for another account")
def test_closed_parents_are_opened_for_passing_only_and_said_once(place: Place) -> None:
    place.data.parent.mkdir(parents=True)
    place.root.chmod(0o700)
    said: list[Words] = []
    embedded = place.embedded()
    embedded.attach(said.append)
    embedded.detach()
    assert stat.S_IMODE(place.root.stat().st_mode) == 0o701
    assert (
        sum(
            str(place.root) in sentence and "pass through" in sentence
            for sentence in (news.said() for news in said)
        )
        == 1
    )
    said.clear()
    embedded.attach(said.append)
    embedded.detach()
    assert said == []


@pytest.fixture(scope="module")
def stopped_once() -> Iterator[Place]:
    for place in _place():
        new_cluster(place.data, place.secrets)
        with place.embedded():
            pass
        yield place


@pytest.fixture
def stopped(stopped_once: Place) -> Place:
    assert not stopped_once.is_running()
    return stopped_once


MB = 1 << 20


@pytest.mark.parametrize(
    ("total", "buffers", "cache"),
    [
        (0, 128, 256),
        (512 * MB, 128, 256),
        (1024 * MB, 256, 512),
        (16384 * MB, 4096, 8192),
        (262144 * MB, 8192, 131072),
    ],
)
def test_buffers_are_a_quarter_of_memory_within_bounds(
    total: int, buffers: int, cache: int
) -> None:
    found = memory_settings(total)
    assert (found["shared_buffers"], found["effective_cache_size"]) == (
        f"{buffers}MB",
        f"{cache}MB",
    )
    assert (found["max_wal_size"], found["checkpoint_timeout"]) == ("4096MB", "15min")


@pytest.mark.parametrize("total", [0, 1 << 28, 1 << 34, 1 << 40])
def test_postgresql_accepts_every_setting_we_derive(
    shared: tuple[Place, Embedded, str], total: int
) -> None:
    with psycopg.connect(shared[2], autocommit=True) as connection:
        for name, value in memory_settings(total).items():
            connection.execute(
                psycopg.sql.SQL("ALTER SYSTEM SET {} = {}").format(psycopg.sql.SQL(name), value)
            )
        connection.execute("ALTER SYSTEM RESET ALL")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a /dev/shm")
def test_files_take_the_place_of_a_shared_memory_folder_that_is_missing() -> None:
    missing = cluster.shared_memory_settings(Path("/nonexistent"))
    assert missing == {"dynamic_shared_memory_type": "mmap"}
