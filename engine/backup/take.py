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
from engine.backup.copy_streams import PARTS, snapshot
from engine.backup.manifest import FILE, FORMAT, Manifest, part_of, pepper_digest
from engine.store.files import sync_folder

TAR = ".tar"


def take(owner: str, pepper: bytes, target: Path, engine_at: int) -> Manifest:
    """Into a new folder, or one file where the name ends with ".tar". `owner` is the conninfo of
    the database's owner, `pepper` seals the manifest, `engine_at` is the engine's time (ms). Raises
    CopyFailed, OSError.
    """
    unfinished = target.with_name(f"{target.name}.unfinished.{os.getpid()}")
    unfinished.mkdir(mode=0o700)
    try:
        manifest = _write(owner, pepper, unfinished, engine_at)
        if target.name.endswith(TAR):
            _packed(unfinished, target)
        else:
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    sync_folder(target.parent)
    return manifest


def _write(owner: str, pepper: bytes, folder: Path, engine_at: int) -> Manifest:
    with snapshot(owner) as held:
        for part in PARTS:
            with os.fdopen(
                os.open(folder / part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                held.dump(part, file)
                file.flush()
                os.fsync(file.fileno())
    at = datetime.now(UTC).isoformat(timespec="seconds")
    parts = {part: part_of(folder / part) for part in PARTS}
    manifest = Manifest(
        format=FORMAT,
        program=__version__,
        at=at,
        engine_at=engine_at,
        position=held.position,
        digest=held.digest,
        migrations=held.migrations,
        secrets=pepper_digest(pepper),
        parts=parts,
    ).sealed(pepper)
    with os.fdopen(
        os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as file:
        file.write(manifest.written())
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)
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
