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
FEW = 50
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
class Keep:
    """What one command asks the vault to write beside its events. `address_hash`, where it is known
    already, is that of the wish's address.

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

    def of(self, subscriber: str, register: str) -> Keep:
        """The same for a known stream. Written out: an import makes one of these a row, and
        `replace` is three times slower.
        """
        return Keep(
            subscriber, self.at, register, self.fields, self.evidence, self.suppress, self.lift, self.address_hash, self.address, self.erasing,
            self.source,
        )  # fmt: skip

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
        found: dict[str, dict[str, dict[str, object]]] = {
            subscriber: {} for subscriber in subscribers
        }
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["evidence_of_many"], {"subscribers": uuids(subscribers)}
            ).fetchall()
        for subscriber, commitment, payload in rows:
            found[str(subscriber)][bytes(commitment).hex()] = json.loads(bytes(payload))
        return found

    def people_after(self, subscriber: str, most: int) -> list[tuple[str, str, int]]:
        """A page of everybody known, after an id ("" from the first): the id, where the address
        came from, since when it is known (ms).
        """
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["people_after"], {"after": subscriber or FIRST, "most": most}
            ).fetchall()
        return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]

    def keep_mails(self, keeps: Sequence[Keep]) -> None:
        """Before letters that ask for consent are handed over: the facts that commit to them come
        after, and must not find them lost (a kill).
        """
        with self.database.transaction() as connection, connection.cursor() as cursor:
            self.write_many(cursor, keeps)

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

    def write(self, cursor: AnyCursor, keep: Keep) -> None:
        """Carry out what a command keeps, inside the ledger's transaction.

        Raises WithinRefused when someone else registered the address meanwhile.
        """
        if keep.register:
            values = {
                "subscriber": keep.subscriber,
                "hash": self.hash_of(keep),
                "address": keep.register,
                "at": keep.at,
            }
            cursor.execute(
                SQL["register"],
                values | {"fields": Jsonb(dict(keep.fields)), "source": keep.source},
            )
            if cursor.rowcount == 0:
                raise WithinRefused
        for piece in keep.evidence:
            values = {
                "commitment": piece.commitment,
                "subscriber": keep.subscriber,
                "at": keep.at,
                "kind": piece.kind,
            }
            cursor.execute(
                SQL["keep_evidence"], values | {"salt": piece.salt, "payload": piece.payload}
            )
        self._write_rest(cursor, keep)

    def write_many(self, cursor: AnyCursor, keeps: Sequence[Keep]) -> None:
        """The same for many at once: new people, and evidence where it is much, by COPY.

        Whatever stands in the way is an IntegrityError of the whole transaction: the caller writes
        them one by one then, to find whose it was.
        """
        new = sorted(
            ((self.hash_of(keep), keep) for keep in keeps if keep.register),
            key=lambda pair: pair[0],
        )
        if new:
            copy_rows(cursor, SQL["copy_people"], [_person(hashed, keep) for hashed, keep in new])
        pieces = [(keep, piece) for keep in keeps for piece in keep.evidence]
        if len(pieces) > FEW:
            copy_rows(
                cursor, SQL["copy_evidence"], [_evidence(keep, piece) for keep, piece in pieces]
            )
        elif pieces:
            cursor.execute(SQL["keep_pieces"], _columns(pieces))
        rest = [keep for keep in keeps if keep.is_more]
        for keep in sorted(rest, key=lambda keep: keep.subscriber):
            self._write_rest(cursor, keep)

    def hash_of(self, keep: Keep) -> bytes:
        return keep.address_hash or (self.hash(keep.register) if keep.register else b"")

    def _write_rest(self, cursor: AnyCursor, keep: Keep) -> None:
        if keep.fields and not keep.register:
            cursor.execute(
                SQL["merge_fields"],
                {"subscriber": keep.subscriber, "fields": Jsonb(dict(keep.fields))},
            )
        if keep.source and not keep.register:
            cursor.execute(SQL["come_from"], {"subscriber": keep.subscriber, "source": keep.source})
        if keep.suppress:
            values = {
                "subscriber": keep.subscriber,
                "reason": keep.suppress,
                "of_former": reason_of_former(keep.suppress),
                "at": keep.at,
            }
            cursor.execute(SQL["bar"], values)
        if keep.lift:
            cursor.execute(
                SQL["forget_bars" if keep.erasing else "lift"], {"subscriber": keep.subscriber}
            )
        if keep.address:
            moved = {
                "subscriber": keep.subscriber,
                "address": keep.address,
                "hash": self.hash_of(keep),
                "at": keep.at,
            }
            for name in ("bar_moved", "keep_former_address", "move_address"):
                cursor.execute(SQL[name], moved)
        if keep.erasing is not None:
            self._erase(cursor, keep, keep.erasing)

    def _erase(self, cursor: AnyCursor, keep: Keep, erasing: Erasing) -> None:
        """Last of all that is kept of a person in this transaction."""
        values = {"subscriber": keep.subscriber, "messages": list(erasing.messages)}
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
                    "subscriber": keep.subscriber,
                    "sealed": erasing.sealed,
                    "at": keep.at,
                    "ends_at": erasing.ends_at,
                },
            )


def reason_of_former(reason: str) -> str:
    """Why a former address is barred: an objection is the person's, a bounce or a complaint that of
    the one address; then they were erased.
    """
    return reason if reason == "objected" else "erased"


def _person(hashed: bytes, keep: Keep) -> bytes:
    fields = JSONB + canonical(dict(keep.fields))
    return row(
        uuid_of(keep.subscriber),
        hashed,
        keep.register.encode(),
        fields,
        bigint(keep.at),
        keep.source.encode(),
    )


def _evidence(keep: Keep, piece: Evidence) -> bytes:
    return row(
        piece.commitment,
        uuid_of(keep.subscriber),
        bigint(keep.at),
        piece.kind.encode(),
        piece.salt,
        piece.payload,
    )


def _columns(pieces: Sequence[tuple[Keep, Evidence]]) -> dict[str, Column]:
    subscribers = uuids([keep.subscriber for keep, _ in pieces])
    ats = bigints([keep.at for keep, _ in pieces])
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
    return "{" + ",".join(f'"\\\\x{each.hex()}"' for each in hashes) + "}"
