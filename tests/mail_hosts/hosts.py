"""Real mail hosts on loopback: Debian's Postfix, Exim and Dovecot, each in a folder of its own.

`install.sh` brings their programs; the four configurations stand beside it and say who is known.
Started and stopped by who uses them as a context manager: ended with their process group, and also
should the test process be killed. What is not here, or cannot run as this user, skips the
test by name.
"""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from engine.inbound.imap import folder_name
from tests.elsewhere import issue
from tests.running import free_port

HERE = Path(__file__).parent
ACCOUNT = "mail"
"""The account they run as, which each Debian has."""
OWN_FOLDERS = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold"),
    *("incoming", "maildrop", "private", "public", "saved", "trace"),
)
PASSWORD = "sésame-ouvre-toi"


@cache
def root() -> Path:
    """Where the packages are unpacked. Skips the test where they are not."""
    found = subprocess.run(
        ["sh", str(HERE / "install.sh"), "--find"], capture_output=True, text=True
    ).stdout.strip()
    if not (Path(found) / "complete").exists():
        pytest.skip("Debian's mail hosts are not here: sh tests/mail_hosts/install.sh")
    return Path(found) / "root"


def libraries() -> str:
    """LD_LIBRARY_PATH: their own, and what this machine lacks."""
    return ":".join(sorted({str(library.parent) for library in root().glob("usr/lib/*/lib*.so*")}))


@dataclass
class Ports:
    """Each is free. `back` is where mail for garden.example and bounces.garden.example is delivered
    by LMTP, `exim_back` where Exim does so; at `nobody` nobody listens.
    """

    relay: int = field(default_factory=free_port)
    receiver: int = field(default_factory=free_port)
    exim: int = field(default_factory=free_port)
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    dovecot_lmtp: int = field(default_factory=free_port)
    back: int = field(default_factory=free_port)
    nobody: int = field(default_factory=free_port)
    exim_back: int = 0

    def __post_init__(self) -> None:
        self.exim_back = self.exim_back or self.back


@contextmanager
def host_folder() -> Iterator[Path]:
    """One that the hosts' own users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="mail-host-")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postfix(ports: Ports, more: str = "") -> Iterator[Path]:
    """Its folder; `log` is there. `more` are lines of main.cf that count before the usual ones."""
    programs = root() / "usr/lib/postfix/sbin"
    if os.getuid() != 0:
        pytest.skip("Postfix is started by root alone")
    account = pwd.getpwnam(ACCOUNT)
    with host_folder() as folder:
        queue = folder / "queue"
        for name in OWN_FOLDERS:
            (queue / name).mkdir(parents=True, mode=0o700)
            os.chown(queue / name, account.pw_uid, 0)
        (queue / "pid").mkdir()
        for name in ("data", "mail"):
            (folder / name).mkdir(mode=0o700)
            os.chown(folder / name, account.pw_uid, account.pw_gid)
        with write(folder, "postfix.main.cf", "main.cf", ports).open("a") as main:
            main.write(more)
        write(folder, "postfix.master.cf", "master.cf", ports)
        command = [str(programs / "master"), "-c", str(folder), "-d"]
        with running("Postfix", folder, command, ports.relay):
            yield folder


@contextmanager
def exim(ports: Ports, router: str = "", transport: str = "") -> Iterator[Path]:
    """Its folder; `mainlog` is there. `router` comes before the usual ones."""
    account = pwd.getpwnam(ACCOUNT)
    if os.getuid() not in (0, account.pw_uid):
        pytest.skip(f"Exim is started by root or by {ACCOUNT} alone")
    with host_folder() as folder:
        os.chown(folder, account.pw_uid, account.pw_gid)
        path = write(folder, "exim.conf", "exim.conf", ports, ROUTER=router, TRANSPORT=transport)
        path.chmod(0o644)
        program = str(root() / "usr/sbin/exim4")
        command = [program, "-C", str(path), "-bdf", "-q1s"]
        with running("Exim", folder, command, ports.exim, ACCOUNT):
            yield folder


@contextmanager
def dovecot(ports: Ports, *, idle: bool = True) -> Iterator[Path]:
    """Its folder, with `authority.pem`. PASSWORD opens the mailbox of whatever name; `full` has no
    room. `idle` False: it does not offer IDLE, nor MOVE.
    """
    with host_folder() as folder:
        account = pwd.getpwnam(ACCOUNT) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        issue(folder / "authority.pem", folder / "server.key", folder / "server.pem")
        ids, home = f"{account.pw_uid}:{account.pw_gid}", f"{folder}/home/full"
        (folder / "full").write_text(f"full::{ids}::{home}::userdb_quota_rule=*:bytes=10\n")
        for name in ("home", "run"):
            (folder / name).mkdir()
        os.chown(folder / "home", account.pw_uid, account.pw_gid)
        (folder / "run/modules").symlink_to(root() / "usr/lib/dovecot/modules")
        capability = "" if idle else "IMAP4rev1 LITERAL+ UIDPLUS"
        path = write(
            folder, "dovecot.conf", "dovecot.conf", ports, CAPABILITY=capability, PASSWORD=PASSWORD
        )
        programs = root() / "usr"
        command = [str(programs / "bin/doveconf"), "-f", "service=master", "-c", str(path)]
        command += ["-m", "master", "-e", str(programs / "sbin/dovecot"), "-F", "-c", str(path)]
        with running("Dovecot", folder, command, ports.imaps):
            yield folder


def write(folder: Path, template: str, name: str, ports: Ports, **more: str) -> Path:
    account = pwd.getpwnam(ACCOUNT) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    values = {key.upper(): str(port) for key, port in vars(ports).items()}
    values |= {"FOLDER": str(folder), "ROOT": str(root()), "LIBRARIES": libraries()}
    values |= {"UID": str(account.pw_uid), "GID": str(account.pw_gid), "USER": account.pw_name}
    values |= {"GROUP": grp.getgrgid(account.pw_gid).gr_name}
    values |= {"LOGIN": "nobody" if os.getuid() == 0 else account.pw_name}
    text = (HERE / template).read_text()
    for key, value in (values | more).items():
        text = text.replace(f"@{key}@", value)
    path = folder / name
    path.write_text(text)
    return path


@contextmanager
def running(
    name: str, folder: Path, command: list[str], port: int, account: str = ""
) -> Iterator[None]:
    """A host in a process group of its own, from when it answers at the port."""
    prefix = []
    if account and os.getuid() == 0:
        prefix = ["setpriv", "--reuid", account, "--regid", account, "--clear-groups"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [*prefix, *command],
            env={"LD_LIBRARY_PATH": libraries(), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # Ends the host should this process be killed: its standard input ends then.
    guard = subprocess.Popen(
        ["sh", "-c", f"read -r _; kill -s KILL -- -{process.pid}"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 60
        while not answers(port):
            if process.poll() is not None or time.monotonic() > end:
                print(told(folder))
                pytest.skip(f"{name} does not start here as the tests have it")
            time.sleep(0.02)
        yield
    finally:
        # Nothing of theirs outlives the test, so nobody waits for them to put things in order.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        guard.kill()
        guard.communicate()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


def told(folder: Path) -> str:
    """What a host has written about itself."""
    names = ("output", "log", "mainlog", "paniclog")
    return "\n".join(
        (folder / n).read_text("utf-8", "replace") for n in names if (folder / n).exists()
    )


def hand_over(port: int, sender: str, recipient: str, letter: bytes, *options: str) -> None:
    """A mail by SMTP, from outside Relance. `options` are parameters of MAIL."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as connection:
        connection.sendmail(sender, [recipient], letter, options)


