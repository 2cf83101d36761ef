"""Where the measured letters go, and who else sends there: Postfix's smtp-sink and smtp-source, or plain asyncio ones of our own where they are missing."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.processes import PATIENCE, NotReady, found, free_port, module, running

SESSIONS = 8
BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class Sink:
    """`sender` says in a word or two who the limit is; `plain`: Postfix's tools are missing."""

    port: int
    sender: str
    plain: bool

    def fill(self, count: int, size: int = 0) -> float:
        """Seconds in which the other sender hands over `count` messages in 8 sessions; `size` octets of body each, 0: a few lines."""
        where = f"127.0.0.1:{self.port}"
        if self.plain:
            command = module("bench.plain", "send", str(self.port), str(count), str(size or 300), str(SESSIONS))
        else:
            length = ["-l", str(size)] if size else []
            who = ["-f", "bench@potager.example", "-t", "reader@potager.example"]
            command = [str(found("smtp-source")), "-d", "-s", str(SESSIONS), "-m", str(count), *length, *who, where]
        begun = time.perf_counter()
        subprocess.run(command, check=True, timeout=600, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun


@contextmanager
def sink() -> Iterator[Sink]:
    """Listening on loopback until the end of the `with`."""
    port = free_port()
    if found("smtp-sink") is None or found("smtp-source") is None:
        with running(module("bench.plain", "sink", str(port))):
            yield Sink(port, "plain asyncio", True)
        return
    # smtp-sink refuses to stay root.
    account = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running([str(found("smtp-sink")), *account, f"127.0.0.1:{port}", str(BACKLOG)], says_ready=False) as process:
        _wait(port, process)
        yield Sink(port, "smtp-source", False)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionError:
            time.sleep(0.02)
    raise NotReady(f"smtp-sink does not listen (status {process.poll()})")
