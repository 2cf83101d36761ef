"""What the vault still holds of the evidence behind a fact, held against what the ledger commits to
(E06).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.intake.address import AddressRefused, normalise
from engine.ledger.codec import Entry
from engine.vault.commitment import Evidence, committed

LONGEST = 2000
OF_THE_MAIL = frozenset({"from", "message_id"})


@dataclass(frozen=True, slots=True)
class Held:
    """`state`: "none" (the fact has no evidence), "held", "gone" (erased since), "altered" (it is
    not what the ledger commits to).
    """

    state: Literal["none", "held", "gone", "altered"]
    said: Mapping[str, object] = field(default_factory=dict)


def held(entry: Entry, pieces: Mapping[str, Evidence]) -> Held:
    """`pieces` are the person's, by commitment in hexadecimal."""
    if not entry.cause.evidence:
        return Held("none")
    piece = pieces.get(entry.cause.evidence)
    if piece is None:
        return Held("gone")
    said = _read(piece.payload)
    sound = committed(piece.salt, piece.payload).hex() == entry.cause.evidence
    aside = pieces.get(str(said.get("visitor", "")))
    if aside is not None:
        # IP address and browser lie apart, for they go earlier; until then they are shown in their
        # place.
        sound = sound and committed(aside.salt, aside.payload).hex() == said["visitor"]
        said = {name: value for name, value in said.items() if name != "visitor"} | _read(
            aside.payload
        )
    return Held("held" if sound else "altered", said)


def _read(payload: bytes) -> dict[str, object]:
    try:
        found = json.loads(payload)
    except ValueError:
        return {"payload": payload.hex()}
    return found if isinstance(found, dict) else {"payload": found}


def particulars(said: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of everything that is said, what lies deeper with a dotted name; what is empty
    is left out.
    """
    for name, value in said.items():
        if isinstance(value, dict):
            yield from particulars(value, f"{prefix}{name}.")
        elif value not in (None, "", [], False):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{prefix}{name}", text if len(text) <= LONGEST else text[:LONGEST] + "…"


def addresses(pieces: Mapping[str, Evidence]) -> set[str]:
    """Every normalised address that stands in the evidence as a whole value, but not who sent the
    mail that asked, nor its id.
    """
    found = set()
    for piece in pieces.values():
        for name, value in particulars(_read(piece.payload)):
            if name in OF_THE_MAIL:
                continue
            try:
                found.add(normalise(value))
            except AddressRefused:
                continue
    return found
