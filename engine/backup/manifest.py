"""What a copy says of itself: of which moment it is, what it holds and how that is recognised. Pure
but for reading files to hash them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from engine.words import N_, WordedError

FILE = "manifest.json"
FORMAT = 2
UNSEALED = 1
"""The format of copies from before manifests were sealed."""
LARGEST = 1_000_000
PIECE = 1 << 20
DAMAGED = N_("manifest.json cannot be read: the copy is damaged, use another")


class CopyRefused(WordedError):
    """What stands there is no copy that can be put back: which file, what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """`at` is wall-clock time in ISO 8601, `engine_at` the engine's (ms). `secrets` is a keyed
    digest of the pepper, to tell whether the secrets at hand are those of this copy; it gives none
    of them away. `seal` is a keyed digest of all the rest, so that nobody without the secrets can
    write a copy, or change one; "" in a copy from before there were seals.
    """

    format: int
    program: str
    at: str
    engine_at: int
    position: int
    digest: str
    migrations: tuple[str, ...]
    secrets: str
    parts: Mapping[str, Part]
    seal: str = ""

    def written(self) -> bytes:
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode() + b"\n"

    def sealed(self, pepper: bytes) -> Manifest:
        return replace(self, seal=self._seal(pepper))

    def is_sealed(self, pepper: bytes) -> bool:
        return hmac.compare_digest(self.seal.encode(), self._seal(pepper).encode())

    def _seal(self, pepper: bytes) -> str:
        """Over what was written, with a key that serves nothing else."""
        key = hmac.new(pepper, b"copy manifest/v1\0", hashlib.sha256).digest()
        return hmac.new(key, replace(self, seal="").written(), hashlib.sha256).hexdigest()


def pepper_digest(pepper: bytes) -> str:
    """Tells whether the secrets at hand are those of a copy, and gives none of them away."""
    return hmac.new(pepper, b"copy/v1\0", hashlib.sha256).hexdigest()[:16]


def part_of(path: Path) -> Part:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    return Part(digest.hexdigest(), size)


def read_manifest(path: Path) -> Manifest:
    """Raises CopyRefused."""
    try:
        with path.open("rb") as file:
            fields = json.loads(file.read(LARGEST))
        number = fields["format"]
    except FileNotFoundError:
        raise CopyRefused(
            N_(
                "there is no manifest.json in it: it is no copy made by `relance backup`, or an"
                " unfinished one"
            )
        ) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise CopyRefused(DAMAGED) from None
    if not isinstance(number, int) or number > FORMAT:
        raise CopyRefused(
            N_(
                "the copy has format {number}, and this program knows up to {known}: use a newer"
                " Relance"
            ),
            number=str(number),
            known=FORMAT,
        )
    try:
        parts = {
            str(name): Part(str(part["sha256"]), int(part["bytes"]))
            for name, part in fields["parts"].items()
        }
        return Manifest(
            number,
            str(fields["program"]),
            str(fields["at"]),
            int(fields["engine_at"]),
            int(fields["position"]),
            str(fields["digest"]),
            tuple(map(str, fields["migrations"])),
            str(fields["secrets"]),
            parts,
            str(fields.get("seal", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CopyRefused(DAMAGED) from None


def take_in(manifest: Manifest, files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Every part as it was written, in `folder`, where nobody else writes: who changes the copy's
    files from then on changes nothing that is read.

    Raises CopyRefused for the first part that is not there or is something else.
    """
    taken: dict[str, Path] = {}
    for name, part in manifest.parts.items():
        path = files.get(name)
        if path is None or not path.is_file():
            raise CopyRefused(
                N_(
                    "{name} is missing from the copy; where it is kept apart, say where: --vault"
                    " FILE"
                ),
                name=name,
            )
        taken[name] = folder / name
        if _copied(path, taken[name], part.bytes) != part:
            raise CopyRefused(
                N_("{name} is damaged: it is not what was written; use another copy"), name=name
            )
    return taken


def _copied(path: Path, target: Path, most: int) -> Part:
    """What `target` then holds, which is not much more than `most` bytes however long `path` is."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file, nullcontext() if path == target else target.open("wb") as copy:
        while size <= most and (piece := file.read(PIECE)):
            digest.update(piece)
            size += len(piece)
            if copy is not None:
                copy.write(piece)
    return Part(digest.hexdigest(), size)
