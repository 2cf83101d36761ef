"""The machines that run Relance: each with `web`, `follow` and `send`, a folder of its own, and the
secrets of all; a supervisor starts again what has ended, unless its host is down.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from tests.chaos.installation import Place
from tests.chaos.mail_server import MailServer
from tests.cluster.databases import OWNER_PASSWORD, Pair
from tests.cluster.network import Host, Network
from tests.elsewhere import OWNER, PASSWORD, SUPERUSER
from tests.forked import Typed
from tests.running import ROOT, wait_for

PARTS = ("web", "follow", "send")
CONNECTIONS = 2
SEAM = """
import pathlib, time

ahead, now, now_ns = pathlib.Path(__file__).with_name("ahead"), time.time, time.time_ns
time.time = lambda: now() + int(ahead.read_text())
time.time_ns = lambda: now_ns() + int(ahead.read_text()) * 10**9
"""
"""What Python runs before a program: its machine's clock, in seconds ahead of the true one."""
WAY = """[smtp]
host = "{host}"
port = {port}
sink = true
tls = "none"
connections = {connections}
"""
DRAIN_SECONDS = 3
PAUSE_SECONDS = 0.4
"""How long the mail server thinks about each letter: three machines take forty seconds for six
hundred.
"""
LIVING = "SELECT count(*) FROM desk.process"


@dataclass
class Office(Place):
    """The installation as its operator has it. `overseer` is the URL of who may look everywhere."""

    overseer: str = ""

    def conninfo(self, database: str = "relance") -> str:
        return self.overseer


class Machine:
    """A host at work. `ended` are the processes that ended by themselves: part and status."""

    def __init__(self, host: Host, place: Place, parts: Sequence[str] = PARTS) -> None:
        self.host, self.place, self.parts = host, place, parts
        self.log = place.folder / "run.log"
        self.down = True
        self.ended: list[tuple[str, int]] = []
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        self.down = False
        for part in self.parts:
            self._begin(part)

    def die(self) -> None:
        """Without a word, as when its power goes."""
        self.down = True
        self.host.kill()
        for process in self._processes.values():
            process.wait()

    def stop(self) -> None:
        """As its operator does it."""
        self.down = True
        self.host.signal(signal.SIGTERM)
        for process in self._processes.values():
            process.wait(60)

    def pause(self) -> None:
        self.down = True
        self.host.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.host.signal(signal.SIGCONT)
        self.down = False

    def signal_part(self, part: str, number: int) -> None:
        """To one of its processes alone."""
        self._processes[part].send_signal(number)

    def tend(self) -> None:
        for part, process in list(self._processes.items()):
            status = process.poll()
            if not self.down and status is not None:
                self.ended.append((part, status))
                self._begin(part)

    def restart_with_clock(self) -> None:
        """Its processes have a clock that `set_clock` can move."""
        self.stop()
        seam = self.place.folder / "clock"
        seam.mkdir()
        (seam / "sitecustomize.py").write_text(SEAM)
        self._ahead = seam / "ahead"
        self.set_clock(0)
        self.place.environment["PYTHONPATH"] = str(seam)
        self.start()

    def set_clock(self, ahead: int) -> None:
        """By so many seconds, at once."""
        fresh = self._ahead.with_name("fresh")
        fresh.write_text(str(ahead))
        fresh.replace(self._ahead)

    def _begin(self, part: str) -> None:
        words = [sys.executable, "-m", "engine", "-C", str(self.place.folder), part]
        self._processes[part] = self.host.start(
            words, self.log, environment=self.place.environment, folder=ROOT
        )


class Cluster:
    """Three machines, their PostgreSQL and the mail server, all at work; used as a context manager.
    `office` is the installation as its operator has it, on a machine that runs none of it.
    """

    def __init__(
        self,
        root: Path,
        pair: type[Pair] = Pair,
        *,
        machines: int = 3,
        parts: Sequence[str] = PARTS,
        url: Callable[[Pair], str] = lambda pair: pair.url,
    ) -> None:
        self.root, self._pair, self._machines, self._parts = root, pair, machines, parts
        self._url = url
        self._ends = ExitStack()

    def __enter__(self) -> Cluster:
        with ExitStack() as begun:
            self.network = begun.enter_context(Network())
            servers = self.root / "servers"
            servers.mkdir()
            self.pair = begun.enter_context(self._pair(self.network, servers))
            post = self.network.host("mail")
            self.mail = begun.enter_context(MailServer(self.root, post.command, post.address))
            overseer = f"{SUPERUSER}:{quote(PASSWORD)}"
            way = WAY.format(host=post.address, port=self.mail.port, connections=CONNECTIONS)
            self.office = Office.made(
                self.root / "office",
                way,
                store=self._url(self.pair),
                more=f'drain = "{DRAIN_SECONDS} seconds"',
            )
            self.office.overseer = self.pair.url.replace(f"{OWNER}:{OWNER_PASSWORD}", overseer)
            self.machines = [self._machine(f"h{n + 1}") for n in range(self._machines)]
            for machine in self.machines:
                machine.start()
                begun.callback(machine.die)
            wanted = len(self.machines) * len(self._parts)
            wait_for(lambda: self.tend() or self.office.counted(LIVING) == wanted, 150)
            self._ends = begun.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.__exit__(kind, error, trace)

    def tend(self) -> bool:
        """Always false, for use in a wait."""
        for machine in self.machines:
            machine.tend()
        return False

    def let_pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tend()
            time.sleep(0.2)

    def verb(self, *arguments: str) -> tuple[int, str]:
        """What the operator types, however it ends: status and what was printed."""
        typed = ("-C", str(self.office.folder), *arguments)
        done = Typed(typed, self.office.environment, ROOT).ended()
        return done.status, done.out + done.err

    def _machine(self, name: str) -> Machine:
        folder = self.root / name
        shutil.copytree(self.office.folder, folder)
        place = Place(folder, self.office.port, self.office.store)
        return Machine(self.network.host(name), place, self._parts)
