"""The vault's face. Writes take the cursor of the ledger's own transaction, so that an event and what it commits to stand or fall together (E06)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from engine.intake.address import keyed_hash
from engine.ledger.store import WithinRefused
from engine.store.database import Database
from engine.store.sql import beside
from engine.vault.commitment import Evidence

SQL = beside(__file__)


@dataclass(frozen=True, slots=True)
class Known:
    """What the vault knows of a person who is not erased."""

    subscriber: str
    address: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Keep:
    """What one command asks the vault to write beside its events."""

    subscriber: str
    at: int
    register: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    suppress: str = ""
    lift: bool = False
    address_hash: bytes = b""


class Vault:
    def __init__(self, database: Database, pepper: bytes, tenant: str = "relance") -> None:
        self.database = database
        self.pepper = pepper
        self.tenant = tenant

    def hash(self, address: str) -> bytes:
        """The keyed hash under which a normalised address is known (G04)."""
        return keyed_hash(self.pepper, self.tenant, address)

    def find(self, address: str) -> str | None:
        """The subscriber behind a normalised address, or None."""
        return self.find_all([self.hash(address)]).get(self.hash(address))

    def find_all(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        with self.database.connection() as connection:
            rows = connection.execute(SQL["by_hashes"], {"hashes": list(hashes)}).fetchall()
        return {bytes(row[0]): str(row[1]) for row in rows}

    def suppressed(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        """Which of these may never be written to, with the reason."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["suppressed"], {"hashes": list(hashes)}).fetchall()
        return {bytes(row[0]): str(row[1]) for row in rows}

    def people(self, subscribers: Collection[str]) -> dict[str, Known]:
        with self.database.connection() as connection:
            rows = connection.execute(SQL["people"], {"subscribers": list(subscribers)}).fetchall()
        return {str(row[0]): Known(str(row[0]), row[1], row[2]) for row in rows}

    def evidence_of(self, subscriber: str) -> dict[str, dict[str, Any]]:
        """A person's evidence, by commitment in hexadecimal."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["evidence_of"], {"subscriber": subscriber}).fetchall()
        return {bytes(row[0]).hex(): json.loads(bytes(row[2])) for row in rows}

    def suppress(self, hashes: Mapping[bytes, str], at: int) -> None:
        """Hashes of addresses nobody here knows, each with its reason: they stay out of every later import."""
        with self.database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(SQL["suppress"], [{"hash": h, "reason": r, "at": at} for h, r in hashes.items()])

    def write(self, cursor: psycopg.Cursor[Any], keep: Keep) -> None:
        """Carry out what a command keeps, inside the ledger's transaction. Raises WithinRefused when the address was registered meanwhile."""
        if keep.register:
            values = {"subscriber": keep.subscriber, "hash": self.hash(keep.register), "address": keep.register, "at": keep.at}
            cursor.execute(SQL["register"], values | {"fields": Jsonb(dict(keep.fields))})
            if cursor.rowcount == 0:
                raise WithinRefused
        elif keep.fields:
            cursor.execute(SQL["merge_fields"], {"subscriber": keep.subscriber, "fields": Jsonb(dict(keep.fields))})
        for piece in keep.evidence:
            cursor.execute(
                SQL["keep_evidence"],
                {
                    "commitment": piece.commitment,
                    "subscriber": keep.subscriber,
                    "at": keep.at,
                    "salt": piece.salt,
                    "payload": piece.payload,
                },
            )
        hashed = keep.address_hash or (self.hash(keep.register) if keep.register else b"")
        if keep.suppress and hashed:
            cursor.execute(SQL["suppress"], {"hash": hashed, "reason": keep.suppress, "at": keep.at})
        if keep.lift and hashed:
            cursor.execute(SQL["lift"], {"hash": hashed})


def same_transaction(vault: Vault, keep: Keep) -> Any:
    """What `Append.within` wants."""
    return lambda cursor: vault.write(cursor, keep)
