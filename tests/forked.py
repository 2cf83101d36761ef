"""The program in a process of its own, brought in once: a server that has imported it is forked for
each verb.

What is typed is carried out as by `python -m engine`: arguments, environment, folder, standard
streams and exit status of its own. That the command itself starts, and how it takes signals, pipes
and a terminal, is asked of the command itself.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import app
from engine.cli.main import main

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload([__name__, app.__name__])


@dataclass(frozen=True)
class Said:
    """How a command ended: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


class Typed:
    """A verb that has begun; `ended()` waits for it."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self._arguments = arguments
        self._streams = tempfile.TemporaryDirectory(prefix="relance-")
        self._out, self._err = (Path(self._streams.name, name) for name in ("out", "err"))
        given = (list(arguments), dict(environment), folder, self._out, self._err)
        self._process = _FORKED.Process(target=_carry_out, args=given)
        self._process.start()

    def ended(self, seconds: float = 90) -> Said:
        self._process.join(seconds)
        status = self._process.exitcode
        if status is None:
            self._process.kill()
            self._process.join()
        self._process.close()
        with self._streams:
            out, err = self._out.read_text("utf-8"), self._err.read_text("utf-8")
        assert status is not None, f"{self._arguments} did not end:\n{out}\n{err}"
        return Said(status, out, err)


def _carry_out(
    arguments: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, place in enumerate((Path(os.devnull), out, err)):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (
        os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        for number in (1, 2)
    )
    sys.exit(main(arguments))
