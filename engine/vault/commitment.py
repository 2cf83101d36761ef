"""Salted commitments (E06): what the ledger shows of evidence that lies in the vault. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = b"commit/v1\0"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the vault keeps about one act: `payload` is canonical JSON, `salt` 32 random bytes."""

    salt: bytes
    payload: bytes

    @property
    def commitment(self) -> bytes:
        return hashlib.sha256(PREFIX + self.salt + self.payload).digest()


def evidence(salt: bytes, said: Mapping[str, object]) -> Evidence:
    """`salt` must be 32 fresh random bytes: with fewer, a dictionary of guesses could be matched against the ledger."""
    if len(salt) != 32:
        raise ValueError("a commitment needs 32 bytes of salt")
    return Evidence(salt, _canonical(said).encode())
