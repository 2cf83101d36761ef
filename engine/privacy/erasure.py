"""Erasing a person (GDPR 17): what goes in one transaction with the fact that says so, and a
receipt of what remains and why (E05, E07).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.i18n.language import N_
from engine.ledger.entry_json import iso
from engine.mime.header_values import message_local
from engine.privacy.scrubbing import note_erased
from engine.sequence.delay import Delay
from engine.sequence.timing import later
from engine.subscriber import events as e
from engine.subscriber.commands import Erase
from engine.subscriber.outcome import Done
from engine.subscriber.rights import MORE_TO_SEAL
from engine.vault.vault import Erasing, VaultWrite

ATTEMPTS = 4
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
DELETED = {
    "person": N_("address and fields"),
    "evidence": N_("evidence of their acts"),
    "former addresses": N_("former addresses"),
    "letters in the built-in mailbox": N_("letters in the built-in mailbox"),
}


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
            each.what.format(date=iso(each.until)[:10]) if each.until else each.what
            for each in self.kept
        ]
        return {
            "subscriber": self.subscriber,
            "at": iso(self.at),
            "position": self.position,
            "deleted": dict(self.deleted),
            "kept": kept,
        }


Suppression = Literal["bar", "leave", "forget"]
Seal = Callable[[str], Archived]
CarryOut = Callable[[CommandRequest], Result]


def erase(
    context: AppContext,
    subscriber: str,
    cause: e.Cause,
    execute: CarryOut,
    *,
    basis: str = "asked",
    suppression: Suppression = "bar",
    seal: Seal | None = None,
) -> tuple[Result, Receipt | None]:
    """How it ended, and the receipt where somebody was erased. `cause` carries no evidence: none is
    kept. `seal` makes what stays of the proof. `suppression`: their addresses are barred from now
    on, those that are stay so, or none is any more.
    """
    for _ in range(ATTEMPTS):
        result, receipt = _erase(context, subscriber, cause, execute, basis, suppression, seal)
        if result.outcome != MORE_TO_SEAL:
            break
    return result, receipt


def _erase(
    context: AppContext,
    subscriber: str,
    cause: e.Cause,
    execute: CarryOut,
    basis: str,
    suppression: Suppression,
    seal: Seal | None,
) -> tuple[Result, Receipt | None]:
    vault, now = context.vault, context.clock.now()
    known = vault.people([subscriber]).get(subscriber)
    theirs = vault.hashes_of([subscriber]).get(subscriber, ())
    former = vault.former_hashes(subscriber)
    person = context.command_handler.load([subscriber])[subscriber]
    archived = seal(subscriber) if seal is not None else None
    messages = tuple(
        dict.fromkeys(
            entry.event.message
            for entry in context.ledger.stream(subscriber)
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
        now,
        cause,
        secrets.token_hex(16),
        basis,
        archived.ends_at if archived else 0,
        person.version,
    )
    result = execute(CommandRequest(command, stream=subscriber, vault_write=vault_write))
    if result.conflict or not isinstance(result.outcome, Done):
        return result, None
    letters = forget_letters(context, frozenset(theirs), former, messages) if known else 0
    deleted = {
        what: count
        for what, count in (held | {"letters in the built-in mailbox": letters}).items()
        if count
    }
    note_erased(context)
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
    context: AppContext,
    theirs: Collection[bytes],
    former: Collection[bytes],
    messages: Collection[str],
) -> int:
    """The built-in mailbox keeps letters as files; how many there were. Under the hash of a
    `former` address that somebody else has by now, only `messages` are theirs.
    """
    from engine.sending.mailbox import Mailbox, MailboxEntry

    mailbox = Mailbox(context.config.data / "mailbox")
    local_parts = {message_local(bytes.fromhex(message)) for message in messages}

    def is_theirs(entry: MailboxEntry) -> bool:
        hashed = context.vault.hash(entry.recipient.lower())
        if hashed in theirs or hashed not in former:
            return hashed in theirs
        return mailbox.message_id(entry.id).strip("<>").partition("@")[0] in local_parts

    return mailbox.forget(is_theirs)


def archived_until(now: int, span: Delay, zone: str) -> int:
    """The end of what is kept for `span` from now."""
    return later(now, span, zone)
