"""Erasing a person (GDPR 17): what goes in one transaction with the fact that says so, a receipt of
what remains and why (E05, E07), the proof that may stay, and the database's files, from which what
was deleted is removed.

Proof kept for legal defence (D13, GDPR 17(3)(e)) is the exact entries, the evidence with its salts,
and the words they refer to, sealed to the key of `[proof] archive_recipient`. The private key
belongs elsewhere, so neither operator nor intruder can read it.

PostgreSQL keeps deleted rows in its files for a while. Whoever erases notes it; a minute later at
most the files are rewritten, once for all that was erased meanwhile.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.config import Config
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.desk.processes import EXPIRY_SECONDS, Processes
from engine.i18n.language import N_
from engine.ledger.codec import iso
from engine.ledger.store import Ledger
from engine.mime.header_values import message_local
from engine.privacy.export import ArchiveStores, notices
from engine.sequence.delay import Delay
from engine.sequence.timing import later
from engine.store.database import Database
from engine.store.scrubbing import Scrubbed
from engine.subscriber import events as e
from engine.subscriber.commands import Erase
from engine.subscriber.outcome import Done
from engine.subscriber.rights import MORE_TO_SEAL
from engine.subscriber.terms import ErasureBasis
from engine.vault.sealing import SealingRefused, seal
from engine.vault.vault import Erasing, Vault, VaultWrite

log = logging.getLogger("relance.rights")
MAX_ATTEMPTS = 4
ARCHIVE_FORMAT = "relance-archive/1"
ERASED, SCRUBBED = "erased", "scrubbed"
"""Marks on the desk: the engine's time and the ledger's head when something was erased, and when
the files were rewritten for it.
"""
KEPT_FACTS = N_(
    "the facts in the ledger: random ids, dates, lists; nothing that is kept says any more whom"
    " they were about"
)
KEPT_HASH = N_(
    "a mark computed from each of the addresses, from which no address can be read back, so that"
    " nothing is written to one again"
)
KEPT_PROOF = N_(
    "proof for legal defence (GDPR 17(3)(e)), sealed to the auditor’s key: nobody here can read it;"
    " deleted on {date}"
)
KEPT_COPIES = N_(
    "copies of the database made before now, for as long as they are kept: should one be put back,"
    " this erasure is applied to it again"
)
STAYS_IN_LOG = N_(
    "PostgreSQL’s write-ahead log may hold what was deleted for a while yet: the user of [store]"
    " url may not see to that (docs/operator.md)"
)
DELETED = {
    "person": N_("address and fields"),
    "evidence": N_("evidence of their acts"),
    "former addresses": N_("former addresses"),
    "letters in the built-in mailbox": N_("letters in the built-in mailbox"),
}


class NotingStores(Protocol):
    @property
    def desk(self) -> Desk: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ledger(self) -> Ledger: ...


class ErasureStores(NotingStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def command_handler(self) -> CommandHandler: ...


class ScrubbingStores(Protocol):
    @property
    def desk(self) -> Desk: ...
    @property
    def database(self) -> Database: ...
    @property
    def scrub(self) -> Callable[[], Scrubbed]:
        """Removes what was deleted from the database's files, with its owner's rights."""


@dataclass(frozen=True, slots=True)
class Archived:
    """Proof that stays: `sealed` is what only the auditor can read, until `ends_at` (ms)."""

    sealed: bytes
    ends_at: int


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that remains, as a sentence for the catalogue, and the values it wants."""

    what: str
    until: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """`subscriber` is the opaque id, good to be quoted by; `deleted` counts by what it was;
    `position` is that of the fact in the ledger.
    """

    subscriber: str
    at: int
    position: int
    deleted: Mapping[str, int]
    kept: tuple[Kept, ...]

    def as_json(self) -> dict[str, object]:
        kept = [
            remainder.what.format(date=iso(remainder.until)[:10])
            if remainder.until
            else remainder.what
            for remainder in self.kept
        ]
        return {
            "subscriber": self.subscriber,
            "at": iso(self.at),
            "position": self.position,
            "deleted": dict(self.deleted),
            "kept": kept,
        }


Suppression = Literal["bar", "leave", "forget"]
Archiver = Callable[[str], Archived]
Execute = Callable[[CommandRequest], Result]


def erase(
    stores: ErasureStores,
    subscriber: str,
    cause: e.Cause,
    execute: Execute,
    *,
    basis: ErasureBasis = "asked",
    suppression: Suppression = "bar",
    archive: Archiver | None = None,
) -> tuple[Result, Receipt | None]:
    """How it ended, and the receipt where somebody was erased. `cause` carries no evidence: none is
    kept. `archive` seals the proof that stays. `suppression` of their addresses: "bar" all from now
    on, "leave" those barred that are, "forget" that any was.
    """
    for _ in range(MAX_ATTEMPTS):
        result, receipt = _erase(stores, subscriber, cause, execute, basis, suppression, archive)
        if result.outcome != MORE_TO_SEAL:
            break
    return result, receipt


