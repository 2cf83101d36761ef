"""The data folder of a new embedded PostgreSQL, copied from one that `initdb` made once in this
test process: a copy takes a seventh of the processor time.

That the engine makes it is asked in tests/store and by every installation that is made by a verb.
"""

from __future__ import annotations

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from engine.store import cluster
from engine.store.programs import for_server, installed, open_ways, private_folder

PASSWORD = Path("secrets", "postgres.password")


def new_cluster(data: Path, secrets: Path) -> None:
    """Puts a PostgreSQL that nothing has been written to in `data` and its superuser's password in
    `secrets`, unless there is one.
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
    folder = Path(tempfile.mkdtemp(prefix="relance-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "postgres"
    account = for_server(data)
    private_folder(data, account)
    if account is not None:
        open_ways(account, [data], installed(), lambda news: None)
    password = cluster.superuser_password(folder / "secrets", new=True)
    cluster.create(data, account, password, folder / "server.lock")
    return folder
