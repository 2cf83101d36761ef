"""A copy taken: ledger, desk and vault in files of their own, all of one moment, while everything
goes on. It appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from engine import __version__
from engine.backup.copy_streams import PARTS, moment
from engine.backup.manifest import FILE, FORMAT, Manifest, known_by, part_of
from engine.context import DatabaseContext

TAR = ".tar"


def take(database_context: DatabaseContext, target: Path, engine_at: int) -> Manifest:
    """Into a new folder, or one file where the name ends with ".tar". Raises CopyFailed,
    OSError.
    """
    unfinished = target.with_name(f"{target.name}.unfinished.{os.getpid()}")
    unfinished.mkdir(mode=0o700)
    try:
        manifest = _write(database_context, unfinished, engine_at)
        if target.name.endswith(TAR):
            _packed(unfinished, target)
        else:
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _sync(target.parent)
    return manifest


def _write(database_context: DatabaseContext, folder: Path, engine_at: int) -> Manifest:
    with moment(database_context.owner) as now:
        for part in PARTS:
            with os.fdopen(
                os.open(folder / part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                now.dump(part, file)
                file.flush()
                os.fsync(file.fileno())
    at = datetime.now(UTC).isoformat(timespec="seconds")
    parts = {part: part_of(folder / part) for part in PARTS}
    known = known_by(database_context.secrets.pepper)
    manifest = Manifest(
        FORMAT, __version__, at, engine_at, now.position, now.digest, now.migrations, known, parts
    ).sealed(database_context.secrets.pepper)
    with os.fdopen(
        os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as file:
        file.write(manifest.written())
        file.flush()
        os.fsync(file.fileno())
    _sync(folder)
    return manifest


def _packed(folder: Path, target: Path) -> None:
    """The manifest first, so that it can be looked at without reading the rest."""
    fresh = folder / "packed"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as packed:
            for name in (FILE, *PARTS):
                packed.add(folder / name, name)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(target)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
