"""The server process of one data folder: which one it is, its start, its end.

`postmaster.pid` cannot be trusted: after a crash or a container's restart it may name no process or
a foreign one. A process is taken for our server when it is called `postgres` and works in our data
folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil

from engine.store import files, programs
from engine.store.failure import EmbeddedFailed
from engine.store.programs import Account
from engine.words import N_, Words

PORT = "5432"
NAME = f".s.PGSQL.{PORT}"
LONGEST = 107 if sys.platform == "linux" else 103


def fits(folder: Path) -> bool:
    """Whether both PostgreSQL and libpq can name a socket in `folder` (libpq splits its hosts at
    commas).
    """
    return len(os.fsencode(folder / NAME)) <= LONGEST and not set(str(folder)) & set(',"')


def folder_for(data: Path, uid: int) -> Path:
    """The socket folder of the data folder `data`, the same for every process of the account
    `uid`.
    """
    beside = data.parent / f"{data.name}.socket"
    if fits(beside):
        return beside
    name = f"relance-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:20]}"
    places = [Path(tempfile.gettempdir()).resolve() / name, Path("/tmp").resolve() / name]
    return next((place for place in places if fits(place)), places[-1])


def url(folder: Path, role: str, password: str, database: str) -> str:
    """A libpq URL. What it leaves out, libpq would take from the PG* variables of the user: so it
    leaves out little.
    """
    who = quote(role, safe="") + (f":{quote(password, safe='')}" if password else "")
    route = {
        "host": str(folder),
        "port": PORT,
        "hostaddr": "",
        "sslmode": "disable",
        "gssencmode": "disable",
    }
    name, query = quote(database, safe=""), urlencode(route, quote_via=quote, safe="")
    return f"postgresql://{who}@/{name}?{query}"


def remove_stale(folder: Path) -> None:
    """Removes what a dead server left: the socket, and its lock file, whose process id may be a
    stranger's by now.
    """
    for name in (NAME, f"{NAME}.lock"):
        (folder / name).unlink(missing_ok=True)


STOP_PATIENCE = 300.0
QUIT_SECONDS = 10.0
REMAINS_SECONDS = 30.0
LOG_LIMIT = 16 << 20
LOG_LINES_SHOWN = 12
UNSEEN = 0  # the process id of a server that answers from another container


@dataclass(frozen=True)
class Note:
    """What `postmaster.pid` says; `pid` is negative for a single-user server."""

    pid: int
    socket: Path | None
    stopping: bool


def read_note(data: Path) -> Note | None:
    """What `postmaster.pid` of `data` says, or None if it is missing, empty or not a process id."""
    try:
        lines = (
            (data / "postmaster.pid").read_bytes().decode("utf-8", "surrogateescape").splitlines()
        )
    except FileNotFoundError:
        return None
    lines += [""] * (8 - len(lines))
    try:
        pid = int(lines[0])
    except ValueError:
        return None
    return Note(
        pid, Path(lines[4]) if lines[4].startswith("/") else None, lines[7].strip() == "stopping"
    )


def lives(pid: int) -> bool:
    """Whether there is a process `pid` that has not ended."""
    if pid <= 0:
        return False
    try:
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        if process.name() == "postgres":
            _collect(pid)
    except (psutil.NoSuchProcess, OverflowError):
        pass
    return False


def is_server_of(data: Path, pid: int) -> bool:
    """Whether the living process `pid` is PostgreSQL at work in `data`."""
    if not lives(pid):
        return False
    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and os.path.realpath(process.cwd()) == str(data)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def end_of(data: Path, pid: int) -> int | None:
    """A descriptor that can be read once `pid`, a PostgreSQL at work in `data`, has ended; to be
    closed by the caller. None where there is no such process, or the system has none (macOS).
    """
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    # Asked afterwards: what the descriptor stands for is what was looked at.
    if is_server_of(data, pid):
        return descriptor
    os.close(descriptor)
    return None


def survivors(data: Path) -> list[int]:
    """Every living PostgreSQL process that works in `data`, as far as this process may see them."""
    named = [
        process.pid
        for process in psutil.process_iter(["name"])
        if process.info["name"] == "postgres"
    ]
    return [pid for pid in named if is_server_of(data, pid)]


def launch(
    data: Path, account: Account | None, lock: Path, log: Path, values: Mapping[str, str]
) -> int:
    """Starts the server and returns its process id at once, long before it is ready.

    It gets a session of its own, so neither Ctrl-C nor our death ends it; it inherits `lock`, held.
    """
    held = files.opened(lock)
    journal = files.opened(log, os.O_WRONLY | os.O_APPEND)
    try:
        if not files.take(held, fcntl.LOCK_EX):
            raise _remains(data)
        options = [word for name, value in values.items() for word in ("-c", f"{name}={value}")]
        # Through a shell, so that the server is not our child: nobody has to reap it.
        run = subprocess.run(
            [
                "/bin/sh",
                "-c",
                '"$@" >&2 & echo $!',
                "sh",
                str(programs.program("postgres")),
                "-D",
                str(data),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=journal,
            pass_fds=(held,),
            cwd="/",
            env=programs.environment(),
            start_new_session=True,
            umask=0o077,
            check=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        return int(run.stdout)
    finally:
        os.close(held)
        os.close(journal)


def stop(data: Path, pid: int, progress: Callable[[Words], None]) -> None:
    """Ends the server `pid` by a fast shutdown (clients are cut, nothing is lost), and waits for
    its end.
    """
    _signal(pid, signal.SIGINT)
    wait = files.Wait(progress)
    while is_server_of(data, pid):
        if wait.seconds > STOP_PATIENCE:
            raise EmbeddedFailed(
                N_(
                    "PostgreSQL of {data} (process {pid}) is still stopping; wait for its "
                    "end, {elsewhere}."
                ),
                data=data,
                pid=pid,
            )
        wait.pause(N_("PostgreSQL is stopping"))


def clear_remains(data: Path, socket: Path, lock: Path, progress: Callable[[Words], None]) -> None:
    """Removes what a dead server left behind: child processes, its pid file, its socket.

    Only under `start.lock`, and only once no server answers. The lock the server inherited says for
    certain that none lives, even in another container whose processes we cannot see: two servers on
    one data folder would destroy it.
    """
    for deadly, patience in ((signal.SIGQUIT, QUIT_SECONDS), (signal.SIGKILL, QUIT_SECONDS)):
        left = survivors(data)
        if not left:
            break
        for pid in left:
            _signal(pid, deadly)
        until = time.monotonic() + patience
        while left and time.monotonic() < until:
            time.sleep(files.PAUSE_SECONDS)
            left = [pid for pid in left if is_server_of(data, pid)]
    wait = files.Wait(progress)
    while not files.is_free(lock):
        if wait.seconds > REMAINS_SECONDS:
            raise _remains(data)
        wait.pause(N_("Waiting for the remains of a killed PostgreSQL to end"))
    (data / "postmaster.pid").unlink(missing_ok=True)
    remove_stale(socket)


def rotate(log: Path) -> int:
    """Sets a long log aside before a start; returns the size at which the new start's words begin,
    in bytes.
    """
    size = log.stat().st_size if log.exists() else 0
    if size <= LOG_LIMIT:
        return size
    log.replace(log.with_name(f"{log.name}.1"))
    return 0


def last_words(log: Path, since: int = 0) -> list[str]:
    """The last lines of the log that were written after byte `since`."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(since, size - 8192))
        return file.read().decode("utf-8", "replace").splitlines()[-LOG_LINES_SHOWN:]


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _collect(pid: int) -> None:
    # As process 1 of a container we inherit the server as a child, and a dead child stays a zombie
    # until it is reaped.
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def _remains(data: Path) -> EmbeddedFailed:
    return EmbeddedFailed(
        N_(
            "A PostgreSQL that this process can neither reach nor see (in another "
            "container?) still holds {data}; stop it, {elsewhere}."
        ),
        data=data,
    )
