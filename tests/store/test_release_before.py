"""The release before and this one side by side over one database, as processes of their own: nobody
is missed and nobody written to twice while the machines are upgraded one by one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from engine import __version__
from tests.chaos.installation import CONFIG, RELAY, TWO_LETTERS
from tests.running import GROUND, ROOT, MailServer, free_port, wait_for, write
from tests.running_installation import LAYOUT, Installations
from tests.sizes import LONG

FORMER, FORMER_VERSION = "50b69c51", "0.1.0"
"""The last commit of the release before, until it has a tag."""

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not LONG, reason="two releases at work: RELANCE_LONG=1"),
]


@dataclass(frozen=True)
class Program:
    """A release of Relance, by the folder its source is in, on a machine of its own (`folder`)."""

    source: Path
    folder: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return plain | {"PYTHONPATH": str(self.source)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "engine", "-C", str(self.folder), *arguments]

    def verb(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment,
            cwd=self.source,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == status, (arguments, done)
        return done.stdout + done.stderr

    def brings(self, *names: str) -> list[str]:
        addresses = [f"{name}@lecteurs.example" for name in names]
        write(self.folder, {"people.csv": "\n".join(["email", *addresses, ""])})
        people = str(self.folder / "people.csv")
        self.verb("import", people, "--list", "10", *GROUND, "--start", "welcome")
        return addresses

    @contextmanager
    def running(self) -> Iterator[None]:
        with (self.folder / "run.log").open("ab") as log:
            process = subprocess.Popen(
                self.command("run"), env=self.environment, cwd=self.source, stdout=log, stderr=log
            )
            try:
                wait_for(lambda: process.poll() is not None or self.serves(), 200)
                assert process.poll() is None, (self.folder / "run.log").read_text()
                yield
                assert process.poll() is None, (self.folder / "run.log").read_text()
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)

    def serves(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def source_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release before as git has it."""
    packed = subprocess.run(
        ["git", "archive", FORMER],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        pytest.skip("the release before is not in this copy of the repository")
    source = tmp_path_factory.mktemp("former")
    subprocess.run(["tar", "-x", "-C", str(source)], input=packed.stdout, check=True)
    return source


def test_machines_are_upgraded_one_by_one_while_letters_leave(
    installations: Installations, source_before: Path, tmp_path: Path
) -> None:
    installations._run("CREATE DATABASE upgraded TEMPLATE template0")
    to = conninfo_to_dict(installations.admin)
    asked = urlencode({"host": to["host"], "user": to["user"], "password": to["password"]})
    store = f"postgresql:///upgraded?{asked}&port={to['port']}&sslmode=disable"
    with MailServer() as mail:
        former = Program(source_before, tmp_path / "former", free_port())
        newer = Program(ROOT, tmp_path / "newer", free_port())
        for program in (former, newer):
            config = CONFIG.format(
                url=f"http://127.0.0.1:{former.port}",
                port=program.port,
                store=store,
                way=RELAY.format(port=mail.sink.port, connections=2),
                in_doubt="hold",
                more="",
            )
            words = {"a.toml": TWO_LETTERS, "layout.html": LAYOUT, "question.md": "Alors ?\n"}
            words["question.md"] += "\n[Oui](===11===)\n\n[Non](===12===)\n"
            write(program.folder, {f"sequences/{name}": text for name, text in words.items()})
            write(program.folder, {"config.toml": config})
        former.verb("publish", "--yes")
        former.verb("resume", "--yes")
        # As whoever runs both machines copies them.
        shutil.copytree(former.folder / "data" / "secrets", newer.folder / "data" / "secrets")
        with former.running():
            people = former.brings(*(f"before{n}" for n in range(20)))
            refused = newer.verb("status", status=1)
            assert f"those of Relance {FORMER_VERSION}" in refused and "relance migrate" in refused
            told = newer.verb("migrate")
            assert f"is Relance {FORMER_VERSION}, and goes on" in told
            people += former.brings(*(f"migrated{n}" for n in range(20)))
            with newer.running():
                people += newer.brings(*(f"beside{n}" for n in range(20)))
                assert f"is Relance {FORMER_VERSION}, older than {__version__}" in newer.verb(
                    "status", status=0
                )
                wait_for(lambda: len(mail.sink.messages) >= 2 * len(people), 150)
        with newer.running():
            assert "is Relance" not in newer.verb("migrate")
            people += newer.brings(*(f"after{n}" for n in range(20)))
            wait_for(lambda: len(mail.sink.messages) >= 2 * len(people), 150)
        got = Counter(recipient for each in mail.sink.messages for recipient in each.recipients)
        assert got == dict.fromkeys(people, 2)
        assert "needs-0.2.0, which this program does not know" in former.verb("status", status=1)
        assert "equal" in newer.verb("audit", "replay")
