"""Salted commitments (E06): what the ledger shows of evidence that lies in the vault. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from engine.ledger.codec import canonical

PREFIX = b"commit/v1\0"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the vault keeps about one act: `payload` is canonical JSON, `salt` 32 random bytes;
    `commitment` is what the ledger says of both.

    `kind`: "act", or what has a shorter life and so a piece of its own: "visitor", "mail", "relay".
    """

    salt: bytes
    payload: bytes
    commitment: bytes
    kind: str = "act"


def evidence(salt: bytes, content: Mapping[str, object], kind: str = "act") -> Evidence:
    """`salt` must be 32 fresh random bytes: with fewer, a dictionary of guesses could be matched
    against the ledger.
    """
    if len(salt) != 32:
        raise ValueError("a commitment needs 32 bytes of salt")
    payload = canonical(content)
    return Evidence(salt, payload, committed(salt, payload), kind)


def committed(salt: bytes, payload: bytes) -> bytes:
    """What the ledger says of a payload and its salt."""
    return hashlib.sha256(PREFIX + salt + payload).digest()
