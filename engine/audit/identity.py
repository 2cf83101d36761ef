"""Who is meant by an address or an opaque id, former addresses followed as far as the vault still
knows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.audit.committed_address import AddressCheck, address_check
from engine.audit.evidence import addresses
from engine.audit.held import Read
from engine.i18n.language import N_
from engine.i18n.user_error import UserError, address_of
from engine.installation.events import STREAM
from engine.ledger.codec import STREAM_ID, Entry
from engine.ledger.store import Ledger
from engine.vault.evidence import Evidence
from engine.vault.vault import KnownPerson, Vault


@dataclass(frozen=True, slots=True)
class Identity:
    """One person: their stream, `read` with its exact bytes, what the vault knows of them (None:
    nothing any more), and their evidence by commitment. `former` is the address they were found by,
    where they are registered under another; `others` are the addresses in their evidence that are
    not theirs today.
    """

    subscriber: str
    entries: list[Entry]
    read: Read
    known: KnownPerson | None
    pieces: Mapping[str, Evidence]
    others: tuple[str, ...] = ()
    former: str = ""

    @property
    def committed(self) -> AddressCheck:
        return address_check(self.entries, self.pieces, self.known.address if self.known else "")


def identify(ledger: Ledger, vault: Vault, text: str) -> Identity | None:
    """Whom an address or opaque id means; None for an address that nobody here has, or had in the
    evidence of an act. Raises UserError for an unknown id, and where several people had the
    address.
    """
    if STREAM_ID.fullmatch(text):
        return identified(ledger, vault, text)
    address = address_of(text)
    subscriber = vault.find(address)
    if subscriber is not None:
        return identified(ledger, vault, subscriber)
    formerly = vault.formerly(address)
    if formerly is not None:
        return identified(ledger, vault, formerly, address)
    had = [
        subscriber
        for subscriber in sorted(vault.mentioning(address) - {STREAM})
        if address in addresses(vault.pieces_of(subscriber))
    ]
    if not had:
        return None
    if len(had) > 1:
        raise UserError(
            N_("several people had this address once; ask by their ids: {ids}"), ids=" ".join(had)
        )
    return identified(ledger, vault, had[0], address)


def identified(ledger: Ledger, vault: Vault, subscriber: str, former: str = "") -> Identity:
    """Raises UserError where no person has this id."""
    read = ledger.stored(subscriber)
    entries = [entry for entry, _ in read.values()]
    if not entries or subscriber == STREAM:
        raise UserError(N_("nobody is known under this id"))
    known = vault.people([subscriber]).get(subscriber)
    pieces = vault.pieces_of(subscriber)
    others = addresses(pieces) - {known.address if known else ""}
    return Identity(
        subscriber=subscriber,
        entries=entries,
        read=read,
        known=known,
        pieces=pieces,
        others=tuple(sorted(others)),
        former=former,
    )
