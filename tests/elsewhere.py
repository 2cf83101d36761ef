"""A PostgreSQL that is not ours, as another host would have it: Debian's, on TCP, letting nobody in
who does not speak TLS.

One for each version that is there and each test process; `tests/install_postgres.sh` says where
they are looked for.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

from engine.store.programs import for_server
from tests.running import free_port

VERSIONS = ("15", "16", "17", "18")
"""Those that Relance is made for."""
SUPERUSER, PASSWORD = "overseer", "a password of the overseer"
OWNER, OWNER_PASSWORD = "gardener", "secateur: et \\ 'râteau'"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "ssl": "on",
}
FINDER = Path(__file__).with_name("install_postgres.sh")


def program_folders() -> dict[str, Path]:
    """Where the programs of each version are, as far as they are on this machine."""
    listed = subprocess.run(
        ["sh", str(FINDER), "--find"], capture_output=True, text=True, check=True
    ).stdout.split()
    found: dict[str, Path] = {}
    for folder in listed:
        version = subprocess.run(
            [f"{folder}/postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        found.setdefault(version.split()[2].partition(".")[0], Path(folder))
    return found


@dataclass
class Elsewhere:
    """A server on loopback; used as a context manager. `authority` is the certificate that its own
    is held against.
    """

    programs: Path

    def __enter__(self) -> Elsewhere:
        self.root = Path(tempfile.mkdtemp(prefix="elsewhere-")).resolve()
        self.port = free_port()
        self.log = self.root / "log"
        self.authority = self.root / "authority.pem"
        key = self.root / "server.key"
        certificate = self.root / "server.pem"
        issue(self.authority, key, certificate)
        (self.root / "password").write_text(PASSWORD)
        account = for_server(self.root)
        self._uid = account.uid if account is not None else None
        self._gid = account.gid if account is not None else None
        if account is not None:
            for path in (self.root, *self.root.iterdir()):
                os.chown(path, account.uid, account.gid)
        key.chmod(0o600)
        self.root.chmod(0o711)
        self.authority.chmod(0o644)
        data = self.root / "data"
        password = f"--pwfile={self.root / 'password'}"
        self._started(
            "initdb",
            "-D",
            str(data),
            "-U",
            SUPERUSER,
            password,
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--no-sync",
        ).wait()
        (data / "pg_hba.conf").write_text(
            "hostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all all reject\n"
        )
        chosen = SETTINGS | {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        chosen |= {"ssl_cert_file": str(certificate), "ssl_key_file": str(key)}
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in chosen.items())
        self._server = self._started("postgres", "-D", str(data))
        self._wait()
        with psycopg.connect(
            self.url(SUPERUSER, PASSWORD, "postgres"), autocommit=True
        ) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(
                    sql.Identifier(OWNER), sql.Literal(OWNER_PASSWORD)
                )
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(30)
        finally:
            self._server.kill()
            shutil.rmtree(self.root, ignore_errors=True)

    def database(self, name: str) -> str:
        """A new one that belongs to OWNER, who is no superuser; its URL, without a password."""
        with psycopg.connect(
            self.url(SUPERUSER, PASSWORD, "postgres"), autocommit=True
        ) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE IF EXISTS {name}_program".encode())
            connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}".encode())
        return self.url(OWNER, "", name)

    def url(
        self, user: str, password: str, database: str, *, hosts: str = "", more: str = ""
    ) -> str:
        quoted = f":{quote(password, safe='')}" if password else ""
        hosts = hosts or f"localhost:{self.port}"
        return f"postgresql://{user}{quoted}@{hosts}/{database}?sslmode=verify-full&sslrootcert={self.authority}{more}"

    def _started(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            command = [str(self.programs / name), *arguments]
            others: list[int] | None = [] if self._uid is not None else None
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd="/",
                user=self._uid,
                group=self._gid,
                extra_groups=others,
            )

    def _wait(self) -> None:
        end = time.monotonic() + 60
        while True:
            assert self._server.poll() is None, self.log.read_text()
            try:
                psycopg.connect(
                    self.url(SUPERUSER, PASSWORD, "postgres"), connect_timeout=5
                ).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < end, self.log.read_text()
                time.sleep(0.1)


def issue(
    authority: Path,
    key_file: Path,
    certificate: Path,
    name: str = "Test authority",
    *,
    addresses: Sequence[str] = ("127.0.0.1",),
) -> None:
    """An authority of this name, and the certificate it gives to `localhost` and `addresses`."""
    begins, ends = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=30)

    def builder(
        subject: str, issuer: str, key: ec.EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        named, by = (
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (subject, issuer)
        )
        made = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(by)
            .public_key(key.public_key())
        )
        return (
            made.serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )

    own, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = builder(name, name, own).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), *(x509.IPAddress(IPv4Address(each)) for each in addresses)]
    )
    leaf = builder("localhost", name, key).add_extension(names, critical=False)
    authority.write_bytes(root.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    certificate.write_bytes(
        leaf.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    form = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key_file.write_bytes(key.private_bytes(*form))
