"""The evidence behind a person's facts: what the vault still holds of it, held against what the
ledger commits to (E06), and each ground with everything that proves it (D02).

What a ground rests on may lie in several facts: a double opt-in is the request, the mail that asked
and the relay's answer to it, and the act that confirmed. Their pieces are joined here under the
names of `evidence_requirements`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.intake.address import AddressRefused, normalise
from engine.ledger.codec import Entry
from engine.subscriber import events as e
from engine.vault.evidence import Evidence, committed

NAMES_OF_THE_MAIL = frozenset({"from", "message_id"})
"""Whose values are addresses of the mail that asked for consent, and not of the person."""
Pieces = Mapping[str, Mapping[str, object]]
"""Payloads by their commitment in hexadecimal."""


@dataclass(frozen=True, slots=True)
class HeldEvidence:
    """`state`: "none" (the fact has no evidence), "held", "gone" (erased since), "altered" (it is
    not what the ledger commits to).
    """

    state: Literal["none", "held", "gone", "altered"]
    particulars: Mapping[str, object] = field(default_factory=dict)


def held_evidence(entry: Entry, pieces: Mapping[str, Evidence]) -> HeldEvidence:
    """`pieces` are the person's, by commitment in hexadecimal."""
    if not entry.cause.evidence:
        return HeldEvidence("none")
    piece = pieces.get(entry.cause.evidence)
    if piece is None:
        return HeldEvidence("gone")
    particulars = read_payload(piece.payload)
    sound = committed(piece.salt, piece.payload).hex() == entry.cause.evidence
    visitor = pieces.get(str(particulars.get("visitor", "")))
    if visitor is not None:
        # IP address and browser are a piece of their own, which is deleted earlier; until then
        # they are shown in the place of its commitment.
        sound = sound and committed(visitor.salt, visitor.payload).hex() == particulars["visitor"]
        own = {name: value for name, value in particulars.items() if name != "visitor"}
        particulars = own | read_payload(visitor.payload)
    return HeldEvidence("held" if sound else "altered", particulars)


def read_payload(payload: bytes) -> dict[str, object]:
    """What a piece says, whether or not the ledger commits to it."""
    try:
        value = json.loads(payload)
    except ValueError:
        return {"payload": payload.hex()}
    return value if isinstance(value, dict) else {"payload": value}


def sound_particulars(pieces: Mapping[str, Evidence], commitment: str) -> Mapping[str, object]:
    """What a piece says; nothing where it is gone or is not what the ledger commits to."""
    piece = pieces.get(commitment)
    if piece is None or committed(piece.salt, piece.payload).hex() != commitment:
        return {}
    return read_payload(piece.payload)


