"""Whoever looks after the embedded PostgreSQL goes on whatever happens to it, and says when it
cannot.
"""

from __future__ import annotations

import errno
import logging
import os
import resource
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from engine.store import embedded
from engine.store.embedded import Guard
from engine.store.failure import EmbeddedFailed

PATIENCE = 20


def wait_for(state: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(embedded, "AFTER_FAILURE_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "OSError: [Errno 24] Too many open files"),
        (MemoryError(), "MemoryError: "),
        (RuntimeError("can't start new thread"), "RuntimeError: can't start new thread"),
        (EmbeddedFailed("The disk is full."), "The disk is full."),
    ],
)
@pytest.mark.parametrize("where", ["looking", "starting"])
def test_it_goes_on_after_any_error_and_says_it_once(
    where: str, error: Exception, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    failures, looks, starts = [error] * 3, [0], threading.Event()

    def fail() -> None:
        if failures:
            raise failures.pop()

    def lives() -> bool:
        looks[0] += 1
        if where == "looking":
            fail()
        return starts.is_set()

    def start() -> None:
        if where == "starting":
            fail()
        starts.set()

    with ExitStack() as ending, caplog.at_level(logging.WARNING, logger="relance.store"):
        guard = Guard(lives, start)
        ending.callback(guard.stop)
        wait_for(lambda: guard.trouble == why or starts.is_set())
        wait_for(lambda: starts.is_set() and guard.trouble == "")
        before = looks[0]
        wait_for(lambda: looks[0] > before)
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "PostgreSQL cannot be looked after, or started again",
        "PostgreSQL had died and runs again",
    ]
    assert caplog.records[0].__dict__["why"] == why


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the system tells of no end")
def test_it_sleeps_until_the_server_ends_and_sees_that_at_once() -> None:
    server = subprocess.Popen(["sleep", "60"])
    looks, starts = list[float](), threading.Event()

    def lives() -> bool:
        looks.append(time.monotonic())
        return starts.is_set()

    with ExitStack() as ending:
        ending.callback(server.wait)
        ending.callback(server.kill)
        guard = Guard(lives, starts.set, lambda: os.pidfd_open(server.pid))
        ending.callback(guard.stop)
        time.sleep(0.5)
        assert not looks
        server.kill()
        wait_for(starts.is_set)
        begun = time.monotonic()
    assert time.monotonic() - begun < PATIENCE / 4, "told to stop, it did not hear"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_guard_that_has_ended_says_so() -> None:
    def lives() -> bool:
        sys.exit()

    guard = Guard(lives, lambda: None)
    wait_for(lambda: guard.trouble == "its thread has ended")
    guard.stop()


def test_it_looks_after_a_server_while_no_descriptor_is_left() -> None:
    """As 300 silent connections left it once: nothing could be opened, and the guard died of it."""
    script = textwrap.dedent("""
        import os, resource, time
        from engine.store import embedded

        embedded.LOOK_SECONDS = embedded.AFTER_FAILURE_SECONDS = 0.01
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        looked = []

        def lives():
            os.close(os.open(".", os.O_RDONLY))
            looked.append(1)
            return True

        guard = embedded.Guard(lives, lambda: None)
        held = []
        try:
            while True:
                held.append(os.open(".", os.O_RDONLY))
        except OSError:
            pass
        until = time.monotonic() + 20
        while "Too many open files" not in guard.trouble and time.monotonic() < until:
            time.sleep(0.01)
        full = guard.trouble
        for descriptor in held:
            os.close(descriptor)
        before = len(looked)
        while len(looked) == before and time.monotonic() < until:
            time.sleep(0.01)
        print("Too many open files" in full, len(looked) > before)
    """)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True True\n", done.stderr


def test_the_limit_of_open_files_is_raised_to_what_the_system_allows() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    script = (
        "import resource\n"
        "from engine.sending.connection_limit import raise_descriptor_limit\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (256, {min(hard, 4096)}))\n"
        "print(raise_descriptor_limit())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=dict(os.environ),
    )
    assert int(done.stdout) == min(hard, 4096)
