"""Who is meant by an address or an opaque id, former addresses followed as far as the vault still
knows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.audit.held_evidence import addresses
from engine.context import AppContext
from engine.i18n.language import N_
from engine.i18n.refusal import Refusal, address_of
from engine.installation.events import STREAM
from engine.ledger.codec import Entry
from engine.vault.commitment import Evidence
from engine.vault.vault import Known

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Whose:
    """A person: their stream, what the vault knows (None: nothing any more), their evidence.
    `asked` is the address they were found by, where it is not the one they are registered under;
    `others` are all such addresses.
    """

    subscriber: str
    entries: list[Entry]
    known: Known | None
    pieces: Mapping[str, Evidence]
    others: tuple[str, ...] = ()
    asked: str = ""


def whose(context: AppContext, said: str) -> Whose | None:
    """None for an address nobody here has, or had in the evidence of an act. Raises Refusal for an
    unknown id, or where several people had it.
    """
    if ID.fullmatch(said):
        return person(context, said)
    address = address_of(said)
    subscriber = context.vault.find(address)
    if subscriber is not None:
        return person(context, subscriber)
    former = context.vault.formerly(address)
    if former is not None:
        return person(context, former, address)
    had = [
        each
        for each in sorted(context.vault.mentioning(address))
        if address in addresses(context.vault.pieces_of(each))
    ]
    if not had:
        return None
    if len(had) > 1:
        raise Refusal(
            N_("several people had this address once; ask by their ids: {ids}"), ids=" ".join(had)
        )
    return person(context, had[0], address)


def person(context: AppContext, subscriber: str, asked: str = "") -> Whose:
    """Raises Refusal where no person has this id."""
    entries = context.ledger.stream(subscriber)
    if not entries or subscriber == STREAM:
        raise Refusal(N_("nobody is known under this id"))
    known = context.vault.people([subscriber]).get(subscriber)
    pieces = context.vault.pieces_of(subscriber)
    others = addresses(pieces) - {known.address if known else ""}
    return Whose(subscriber, entries, known, pieces, tuple(sorted(others)), asked)
