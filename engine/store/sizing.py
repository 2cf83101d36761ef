"""How PostgreSQL is set for this machine: from its memory, its shared memory folder, and the
installation's wishes.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from .failure import EmbeddedFailed

MB = 1 << 20
GB = 1 << 30
SMALL_SHM = 64 * MB
CGROUP_LIMITS = (
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
# addresses with them.
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
                f"The setting {name!r} cannot be chosen for the embedded PostgreSQL; remove it."
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
            f"The PostgreSQL setting {name!r} holds a control character; remove it."
        )
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
