"""The vault's face. Writes take the cursor of the ledger's own transaction, so that an event and
what it commits to stand or fall together (E06).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb

from engine.intake.address import keyed_hash
from engine.ledger.codec import canonical
from engine.ledger.store import WithinRefused
from engine.store.arrays import Column, bigints, byteas, texts, uuids
from engine.store.binary import JSONB, bigint, copy_rows, row, uuid_of
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside
from engine.vault.commitment import Evidence
from engine.vault.stop_journal import StopJournal, suppression

SQL = beside(__file__)
MAX_SMALL_WRITE = 50
FIRST = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Known:
    """What the vault knows of a person who is not erased. `source`: where their address came from,
    "" where they gave it here themselves.
    """

    subscriber: str
    address: str
    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Everything of a person goes. `messages` are the letters they got; `sealed`, where there is
    any, is kept until `ends_at` (ms).
    """

    messages: tuple[str, ...] = ()
    sealed: bytes = b""
    ends_at: int = 0


@dataclass(frozen=True, slots=True)
class VaultWrite:
    """What one command asks the vault to write beside its events. `address_hash`, where it is known
    already, is that of the request's address.

    `address` is another address for somebody known, `address_hash` then its hash. `suppress` is why
    the person must not be written to any more, under any address they ever had; `lift` takes that
    back, or with an erasure every bar there is.

    `source` is where somebody else had the address from, who brings it.
    """

    subscriber: str
    at: int
    register: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    suppress: str = ""
    lift: bool = False
    address_hash: bytes = b""
    address: str = ""
    erasing: Erasing | None = None
    source: str = ""

    def of(self, subscriber: str, register: str) -> VaultWrite:
        """The same for a known stream. Written out: an import makes one of these a row, and
        `replace` is three times slower.
        """
        return VaultWrite(
            subscriber,
            self.at,
            register,
            self.fields,
            self.evidence,
            self.suppress,
            self.lift,
            self.address_hash,
            self.address,
            self.erasing,
            self.source,
        )

    @property
    def is_more(self) -> bool:
        """Whether there is something to do besides new people and evidence."""
        return bool(
            self.suppress
            or self.lift
            or ((self.fields or self.source) and not self.register)
            or self.address
            or self.erasing
        )


