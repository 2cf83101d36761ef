"""Installations for tests: one embedded PostgreSQL per test process, and for each a fresh database,
copied from a migrated template.

`make_context(files)` (a fixture) gives an AppContext for one test; `with installations.made(files)
as context:` one for as long as you say.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from engine.app import DATABASE, open_context_in
from engine.config import read_config
from engine.context import AppContext
from engine.installation.publishing import publication
from engine.letter.source_folder import read_sequences
from engine.secret_files import make_secrets, read_secrets
from engine.store import postmaster
from engine.store.embedded import Embedded
from engine.subscriber.events import Cause
from engine.web.shown_words import shown_by
from tests.clusters import new_cluster

# Nothing here outlives the run, so nothing needs to reach the disk.
SETTINGS = {
    "shared_buffers": "64MB",
    "max_wal_size": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}
ROOM = 4 * 1024**3
TEMPLATE, TEMPLATE_PROGRAM = DATABASE, f"{DATABASE}_program"
"""As `new_cluster` makes them. The role of each installation is a member of the template's, and may
what that may.
"""

LAYOUT = """<!doctype html><html lang="{{ language }}"><head><title>{{ subject }}</title></head>
<body><div>{{ preheader }}</div>{{ content }}{{ foot }}</body></html>"""

PEOPLE = """
[[group]]
name = "prospects"
yields_to = "clients"

[[group]]
name = "clients"

[fields]
first_name = "Prénom"
"""
"""Who is written to: groups, and a field of each."""
CONFIG = f"""
[site]
name = "Le Potager"
url = "https://lettres.potager.example"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls, 00000 Semailles, France"

[[purpose]]
id = "conseils"
name = "La lettre du potager"
description = "Des conseils de jardinage, deux fois par mois."

[[purpose]]
id = "offres"
name = "Les offres du potager"
description = "Nos ventes, quatre fois par an."

# Most of what is imported in tests joins at once.
[consent]
declared = "write"
{PEOPLE}"""


def publish(context: AppContext, *, backfill: bool = False) -> int:
    """Publish what is in the installation's `sequences/` now; the edition in force afterwards."""
    now = context.clock.now()
    facts = publication(
        context.installation_stream.current(),
        read_sequences(context.config.sequences),
        context.config.settings,
        now,
        "test",
        shown=lambda plan: shown_by(plan, context.config.site),
        backfill=backfill,
    )
    assert not facts or context.installation_stream.execute(
        lambda state: facts, Cause("operator"), now
    )
    return context.installation_stream.current().edition


def write_sequences(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / "sequences" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _in_memory() -> Path | None:
    """A folder in memory, where this machine has one with room for the databases of several test
    processes: each is some 450 files, and making them on a disk costs more than all that is done
    in them.
    """
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if roomy else None


class Installations:
    """The server, and the installations made on it."""

    def __init__(self) -> None:
        memory = _in_memory()
        self.root = Path(tempfile.mkdtemp(prefix="relance-", dir=memory)).resolve()
        self.data = self.root / "postgres"
        # In memory every kernel copies a database's files by itself.
        settings = SETTINGS | ({"file_copy_method": "clone"} if memory else {})
        self._embedded = Embedded(self.data, self.root / "secrets", settings)
        self._numbers = itertools.count(1)
        self.admin = ""
        self._connection: psycopg.Connection[TupleRow] | None = None

    def __enter__(self) -> Installations:
        try:
            new_cluster(self.data, self.root / "secrets")
            self.admin = self._embedded.attach()
            self._connection = psycopg.connect(self.admin, autocommit=True)
            # Whoever connects first leaves PostgreSQL's own cache of the catalogue, for every copy.
            psycopg.connect(make_conninfo(self.admin, dbname=TEMPLATE)).close()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _run(self, *statements: str) -> None:
        """As who administers the server, over the one connection that is kept for it."""
        assert self._connection is not None
        for statement in statements:
            self._connection.execute(statement.encode())

    def __exit__(self, *error: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._embedded.detach()
        for pid in postmaster.survivors(self.data):
            os.kill(pid, signal.SIGKILL)
        uid = self.data.stat().st_uid if self.data.exists() else os.geteuid()
        far = postmaster.folder_for(self.data, uid)
        if far.parent != self.data.parent:
            shutil.rmtree(far, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)

    @contextmanager
    def made(
        self, files: Mapping[str, str], extra: str = "", *, config: str = CONFIG
    ) -> Iterator[AppContext]:
        """`files` by their path below `sequences/` (published, if any), `extra` lines at the end of
        `config.toml`.
        """
        name = f"installation_{next(self._numbers)}"
        folder = self.root / name
        (folder / "sequences").mkdir(parents=True)
        (folder / "config.toml").write_text(config + extra, encoding="utf-8")
        write_sequences(folder, {"layout.html": LAYOUT} | dict(files))
        read = read_config(folder)
        make_secrets(read.secrets)
        (read.secrets / "database.password").write_text(name, encoding="utf-8")
        self._run(
            f"CREATE ROLE {name}_program LOGIN PASSWORD '{name}' IN ROLE {TEMPLATE_PROGRAM}",
            f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY",
            f"GRANT CREATE ON DATABASE {name} TO {name}_program",
        )
        owner = make_conninfo(self.admin, dbname=name)
        try:
            with open_context_in(read, owner, read_secrets(read.secrets)) as context:
                if files:
                    publish(context)
                yield context
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE IF EXISTS {name}_program")
            shutil.rmtree(folder, ignore_errors=True)
