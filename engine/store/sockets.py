"""The folder of the server's Unix socket, and the connection URL that leads there.

Only the server's account (and root) may enter the folder. It lies beside the data folder, unless
that path is longer than a socket's name may be: then under the temporary folder, named after a hash
of the path.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote, urlencode

PORT = "5432"
NAME = f".s.PGSQL.{PORT}"
LONGEST = 107 if sys.platform == "linux" else 103


def fits(folder: Path) -> bool:
    """Whether both PostgreSQL and libpq can name a socket in `folder` (libpq splits its hosts at
    commas).
    """
    return len(os.fsencode(folder / NAME)) <= LONGEST and not set(str(folder)) & set(',"')


def folder_for(data: Path, uid: int) -> Path:
    """The socket folder of the data folder `data`, the same for every process of the account
    `uid`.
    """
    beside = data.parent / f"{data.name}.socket"
    if fits(beside):
        return beside
    name = f"relance-{uid}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:20]}"
    places = [Path(tempfile.gettempdir()).resolve() / name, Path("/tmp").resolve() / name]
    return next((place for place in places if fits(place)), places[-1])


def url(folder: Path, role: str, password: str, database: str) -> str:
    """A libpq URL. What it leaves out, libpq would take from the PG* variables of the user: so it
    leaves out little.
    """
    who = quote(role, safe="") + (f":{quote(password, safe='')}" if password else "")
    route = {
        "host": str(folder),
        "port": PORT,
        "hostaddr": "",
        "sslmode": "disable",
        "gssencmode": "disable",
    }
    name, query = quote(database, safe=""), urlencode(route, quote_via=quote, safe="")
    return f"postgresql://{who}@/{name}?{query}"


def remove_stale(folder: Path) -> None:
    """Removes what a dead server left: the socket, and its lock file, whose process id may be a
    stranger's by now.
    """
    for name in (NAME, f"{NAME}.lock"):
        (folder / name).unlink(missing_ok=True)
