"""Where the measured letters go, and who else sends there: Postfix's smtp-sink and smtp-source.

Where they are missing, plain asyncio ones of our own take their place, and that is said.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.processes import found, free_port, listening, module, running

SESSIONS = 8
HEADERS = 143
"""Octets of the header that smtp-source puts before a body."""
BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class Sink:
    """`sender` says in a word or two who the limit is; `plain`: Postfix's tools are missing."""

    port: int
    sender: str
    plain: bool

    def fill(self, count: int, size: int) -> float:
        """Seconds in which the other sender hands over `count` messages of `size` octets, header
        and all, in 8 sessions.
        """
        where = f"127.0.0.1:{self.port}"
        if self.plain:
            command = module(
                "bench.plain", "send", str(self.port), str(count), str(size), str(SESSIONS)
            )
        else:
            what = [
                "-m",
                str(count),
                "-l",
                str(size - HEADERS),
                "-f",
                "bench@potager.example",
                "-t",
                "reader@potager.example",
            ]
            command = [str(found("smtp-source")), "-d", "-s", str(SESSIONS), *what, where]
        begun = time.perf_counter()
        subprocess.run(command, check=True, timeout=600, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun


@contextmanager
def sink() -> Iterator[Sink]:
    """Listening on loopback until the end of the `with`."""
    port = free_port()
    if found("smtp-sink") is None or found("smtp-source") is None:
        print(
            "smtp-sink and smtp-source are missing: the limit is a plain asyncio sender instead",
            file=sys.stderr,
        )
        with running(module("bench.plain", "sink", str(port))):
            yield Sink(port, "plain asyncio", True)
        return
    # smtp-sink refuses to stay root.
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running(
        [str(found("smtp-sink")), *account, f"127.0.0.1:{port}", str(BACKLOG)], says_ready=False
    ) as process:
        listening(port, process)
        yield Sink(port, "smtp-source", False)
