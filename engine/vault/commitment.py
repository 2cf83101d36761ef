"""Salted commitments (E06): what the ledger holds of evidence that is kept in the vault. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from engine.ledger.codec import canonical

PREFIX = b"commit/v1\0"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the vault keeps about one act: `payload` is canonical JSON, `salt` 32 random bytes,
    `commitment` what the ledger holds of both. `kind` is "act", or "visitor", "mail" or "relay" for
    what is kept for a shorter time and therefore apart.
    """

    salt: bytes
    payload: bytes
    commitment: bytes
    kind: str = "act"


def evidence(salt: bytes, content: Mapping[str, object], kind: str = "act") -> Evidence:
    """`salt` must be 32 fresh random bytes: with fewer, guesses could be tested against the
    ledger.
    """
    if len(salt) != 32:
        raise ValueError("a commitment needs 32 bytes of salt")
    payload = canonical(content)
    return Evidence(salt, payload, committed(salt, payload), kind)


def committed(salt: bytes, payload: bytes) -> bytes:
    """The commitment to a payload under its salt: SHA-256 in hexadecimal."""
    return hashlib.sha256(PREFIX + salt + payload).digest()