def _erase(
    stores: ErasureStores,
    subscriber: str,
    cause: e.Cause,
    execute: Execute,
    basis: ErasureBasis,
    suppression: Suppression,
    archive: Archiver | None,
) -> tuple[Result, Receipt | None]:
    vault, now = stores.vault, stores.clock.now()
    known = vault.people([subscriber]).get(subscriber)
    theirs = vault.hashes_of([subscriber]).get(subscriber, ())
    former = vault.former_hashes(subscriber)
    person = stores.command_handler.load([subscriber])[subscriber]
    archived = archive(subscriber) if archive is not None else None
    messages = tuple(
        dict.fromkeys(
            entry.event.message
            for entry in stores.ledger.stream(subscriber)
            if isinstance(entry.event, e.LetterBegun)
        )
    )
    erasing = Erasing(
        messages, archived.sealed if archived else b"", archived.ends_at if archived else 0
    )
    reason = person.suppressed or "erased" if known and suppression == "bar" else ""
    vault_write = VaultWrite(
        subscriber, now, suppress=reason, lift=suppression == "forget", erasing=erasing
    )
    held = vault.held(subscriber)
    barred = bool(reason) or (suppression == "leave" and bool(vault.suppressed(theirs)))
    command = Erase(
        at=now,
        cause=cause,
        request=secrets.token_hex(16),
        basis=basis,
        archived_until=archived.ends_at if archived else 0,
        sealed=person.version,
    )
    result = execute(CommandRequest(command, stream=subscriber, vault_write=vault_write))
    if result.conflict or not isinstance(result.outcome, Done):
        return result, None
    letters = forget_letters(stores, frozenset(theirs), former, messages) if known else 0
    deleted = {
        what: count
        for what, count in (held | {"letters in the built-in mailbox": letters}).items()
        if count
    }
    note_erased(stores)
    return result, Receipt(
        subscriber,
        now,
        result.positions[-1],
        deleted,
        what_remains(barred, archived.ends_at if archived else 0),
    )


def what_remains(barred: bool, archived: int) -> tuple[Kept, ...]:
    """After an erasure that bars the address from later imports, or does not; `archived` is the end
    (ms) of proof that is kept, 0 where none is.
    """
    kept = [Kept(KEPT_FACTS)]
    kept += [Kept(KEPT_HASH)] if barred else []
    kept += [Kept(KEPT_PROOF, archived)] if archived else []
    return (*kept, Kept(KEPT_COPIES))


def forget_letters(
    stores: ErasureStores,
    theirs: Collection[bytes],
    former: Collection[bytes],
    messages: Collection[str],
) -> int:
    """The built-in mailbox keeps letters as files; how many there were. Under the hash of a
    `former` address that somebody else has by now, only `messages` are theirs.
    """
    from engine.sending.mailbox import Mailbox, MailboxEntry

    mailbox = Mailbox(stores.config.data / "mailbox")
    local_parts = {message_local(bytes.fromhex(message)) for message in messages}

    def is_theirs(entry: MailboxEntry) -> bool:
        hashed = stores.vault.hash(entry.recipient.lower())
        if hashed in theirs or hashed not in former:
            return hashed in theirs
        return mailbox.message_id(entry.id).strip("<>").partition("@")[0] in local_parts

    return mailbox.forget(is_theirs)


def archiver(stores: ArchiveStores, span: Delay) -> Archiver:
    """What seals one person's proof for `span` from now. Raises SealingRefused where no key is
    set.
    """
    key = stores.config.proof.archive_recipient
    if not key:
        raise SealingRefused(
            N_(
                "proof is sealed to an auditor's key, and none is set: [proof] archive_recipient in"
                " config.toml"
            )
        )

    def archive(subscriber: str) -> Archived:
        now = stores.clock.now()
        ends_at = later(now, span, stores.config.site.timezone)
        return Archived(seal(_proof(stores, subscriber, now, ends_at), key), ends_at)

    return archive


def _proof(stores: ArchiveStores, subscriber: str, now: int, ends_at: int) -> bytes:
    """UTF-8 JSON. `state` is each entry as it is stored, byte for byte; SHA-256("commit/v1\\0" +
    salt + payload) is its commitment.
    """
    entries = stores.ledger.stream(subscriber)
    known = stores.vault.people([subscriber]).get(subscriber)
    states = [(entry.position, stores.ledger.bytes_at(entry.position) or b"") for entry in entries]
    archive = {
        "format": ARCHIVE_FORMAT,
        "subscriber": subscriber,
        "archived_at": iso(now),
        "ends_at": iso(ends_at),
        "address": known.address if known else None,
        "fields": dict(known.fields) if known else {},
        "entries": [{"position": position, "state": state.decode()} for position, state in states],
        "evidence": [
            {"commitment": commitment.hex(), "salt": salt.hex(), "payload": payload.decode()}
            for commitment, salt, payload in stores.vault.evidence_bytes(subscriber)
        ],
        "words": notices(entries, stores.installation_stream.current()),
    }
    return json.dumps(archive, ensure_ascii=False, indent=1).encode()


def note_erased(stores: NotingStores) -> None:
    """Something personal was deleted."""
    stores.desk.set_mark(ERASED, stores.clock.now(), stores.ledger.head())


def scrub_when_due(stores: ScrubbingStores) -> Scrubbed:
    """What came of it; where it is not `done`, the next call tries again."""
    erased = stores.desk.mark(ERASED)
    if erased is None or erased == stores.desk.mark(SCRUBBED):
        return Scrubbed(True)
    scrubbed = stores.scrub()
    if scrubbed.done:
        stores.desk.set_mark(SCRUBBED, *erased)
    return scrubbed


def scrub_unless_followed(stores: ScrubbingStores) -> Scrubbed:
    """For a verb that erases: where a process follows the ledger, that one does it, once for
    many.
    """
    if any(
        "follow" in process.parts and process.seen < EXPIRY_SECONDS
        for process in Processes(stores.database).all()
    ):
        return Scrubbed(True)
    return scrub_when_due(stores)


def scrub_and_log(stores: ScrubbingStores) -> None:
    """For whoever does it again and again."""
    scrubbed = scrub_when_due(stores)
    if scrubbed.large:
        log.info(
            "what was erased has left the database's files, but for large tables, whose room is"
            " freed",
            extra={"tables": list(scrubbed.large)},
        )
    if scrubbed.refused:
        log.warning(
            "what was erased stays in PostgreSQL's write-ahead log for a while: the user of [store]"
            " url may not see to that"
        )
