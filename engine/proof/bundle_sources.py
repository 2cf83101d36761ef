"""What the stores hold about one person up to a checkpoint, gathered for their bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.installation import events as i
from engine.installation.events import STREAM
from engine.installation.stream import InstallationStream
from engine.ledger.codec import Entry, as_plain
from engine.ledger.store import Ledger
from engine.proof.bundle import BundleSources, Head
from engine.proof.ledger_tree import LedgerTree
from engine.proof.note import key_id, parse_note, parse_vkey
from engine.proof.store import SignedCheckpoint
from engine.proof.tlog_proof import TlogProof
from engine.proof.trust_policy import KnownKey, Policy
from engine.subscriber import events as e
from engine.subscriber.agenda_key import broadcast_at, letter_ref
from engine.subscriber.events import LetterBegun
from engine.vault.vault import Vault

DIGEST = re.compile(r"[0-9a-f]{64}")
SaltedPayload = tuple[bytes, bytes]
"""The salt and the canonical JSON of a piece of evidence."""


def digests_of(entry: Entry, held: Mapping[str, SaltedPayload]) -> set[str]:
    """Every SHA-256 that a fact names, and every one that the evidence it leads to names."""
    digests: set[str] = set()
    waiting: list[object] = [as_plain(entry)]
    while waiting:
        for digest in _digests_in(waiting.pop()):
            if digest not in digests and digest in held:
                waiting.append(_read(held[digest][1]))
            digests.add(digest)
    return digests


def _read(payload: bytes) -> object:
    """None for a payload that somebody has altered, so that it is handed over and found."""
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _digests_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if DIGEST.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _digests_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _digests_in(item)


Paths = Callable[[e.LetterBegun], Iterable[str]]
"""The files a letter's words stand in, as its edition has them; none when that is not known."""
Publication = i.ConfigurationPublished | i.NoticePublished | i.FormPublished
ALWAYS = frozenset({"origin-begun", "signing-key-changed", "ledger-restored", "clock-changed"})
"""Without these nobody could say which key may sign, which history it is, how its clock went."""


def referred(
    own: Mapping[Entry, Collection[str]], installation: Sequence[Entry], paths: Paths
) -> list[Entry]:
    """The installation's entries that belong beside a person's, in order. `own` has the person's
    entries with the digests that each of them leads to. Both are in the order of the ledger.
    """
    chosen: dict[int, Entry] = {
        entry.position: entry for entry in installation if entry.name in ALWAYS
    }
    words: set[str] = set()
    editions: set[int] = set()
    letters: set[str] = set()
    publications = _publications(installation)
    for entry, digests in own.items():
        words |= set(digests)
        published = [_last_before(publications.get(digest, ()), entry) for digest in digests]
        if isinstance(entry.event, e.ConsentRequested) and entry.event.form:
            published.append(_last_before(publications.get(entry.event.form, ()), entry))
        chosen |= {found.position: found for found in published if found is not None}
        if isinstance(entry.event, e.LetterBegun):
            words |= _of_letter(installation, entry.event, paths)
        if isinstance(entry.event, e.LetterBegun | e.LetterWithheld):
            editions.add(entry.event.edition)
            letters.add(letter_ref(entry.event.key, entry.event.letter))
    chosen |= {
        published_entry.position: published_entry
        for published_entry in installation
        if _of_editions(published_entry, editions)
        or (
            isinstance(published_entry.event, i.VersionsPublished)
            and published_entry.event.letter in letters
        )
    }
    for published_entry in list(chosen.values()):
        if isinstance(published_entry.event, Publication):
            words |= set(_digests_in(as_plain(published_entry.event)))
    chosen |= {
        published_entry.position: published_entry
        for published_entry in installation
        if isinstance(published_entry.event, i.WordsPublished)
        and published_entry.event.digest in words
    }
    return [chosen[position] for position in sorted(chosen)]


def _publications(installation: Sequence[Entry]) -> dict[str, list[Entry]]:
    """What was published where people agree, and what was declared: by the digest of its words; a
    form by its name too.
    """
    publications: dict[str, list[Entry]] = {}
    for entry in installation:
        if isinstance(entry.event, i.FormPublished):
            publications.setdefault(entry.event.rendered, []).append(entry)
            publications.setdefault(entry.event.form, []).append(entry)
        elif isinstance(entry.event, i.NoticePublished | i.ConfigurationPublished):
            publications.setdefault(entry.event.digest, []).append(entry)
    return publications