@dataclass(frozen=True)
class Mailbox:
    """One of Dovecot's, and what stands in it."""

    name: str
    ports: Ports
    authority: Path

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4_SSL]:
        trusted = ssl.create_default_context(cafile=str(self.authority))
        with imaplib.IMAP4_SSL("localhost", self.ports.imaps, ssl_context=trusted) as client:
            client.authenticate("PLAIN", lambda _: f"\0{self.name}\0{PASSWORD}".encode())
            yield client

    def make_folder(self, folder: str) -> None:
        with self.opened() as client:
            client.create(folder_name(folder))

    def remove_folder(self, folder: str) -> None:
        with self.opened() as client:
            client.delete(folder_name(folder))

    def subjects(self, folder: str = "INBOX") -> list[str]:
        with self.opened() as client:
            client.select(folder_name(folder), readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            headers = [
                client.fetch(n.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])") for n in numbers
            ]
        return re.findall(r"Subject: ([\w-]+)", str(headers))

    def deliver(self, *subjects: str, octets: int = 0) -> None:
        for subject in subjects:
            lines = "x" * 998 + "\r\n"
            self.put(f"Subject: {subject}\r\n\r\n{lines * (octets // 1000)}.".encode())

    def put(self, mail: bytes) -> None:
        with smtplib.LMTP("127.0.0.1", self.ports.dovecot_lmtp) as lmtp:
            lmtp.sendmail("", [f"{self.name}@garden.example"], mail)


class Returned:
    """Takes by LMTP, at `ports.back` or a `socket`, what the hosts deliver for garden.example."""

    def __init__(self, ports: Ports, socket: Path | None = None) -> None:
        self.mails: list[tuple[tuple[str, ...], bytes]] = []
        self._arrived = threading.Condition()
        self._controller = (
            _SocketController(self, unix_socket=str(socket))
            if socket
            else _LmtpController(self, hostname="127.0.0.1", port=ports.back)
        )

    def __enter__(self) -> Returned:
        self._controller.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        with self._arrived:
            self.mails.append((tuple(envelope.rcpt_tos), envelope.content))
            self._arrived.notify_all()
        return "250 2.0.0 Ok"

    def about(self, subject: str) -> tuple[tuple[str, ...], bytes]:
        """Recipients and octets of the mail that carries this line, once it has come."""

        def there() -> tuple[tuple[str, ...], bytes] | None:
            return next((mail for mail in self.mails if subject.encode() in mail[1]), None)

        with self._arrived:
            mail = self._arrived.wait_for(there, 60)
        assert mail is not None, f"nothing came about {subject}"
        return mail


class _LmtpController(Controller):
    def factory(self) -> SMTP:
        return LMTP(self.handler)


class _SocketController(UnixSocketController):
    def factory(self) -> SMTP:
        return LMTP(self.handler)
