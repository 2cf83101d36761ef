"""The program in a process of its own, brought in once: a server that has imported it is forked for
each verb.

What is typed is carried out as by `python -m engine`: arguments, environment, folder, standard
streams and exit status of its own. That the command itself starts, and how it takes signals, pipes
and a terminal, is asked of the command itself.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

from engine.cli.main import main

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.forkserver"])


def share_server() -> None:
    """The server is started now, for this process and those that it forks: it takes two seconds of
    processor time to be ready.
    """
    forkserver.ensure_running()
    # It looks whether the server lives as only its parent may.
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]


@dataclass(frozen=True)
class Said:
    """How a command ended: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


def forked(work: Callable[..., None], *arguments: str, seconds: float = 120) -> int:
    """How a process ends that does `work`: its exit status, or the signal that killed it, below
    0.
    """
    process = _FORKED.Process(target=work, args=arguments)
    process.start()
    process.join(seconds)
    status = process.exitcode
    if status is None:
        process.kill()
        process.join()
    process.close()
    assert status is not None, f"{work} did not end"
    return status


class Started:
    """The command at work, with as much of `subprocess.Popen` as its tests use. `out` and `err` are
    the files that it writes to, at their ends.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        out: Path,
        err: Path,
    ) -> None:
        self.args, self._out, self._err = arguments, out, err
        given = (list(arguments), dict(environment), folder, out, err)
        self._process = _FORKED.Process(target=_carry_out, args=given)
        self._process.start()

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(list(self.args), timeout)
        return status

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it has written, once it has ended. Raises subprocess.TimeoutExpired."""
        self.wait(timeout)
        return self._out.read_text("utf-8"), self._err.read_text("utf-8")


class Typed:
    """A verb that has begun; `ended()` waits for it."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._arguments = arguments
        self._streams = tempfile.TemporaryDirectory(prefix="relance-")
        self._out, self._err = (Path(self._streams.name, name) for name in ("out", "err"))
        self._started = Started(arguments, environment, folder, self._out, self._err)

    def ended(self, seconds: float = 90) -> Said:
        try:
            status = self._started.wait(seconds)
        except subprocess.TimeoutExpired:
            self._started.kill()
            self._started.wait()
            out, err = self._started.communicate()
            raise AssertionError(f"{self._arguments} did not end:\n{out}\n{err}") from None
        with self._streams:
            return Said(status, *self._started.communicate())


def _carry_out(
    arguments: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    streams = [os.open(os.devnull, os.O_RDONLY)]
    streams += [os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for file in (out, err)]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        for number in (1, 2)
    )
    sys.exit(main(arguments))
