"""A PostgreSQL of two servers, each on a host of its own: a primary and a standby that streams from
it, over TLS. Promoted by hand (`Pair`), or by Patroni with etcd (`PatroniPair`).

Nothing is synced to the disk: hosts lose their processes here, never what the kernel has.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg

from engine.store.programs import for_server
from tests.cluster.network import Host, Network
from tests.elsewhere import OWNER, PASSWORD, SUPERUSER, issue, program_folders
from tests.running import wait_for

DATABASE, OWNER_PASSWORD, PORT = "relance", "semis", 5432
SETTINGS = {
    "listen_addresses": "*",
    "port": str(PORT),
    "unix_socket_directories": "",
    "ssl": "on",
    "fsync": "off",
    "full_page_writes": "on",
    "shared_buffers": "48MB",
    "max_connections": "200",
    "wal_keep_size": "512MB",
    "wal_log_hints": "on",
    "wal_sender_timeout": "10s",
    "wal_receiver_timeout": "10s",
    "max_wal_size": "512MB",
}
STREAMING = b"SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
SYNCHRONOUS = b"SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"


class Pair:
    """Used as a context manager. `primary` is who it was last known to be."""

    def __init__(self, network: Network, root: Path) -> None:
        folders = program_folders()
        self.version = min(folders)
        self.programs = folders[self.version]
        self.network, self.root = network, root
        self.hosts = (network.host("db1"), network.host("db2"))
        self.primary, self.standby = self.hosts
        account = for_server(root / "none")
        assert account is not None, "namespaces are root's"
        self._uid, self._gid = account.uid, account.gid
        self.account = "postgres"
        self.authority = root / "authority.pem"
        addresses = [host.address for host in self.hosts] + [network.address]
        issue(self.authority, root / "server.key", root / "server.pem", addresses=addresses)
        (root / "server.key").chmod(0o600)
        (root / "password").write_text(PASSWORD)
        for path in (root, *root.iterdir()):
            os.chown(path, self._uid, self._gid)
        self.authority.chmod(0o644)

    @property
    def url(self) -> str:
        """Of the installation's owner: both servers, whichever takes writes."""
        hosts = ",".join(f"{host.address}:{PORT}" for host in self.hosts)
        return self.url_by(hosts, "&target_session_attrs=read-write")

    def url_by(self, hosts: str, more: str = "") -> str:
        tls = f"sslmode=verify-full&sslrootcert={self.authority}"
        return f"postgresql://{OWNER}:{OWNER_PASSWORD}@{hosts}/{DATABASE}?{tls}{more}"

    def __enter__(self) -> Pair:
        self._begin()
        with self.superuser(self.primary) as connection:
            connection.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{OWNER_PASSWORD}'".encode()
            )
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}".encode())
        return self

    def __exit__(self, *error: object) -> None:
        """The hosts, and what runs on them, end with the network."""

    def synchronous(self, wanted: bool) -> None:
        """Whether a commit waits for the standby."""
        with self.superuser(self.primary) as connection:
            names = "'*'" if wanted else "''"
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = {names}".encode())
            connection.execute("SELECT pg_reload_conf()")
        wait_for(lambda: self._asked(self.primary, SYNCHRONOUS) == int(wanted), 60)

    def fail_over(self) -> float:
        """The primary's host dies, the standby is promoted; when that was asked for (seconds since
        1970).
        """
        self.network.cut(self.primary)
        self.primary.kill()
        self._exchange()
        with self.superuser(self.primary) as connection:
            connection.execute("SELECT pg_promote()")
        return time.time()

    def bring_back(self) -> None:
        """The host that died is there again, as a standby of the other."""
        self.network.mend(self.standby)
        self._follow(self.standby)
        wait_for(self.follows, 90)

    def follows(self) -> bool:
        return self._asked(self.primary, STREAMING) == 1

    def superuser(
        self, host: Host, database: str = "postgres"
    ) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=host.address,
            port=PORT,
            user=SUPERUSER,
            password=PASSWORD,
            dbname=database,
            connect_timeout=5,
            sslmode="verify-full",
            sslrootcert=str(self.authority),
            autocommit=True,
        )

    def folder(self, name: str) -> Path:
        """A folder of the servers' account."""
        path = self.root / name
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, self._uid, self._gid)
        return path

    def log(self, host: Host) -> Path:
        return self.root / f"{host.name}.log"

    def _begin(self) -> None:
        data = self._data(self.primary)
        self._run(self.primary, *self._initdb(data))
        (data / "pg_hba.conf").write_text("\n".join(self._admission()) + "\n")
        chosen = SETTINGS | self._certificate()
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in chosen.items())
        self._serve(self.primary)
        self._follow(self.standby)
        wait_for(self.follows, 90)

    def _follow(self, host: Host) -> None:
        data = self._data(host)
        shutil.rmtree(data, ignore_errors=True)
        source = f"host={self.primary.address} port={PORT} user={SUPERUSER} password={PASSWORD!r}"
        source += f" application_name={host.name} sslmode=require"
        words = ("-D", str(data), "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        self._run(host, str(self.programs / "pg_basebackup"), *words)
        self._serve(host)

    def _serve(self, host: Host) -> None:
        words = [str(self.programs / "postgres"), "-D", str(self._data(host))]
        host.start(words, self.log(host), account=self.account)
        wait_for(lambda: self._asked(host, b"SELECT 1") == 1, 60)

    def _exchange(self) -> None:
        self.primary, self.standby = self.standby, self.primary

    def _data(self, host: Host) -> Path:
        return self.root / f"{host.name}-data"

    def _initdb(self, data: Path) -> list[str]:
        password = f"--pwfile={self.root / 'password'}"
        words = ["-D", str(data), "-U", SUPERUSER, password, "-A", "scram-sha-256", "-E", "UTF8"]
        return [str(self.programs / "initdb"), *words, "--no-sync"]

    def _admission(self) -> list[str]:
        subnet = f"{self.network.address.rpartition('.')[0]}.0/24"
        both = [f"hostssl {what} all {subnet} scram-sha-256" for what in ("all", "replication")]
        return [*both, "hostnossl all all all reject"]

    def _certificate(self) -> dict[str, str]:
        names = {"ssl_cert_file": "server.pem", "ssl_key_file": "server.key"}
        return {setting: str(self.root / name) for setting, name in names.items()}

    def _run(self, host: Host, *words: str) -> None:
        process = host.start(words, self.log(host), account=self.account)
        assert process.wait(120) == 0, self.log(host).read_text()[-3000:]

    def _asked(self, host: Host, statement: bytes) -> int | None:
        with contextlib.suppress(psycopg.Error), self.superuser(host) as connection:
            row = connection.execute(statement).fetchone()
            return int(str(row[0])) if row is not None else None
        return None


REST, ETCD = 8008, 2379
TTL_SECONDS = 20
"""After so long without a word of the primary Patroni takes it for lost: the least it can be."""


class PatroniPair(Pair):
    """The same under Patroni, whose memory is one etcd on a host of its own."""

    @staticmethod
    def missing() -> str:
        lacking = [name for name in ("patroni", "etcd") if shutil.which(name) is None]
        return f"{', '.join(lacking)} not here: see tests/cluster/install.sh" if lacking else ""

    def synchronous(self, wanted: bool) -> None:
        self._configure({"synchronous_mode": wanted})
        wait_for(lambda: self._asked(self.primary, SYNCHRONOUS) == int(wanted), 90)

    def fail_over(self) -> float:
        self.network.cut(self.primary)
        self.primary.kill()
        self._exchange()
        wait_for(lambda: self._role(self.primary) == 200, 120)
        return time.time()

    def _begin(self) -> None:
        memory = self.network.host("dcs")
        there = f"http://{memory.address}:{ETCD}"
        words = ["etcd", "--data-dir", str(self.folder("etcd")), "--unsafe-no-fsync"]
        words += ["--listen-client-urls", there, "--advertise-client-urls", there]
        words += ["--listen-peer-urls", "http://127.0.0.1:2380", "--log-level", "warn"]
        memory.start(words, self.log(memory), account=self.account)
        self._etcd = f"{memory.address}:{ETCD}"
        self._serve_by_patroni(self.primary)
        wait_for(lambda: self._role(self.primary) == 200, 90)
        self._serve_by_patroni(self.standby)
        wait_for(self.follows, 120)

    def _follow(self, host: Host) -> None:
        self._serve_by_patroni(host)

    def _serve_by_patroni(self, host: Host) -> None:
        file = self.root / f"{host.name}.json"
        file.write_text(json.dumps(self._patroni(host)))
        os.chown(file, self._uid, self._gid)
        # JSON is YAML.
        host.start(["patroni", str(file)], self.log(host), account=self.account)

    def _patroni(self, host: Host) -> dict[str, object]:
        times = {"ttl": TTL_SECONDS, "loop_wait": 3, "retry_timeout": 5}
        more = {"maximum_lag_on_failover": 1 << 30, "synchronous_mode": False}
        listening = {
            "listen_addresses", "port",
        }  # fmt: skip
        settings = {k: v for k, v in SETTINGS.items() if k not in listening} | self._certificate()
        who = {"username": SUPERUSER, "password": PASSWORD}
        postgresql = {
            "listen": f"{host.address},127.0.0.1:{PORT}",
            "connect_address": f"{host.address}:{PORT}",
            "data_dir": str(self._data(host)),
            "bin_dir": str(self.programs),
            "pgpass": str(self.root / f"{host.name}.pgpass"),
            "authentication": {"superuser": who, "replication": who},
            "parameters": settings,
            "pg_hba": [*self._admission(), "hostssl all all 127.0.0.1/32 scram-sha-256"],
            "remove_data_directory_on_rewind_failure": True,
            "remove_data_directory_on_diverged_timelines": True,
        }
        return {
            "scope": "relance",
            "name": host.name,
            "restapi": {
                "listen": f"{host.address}:{REST}",
                "connect_address": f"{host.address}:{REST}",
            },
            "etcd3": {"host": self._etcd},
            "bootstrap": {
                "dcs": times
                | more
                | {"postgresql": {"use_pg_rewind": True, "parameters": settings}},
                "initdb": [{"encoding": "UTF8"}, "no-sync"],
            },
            "postgresql": postgresql,
        }

    def _role(self, host: Host) -> int:
        """200 where Patroni says that this one is the primary."""
        with contextlib.suppress(OSError):
            request = f"http://{host.address}:{REST}/primary"
            with urllib.request.urlopen(request, timeout=3) as answer:
                return int(answer.status)
        return 0

    def _configure(self, wanted: dict[str, object]) -> None:
        request = urllib.request.Request(
            f"http://{self.primary.address}:{REST}/config",
            json.dumps(wanted).encode(),
            {"Content-Type": "application/json"},
            method="PATCH",
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200
