"""The data folder: created whole or not at all, and only used by the PostgreSQL version that made
it.

Neither `trust` nor an empty password at any moment: every way in asks for SCRAM from the first
start on.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from engine.store import programs
from engine.store.failure import EmbeddedFailed, from_log
from engine.store.files import opened, sync_folder
from engine.store.programs import Account, private_folder
from engine.words import N_

SUPERUSER = "postgres"
FRAGMENT = "relance.conf"
INCLUDE = f"include_if_exists = '{FRAGMENT}'"
UNFINISHED = ".unfinished"
FOREIGN_BUT_HARMLESS = frozenset(("lost+found", ".DS_Store"))


def is_new(data: Path) -> bool:
    """Whether `data` holds no PostgreSQL yet; EmbeddedFailed if it holds something else, or another
    version.
    """
    version = data / "PG_VERSION"
    if not version.exists():
        if (data / UNFINISHED).exists():
            return True
        strangers = sorted(
            entry.name for entry in data.iterdir() if entry.name not in FOREIGN_BUT_HARMLESS
        )
        if strangers:
            raise EmbeddedFailed(
                N_(
                    "{data} holds other files (such as {file}) and no PostgreSQL; choose an "
                    "empty folder, {elsewhere}."
                ),
                data=data,
                file=strangers[0],
            )
        return True
    version_there = version.read_text(encoding="utf-8", errors="replace").strip()
    if version_there != programs.MAJOR:
        raise EmbeddedFailed(
            N_(
                "{data} was made by PostgreSQL {version}, and this Relance brings "
                "PostgreSQL {own}; dump it with version {version} and restore it into an "
                "empty folder, {elsewhere}."
            ),
            data=data,
            version=version_there,
            own=programs.MAJOR,
        )
    return False


def create(data: Path, account: Account | None, password: str, lock: Path) -> None:
    """Runs initdb for the empty folder `data` (UTF-8, C.UTF-8 order, checksums, SCRAM).

    Built in a folder inside and moved up, PG_VERSION last: whatever stops it, the next attempt
    begins again. That inner folder is only ever made in an empty one, so all that lies beside it is
    ours to remove. initdb holds `lock` while it runs, as the server does later: if we are killed it
    runs on, and the next attempt waits for its end.
    """
    inner = data / UNFINISHED
    if inner.exists():
        for entry in data.iterdir():
            if entry.name != UNFINISHED and entry.name not in FOREIGN_BUT_HARMLESS:
                (
                    shutil.rmtree(entry)
                    if entry.is_dir() and not entry.is_symlink()
                    else entry.unlink()
                )
        shutil.rmtree(inner)
    private_folder(inner, account)
    password_file, built = inner / "password", inner / "cluster"
    write_private(password_file, password + "\n", account)
    held = opened(lock)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        _initdb(built, data, password_file, account, held)
    finally:
        os.close(held)
    configuration = built / "postgresql.conf"
    write_private(
        configuration, configuration.read_text(encoding="utf-8") + f"\n{INCLUDE}\n", account
    )
    for entry in sorted(built.iterdir(), key=lambda entry: entry.name == "PG_VERSION"):
        if entry.name == "PG_VERSION":
            sync_folder(data)
        entry.rename(data / entry.name)
    sync_folder(data)
    shutil.rmtree(inner)


def _initdb(
    built: Path, data: Path, password_file: Path, account: Account | None, held: int
) -> None:
    done = subprocess.run(
        [
            str(programs.program("initdb")),
            "-D",
            str(built),
            "-U",
            SUPERUSER,
            f"--pwfile={password_file}",
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--data-checksums",
            f"--set=scram_iterations={ALWAYS['scram_iterations']}",
            "--no-instructions",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        env=programs.environment(),
        start_new_session=True,
        umask=0o077,
        pass_fds=(held,),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise from_log(
            N_("creating"), done.stderr.decode("utf-8", "replace").splitlines()[-6:], data
        )


def write_fragment(data: Path, text: str, account: Account | None) -> None:
    """Writes our settings beside postgresql.conf, and sees that it includes them (a restored one
    may not).
    """
    write_private(data / FRAGMENT, text, account)
    configuration = data / "postgresql.conf"
    written = configuration.read_text(encoding="utf-8", errors="surrogateescape")
    if INCLUDE not in written.splitlines():
        write_private(configuration, f"{written}\n{INCLUDE}\n", account)


def superuser_password(folder: Path, new: bool) -> str:
    """The superuser's password, kept in `folder`/postgres.password; made up for a `new` data
    folder, else required.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)
    path = folder / "postgres.password"
    if path.exists():
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        if password := path.read_text(encoding="utf-8").strip():
            return password
    if not new:
        raise EmbeddedFailed(
            N_(
                "{path} is missing or empty, and only it opens the existing PostgreSQL; "
                "put it back from your backup, {elsewhere}."
            ),
            path=path,
        )
    password = secrets.token_urlsafe(32)
    write_private(path, password + "\n", None)
    sync_folder(folder)
    return password


