"""The vault's interface. Writes take the cursor of the ledger's transaction, so that an event and
the evidence it commits to are written together or not at all (E06).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb

from engine.intake.address import keyed_hash
from engine.ledger.codec import canonical
from engine.ledger.store import WithinRefused
from engine.store.binary import (
    JSONB,
    Column,
    bigint,
    bigints,
    byteas,
    copy_rows,
    row,
    texts,
    uuid_of,
    uuids,
)
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside
from engine.subscriber.person import MeasuredActs
from engine.vault.evidence import Evidence
from engine.vault.inbound_mail import InboundNote, keep_inbound
from engine.vault.recorded_orders import NumberedOrder, keep_order
from engine.vault.stop_journal import StopJournal, suppression

SQL = beside(__file__)
MAX_SMALL_WRITE = 50
MAX_OWNERS = 500
FIRST = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What the vault knows of a person who is not erased; see Known."""

    subscriber: str
    address: str
    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""
    measured: MeasuredActs | None = None


@dataclass(frozen=True, slots=True)
class Erasing:
    """Everything of a person is deleted. `messages` are the ids of their letters; `sealed`, if any,
    is kept until `ends_at` (ms).
    """

    messages: tuple[str, ...] = ()
    sealed: bytes = b""
    ends_at: int = 0


