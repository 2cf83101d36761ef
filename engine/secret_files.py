"""The installation's secrets: files of mode 0600 under `data/secrets/`, or environment variables;
never in configuration or ledger (G18).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
import secrets as random_source
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.sequence.mistakes import Unreadable
from engine.store.files import sync_folder
from engine.words import N_, WordedError, words_of_file_error

NAMES = ("link.key", "suppression.pepper", "nonce.key")
SIGNING = "proof.key"
"""The seed of the key that signs checkpoints. Read by whoever signs, each time: it can be changed
beneath a running process (F13).
"""
NEXT = "proof.key.next"
SHORTEST_ORDER_KEY = 32
MAX_SECRET_BYTES = 10_000


class SecretMissing(WordedError):
    """A secret is not there or not readable: which file, what to do."""


@dataclass(frozen=True)
class Secrets:
    folder: Path
    link_key: bytes
    pepper: bytes
    nonce_key: bytes

    def fingerprints(self) -> dict[str, str]:
        """By which each is known again, and from which nobody gets one back."""
        return {
            name: _fingerprint(name, secret)
            for name, secret in zip(
                NAMES, (self.link_key, self.pepper, self.nonce_key), strict=True
            )
        }


def _fingerprint(name: str, secret: bytes) -> str:
    return hmac.new(secret, b"fingerprint/v1\0" + name.encode(), hashlib.sha256).hexdigest()[:32]


def make_secrets(folder: Path) -> None:
    """Make those that are missing. A pepper is never replaced: with a new one every suppressed
    address would be forgotten.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_mode & 0o077:
        # What somebody else mounted read-only keeps the mode it was given.
        with contextlib.suppress(OSError):
            folder.chmod(0o700)
    missing = [
        name
        for name in (*NAMES, SIGNING)
        if _from_environment(name) is None and not (folder / name).exists()
    ]
    if missing:
        _make(folder, missing)


def _make(folder: Path, names: Sequence[str]) -> None:
    """Under the folder's lock: of two processes that start together one makes them, and both read
    the same.
    """
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            if not (folder / name).exists():
                unfinished = folder / f"{name}.new"
                unfinished.unlink(missing_ok=True)
                with os.fdopen(
                    os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
                ) as file:
                    file.write(random_source.token_hex(32))
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.rename(folder / name)
        os.fsync(lock)
    finally:
        os.close(lock)


def read_secrets(folder: Path) -> Secrets:
    values = [_read(folder, name) for name in NAMES]
    return Secrets(folder, *values)


def signing_seed(folder: Path) -> bytes:
    """Raises SecretMissing."""
    seed = _read(folder, SIGNING)
    if len(seed) != 32:
        raise SecretMissing(
            N_("the secret {name} is longer than 32 bytes: put your saved copy back"), name=SIGNING
        )
    return seed


def next_signing_seed(folder: Path) -> bytes | None:
    """The one prepared to follow the present one; None where there is none. Raises
    SecretMissing.
    """
    return _read(folder, NEXT) if (folder / NEXT).exists() else None


def prepare_signing_seed(folder: Path) -> bytes:
    """A new seed beside the present one, on the disk when this returns. Raises SecretMissing where
    the present one is no file of ours to replace.
    """
    if _from_environment(SIGNING) is not None:
        raise SecretMissing(
            N_(
                "the secret {name} comes from the environment: take it out of there and "
                "put it into {folder}, then change it"
            ),
            name=SIGNING,
            folder=str(folder),
        )
    (folder / NEXT).unlink(missing_ok=True)
    _make(folder, [NEXT])
    return _read(folder, NEXT)


def take_next_signing_seed(folder: Path) -> None:
    """The prepared one in place of the present one, which is gone for good."""
    (folder / NEXT).rename(folder / SIGNING)
    sync_folder(folder)


def order_keys(file: Path) -> tuple[bytes, ...]:
    """The keys with which a shop signs its orders, one a line, as the shop uses them: to change a
    key, both stand there for a while.

    Raises Unreadable for a file that cannot be read, or holds none of at least 32 signs.
    """
    try:
        lines = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        message = N_(
            "there is no key of signed orders to be read in {file}; make one: `openssl rand"
            " -hex 32`"
        )
        raise Unreadable(message, file=file.name) from None
    if not lines or min(map(len, lines)) < SHORTEST_ORDER_KEY:
        message = N_(
            "a key of signed orders in {file} is shorter than {most} signs; make one: `openssl rand"
            " -hex 32`"
        )
        raise Unreadable(message, file=file.name, most=SHORTEST_ORDER_KEY)
    return tuple(line.encode() for line in lines)


def read_secret(file: Path) -> bytes:
    """One that is shared with another program, without the line's end. Raises Unreadable where it
    is not there, empty or too long.
    """
    try:
        with file.open("rb") as opened:
            secret = opened.read(MAX_SECRET_BYTES + 1).rstrip(b"\r\n")
    except OSError as error:
        message = N_("{place} cannot be used: {why}")
        raise Unreadable(message, place=str(file), why=words_of_file_error(error)) from None
    if not secret.strip():
        raise Unreadable(N_("{place} holds no secret: it is empty"), place=str(file))
    if len(secret) > MAX_SECRET_BYTES:
        raise Unreadable(N_("{place} is too long for a secret"), place=str(file))
    return secret


def _read(folder: Path, name: str) -> bytes:
    text = _from_environment(name)
    if text is None:
        try:
            text = (folder / name).read_text()
        except OSError as error:
            raise SecretMissing(
                N_("the secret {name} cannot be read in {folder}: {why}; put your saved copy back"),
                name=name,
                folder=str(folder),
                why=words_of_file_error(error),
            ) from error
    try:
        value = bytes.fromhex(text.strip())
    except ValueError:
        raise SecretMissing(
            N_("the secret {name} is not hexadecimal: put your saved copy back"), name=name
        ) from None
    if len(value) < 32:
        raise SecretMissing(
            N_("the secret {name} is shorter than 32 bytes: put your saved copy back"), name=name
        )
    return value


def _from_environment(name: str) -> str | None:
    return os.environ.get("RELANCE_" + name.upper().replace(".", "_"))
