"""Why the embedded PostgreSQL could not do what was asked: always one sentence saying what, where,
and what to do.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from engine.words import N_, WordedError, Words

ELSEWHERE = N_("or point [store] url in config.toml at another PostgreSQL")


class EmbeddedFailed(WordedError):
    """The embedded PostgreSQL cannot be used; the message is meant for the person who runs Relance.
    Its `{elsewhere}` is the way out that there always is.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        told = {
            name: v if isinstance(v, str | int | Words) else str(v) for name, v in values.items()
        }
        super().__init__(message, elsewhere=Words(ELSEWHERE), **told)


def from_os(error: OSError, data: Path) -> EmbeddedFailed:
    """The sentence for a refusal of the operating system while working for the data folder
    `data`.
    """
    where = error.filename if isinstance(error.filename, str | bytes) else data
    where = where.decode(errors="replace") if isinstance(where, bytes) else where
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(data)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _locked_down(f"{where} ({error.strerror})", data)
    return EmbeddedFailed(
        N_(
            "The embedded PostgreSQL of {data} could not be used, because of {where}: "
            "{why}; repair that, {elsewhere}."
        ),
        data=data,
        where=where,
        why=error.strerror or error,
    )


def from_log(doing: str, lines: Sequence[str], data: Path) -> EmbeddedFailed:
    """The sentence for a PostgreSQL program that ended while `doing`, from the last lines it
    wrote.
    """
    text = "\n".join(lines)
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return _disk_full(data)
    if (
        "Read-only file system" in text
        or "Permission denied" in text
        or "Operation not permitted" in text
    ):
        return _locked_down("; ".join(lines), data)
    if "could not look up effective user" in text:
        return EmbeddedFailed(
            N_(
                "PostgreSQL cannot create {data} because the account that runs Relance "
                "has no name in the system's list of users; run Relance under a named "
                "account, {elsewhere}."
            ),
            data=data,
        )
    if "Cannot allocate memory" in text or "could not resize shared memory" in text:
        return EmbeddedFailed(
            N_(
                "PostgreSQL of {data} did not get the memory it asked for; set a smaller "
                "shared_buffers, {elsewhere}. It said: {text}"
            ),
            data=data,
            text=text,
        )
    return EmbeddedFailed(
        N_(
            "PostgreSQL ended while {doing} {data}; repair what it names, "
            "{elsewhere}. Its last words: {text}"
        ),
        doing=Words(doing),
        data=data,
        text=text or Words(N_("(none)")),
    )


def _disk_full(data: Path) -> EmbeddedFailed:
    return EmbeddedFailed(
        N_(
            "The disk that holds {data} is full; free some space, move the folder to "
            "a larger disk, {elsewhere}."
        ),
        data=data,
    )


def _locked_down(what: str, data: Path) -> EmbeddedFailed:
    return EmbeddedFailed(
        N_(
            "The embedded PostgreSQL of {data} was refused access: {what}; give the "
            "account that runs Relance that access, move the data folder, "
            "{elsewhere}."
        ),
        data=data,
        what=what,
    )