def flattened(particulars: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of each particular, a nested one with a dotted name; empty ones are left
    out.
    """
    for name, value in particulars.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{prefix}{name}.")
        elif value not in (None, "", [], False):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{prefix}{name}", text


def addresses(pieces: Mapping[str, Evidence]) -> set[str]:
    """Every normalised address that is the whole value of a particular, without sender and id of
    the mail that asked.
    """
    normalised = set()
    for piece in pieces.values():
        for name, value in flattened(read_payload(piece.payload)):
            if name in NAMES_OF_THE_MAIL:
                continue
            try:
                normalised.add(normalise(value))
            except AddressRefused:
                continue
    return normalised


NAMES_IN_CONFIRMATION = {
    "button": "confirm_button",
    "page": "confirm_page",
    "notice_digest": "confirm_digest",
    "visitor": "confirm_visitor",
    "message": "message",
    "act": "act",
}


@dataclass(frozen=True, slots=True)
class GroundProof:
    """One ground with what is known of it, by the names of `evidence_requirements`. `gone`:
    commitments of its facts whose pieces the vault no longer has.
    """

    entry: Entry
    particulars: Mapping[str, object]
    gone: tuple[str, ...] = ()


def ground_proofs(entries: Sequence[Entry], pieces: Pieces) -> Iterator[GroundProof]:
    """Each ground a stream ever gave, oldest first; `pieces` are payloads by commitment in
    hexadecimal.
    """
    for place, entry in enumerate(entries):
        event = entry.event
        if isinstance(event, e.ConsentConfirmed):
            yield _confirmed(entry, event, entries[:place], pieces)
        elif isinstance(event, e.ConsentGiven | e.GroundDeclared):
            yield _stated(entry, event, pieces)


def _stated(entry: Entry, event: e.ConsentGiven | e.GroundDeclared, pieces: Pieces) -> GroundProof:
    own = pieces.get(entry.cause.evidence)
    particulars = dict(own or {}) | _from_entry(entry, event.at, event.purpose)
    if event.notice:
        particulars["notice_digest"] = event.notice
    return GroundProof(entry, particulars, () if own is not None else (entry.cause.evidence,))


def _confirmed(
    entry: Entry, event: e.ConsentConfirmed, before: Sequence[Entry], pieces: Pieces
) -> GroundProof:
    own = pieces.get(entry.cause.evidence)
    request = next(
        (
            earlier
            for earlier in reversed(before)
            if isinstance(earlier.event, e.ConsentRequested)
            and earlier.event.request == event.request
        ),
        None,
    )
    asked = pieces.get(request.cause.evidence) if request is not None else None
    particulars: dict[str, object] = dict(asked or {})
    particulars |= {
        name: own[key] for key, name in NAMES_IN_CONFIRMATION.items() if own and key in own
    }
    particulars["unknown"] = [
        *_names((asked or {}).get("unknown")),
        *_names((own or {}).get("unknown")),
    ]
    particulars |= _from_entry(entry, event.at, event.purpose) | {
        "confirmed_at": event.at,
        "request": event.request,
        "basis": "consent",
    }
    particulars["form_basis"] = (asked or {}).get("basis", "")
    particulars["method"] = f"{request.cause.door}-confirmed" if request is not None else ""
    particulars["act"] = event.act or particulars.get("act")
    if request is not None:
        particulars |= {"asked_at": request.event.at, "asked_by": particulars.get("by")}
    gone = [
        fact.cause.evidence
        for fact, piece in ((entry, own), (request, asked))
        if fact is not None and piece is None
    ]
    mail, unheard, lost = _mail(entry.cause.ref, before, pieces)
    particulars |= mail | {"unknown": [*_names(particulars["unknown"]), *unheard]}
    return GroundProof(entry, particulars, (*gone, *lost))


def _mail(
    message: str, before: Sequence[Entry], pieces: Pieces
) -> tuple[dict[str, object], tuple[str, ...], tuple[str, ...]]:
    """The mail that was answered: its octets with the relay's answer; the names of that answer
    that nobody heard; the commitments whose pieces are gone.

    A sender that was killed leaves the code of an answer and no words; one whose line broke after
    the dot, neither.
    """
    particulars: dict[str, object] = {}
    unheard: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    for entry in before:
        event = entry.event
        if (
            isinstance(event, e.LetterSent | e.LetterInDoubt)
            and event.message == message
            and event.mail
        ):
            piece, words = pieces.get(event.mail), pieces.get(entry.cause.evidence)
            gone = (event.mail,) if piece is None else ()
            unheard = (
                ("sent_at", "relay_code", "relay_words")
                if isinstance(event, e.LetterInDoubt)
                else ()
            )
            unheard = unheard or (() if entry.cause.evidence else ("relay_words",))
            particulars = {
                "mail_commitment": event.mail,
                **{
                    name: piece[name]
                    for name in ("mail", "mail_digest", "message_id")
                    if piece and name in piece
                },
            }
            if isinstance(event, e.LetterSent):
                particulars |= {
                    "sent_at": event.at,
                    "relay_code": event.code,
                    "relay_words": (words or {}).get("words"),
                }
    return particulars, unheard, gone


def _from_entry(entry: Entry, at: int, purpose: str) -> dict[str, object]:
    return {
        "occurred_at": at,
        "recorded_at": entry.recorded_at,
        "event": entry.name,
        "commitment": entry.cause.evidence,
        "leaf": entry.position - 1,
        "purpose": purpose,
    }


def _names(names: object) -> list[object]:
    return list(names) if isinstance(names, list | tuple) else []


def live_proofs(entries: Sequence[Entry], proofs: Sequence[GroundProof]) -> Iterator[GroundProof]:
    """The last ground of each purpose, unless it was withdrawn since."""
    withdrawn = {
        entry.event.purpose: entry.version
        for entry in entries
        if isinstance(entry.event, e.ConsentWithdrawn)
    }
    last = {str(proof.particulars["purpose"]): proof for proof in proofs}
    for purpose, proof in last.items():
        if proof.entry.version > max(withdrawn.get(purpose, 0), withdrawn.get("*", 0)):
            yield proof
