"""The data folder of a new embedded PostgreSQL, copied from one that is made once in a run of the
tests, with the stores and views of an installation, still empty: `initdb` takes seven times the
processor time of a copy, and making the stores half a second.

That the engine makes it is asked in tests/store and by every installation that is made by a verb.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from functools import cache
from pathlib import Path

from engine.app import DATABASE
from engine.ledger.store import Ledger
from engine.sequence.model import Plan
from engine.store import cluster
from engine.store.database import Database
from engine.store.embedded import Embedded
from engine.store.migrate import prepare
from engine.store.programs import for_server, installed, open_ways, private_folder
from engine.vault.segments import PersonalSegments
from projections.reading import ReadViews

SHARED = "RELANCE_TESTS_CLUSTER"
"""The environment variable with the folder that all test processes of a run share, from tests/
conftest.py.
"""
PASSWORD = Path("secrets", "postgres.password")


def new_cluster(data: Path, secrets: Path) -> None:
    """Puts a PostgreSQL with a database that is ready and empty in `data` and its superuser's
    password in `secrets`, unless there is one. Who opens it gives the program's role a password.
    """
    if data.exists():
        return
    made = _made()
    data.parent.mkdir(parents=True, exist_ok=True)
    secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    # As cp does it: with the owner, who is not root.
    subprocess.run(["cp", "-a", made / "postgres", data], check=True)
    cluster.write_private(secrets / PASSWORD.name, (made / PASSWORD).read_text("utf-8"), None)


@cache
def _made() -> Path:
    """By the first test process that comes, for all."""
    folder = Path(os.environ[SHARED]).resolve()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _make(folder)
            (folder / "ready").touch()
    return folder


def _make(folder: Path) -> None:
    data = folder / "postgres"
    account = for_server(data)
    private_folder(data, account)
    if account is not None:
        open_ways(account, [data], installed(), lambda news: None)
    password = cluster.superuser_password(folder / "secrets", new=True)
    cluster.create(data, account, password, folder / "server.lock")
    with Embedded(data, folder / "secrets") as server:
        owner = server.attach(database=DATABASE)
        program = prepare(owner, folder / "secrets" / "database.password", ours=True)
        database, ledger = Database(program).open(), Ledger(program)
        try:
            ReadViews(ledger, database, lambda: 0, PersonalSegments(), Plan).prepare()
        finally:
            ledger.close()
            database.close()
