"""The vault's face. Writes take the cursor of the ledger's own transaction, so that an event and what it commits to stand or fall together (E06)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb

from engine.intake.address import keyed_hash
from engine.ledger.codec import canonical
from engine.ledger.store import WithinRefused
from engine.store.arrays import uuids
from engine.store.binary import JSONB, bigint, copy_rows, row, uuid_of
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside
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
    """What one command asks the vault to write beside its events. `address_hash`, where it is known already, is that of the wish's address."""

    subscriber: str
    at: int
    register: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    suppress: str = ""
    lift: bool = False
    address_hash: bytes = b""

    def of(self, subscriber: str, register: str) -> Keep:
        """The same for a known stream. Written out: an import makes one of these a row, and `replace` is three times slower."""
        return Keep(subscriber, self.at, register, self.fields, self.evidence, self.suppress, self.lift, self.address_hash)


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
            rows = connection.execute(SQL["by_hashes"], {"hashes": _array(hashes)}).fetchall()
        return {bytes(row[0]): str(row[1]) for row in rows}

    def suppressed(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        """Which of these may never be written to, with the reason."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["suppressed"], {"hashes": _array(hashes)}).fetchall()
        return {bytes(row[0]): str(row[1]) for row in rows}

    def people(self, subscribers: Collection[str]) -> dict[str, Known]:
        with self.database.connection() as connection:
            rows = connection.execute(SQL["people"], {"subscribers": uuids(subscribers)}, binary=True).fetchall()
        return {str(row[0]): Known(str(row[0]), row[1], row[2]) for row in rows}

    def evidence_of(self, subscriber: str) -> dict[str, dict[str, object]]:
        """A person's evidence, by commitment in hexadecimal."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["evidence_of"], {"subscriber": subscriber}).fetchall()
        return {bytes(row[0]).hex(): json.loads(bytes(row[2])) for row in rows}

    def suppress(self, hashes: Mapping[bytes, str], at: int) -> None:
        """Hashes of addresses nobody here knows, each with its reason: they stay out of every later import."""
        with self.database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(SQL["suppress"], [{"hash": h, "reason": r, "at": at} for h, r in sorted(hashes.items())])

    def write(self, cursor: AnyCursor, keep: Keep) -> None:
        """Carry out what a command keeps, inside the ledger's transaction.

        Raises WithinRefused when someone else registered the address meanwhile.
        """
        if keep.register:
            values = {"subscriber": keep.subscriber, "hash": self.hash_of(keep), "address": keep.register, "at": keep.at}
            cursor.execute(SQL["register"], values | {"fields": Jsonb(dict(keep.fields))})
            if cursor.rowcount == 0:
                raise WithinRefused
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
        self._write_rest(cursor, keep)

    def write_many(self, cursor: AnyCursor, keeps: Sequence[Keep]) -> None:
        """The same for many at once, new people and evidence by COPY.

        Whatever stands in the way is an IntegrityError of the whole transaction: the caller writes them one by one then, to find whose it was.
        """
        new = sorted(((self.hash_of(keep), keep) for keep in keeps if keep.register), key=lambda pair: pair[0])
        if new:
            copy_rows(cursor, SQL["copy_people"], [_person(hashed, keep) for hashed, keep in new])
        copy_rows(cursor, SQL["copy_evidence"], [_evidence(keep, piece) for keep in keeps for piece in keep.evidence])
        rest = [keep for keep in keeps if keep.suppress or keep.lift or (keep.fields and not keep.register)]
        for keep in sorted(rest, key=lambda keep: keep.subscriber):
            self._write_rest(cursor, keep)

    def hash_of(self, keep: Keep) -> bytes:
        return keep.address_hash or (self.hash(keep.register) if keep.register else b"")

    def _write_rest(self, cursor: AnyCursor, keep: Keep) -> None:
        if keep.fields and not keep.register:
            cursor.execute(SQL["merge_fields"], {"subscriber": keep.subscriber, "fields": Jsonb(dict(keep.fields))})
        if not (keep.suppress or keep.lift):
            return
        hashed = self.hash_of(keep)
        if keep.suppress and hashed:
            cursor.execute(SQL["suppress"], {"hash": hashed, "reason": keep.suppress, "at": keep.at})
        if keep.lift and hashed:
            cursor.execute(SQL["lift"], {"hash": hashed})


def _person(hashed: bytes, keep: Keep) -> bytes:
    fields = JSONB + canonical(dict(keep.fields))
    return row(uuid_of(keep.subscriber), hashed, keep.register.encode(), fields, bigint(keep.at))


def _evidence(keep: Keep, piece: Evidence) -> bytes:
    return row(piece.commitment, uuid_of(keep.subscriber), bigint(keep.at), piece.salt, piece.payload)


def _array(hashes: Collection[bytes]) -> str:
    """A bytea[] in PostgreSQL's own notation: psycopg builds a long list of bytes ten times slower."""
    return "{" + ",".join(f'"\\\\x{each.hex()}"' for each in hashes) + "}"
