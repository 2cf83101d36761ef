"""A copy taken: ledger, desk and vault in files of their own, all of one moment, while everything
goes on; it appears whole or not at all. A copy put back: looked at before anything is touched, in
one transaction, and afterwards nothing leaves and nobody who had left is back (E04).
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from engine import __version__
from engine.backup.copy_streams import PARTS, at_work, drop_views, put_back, snapshot
from engine.backup.manifest import (
    FILE,
    FORMAT,
    UNSEALED,
    CopyRefused,
    Manifest,
    part_of,
    pepper_digest,
    read_manifest,
    take_in,
)
from engine.config import Config
from engine.store.database import ensure_program_role, program_role, program_role_of
from engine.store.files import sync_folder
from engine.store.migrate import VAULT_MIGRATIONS, migrate
from engine.store.release import is_older
from engine.words import N_

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


@contextmanager
def open_copy(
    data: Path, pepper: bytes, source: Path, vault: Path | None, unsealed: bool = False
) -> Iterator[tuple[Manifest, dict[str, Path]]]:
    """The manifest, and the files it names, as they were when they were checked. Raises
    CopyRefused, OSError.

    `unsealed`: a copy from before there were seals is taken too.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="restoring.", dir=data) as name:
        folder = Path(name)
        where = source if source.is_dir() else _unpacked(source, folder)
        manifest = read_manifest(where / FILE)
        files = {part: where / part for part in manifest.parts}
        if vault is not None:
            files["vault.dump"] = vault
        refuse_foreign(pepper, manifest, unsealed)
        yield manifest, take_in(manifest, files, folder)


def refuse_foreign(pepper: bytes, manifest: Manifest, unsealed: bool) -> None:
    """Raises CopyRefused for a copy that is not of this installation, was changed, or is of another
    version. `pepper` is this installation's.
    """
    if manifest.secrets != pepper_digest(pepper):
        raise CopyRefused(
            N_(
                "the secrets in data/secrets are not those of this copy: put those back first, or"
                " nobody in it is found by their address"
            )
        )
    if manifest.format > UNSEALED or manifest.seal:
        if not manifest.is_sealed(pepper):
            raise CopyRefused(
                N_(
                    "manifest.json was changed since the copy was made, or is damaged: use another"
                    " copy"
                )
            )
    elif not unsealed:
        raise CopyRefused(
            N_(
                "the copy is from before copies were sealed, so nobody can tell whether it was"
                " changed: if it was kept where nobody else writes, say --unsealed"
            )
        )
    if set(manifest.parts) != set(PARTS):
        raise CopyRefused(
            N_(
                "manifest.json names other parts than this program knows: use the Relance that made"
                " it"
            )
        )
    if is_older(__version__, manifest.program):
        raise CopyRefused(
            N_("the copy was made by Relance {program}, and this is {own}: use a newer Relance"),
            program=manifest.program,
            own=__version__,
        )
    unknown = set(manifest.migrations) - {path.stem for path in VAULT_MIGRATIONS.glob("*.sql")}
    if unknown:
        raise CopyRefused(
            N_(
                "the vault in the copy has had {names}, which this program does not know: use a"
                " newer Relance"
            ),
            names=", ".join(sorted(unknown)),
        )


def replace(owner: str, config: Config, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Whatever is in the database gives way to the copy. `owner` is the conninfo of the database's
    owner. Raises CopyRefused while the engine runs, CopyFailed (then all is as it was).
    """
    busy = at_work(owner, program_role_of(owner))
    if busy:
        raise CopyRefused(
            N_("Relance runs on this database, here or on another machine: stop it first")
        )
    program = ensure_program_role(
        owner,
        config.secrets / "database.password",
        ours=config.store_url == "embedded",
    )
    put_back(
        owner,
        program_role(program),
        files,
        manifest.migrations,
        (manifest.position, manifest.digest),
    )
    migrate(owner, program_role(program))
    drop_views(program)


def _unpacked(source: Path, folder: Path) -> Path:
    try:
        with tarfile.open(source, "r:") as packed:
            for member in packed:
                part = packed.extractfile(member) if member.isfile() else None
                if part is not None and member.name in (FILE, *PARTS):
                    with part, (folder / member.name).open("wb") as file:
                        shutil.copyfileobj(part, file)
    except (tarfile.TarError, EOFError) as error:
        raise CopyRefused(
            N_("{source} is no copy made by `relance backup`, or a damaged one"), source=str(source)
        ) from error
    return folder
