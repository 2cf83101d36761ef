"""Processes of a measure: started, waited for until they say that they are ready, and ended by
their own id whatever happens.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 30


class NotReady(Exception):
    """A process ended before it was ready: which, and its status."""


@contextmanager
def running(
    command: Sequence[str], *, says_ready: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Ends with SIGTERM, and SIGKILL where that does not help within thirty seconds."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE if says_ready else subprocess.DEVNULL, cwd=ROOT
    )
    try:
        if says_ready:
            assert process.stdout is not None
            if process.stdout.readline().strip() != b"ready":
                raise NotReady(
                    f"{' '.join(command[1:])} ended with status {process.wait(PATIENCE)} before it"
                    " was ready"
                )
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", name, *arguments]


def listening(port: int, process: subprocess.Popen[bytes]) -> None:
    """Waits until somebody takes connections on a loopback port. Raises NotReady when `process` has
    ended or patience has.
    """
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionError:
            time.sleep(0.02)
    raise NotReady(f"nobody listens on port {port} (status {process.poll()})")


def relance(folder: Path, part: str) -> list[str]:
    """`relance send`, `follow` or `web` in an installation's folder."""
    return module("engine", "-C", str(folder), part)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def found(tool: str) -> str | None:
    """Where a tool of Postfix is: its folder is not on everybody's path."""
    places = [
        *os.environ.get("PATH", "").split(os.pathsep),
        "/usr/sbin",
        "/usr/local/sbin",
        "/opt/homebrew/sbin",
        "/usr/libexec/postfix",
    ]
    return next(
        (str(path) for place in places if place and os.access(path := Path(place) / tool, os.X_OK)),
        None,
    )