def _last_before(publications: Sequence[Entry], fact: Entry) -> Entry | None:
    """As it stood when the fact was written; the first one where it was published later."""
    before = [entry for entry in publications if entry.position < fact.position]
    return before[-1] if before else next(iter(publications), None)


def _of_letter(installation: Sequence[Entry], letter: e.LetterBegun, paths: Paths) -> set[str]:
    """The digests of the files a letter was made of, in its edition."""
    wanted = set(paths(letter))
    editions = (
        event.event for event in installation if isinstance(event.event, i.SequencePublished)
    )
    files: Mapping[str, str] = next(
        (dict(edition.files) for edition in editions if edition.edition == letter.edition), {}
    )
    return {digest for path, digest in files.items() if path in wanted}


def _of_editions(entry: Entry, editions: set[int]) -> bool:
    return (
        isinstance(entry.event, i.SequencePublished | i.ConfigurationPublished)
        and entry.event.edition in editions
    )


@dataclass(frozen=True, slots=True)
class Stores:
    ledger: Ledger
    vault: Vault
    tree: LedgerTree
    installation_stream: InstallationStream


def head_of(stores: Stores, signed: SignedCheckpoint) -> Head:
    """With the signatures and the names of the witnesses that have cosigned it, whom nobody needs
    to trust, and its stamp where one is held. Its key is the last that its origin named, among
    those that have signed it.
    """
    origins = {origin.name: origin for origin in stores.installation_stream.current().origins}
    vkey = signing_key(signed, origins[signed.origin].vkeys)
    stamp = stores.tree.stamp_of(signed.origin, signed.size)
    stamped = (stamp.response, stamp.roots) if stamp is not None else (b"", b"")
    cosignatures = stores.tree.cosignatures.of(signed.origin, signed.size)
    witnesses = tuple(
        KnownKey(cosignature.vkey, name=cosignature.vkey.rpartition("+")[0])
        for cosignature in cosignatures
    )
    policy = bytes(Policy((KnownKey(vkey),), witnesses))
    note = stores.tree.cosigned(signed)
    return Head(note, signed.origin, signed.size, vkey, policy, *stamped)


def signing_key(signed: SignedCheckpoint, vkeys: Iterable[str]) -> str:
    """Which of an origin's keys signed a checkpoint: keys change, and a bundle may be of an earlier
    one (F13).
    """
    ids = {signature.key_id for signature in parse_note(signed.note).signatures}
    return next(vkey for vkey in reversed(list(vkeys)) if key_id(*parse_vkey(vkey)) in ids)


def holding_of(stores: Stores, stream: str, signed: SignedCheckpoint) -> BundleSources:
    """Everything up to the checkpoint; of the vault what is there now. Nobody's stream gives a
    holding of no versions.
    """
    own = [entry for entry in stores.ledger.stream(stream) if entry.position <= signed.size]
    installation = [
        entry for entry in stores.ledger.stream(STREAM) if entry.position <= signed.size
    ]

    def paths(letter: LetterBegun) -> Iterator[str]:
        return paths_of(stores.installation_stream, letter)

    kept = {
        commitment.hex(): (salt, payload)
        for commitment, salt, payload in stores.vault.evidence_bytes(stream)
    }
    named = {entry: digests_of(entry, kept) for entry in own}
    positions = sorted({entry.position for entry in (*own, *referred(named, installation, paths))})
    entries = stores.ledger.bytes_at_all(positions)
    proofs = {position: _proof(stores.tree, position, signed) for position in positions}
    known = stores.vault.people([stream]).get(stream)
    person: Mapping[str, object] | None = (
        {"address": known.address, "fields": dict(known.fields)} if known is not None else None
    )
    committed = set().union(*named.values())
    evidence = {digest: kept[digest] for digest in sorted(committed & kept.keys())}
    return BundleSources(stream, len(own), entries, proofs, evidence, person)


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
    broadcast = broadcast_at(plan, letter.key)
    listed = plan.lists.get(letter.list)
    if letter.kind == "broadcast" and broadcast is not None:
        yield broadcast.file
        yield (
            broadcast.reminder
            if broadcast.reminder is not None and broadcast.reminder.id == letter.letter
            else broadcast.letter.in_version(letter.version)
        ).body
    elif listed is not None:
        yield listed.file
        published = listed.letter(letter.letter)
        yield published.in_version(letter.version).body if published is not None else ""