def write_private(path: Path, text: str, account: Account | None) -> None:
    """Replaces `path` in one step by a file only `account` can read, never writing through a link
    found there.
    """
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        if account is not None:
            os.fchown(descriptor, account.uid, account.gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)


MB = 1 << 20
GB = 1 << 30
SMALL_SHM = 64 * MB
CGROUP_LIMITS: tuple[Path, ...] = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?")

# Whoever may change these opens the server to the network, to other accounts, or out of our sight.
OURS = frozenset(
    {
        "data_directory",
        "external_pid_file",
        "hba_file",
        "ident_file",
        "listen_addresses",
        "password_encryption",
        "port",
        "unix_socket_directories",
        "unix_socket_group",
        "unix_socket_permissions",
    }
)

# jit: compiling costs more than any statement here, and a wrong estimate calls for it. Terse: a
# DETAIL line or a failed statement would carry people's addresses into the log. No recycling: a
# file of the write-ahead log that is used again keeps the octets of former ones, and people's
# addresses with them. One iteration: the passwords here are 256 random bits, which nobody
# guesses, and 4096 iterations are milliseconds of processor at each connection, on both sides.
ALWAYS = {
    "wal_recycle": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "jit": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "scram_iterations": "1",
}


def memory_settings(total_bytes: int) -> dict[str, str]:
    """PostgreSQL settings for a machine with `total_bytes` of memory; pure."""
    return {
        "shared_buffers": _megabytes(total_bytes // 4, 128 * MB, 8 * GB),
        "effective_cache_size": _megabytes(total_bytes // 2, 256 * MB, 1024 * GB),
        "maintenance_work_mem": _megabytes(total_bytes // 16, 64 * MB, 1 * GB),
        "work_mem": _megabytes(total_bytes // 512, 4 * MB, 64 * MB),
        "max_wal_size": "4096MB",
        "checkpoint_timeout": "15min",
    }


def _megabytes(wanted: int, least: int, most: int) -> str:
    return f"{max(least, min(wanted, most)) // MB}MB"


def total_memory() -> int:
    """Bytes this process may count on: the machine's memory, or its control group's limit where
    that is less.
    """
    total: int = psutil.virtual_memory().total
    for path in CGROUP_LIMITS:
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if text.isdecimal():
            total = min(total, int(text))
    return total


def shared_memory_settings(folder: Path = Path("/dev/shm")) -> dict[str, str]:
    """A container often has a tiny /dev/shm, where a parallel query would fail: then files take its
    place.
    """
    if sys.platform != "linux":
        return {}
    try:
        room = os.statvfs(folder)
    except OSError:
        return {"dynamic_shared_memory_type": "mmap"}
    small = room.f_blocks * room.f_frsize < SMALL_SHM
    return {"dynamic_shared_memory_type": "mmap" if small else "posix"}


def fragment(wishes: Mapping[str, str]) -> str:
    """The configuration file for the next start; `wishes` of the installation win over what the
    machine suggests.
    """
    for name in wishes:
        if not NAME.fullmatch(name) or name in OURS:
            raise EmbeddedFailed(
                N_("The setting {name} cannot be chosen for the embedded PostgreSQL; remove it."),
                name=repr(name),
            )
    chosen = memory_settings(total_memory()) | shared_memory_settings() | ALWAYS | dict(wishes)
    lines = [f"{name} = {_quoted(name, value)}" for name, value in chosen.items()]
    return "\n".join(
        [
            "# Written anew at every start by Relance; change [store] in config.toml instead.",
            *lines,
            "",
        ]
    )


def _quoted(name: str, value: str) -> str:
    if any(ord(character) < 32 for character in value):
        raise EmbeddedFailed(
            N_("The PostgreSQL setting {name} holds a control character; remove it."),
            name=repr(name),
        )
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
