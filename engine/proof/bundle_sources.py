"""What the stores hold about one person up to a checkpoint, gathered for their bundle."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from engine.subscriber.agenda_key import broadcast_at
from engine.subscriber.events import LetterBegun
from engine.vault.vault import Vault

DIGEST = re.compile(r"[0-9a-f]{64}")


def committed(
    facts: Iterable[bytes], held: Mapping[str, tuple[bytes, bytes]]
) -> dict[str, tuple[bytes, bytes]]:
    """Of the (salt, payload) that are held, those that `facts`, exact bytes of entries, lead to.
    Others belong to later facts, or to none.
    """
    pieces: dict[str, tuple[bytes, bytes]] = {}
    waiting = [digest for fact in facts for digest in _named(fact)]
    while waiting:
        digest = waiting.pop()
        if digest in held and digest not in pieces:
            pieces[digest] = held[digest]
            waiting += _named(held[digest][1])
    return dict(sorted(pieces.items()))


def _named(piece: bytes) -> Iterator[str]:
    """Every text in it that is a SHA-256 in hexadecimal."""
    waiting: list[object] = [json.loads(piece)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and DIGEST.fullmatch(value):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


Paths = Callable[[e.LetterBegun], Iterable[str]]
"""The files a letter's words stand in, as its edition has them; none when that is not known."""
ALWAYS = frozenset({"origin-begun", "signing-key-changed", "ledger-restored"})
"""Without these nobody could say which key may sign, and which history it is."""


def referred(own: Sequence[Entry], installation: Sequence[Entry], paths: Paths) -> list[Entry]:
    """The installation's entries that belong beside a person's, in order. Both are in the order of
    the ledger.
    """
    chosen: dict[int, Entry] = {
        entry.position: entry for entry in installation if entry.name in ALWAYS
    }
    words: set[str] = set()
    editions: set[int] = set()
    for entry in own:
        words |= {digest for digest in _texts(as_plain(entry.event)) if DIGEST.fullmatch(digest)}
        if isinstance(entry.event, e.ConsentRequested):
            published = _latest(installation, i.FormPublished, entry.position, entry.event.form)
            chosen |= {published_entry.position: published_entry for published_entry in published}
        notice = getattr(entry.event, "notice", "")
        if notice:
            chosen |= {
                published_entry.position: published_entry
                for published_entry in _notices(installation, notice, entry.position)
            }
        if isinstance(entry.event, e.LetterBegun):
            editions.add(entry.event.edition)
            words |= _of_letter(installation, entry.event, paths)
    chosen |= {
        published_entry.position: published_entry
        for published_entry in installation
        if _of_editions(published_entry, editions)
    }
    for published_entry in list(chosen.values()):
        if isinstance(
            published_entry.event, i.ConfigurationPublished | i.NoticePublished | i.FormPublished
        ):
            words |= {
                digest
                for digest in _texts(as_plain(published_entry.event))
                if DIGEST.fullmatch(digest)
            }
    chosen |= {
        published_entry.position: published_entry
        for published_entry in installation
        if isinstance(published_entry.event, i.WordsPublished)
        and published_entry.event.digest in words
    }
    return [chosen[position] for position in sorted(chosen)]


def _latest(
    installation: Sequence[Entry], kind: type[i.FormPublished], before: int, form: str
) -> list[Entry]:
    """The form as it stood when it was filled in."""
    forms = [
        entry
        for entry in installation
        if isinstance(entry.event, kind) and entry.event.form == form and entry.position < before
    ]
    return forms[-1:]


def _notices(installation: Sequence[Entry], digest: str, before: int) -> list[Entry]:
    notices = [
        entry
        for entry in installation
        if isinstance(entry.event, i.NoticePublished) and entry.event.digest == digest
    ]
    return [entry for entry in notices if entry.position < before][-1:] or notices[:1]


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


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


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
        signed.note, signed.origin, signed.size, vkey, bytes(Policy((KnownKey(vkey),))), *stamped
    )


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
            else broadcast.letter
        ).body
    elif listed is not None:
        yield listed.file
        published = listed.letter(letter.letter)
        yield published.body if published is not None else ""