@dataclass(frozen=True, slots=True)
class VaultWrite:
    """What one command asks the vault to write beside its events.

    `address_hash`, if known already, is the keyed hash of the request's address. `address` is a new
    address for a person who is known, and `address_hash` then its hash. `suppress` is why the
    person must not be written to, under any address they ever had; `lift` takes that back, or with
    an erasure every suppression. `source` is where the address came from if not from the person.
    `orders` are numbers by which an order that is recorded is known, `form` is the form that
    registers the person; `unmeasured` deletes what they clicked and opened; `inbound` is the mail
    from which it follows.
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
    orders: tuple[NumberedOrder, ...] = ()
    form: str = ""
    unmeasured: bool = False
    inbound: InboundNote | None = None

    def of(self, subscriber: str, register: str, named: tuple[Evidence, ...]) -> VaultWrite:
        """The same for a known stream, with the pieces of evidence that facts name. Field by
        field, because an import makes one per row and `dataclasses.replace` is three times slower.
        """
        return VaultWrite(
            subscriber, self.at, register, self.fields, named, self.suppress, self.lift,
            self.address_hash, self.address, self.erasing, self.source, self.orders, self.form,
            self.unmeasured, self.inbound,
        )  # fmt: skip

    @property
    def is_more(self) -> bool:
        """Whether it holds anything besides registration and evidence."""
        return bool(
            self.suppress
            or self.lift
            or ((self.fields or self.source) and not self.register)
            or self.address
            or self.orders
            or self.form
            or self.unmeasured
            or self.inbound
            or self.erasing
        )


class Vault:
    """`journal` is told of every suppression before it is written here."""

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
        """Which of these hashes are suppressed, with the reason."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["suppressed"], {"hashes": _array(hashes)}).fetchall()
        return {bytes(row[0]): str(row[1]) for row in rows}

    def people(self, subscribers: Collection[str]) -> dict[str, KnownPerson]:
        named = {"subscribers": uuids(subscribers)}
        with self.database.connection() as connection:
            rows = connection.execute(SQL["people"], named, binary=True).fetchall()
        return {row[0]: KnownPerson(*row) for row in rows}

    def evidence_of(
        self, subscriber: str, only: Collection[str] | None = None
    ) -> dict[str, dict[str, object]]:
        """A person's evidence, by commitment in hexadecimal; `only` that of some commitments."""
        return {c.hex(): json.loads(said) for c, _, said in self.evidence_bytes(subscriber, only)}

    def evidence_bytes(
        self, subscriber: str, only: Collection[str] | None = None
    ) -> list[tuple[bytes, bytes, bytes]]:
        """Commitment, salt and payload of each piece, exactly as they are kept."""
        named = None if only is None else [bytes.fromhex(text) for text in only]
        values = {"subscriber": subscriber, "only": named}
        with self.database.connection() as connection:
            rows = connection.execute(SQL["evidence_of"], values).fetchall()
        return [
            (bytes(commitment), bytes(salt), bytes(payload)) for commitment, salt, payload in rows
        ]

    def formerly(self, address: str) -> str | None:
        """Who had a normalised address before it was corrected, or None."""
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
        """For each known person the hash of their address, then those of former addresses that
        nobody else has now.
        """
        hashes: dict[str, tuple[bytes, ...]] = {}
        with self.database.connection() as connection:
            for subscriber, hashed in connection.execute(
                SQL["hashes_of"], {"subscribers": uuids(subscribers)}
            ).fetchall():
                hashes[str(subscriber)] = (*hashes.get(str(subscriber), ()), bytes(hashed))
        return hashes

    def former_hashes(self, subscriber: str) -> frozenset[bytes]:
        """Hashes of a person's former addresses, whoever has them now."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["former_hashes"], {"subscriber": subscriber}).fetchall()
        return frozenset(bytes(row[0]) for row in rows)

    def held(self, subscriber: str) -> dict[str, int]:
        """How many rows are kept of a person: "person", "evidence", "former addresses"."""
        with self.database.connection() as connection:
            row = connection.execute(SQL["held"], {"subscriber": subscriber}).fetchone()
        return dict(
            zip(("person", "evidence", "former addresses"), map(int, row or ()), strict=False)
        )

    def archived(self, subscriber: str) -> tuple[bytes, int] | None:
        """The sealed archive of an erased person, and until when it is kept (ms)."""
        with self.database.connection() as connection:
            row = connection.execute(SQL["archived"], {"subscriber": subscriber}).fetchone()
        return (bytes(row[0]), int(row[1])) if row is not None else None

    def end_archives(self, now: int) -> int:
        """Delete sealed archives whose term has come; returns how many."""
        with self.database.connection() as connection:
            return connection.execute(SQL["end_archives"], {"now": now}).rowcount

    def pieces_of_many(self, subscribers: Collection[str]) -> dict[str, dict[str, Evidence]]:
        """What `pieces_of` gives, for many people, by subscriber."""
        pieces: dict[str, dict[str, Evidence]] = {subscriber: {} for subscriber in subscribers}
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["pieces_of_many"], {"subscribers": uuids(subscribers)}
            ).fetchall()
        for subscriber, commitment, salt, payload, kind in rows:
            piece = Evidence(bytes(salt), bytes(payload), bytes(commitment), str(kind))
            pieces[str(subscriber)][piece.commitment.hex()] = piece
        return pieces

    def people_after(self, subscriber: str, most: int) -> list[tuple[str, str, int]]:
        """A page of all known people after an id ("" for the first page): id, source of the
        address, known since (ms).
        """
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["people_after"], {"after": subscriber or FIRST, "most": most}
            ).fetchall()
        return [(str(row[0]), str(row[1]), int(row[2])) for row in rows]

    def count_people(self) -> int:
        with self.database.connection() as connection:
            row = connection.execute(SQL["count_people"]).fetchone()
        return int(row[0]) if row is not None else 0

    def evidence_owners(self, after: str) -> list[str]:
        """A page of the ids that evidence is kept under, after an id ("" for the first page)."""
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["evidence_owners"], {"after": after or FIRST, "most": MAX_OWNERS}
            ).fetchall()
        return [str(row[0]) for row in rows]

    def keep_mails(self, vault_writes: Sequence[VaultWrite]) -> None:
        """Keep the mails that ask for consent before they are handed over: the facts that commit to
        them are written afterwards, and a process killed in between must not lose the mails.
        """
        with self.database.transaction() as connection, connection.cursor() as cursor:
            self.write_many(cursor, vault_writes)

    def mails_of(self, subscribers: Collection[str]) -> dict[str, bytes]:
        """The confirmation mails kept last for these people: commitment by message id."""
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["mails_of"], {"subscribers": uuids(subscribers)}
            ).fetchall()
        return {str(json.loads(bytes(row[2]))["message"]): bytes(row[1]) for row in rows}

    def forget_evidence(self, commitments: Collection[bytes]) -> int:
        """Delete these pieces with their salts; returns how many."""
        with self.database.transaction() as connection:
            return (
                connection.execute(
                    SQL["forget_evidence"], {"commitments": _array(commitments)}
                ).rowcount
                if commitments
                else 0
            )

    def pieces_of(self, subscriber: str) -> dict[str, Evidence]:
        """Pieces with their salts, so that whoever is shown one can check it against the ledger's
        commitment.
        """
        return {
            commitment.hex(): Evidence(salt, payload, commitment)
            for commitment, salt, payload in self.evidence_bytes(subscriber)
        }

    def mentioning(self, address: str) -> set[str]:
        """Subscribers whose evidence holds a normalised address as a whole value: whoever had it
        when an act was recorded. Reads all evidence.
        """
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["mentioning"], {"said": canonical(address), "to": b'"to":' + canonical(address)}
            ).fetchall()
        return {str(row[0]) for row in rows}

    def suppress(self, hashes: Mapping[bytes, str], at: int) -> None:
        """Suppress hashes of addresses of unknown people, each with its reason: later imports leave
        them out.
        """
        self.journal.tell([suppression(hashed, reason, at) for hashed, reason in hashes.items()])
        with self.database.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(
                SQL["suppress"],
                [{"hash": h, "reason": r, "at": at} for h, r in sorted(hashes.items())],
            )

    def write(self, cursor: AnyCursor, vault_write: VaultWrite) -> None:
        """Carry out a VaultWrite inside the ledger's transaction. Raises WithinRefused when another
        writer registered the address first.
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
        """The same for many at once: new people, and evidence if there is much, by COPY. A
        violation fails the whole transaction (IntegrityError); the caller then writes one by one to
        find which it was.
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
        subscriber = vault_write.subscriber
        if vault_write.fields and not vault_write.register:
            fields = Jsonb(dict(vault_write.fields))
            cursor.execute(SQL["merge_fields"], {"subscriber": subscriber, "fields": fields})
        if vault_write.source and not vault_write.register:
            values = {"subscriber": subscriber, "source": vault_write.source}
            cursor.execute(SQL["come_from"], values)
        if vault_write.form and vault_write.register:
            cursor.execute(SQL["come_by"], {"subscriber": subscriber, "form": vault_write.form})
        if vault_write.suppress:
            reasons = {
                "subscriber": subscriber,
                "reason": vault_write.suppress,
                "of_former": reason_of_former(vault_write.suppress),
                "at": vault_write.at,
            }
            cursor.execute(SQL["bar"], reasons)
        if vault_write.lift:
            name = "forget_bars" if vault_write.erasing else "lift"
            cursor.execute(SQL[name], {"subscriber": subscriber})
        if vault_write.address:
            moved = {
                "subscriber": subscriber,
                "address": vault_write.address,
                "hash": self.hash_of(vault_write),
                "at": vault_write.at,
            }
            for name in ("bar_moved", "keep_former_address", "move_address"):
                cursor.execute(SQL[name], moved)
        for order in vault_write.orders:
            keep_order(cursor, subscriber, order, vault_write.at)
        if vault_write.inbound:
            keep_inbound(cursor, subscriber, vault_write.inbound, vault_write.at)
        if vault_write.unmeasured:
            for name in ("hold_person", "erase_measured"):
                cursor.execute(SQL[name], {"subscriber": subscriber})
        if vault_write.erasing is not None:
            self._erase(cursor, vault_write, vault_write.erasing)

    def _erase(self, cursor: AnyCursor, vault_write: VaultWrite, erasing: Erasing) -> None:
        """The last write for this person in this transaction."""
        values = {"subscriber": vault_write.subscriber, "messages": list(erasing.messages)}
        for name in (
            "erase_inbound",
            "erase_person",
            "erase_evidence",
            "erase_former_addresses",
            "erase_orders",
            "erase_measured",
            "erase_stuck",
            "erase_shown",
            "erase_segments",
            "erase_looks",
            "erase_edges",
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
    """Why a former address is suppressed: an objection concerns the person, a bounce or complaint
    the one address.
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
