"""Hosts: network namespaces of this machine on one switch, each with a name and an address of its
own. All of them, and whatever runs in them, end with the `Network`.

Its address of the whole machine is the first of the switch's: from there the drills look on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

PREFIX = "relance-"
PROGRAMS = ("ip", "unshare", "setpriv")
INSTALLER = Path(__file__).with_name("install.sh")


def missing() -> str:
    """What keeps this machine from having such hosts; "" where nothing does."""
    if os.geteuid() != 0:
        return "namespaces as hosts are made by root alone"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if lacking:
        return f"{', '.join(lacking)} not here: see tests/cluster/install.sh"
    probe = f"{PREFIX}{os.getpid()}-probe"
    done = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if done.returncode != 0:
        return f"no namespace can be made: {done.stderr.strip()}"
    _ip("netns", "del", probe)
    return ""


@dataclass(frozen=True)
class Host:
    name: str
    namespace: str
    address: str
    port: str
    """The switch's end of its cable."""
    _begun: list[subprocess.Popen[bytes]] = field(default_factory=list, compare=False, repr=False)

    def command(self, *words: str, account: str = "") -> list[str]:
        """What runs `words` on this host, as `account` where it is not to be root."""
        as_who = (
            [
                *(
                    "setpriv",
                    f"--reuid={account}",
                    f"--regid={account}",
                    "--clear-groups",
                    "--reset-env",
                )
            ]
            if account
            else []
        )
        named = ["sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        return ["ip", "netns", "exec", self.namespace, "unshare", "--uts", *named, *as_who, *words]

    def start(
        self,
        words: Sequence[str],
        log: Path,
        *,
        account: str = "",
        environment: Mapping[str, str] | None = None,
        folder: Path | str = "/",
    ) -> subprocess.Popen[bytes]:
        with log.open("ab") as file:
            process = subprocess.Popen(
                self.command(*words, account=account),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        self._begun.append(process)
        return process

    def pids(self) -> list[int]:
        done = subprocess.run(
            ["ip", "netns", "pids", self.namespace], capture_output=True, text=True
        )
        return [int(pid) for pid in done.stdout.split()]

    def signal(self, number: int) -> None:
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self, seconds: float = 20) -> None:
        """Everything on it at once, as when its power goes."""
        end = time.monotonic() + seconds
        while self.pids():
            self.signal(signal.SIGKILL)
            time.sleep(0.05)
            assert time.monotonic() < end, f"{self.name} does not die: {self.pids()}"
        for process in self._begun:
            process.wait(seconds)
        self._begun.clear()


class Network:
    """Used as a context manager. `host` makes one that is there until the end."""

    def __init__(self) -> None:
        self._id = os.getpid()
        self._switch = f"{PREFIX}{self._id}-switch"
        self._subnet = f"10.213.{self._id % 250}"
        self._hosts: list[Host] = []
        self.address = f"{self._subnet}.1"

    def __enter__(self) -> Network:
        _sweep()
        try:
            _ip("netns", "add", self._switch)
            self._within_switch("link", "add", "br0", "type", "bridge")
            self._within_switch("link", "set", "br0", "up")
            cable = f"rl{self._id}"
            _ip(
                "link",
                "add",
                cable,
                "type",
                "veth",
                "peer",
                "name",
                "office",
                "netns",
                self._switch,
            )
            self._within_switch("link", "set", "office", "master", "br0", "up")
            _ip("addr", "add", f"{self.address}/24", "dev", cable)
            _ip("link", "set", cable, "up")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for host in self._hosts:
            host.kill()
        for namespace in (*(host.namespace for host in self._hosts), self._switch):
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True)

    def host(self, name: str) -> Host:
        port, namespace = f"p-{name}", f"{PREFIX}{self._id}-{name}"
        made = Host(name, namespace, f"{self._subnet}.{len(self._hosts) + 11}", port)
        _ip("netns", "add", namespace)
        self._hosts.append(made)
        _ip(
            "link",
            "add",
            port,
            "netns",
            self._switch,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            namespace,
        )
        self._within_switch("link", "set", port, "master", "br0", "up")
        _ip("-n", namespace, "addr", "add", f"{made.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", namespace, "link", "set", device, "up")
        return made

    def cut(self, host: Host) -> None:
        """Its cable is drawn: nothing goes to it or comes from it, and nobody is told."""
        self._within_switch("link", "set", host.port, "down")

    def mend(self, host: Host) -> None:
        self._within_switch("link", "set", host.port, "up")

    @contextlib.contextmanager
    def apart(self, one: Host, other: Host) -> Iterator[None]:
        """Nothing that `one` says reaches `other`; each is there for everybody else."""
        route = ("-n", one.namespace, "route")
        _ip(*route, "add", "blackhole", f"{other.address}/32")
        try:
            yield
        finally:
            _ip(*route, "del", "blackhole", f"{other.address}/32")

    def _within_switch(self, *words: str) -> None:
        _ip("-n", self._switch, *words)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


def _sweep() -> None:
    """What drills that were killed have left: namespaces named after a process that is gone."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        name = line.split()[0]
        owner = name.removeprefix(PREFIX).partition("-")[0]
        if name.startswith(PREFIX) and owner.isdigit() and not Path("/proc", owner).exists():
            Host("", name, "", "").kill()
            _ip("netns", "del", name)
