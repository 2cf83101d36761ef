"""The installation's secrets: files of mode 0600 under `data/secrets/`, or environment variables; never in configuration or ledger (G18)."""

from __future__ import annotations

import os
import secrets as random_source
from dataclasses import dataclass
from pathlib import Path

NAMES = ("link.key", "suppression.pepper", "nonce.key")


class SecretMissing(Exception):
    """A secret is not there or not readable: which file, what to do."""


@dataclass(frozen=True)
class Secrets:
    folder: Path
    link_key: bytes
    pepper: bytes
    nonce_key: bytes


def make_secrets(folder: Path) -> None:
    """Make those that are missing. A pepper is never replaced: with a new one every suppressed address would be forgotten."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in NAMES:
        path = folder / name
        if _from_environment(name) is None and not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(random_source.token_hex(32))


def read_secrets(folder: Path) -> Secrets:
    values = [_read(folder, name) for name in NAMES]
    return Secrets(folder, *values)


def _read(folder: Path, name: str) -> bytes:
    text = _from_environment(name)
    if text is None:
        try:
            text = (folder / name).read_text()
        except OSError as error:
            raise SecretMissing(f"the secret {name} cannot be read in {folder}: {error.strerror}; put your saved copy back") from error
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        raise SecretMissing(f"the secret {name} is not hexadecimal: put your saved copy back") from None
    if len(value) < 32:
        raise SecretMissing(f"the secret {name} is shorter than 32 bytes: put your saved copy back")
    return value


def _from_environment(name: str) -> str | None:
    return os.environ.get("RELANCE_" + name.upper().replace(".", "_"))
