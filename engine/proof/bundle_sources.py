"""What the stores hold about one person up to a checkpoint, gathered for their bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.installation.events import STREAM
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.proof.bundle import Head, Holding
from engine.proof.evidence_closure import committed
from engine.proof.ledger_tree import LedgerTree
from engine.proof.note import key_id, parse_note, parse_vkey
from engine.proof.referenced_entries import referred
from engine.proof.store import SignedCheckpoint
from engine.proof.tlog_proof import TlogProof
from engine.proof.trust_policy import Known, Policy
from engine.subscriber.events import LetterBegun
from engine.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Stores:
    ledger: Ledger
    vault: Vault
    tree: LedgerTree
    installation_stream: InstallationStream


def head_of(stores: Stores, signed: SignedCheckpoint) -> Head:
    """With the policy of a log that nobody else signs, and its stamp where one is held. Its key is
    the last that its origin named, among those that have signed it.
    """
    origins = {origin.name: origin for origin in stores.installation_stream.current().origins}
    vkey = signing_key(signed, origins[signed.origin].vkeys)
    stamp = stores.tree.stamp_of(signed.origin, signed.size)
    stamped = (stamp.response, stamp.roots) if stamp is not None else (b"", b"")
    return Head(
        signed.note, signed.origin, signed.size, vkey, bytes(Policy((Known(vkey),))), *stamped
    )


def signing_key(signed: SignedCheckpoint, vkeys: Iterable[str]) -> str:
    """Which of an origin's keys signed a checkpoint: keys change, and a bundle may be of an earlier
    one (F13).
    """
    ids = {signature.key_id for signature in parse_note(signed.note).signatures}
    return next(vkey for vkey in reversed(list(vkeys)) if key_id(*parse_vkey(vkey)) in ids)


def holding_of(stores: Stores, stream: str, signed: SignedCheckpoint) -> Holding:
    """Everything up to the checkpoint; of the vault what is there now. Nobody's stream gives a
    holding of no versions.
    """
    own = [entry for entry in stores.ledger.stream(stream) if entry.position <= signed.size]
    installation = [
        entry for entry in stores.ledger.stream(STREAM) if entry.position <= signed.size
    ]

    def paths(letter: LetterBegun) -> Iterator[str]:
        return paths_of(stores.installation_stream, letter)

    positions = sorted({entry.position for entry in (*own, *referred(own, installation, paths))})
    entries = stores.ledger.bytes_at_all(positions)
    proofs = {position: _proof(stores.tree, position, signed) for position in positions}
    known = stores.vault.people([stream]).get(stream)
    person: Mapping[str, object] | None = (
        {"address": known.address, "fields": dict(known.fields)} if known is not None else None
    )
    kept = {
        commitment.hex(): (salt, payload)
        for commitment, salt, payload in stores.vault.evidence_bytes(stream)
    }
    evidence = committed([entries[entry.position] for entry in own], kept)
    return Holding(stream, len(own), entries, proofs, evidence, person)


def _proof(tree: LedgerTree, position: int, signed: SignedCheckpoint) -> bytes:
    return bytes(
        TlogProof(position - 1, tuple(tree.inclusion(position - 1, signed.size)), signed.note)
    )


def paths_of(installation_stream: InstallationStream, letter: LetterBegun) -> Iterator[str]:
    """The files that a letter's words stand in: its dialogue, its body, the layout around it."""
    plan = installation_stream.current().plan(letter.edition)
    yield "layout.html"
    if letter.kind == "confirmation":
        yield plan.confirmation.body
        return
    broadcast = plan.broadcasts.get(letter.key.partition(":")[2].partition("/")[0])
    listed = plan.lists.get(letter.list)
    if letter.kind == "broadcast" and broadcast is not None:
        yield broadcast.file
        yield (
            broadcast.reminder
            if broadcast.reminder is not None and broadcast.reminder.id == letter.letter
            else broadcast.letter
        ).body
    elif listed is not None:
        yield listed.file
        found = listed.letter(letter.letter)
        yield found.body if found is not None else ""