class Vault:
    """`journal` is told of every address that must not be written to any more, before it is written
    here.
    """

    def __init__(
        self, database: Database, pepper: bytes, journal: StopJournal, tenant: str = "relance"
    ) -> None:
        self.database, self.pepper, self.journal, self.tenant = database, pepper, journal, tenant

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
            rows = connection.execute(
                SQL["people"], {"subscribers": uuids(subscribers)}, binary=True
            ).fetchall()
        return {row[0]: Known(*row) for row in rows}

    def evidence_of(self, subscriber: str) -> dict[str, dict[str, object]]:
        """A person's evidence, by commitment in hexadecimal."""
        return {
            commitment.hex(): json.loads(payload)
            for commitment, _salt, payload in self.evidence_bytes(subscriber)
        }

    def evidence_bytes(self, subscriber: str) -> list[tuple[bytes, bytes, bytes]]:
        """Commitment, salt and payload of each piece, exactly as they are kept."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["evidence_of"], {"subscriber": subscriber}).fetchall()
        return [
            (bytes(commitment), bytes(salt), bytes(payload)) for commitment, salt, payload in rows
        ]

    def formerly(self, address: str) -> str | None:
        """Who once had a normalised address that has been corrected since, or None."""
        return next(iter(self.formerly_all([self.hash(address)]).values()), None)

    def formerly_all(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        with self.database.connection() as connection:
            rows = (
                connection.execute(SQL["formerly"], {"hashes": _array(hashes)}).fetchall()
                if hashes
                else []
            )
        return {bytes(row[0]): str(row[1]) for row in rows}

    def hashes_of(self, subscribers: Collection[str]) -> dict[str, tuple[bytes, ...]]:
        """Of each who is known, the hash of their address, then of those they had before and nobody
        else has by now.
        """
        hashes: dict[str, tuple[bytes, ...]] = {}
        with self.database.connection() as connection:
            for subscriber, hashed in connection.execute(
                SQL["hashes_of"], {"subscribers": uuids(subscribers)}
            ).fetchall():
                hashes[str(subscriber)] = (*hashes.get(str(subscriber), ()), bytes(hashed))
        return hashes

    def former_hashes(self, subscriber: str) -> frozenset[bytes]:
        """Of the addresses somebody had before, whoever has them by now."""
        with self.database.connection() as connection:
            return frozenset(
                bytes(row[0])
                for row in connection.execute(
                    SQL["former_hashes"], {"subscriber": subscriber}
                ).fetchall()
            )

    def held(self, subscriber: str) -> dict[str, int]:
        """How many rows are kept of a person: "person", "evidence", "former addresses"."""
        with self.database.connection() as connection:
            row = connection.execute(SQL["held"], {"subscriber": subscriber}).fetchone()
        return dict(
            zip(("person", "evidence", "former addresses"), map(int, row or ()), strict=False)
        )

    def archived(self, subscriber: str) -> tuple[bytes, int] | None:
        """The sealed proof of somebody who was erased, and until when it is kept (ms)."""
        with self.database.connection() as connection:
            row = connection.execute(SQL["archived"], {"subscriber": subscriber}).fetchone()
        return (bytes(row[0]), int(row[1])) if row is not None else None

    def end_archives(self, now: int) -> int:
        """Delete sealed proof whose term has come; of how many people."""
        with self.database.connection() as connection:
            return connection.execute(SQL["end_archives"], {"now": now}).rowcount

    def evidence_of_many(
        self, subscribers: Collection[str]
    ) -> dict[str, dict[str, dict[str, object]]]:
        """The same for many people, by subscriber."""
        pieces: dict[str, dict[str, dict[str, object]]] = {
            subscriber: {} for subscriber in subscribers
        }
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["evidence_of_many"], {"subscribers": uuids(subscribers)}
            ).fetchall()
        for subscriber, commitment, payload in rows:
            pieces[str(subscriber)][bytes(commitment).hex()] = json.loads(bytes(payload))
        return pieces

    def people_after(self, subscriber: str, most: int) -> list[tuple[str, str, int]]:
        """A page of everybody known, after an id ("" from the first): the id, where the address
        came from, since when it is known (ms).
        """
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["people_after"], {"after": subscriber or FIRST, "most": most}
            ).fetchall()
        return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]

    def keep_mails(self, vault_writes: Sequence[VaultWrite]) -> None:
        """Before letters that ask for consent are handed over: the facts that commit to them come
        after, and must not find them lost (a kill).
        """
        with self.database.transaction() as connection, connection.cursor() as cursor:
            self.write_many(cursor, vault_writes)

    def mails_of(self, subscribers: Collection[str]) -> dict[str, bytes]:
        """Of these people's letters that asked for consent, what was kept last: the commitment, by
        message.
        """
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["mails_of"], {"subscribers": uuids(subscribers)}
            ).fetchall()
        return {str(json.loads(bytes(row[2]))["message"]): bytes(row[1]) for row in rows}

    def forget_evidence(self, commitments: Collection[bytes]) -> int:
        """Delete these pieces with their salts; how many there were."""
        with self.database.transaction() as connection:
            return (
                connection.execute(
                    SQL["forget_evidence"], {"commitments": _array(commitments)}
                ).rowcount
                if commitments
                else 0
            )

    def forget_kind(self, kind: str, before: int, most: int = 1000) -> int:
        """Delete at most so many pieces of a kind ("visitor", "relay") from before an instant (ms);
        how many it was. Acts and mails never go so.
        """
        with self.database.transaction() as connection:
            return connection.execute(
                SQL["forget_kind"], {"kind": kind, "before": before, "most": most}
            ).rowcount

    def pieces_of(self, subscriber: str) -> dict[str, Evidence]:
        """The same as it is kept, salt included: whoever is shown it can hold it against what the
        ledger commits to.
        """
        with self.database.connection() as connection:
            rows = connection.execute(SQL["evidence_of"], {"subscriber": subscriber}).fetchall()
        return {
            bytes(row[0]).hex(): Evidence(bytes(row[1]), bytes(row[2]), bytes(row[0]))
            for row in rows
        }

    def mentioning(self, address: str) -> set[str]:
        """Whose evidence holds a normalised address as a whole value: whoever had it when an act
        was recorded. Reads all evidence there is.
        """
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["mentioning"], {"said": canonical(address), "to": b'"to":' + canonical(address)}
            ).fetchall()
        return {str(row[0]) for row in rows}

    def suppress(self, hashes: Mapping[bytes, str], at: int) -> None:
        """Hashes of addresses nobody here knows, each with its reason: they stay out of every later
        import.
        """
        self.journal.tell([suppression(hashed, reason, at) for hashed, reason in hashes.items()])
        with self.database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(
                SQL["suppress"],
                [{"hash": h, "reason": r, "at": at} for h, r in sorted(hashes.items())],
            )

    def write(self, cursor: AnyCursor, vault_write: VaultWrite) -> None:
        """Carry out what a command keeps, inside the ledger's transaction.

        Raises WithinRefused when someone else registered the address meanwhile.
        """
        if vault_write.register:
            values = {
                "subscriber": vault_write.subscriber,
                "hash": self.hash_of(vault_write),
                "address": vault_write.register,
                "at": vault_write.at,
            }
            cursor.execute(
                SQL["register"],
                values | {"fields": Jsonb(dict(vault_write.fields)), "source": vault_write.source},
            )
            if cursor.rowcount == 0:
                raise WithinRefused
        for piece in vault_write.evidence:
            values = {
                "commitment": piece.commitment,
                "subscriber": vault_write.subscriber,
                "at": vault_write.at,
                "kind": piece.kind,
            }
            cursor.execute(
                SQL["keep_evidence"], values | {"salt": piece.salt, "payload": piece.payload}
            )
        self._write_rest(cursor, vault_write)

    def write_many(self, cursor: AnyCursor, vault_writes: Sequence[VaultWrite]) -> None:
        """The same for many at once: new people, and evidence where it is much, by COPY.

        Whatever stands in the way is an IntegrityError of the whole transaction: the caller writes
        them one by one then, to find whose it was.
        """
        new = sorted(
            (
                (self.hash_of(vault_write), vault_write)
                for vault_write in vault_writes
                if vault_write.register
            ),
            key=lambda pair: pair[0],
        )
        if new:
            copy_rows(
                cursor,
                SQL["copy_people"],
                [_person(hashed, vault_write) for hashed, vault_write in new],
            )
        pieces = [
            (vault_write, piece) for vault_write in vault_writes for piece in vault_write.evidence
        ]
        if len(pieces) > MAX_SMALL_WRITE:
            copy_rows(
                cursor,
                SQL["copy_evidence"],
                [_evidence(vault_write, piece) for vault_write, piece in pieces],
            )
        elif pieces:
            cursor.execute(SQL["keep_pieces"], _columns(pieces))
        rest = [vault_write for vault_write in vault_writes if vault_write.is_more]
        for vault_write in sorted(rest, key=lambda vault_write: vault_write.subscriber):
            self._write_rest(cursor, vault_write)

    def hash_of(self, vault_write: VaultWrite) -> bytes:
        return vault_write.address_hash or (
            self.hash(vault_write.register) if vault_write.register else b""
        )

    def _write_rest(self, cursor: AnyCursor, vault_write: VaultWrite) -> None:
        if vault_write.fields and not vault_write.register:
            cursor.execute(
                SQL["merge_fields"],
                {"subscriber": vault_write.subscriber, "fields": Jsonb(dict(vault_write.fields))},
            )
        if vault_write.source and not vault_write.register:
            cursor.execute(
                SQL["come_from"],
                {"subscriber": vault_write.subscriber, "source": vault_write.source},
            )
        if vault_write.suppress:
            values = {
                "subscriber": vault_write.subscriber,
                "reason": vault_write.suppress,
                "of_former": reason_of_former(vault_write.suppress),
                "at": vault_write.at,
            }
            cursor.execute(SQL["bar"], values)
        if vault_write.lift:
            cursor.execute(
                SQL["forget_bars" if vault_write.erasing else "lift"],
                {"subscriber": vault_write.subscriber},
            )
        if vault_write.address:
            moved = {
                "subscriber": vault_write.subscriber,
                "address": vault_write.address,
                "hash": self.hash_of(vault_write),
                "at": vault_write.at,
            }
            for name in ("bar_moved", "keep_former_address", "move_address"):
                cursor.execute(SQL[name], moved)
        if vault_write.erasing is not None:
            self._erase(cursor, vault_write, vault_write.erasing)

    def _erase(self, cursor: AnyCursor, vault_write: VaultWrite, erasing: Erasing) -> None:
        """Last of all that is kept of a person in this transaction."""
        values = {"subscriber": vault_write.subscriber, "messages": list(erasing.messages)}
        for name in (
            "erase_person",
            "erase_evidence",
            "erase_former_addresses",
            "erase_stuck",
            "erase_shown",
        ):
            cursor.execute(SQL[name], values)
        if erasing.sealed:
            cursor.execute(
                SQL["archive"],
                {
                    "subscriber": vault_write.subscriber,
                    "sealed": erasing.sealed,
                    "at": vault_write.at,
                    "ends_at": erasing.ends_at,
                },
            )


def reason_of_former(reason: str) -> str:
    """Why a former address is barred: an objection is the person's, a bounce or a complaint that of
    the one address; then they were erased.
    """
    return reason if reason == "objected" else "erased"


def _person(hashed: bytes, vault_write: VaultWrite) -> bytes:
    fields = JSONB + canonical(dict(vault_write.fields))
    return row(
        uuid_of(vault_write.subscriber),
        hashed,
        vault_write.register.encode(),
        fields,
        bigint(vault_write.at),
        vault_write.source.encode(),
    )


def _evidence(vault_write: VaultWrite, piece: Evidence) -> bytes:
    return row(
        piece.commitment,
        uuid_of(vault_write.subscriber),
        bigint(vault_write.at),
        piece.kind.encode(),
        piece.salt,
        piece.payload,
    )


def _columns(pieces: Sequence[tuple[VaultWrite, Evidence]]) -> dict[str, Column]:
    subscribers = uuids([vault_write.subscriber for vault_write, _ in pieces])
    ats = bigints([vault_write.at for vault_write, _ in pieces])
    commitments = byteas([piece.commitment for _, piece in pieces])
    salts = byteas([piece.salt for _, piece in pieces])
    kinds = texts([piece.kind for _, piece in pieces])
    payloads = byteas([piece.payload for _, piece in pieces])
    return {
        "commitments": commitments,
        "subscribers": subscribers,
        "ats": ats,
        "kinds": kinds,
        "salts": salts,
        "payloads": payloads,
    }


def _array(hashes: Collection[bytes]) -> str:
    """A bytea[] in PostgreSQL's own notation: psycopg builds a long list of bytes ten times
    slower.
    """
    return "{" + ",".join(f'"\\\\x{digest.hex()}"' for digest in hashes) + "}"
