"""Why the embedded PostgreSQL could not do what was asked: always one sentence saying what, where,
and what to do.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

ELSEWHERE = "or point [store] url in config.toml at another PostgreSQL"


class EmbeddedFailed(Exception):
    """The embedded PostgreSQL cannot be used; the message is meant for the person who runs
    Relance.
    """


def from_os(error: OSError, data: Path) -> EmbeddedFailed:
    """The sentence for a refusal of the operating system while working for the data folder
    `data`.
    """
    where = error.filename if isinstance(error.filename, str | bytes) else data
    where = where.decode(errors="replace") if isinstance(where, bytes) else where
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedFailed(_disk_full(data))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedFailed(_locked_down(f"{where} ({error.strerror})", data))
    return EmbeddedFailed(
        f"The embedded PostgreSQL of {data} could not be used, because of {where}:"
        f" {error.strerror or error}; repair that, {ELSEWHERE}."
    )


def from_log(doing: str, lines: Sequence[str], data: Path) -> EmbeddedFailed:
    """The sentence for a PostgreSQL program that ended while `doing`, from the last lines it
    wrote.
    """
    text = "\n".join(lines)
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return EmbeddedFailed(_disk_full(data))
    if (
        "Read-only file system" in text
        or "Permission denied" in text
        or "Operation not permitted" in text
    ):
        return EmbeddedFailed(_locked_down("; ".join(lines), data))
    if "could not look up effective user" in text:
        return EmbeddedFailed(
            f"PostgreSQL cannot create {data} because the account that runs Relance has no name in"
            f" the system's list of users; run Relance under a named account, {ELSEWHERE}."
        )
    if "Cannot allocate memory" in text or "could not resize shared memory" in text:
        return EmbeddedFailed(
            f"PostgreSQL of {data} did not get the memory it asked for; set a smaller"
            f" shared_buffers, {ELSEWHERE}. It said: {text}"
        )
    return EmbeddedFailed(
        f"PostgreSQL ended while {doing} {data}; repair what it names, {ELSEWHERE}. Its last words:"
        f" {text or '(none)'}"
    )


def _disk_full(data: Path) -> str:
    return (
        f"The disk that holds {data} is full; free some space, move the folder to a larger disk,"
        f" {ELSEWHERE}."
    )


def _locked_down(what: str, data: Path) -> str:
    return (
        f"The embedded PostgreSQL of {data} was refused access: {what}; give the account that runs"
        f" Relance that access, move the data folder, {ELSEWHERE}."
    )
