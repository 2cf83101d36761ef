"""The embedded PostgreSQL: one server per data folder, shared by every process of the installation.

Whoever comes first starts it, whoever leaves last stops it; a process that is killed leaves it
running for the next. It listens on a Unix socket alone, which only its own account may reach, and
asks for a password there too.
"""

from __future__ import annotations

import fcntl
import logging
import os
import select
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg.pq import PGconn, Ping

from engine.store import cluster, files, postmaster, programs
from engine.store.cluster import memory_settings
from engine.store.database import Alarm, ensure_database_within
from engine.store.failure import EmbeddedFailed, from_log, from_os
from engine.store.programs import Account, for_server, open_ways, private_folder
from engine.words import N_, Words, words

log = logging.getLogger("relance.store")
LOOK_SECONDS = 0.5
WATCHED_SECONDS = 30
"""For which a server is not looked at whose end would be told of."""
AFTER_FAILURE_SECONDS = 5.0
STOP_PATIENCE = 30.0


class Guard:
    """A thread that asks `lives` and calls `start` until it is stopped. Any failure (a full disk,
    no descriptor left) is logged and tried again. It sleeps until the process ends whose descriptor
    `watched` gives; where there is none it looks again and again.
    """

    def __init__(
        self,
        lives: Callable[[], bool],
        start: Callable[[], None],
        watched: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._lives, self._start, self._watched = lives, start, watched
        self._stopping, self._alarm = threading.Event(), Alarm()
        self._trouble = ""
        self._thread = threading.Thread(target=self._look, name="guard", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why the server would not be restarted at this moment; "" while it would."""
        return (
            self._trouble
            if self._thread.is_alive() or self._stopping.is_set()
            else self._trouble or "its thread has ended"
        )

    def stop(self) -> None:
        self._stopping.set()
        self._alarm.ring()
        self._thread.join(STOP_PATIENCE)

    def _look(self) -> None:
        pause, well = LOOK_SECONDS, True
        while not self._stopping.is_set():
            try:
                self._sleep(pause, watching=well)
                if self._stopping.is_set():
                    break
                if not self._lives():
                    self._start()
                    log.warning("PostgreSQL had died and runs again")
            except Exception as error:
                # Any exception: a guard that ended would be missed only when it is needed.
                pause, well = AFTER_FAILURE_SECONDS, False
                self._tell(error)
            else:
                pause, well, self._trouble = LOOK_SECONDS, True, ""

        self._alarm.close()

    def _sleep(self, pause: float, *, watching: bool) -> None:
        ending = self._watched() if watching else None
        if ending is None:
            self._stopping.wait(pause)
            return
        try:
            polled = select.poll()
            for descriptor in (ending, self._alarm.fileno()):
                polled.register(descriptor, select.POLLIN)
            polled.poll(WATCHED_SECONDS * 1000)
        finally:
            os.close(ending)

    def _tell(self, error: Exception) -> None:
        why = (
            str(error) if isinstance(error, EmbeddedFailed) else f"{type(error).__name__}: {error}"
        )
        if why != self._trouble:
            self._trouble = why
            log.error("PostgreSQL cannot be looked after, or started again", extra={"why": why})


__all__ = ["Embedded", "EmbeddedFailed", "memory_settings"]

ADMINISTRATION = "postgres"
"""The database that every server has."""
LEAVE_SECONDS = 30.0
REFUSED_SECONDS = 30.0
ANSWER_SECONDS, PING_SECONDS = 30, 3


def _silent(news: Words) -> None:
    """Progress nobody asked for."""


class Embedded:
    """The PostgreSQL kept in `data`; beside it lie `<name>.run` (files, log) and `<name>.socket`.

    `secrets` holds the superuser's password, `settings` are PostgreSQL settings that win over ours
    at the next start.
    """

    def __init__(
        self,
        data: Path,
        secrets: Path,
        settings: Mapping[str, str] | None = None,
        *,
        answer_seconds: int = ANSWER_SECONDS,
    ) -> None:
        """`answer_seconds`, two at least: how long a server that takes a connection may say nothing
        before it is asked again.
        """
        self._answer_seconds = answer_seconds
        self._data = data.resolve()
        self._secrets = secrets.absolute()
        self._settings = dict(settings or {})
        self._run = self._data.parent / f"{self._data.name}.run"
        self._log = self._run / "postgres.log"
        self._socket: Path | None = None
        self._user: int | None = None
        self._guard: Guard | None = None

    def __enter__(self) -> Embedded:
        self.attach()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.detach()

    def attach(
        self, progress: Callable[[Words], None] = _silent, database: str = ADMINISTRATION
    ) -> str:
        """Joins the server, starting it if nobody has, and returns the superuser's connection URL
        for `database`, which is created if it is missing, once it answers.

        Crash recovery takes as long as it takes; `progress` gets a sentence every few seconds.
        EmbeddedFailed if the server ends instead, or is in no state to be started. Joining twice is
        joining once.
        """
        with self._refusals_told():
            self._run.parent.mkdir(parents=True, exist_ok=True)
            self._run.mkdir(mode=0o700, exist_ok=True)
            with files.alone(self._run / "start.lock", progress):
                # Under start.lock, so that nobody who leaves takes itself for the last between our
                # look and our start.
                if self._user is None:
                    self._user = files.opened(self._run / "users.lock")
                    fcntl.flock(self._user, fcntl.LOCK_SH)
                try:
                    return self._ready(progress, database)
                except BaseException:
                    self._leave(progress)
                    raise

    def guard(self) -> None:
        """From now on until we leave, a server that dies is started again. For a program that
        outlives it; its connections are its own care.
        """
        self._guard = self._guard or Guard(self._lives, self._revive, self._watched)

    def trouble(self) -> str:
        """Why a server that dies would not be started again; "" while it would be, and before
        `guard`.
        """
        return self._guard.trouble if self._guard is not None else ""

    def _lives(self) -> bool:
        note = postmaster.read_note(self._data)
        return note is not None and (
            postmaster.is_server_of(self._data, note.pid) or _answers_elsewhere(note)
        )

    def _watched(self) -> int | None:
        note = postmaster.read_note(self._data)
        return postmaster.end_of(self._data, note.pid) if note is not None else None

    def _revive(self) -> None:
        with self._refusals_told(), files.alone(self._run / "start.lock", _silent):
            self._ready(_silent)

    def url(self, role: str, password: str, database: str) -> str:
        """The libpq URL for a role and database of this server; needs no running server but an
        attached one.
        """
        if self._socket is None:
            raise EmbeddedFailed(
                N_("Nobody has attached to the PostgreSQL of {data} yet; attach first."),
                data=self._data,
            )
        return postmaster.url(self._socket, role, password, database)

    def detach(self) -> None:
        """Leaves the server; the last one to leave stops it, without loss. Leaving twice is leaving
        once.
        """
        if self._user is None:
            return
        if self._guard is not None:
            self._guard.stop()
            self._guard = None
        # Whoever holds start.lock for long is starting, thus a user who stays behind and will be
        # the last in our place.
        with (
            self._refusals_told(),
            files.alone(self._run / "start.lock", _silent, LEAVE_SECONDS) as obtained,
        ):
            self._leave(_silent, may_stop=obtained)

    def _leave(self, progress: Callable[[Words], None], may_stop: bool = True) -> None:
        if self._user is None:
            return
        user, self._user = self._user, None
        try:
            # Turning our shared lock into an exclusive one succeeds only for the last user.
            if may_stop and files.take(user, fcntl.LOCK_EX):
                note = postmaster.read_note(self._data)
                if note is not None and postmaster.is_server_of(self._data, note.pid):
                    postmaster.stop(self._data, note.pid, progress)
        finally:
            # Closing, not unlocking: in a forked child, unlocking would take the parent's lock
            # away.
            os.close(user)

    def _ready(self, progress: Callable[[Words], None], database: str = ADMINISTRATION) -> str:
        account = for_server(self._data)
        private_folder(self._data, account)
        new = cluster.is_new(self._data)
        password = cluster.superuser_password(self._secrets, new)
        note = None if new else self._running(progress)
        # One that was running when we looked may be dying all the same: then it is started like one
        # that was not.
        if note is None or not self._answers(note, account, password, progress, database):
            since = postmaster.rotate(self._log)
            note = self._start(account, new, password, progress)
            if not self._answers(note, account, password, progress, database):
                raise from_log(
                    N_("starting in"), postmaster.last_words(self._log, since), self._data
                )
        return self.url(cluster.SUPERUSER, password, database)

    def _usual_socket(self, account: Account | None) -> Path:
        return postmaster.folder_for(self._data, account.uid if account else os.geteuid())

    def _running(self, progress: Callable[[Words], None]) -> postmaster.Note | None:
        note = postmaster.read_note(self._data)
        if note is None:
            return None
        if note.pid < 0 and postmaster.is_server_of(self._data, -note.pid):
            raise EmbeddedFailed(
                N_(
                    "A single-user PostgreSQL (process {pid}) is at work in {data}; end it, "
                    "{elsewhere}."
                ),
                pid=-note.pid,
                data=self._data,
            )
        if postmaster.is_server_of(self._data, note.pid):
            if not note.stopping:
                return note
            postmaster.stop(self._data, note.pid, progress)
            return None
        return replace(note, pid=postmaster.UNSEEN) if _answers_elsewhere(note) else None

    def _start(
        self, account: Account | None, new: bool, password: str, progress: Callable[[Words], None]
    ) -> postmaster.Note:
        lock, socket = self._run / "server.lock", self._usual_socket(account)
        private_folder(socket, account)
        postmaster.clear_remains(self._data, socket, lock, progress)
        if account is not None:
            open_ways(account, [self._data, socket], programs.installed(), progress)
        if new:
            progress(words(N_("Creating a new PostgreSQL in {folder}"), folder=str(self._data)))
            cluster.create(self._data, account, password, lock)
        cluster.write_fragment(self._data, cluster.fragment(self._settings), account)
        quoted = '"' + str(socket).replace('"', '""') + '"'
        ours = {
            "unix_socket_directories": quoted,
            "unix_socket_permissions": "0700",
            "listen_addresses": "",
        }
        values = ours | {"port": postmaster.PORT}
        pid = postmaster.launch(self._data, account, lock, self._log, values)
        return postmaster.Note(pid, socket, stopping=False)

    def _answers(
        self,
        note: postmaster.Note,
        account: Account | None,
        password: str,
        progress: Callable[[Words], None],
        database: str,
    ) -> bool:
        """True once the server lets us in and `database` is there, however long that takes; False
        if it ends before.
        """
        self._socket = note.socket or self._usual_socket(account)
        url = postmaster.url(self._socket, cluster.SUPERUSER, password, ADMINISTRATION)
        wait = files.Wait(progress)
        while (refusal := self._refusal(url, database)) is not None:
            answer = _ping(url, min(PING_SECONDS, self._answer_seconds))
            if answer == Ping.OK and wait.seconds >= REFUSED_SECONDS:
                raise EmbeddedFailed(
                    N_(
                        "PostgreSQL of {data} runs but refused us ({why}); repair that,"
                        " {elsewhere}."
                    ),
                    data=self._data,
                    why=refusal,
                ) from refusal
            if answer == Ping.NO_ATTEMPT:
                raise EmbeddedFailed(
                    N_(
                        "The PG* variables of this process keep it from connecting to {socket}; "
                        "unset them (PGSERVICE, for one), {elsewhere}."
                    ),
                    socket=self._socket,
                )
            # Its children may outlive it, and keep its lock: only the server's own end counts.
            if (
                (answer == Ping.NO_RESPONSE)
                if note.pid == postmaster.UNSEEN
                else not postmaster.lives(note.pid)
            ):
                return False
            wait.pause(N_("PostgreSQL is starting or recovering from a crash"))
        return True

    def _refusal(self, url: str, database: str) -> psycopg.OperationalError | None:
        """Why the server does not let us in; None once it has, and `database` is there."""
        try:
            connection = psycopg.connect(url, connect_timeout=self._answer_seconds, autocommit=True)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise EmbeddedFailed(
                    N_(
                        "PostgreSQL of {data} does not accept the password in "
                        "{secrets}/postgres.password; put the file back that belongs to this data "
                        "folder, {elsewhere}."
                    ),
                    data=self._data,
                    secrets=self._secrets,
                ) from error
            return error
        with connection:
            if database != ADMINISTRATION:
                ensure_database_within(connection, database)
        return None

    @contextmanager
    def _refusals_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise from_os(error, self._data) from error


def _answers_elsewhere(note: postmaster.Note) -> bool:
    """A process id that means nothing here may mean something in another container on the same
    folder: then its socket answers.
    """
    if note.socket is None:
        return False
    return _ping(postmaster.url(note.socket, cluster.SUPERUSER, "", "postgres")) in (
        Ping.OK,
        Ping.REJECT,
    )


def _ping(url: str, seconds: int = PING_SECONDS) -> int:
    # Needs no password: it tells "ready", "recovering" and "nobody there" apart by the server's
    # first answer.
    return PGconn.ping(f"{url}&connect_timeout={seconds}".encode())
