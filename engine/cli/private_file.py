"""A file that only its owner reads, with personal data in it: there whole under its name, or not at
all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from engine.i18n.language import N_
from engine.i18n.user_error import UserError


@contextmanager
def private_file(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """A text file that takes the place of an older one at the end. An error leaves the older one.
    Raises OSError.
    """
    with (
        replacing(path) as handle,
        os.fdopen(handle, "w", encoding=encoding, errors="backslashreplace", newline="") as file,
    ):
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_private(path: Path, octets: bytes, *, status: int = 1) -> None:
    """A new file. Raises UserError of `status` where something stands there already, OSError."""
    if path.exists():
        raise UserError(N_("{file} is there already: choose another name"), status, file=path)
    with replacing(path) as handle, os.fdopen(handle, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing(path: Path) -> Iterator[int]:
    """The handle of a file beside `path` (mode 0600), which takes its place unless there is an
    error.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        yield handle
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
