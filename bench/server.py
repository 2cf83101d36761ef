"""One embedded PostgreSQL for a measure, with the settings everybody gets, in a temporary folder
that goes with it; and its databases.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from engine.store import postmaster
from engine.store.embedded import Embedded
from engine.store.sql import beside

SQL = beside(__file__)


@dataclass(frozen=True, slots=True)
class Server:
    """`root` is the temporary folder, `admin` the superuser's URL."""

    root: Path
    admin: str

    @property
    def data(self) -> Path:
        return self.root / "data" / "postgres"

    def url(self, database: str) -> str:
        """What `[store] url` takes."""
        parts = {key: str(value) for key, value in conninfo_to_dict(self.admin).items()}
        return postmaster.url(Path(parts["host"]), parts["user"], parts["password"], database)

    def copy(self, template: str, name: str) -> None:
        """Database `name` as `template` is now, to which nobody may be connected."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(
                sql.SQL(SQL["copy"]).format(sql.Identifier(name), sql.Identifier(template))
            )

    def drop(self, name: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(sql.SQL(SQL["drop"]).format(sql.Identifier(name)))

    def settings(self) -> dict[str, str]:
        """What the server has of what is sized from the machine's memory."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            return {
                str(row[0]): str(row[1]) for row in connection.execute(SQL["settings"]).fetchall()
            }


@contextmanager
def server() -> Iterator[Server]:
    """Started, and gone afterwards, server and files."""
    root = Path(tempfile.mkdtemp(prefix="relance-bench-")).resolve()
    root.chmod(0o755)
    data = root / "data" / "postgres"
    embedded = Embedded(data, root / "data" / "secrets")
    try:
        yield Server(root, embedded.attach())
    finally:
        try:
            embedded.detach()
        finally:
            remove(root, data)


def remove(root: Path, data: Path) -> None:
    """A folder with the server that may still run in it."""
    for pid in postmaster.survivors(data):
        os.kill(pid, signal.SIGKILL)
    far = postmaster.folder_for(data, data.stat().st_uid if data.exists() else os.geteuid())
    if far.parent != data.parent:
        shutil.rmtree(far, ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)
