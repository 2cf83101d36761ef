"""The command line as somebody types it: the real program in a process of its own, on a small
installation.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from engine.store.embedded import Embedded
from tests.clusters import new_cluster
from tests.forked import Said, Started, Typed
from tests.running import ROOT, free_port, wait_for, write
from tests.running_installation import LAYOUT, PEOPLE

CONFIG = (
    """
[site]
name = "Le Potager"
url = "http://127.0.0.1:{web}"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"
language = "en"

[web]
port = {web}

[mailbox]
smtp_port = {smtp}
port = {page}

[console]
port = 0

[[purpose]]
id = "conseils"
name = "La lettre du potager"

[[purpose]]
id = "commandes"
name = "Le suivi des commandes"

[consent]
declared = "write"
"""
    + PEOPLE
)
DIALOGUE = """title = "Semis"
purpose = "conseils"

[[list]]
id = 10
name = "semis"
group = "prospects"

  [[list.letter]]
  id = "question"
  after = "0 minutes"
  subject = "Avez-vous semé, {{ first_name | default('vous', true) }} ?"
  body = "question.md"

[[list]]
id = 11
name = "seme"
group = "prospects"

[[list]]
id = 12
name = "pas-encore"
group = "prospects"

[[list]]
id = 20
name = "acheteurs"
group = "clients"
purpose = "commandes"
"""
WORDS = {
    "sequences/semis.toml": DIALOGUE,
    "sequences/layout.html": LAYOUT,
    "sequences/question.md": "Avez-vous semé ?\n\n[Oui](===11===)\n\n[Non](===12===)\n",
}
SOURCE = ("--source", "x", "--collected", "2026-01-05", "--basis", "consent")
SMTP = '\n[smtp]\nhost = "127.0.0.1"\nport = {port}\nsink = true\ntls = "none"\nconnections = 1\n'
Running = subprocess.Popen[str] | Started
TRACE = re.compile(r"Traceback|\.py\", line")


@dataclass
class Installation:
    folder: Path
    web: int = field(default_factory=free_port)
    smtp: int = field(default_factory=free_port)
    page: int = field(default_factory=free_port)
    environment: dict[str, str] = field(
        default_factory=lambda: {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("PG", "RELANCE_")) and k != "DISPLAY"
        }
    )

    def __post_init__(self) -> None:
        self.configure()
        write(self.folder, WORDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    def configure(self, extra: str = "", changes: Mapping[str, str] | None = None) -> None:
        """`config.toml` anew: what stands in it replaced, and lines at its end."""
        text = CONFIG.format(web=self.web, smtp=self.smtp, page=self.page)
        for old, new in (changes or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        write(self.folder, {"config.toml": text + extra})

    def begin(self, *arguments: str, cwd: Path = ROOT) -> subprocess.Popen[str]:
        """The command itself, for what happens while it runs."""
        command = [sys.executable, "-m", "engine", "-C", str(self.folder), *arguments]
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str) -> Said:
        """Run to its end. A traceback is never what anybody deserves."""
        return calmly(self._typed(*arguments))

    def together(self, *commands: Sequence[str]) -> list[Said]:
        """Commands that do not wait for one another, begun at the same time."""
        begun = [self._typed(*arguments) for arguments in commands]
        return [calmly(typed) for typed in begun]

    def _typed(self, *arguments: str) -> Typed:
        return Typed(("-C", str(self.folder), *arguments), self.environment, ROOT)

    def done(self, *arguments: str) -> str:
        """What a command that must succeed has printed."""
        said = self(*arguments)
        assert said.status == 0, f"{arguments}: {said}"
        return said.out

    @contextlib.contextmanager
    def running(self, *arguments: str, command_itself: bool = False) -> Iterator[Running]:
        """`run`, once it serves; told to stop at the end if it has not ended by itself.
        `command_itself`: started as the command, not forked from a program that is there.
        """
        process = self.begin("run", *arguments) if command_itself else self._started(arguments)
        try:
            wait_for(lambda: process.poll() is not None or self.serves())
            assert process.poll() is None, process.communicate()
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=60)

    def _started(self, arguments: Sequence[str]) -> Started:
        streams = Path(tempfile.mkdtemp(prefix="run-", dir=self.folder.parent))
        typed = ("-C", str(self.folder), "run", *arguments)
        return Started(typed, self.environment, ROOT, streams / "out", streams / "err")

    def serves(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        return False


def calm(logs: str) -> bool:
    """Nothing but JSON, a line for each fact, and none of them of something wrong."""
    return all(json.loads(line)["level"] == "info" for line in logs.splitlines())


def ended(process: Running, seconds: float = 90) -> Said:
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"it did not end:\n{out}\n{err}") from None
    assert process.returncode is not None
    return _calm(Said(process.returncode, out or "", err))


def calmly(typed: Typed) -> Said:
    return _calm(typed.ended())


def _calm(said: Said) -> Said:
    assert not TRACE.search(said.err), said.err
    return said


def stop(process: Running, number: int = signal.SIGTERM) -> Said:
    process.send_signal(number)
    return ended(process, 30)


def embedded(relance: Installation) -> Embedded:
    data = relance.folder / "data"
    new_cluster(data / "postgres", data / "secrets")
    return Embedded(data / "postgres", data / "secrets")


@contextlib.contextmanager
def database(relance: Installation) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """As its superuser, beside whoever else uses it."""
    with (
        embedded(relance) as server,
        psycopg.connect(
            make_conninfo(server.attach(), dbname="relance"), autocommit=True
        ) as connection,
    ):
        yield connection


@contextlib.contextmanager
def published(folder: Path) -> Iterator[Installation]:
    """Its dialogue published, its PostgreSQL held open."""
    installation = Installation(folder)
    with embedded(installation):
        installation.done("publish", "--yes")
        yield installation
