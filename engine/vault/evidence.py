"""Evidence kept in the vault, and the salted commitments to it in the ledger (E06). The pieces
behind an act: what is said of the ground it gives and what was in force; IP address and browser, in
a piece that can be deleted alone; and the mail that asked for consent, exactly as it was handed
over.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache

from engine.frozen import dataclass
from engine.installation.publishing import digest_of
from engine.installation.state import Installation
from engine.ledger.codec import canonical
from engine.sequence.model import Purpose

PREFIX = b"commit/v1\0"
SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the vault keeps about one act: `payload` is canonical JSON, `salt` 32 random bytes,
    `commitment` what the ledger holds of both. `kind` is "act", or "visitor", "mail" or "relay" for
    what is kept for a shorter time and therefore apart.
    """

    salt: bytes
    payload: bytes
    commitment: bytes
    kind: str = "act"


ONE_ACT = 2
"""Pieces: what is said of it, and IP address and browser beside it."""


def named_in(pieces: tuple[Evidence, ...], facts: object) -> tuple[Evidence, ...]:
    """Of pieces about several acts those that `facts` name, and those that a piece so named names:
    an act that changed nothing is no fact, and nothing is kept of it. One act's pieces are all
    named.
    """
    if len(pieces) <= ONE_ACT:
        return pieces
    waiting, text, named = list(pieces), repr(facts), list[Evidence]()
    while found := [piece for piece in waiting if piece.commitment.hex() in text]:
        named += found
        waiting = [piece for piece in waiting if piece not in found]
        text = "".join(piece.payload.decode() for piece in found)
    return tuple(piece for piece in pieces if piece in named or piece.kind == "mail")


def evidence(salt: bytes, content: Mapping[str, object], kind: str = "act") -> Evidence:
    """`salt` must be SALT_BYTES fresh random bytes: with fewer, guesses could be tested against the
    ledger.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a commitment needs {SALT_BYTES} bytes of salt")
    payload = canonical(content)
    return Evidence(salt, payload, committed(salt, payload), kind)


def committed(salt: bytes, payload: bytes) -> bytes:
    """The commitment to a payload under its salt: SHA-256 in hexadecimal."""
    return hashlib.sha256(PREFIX + salt + payload).digest()


def of_ground(
    installation: Installation, purpose: str, basis: str, method: str
) -> dict[str, object]:
    """What holds whoever it is: the purpose with the digest of its words, the configuration in
    force (which names the controller, durations, processors and partners), and the partner with the
    version of the list, where the messages are a partner's (D07).
    """
    plan = installation.plan()
    edition, declared = installation.editions.get(installation.edition), plan.agreed_to(purpose)
    partner, version = plan.partner_of(purpose)
    particulars: dict[str, object] = {
        "method": method,
        "channel": "email",
        "purpose": purpose,
        "purpose_digest": purpose_digest(declared) if declared else "",
        "basis": basis,
        "configuration": edition.settings if edition else "",
    }
    return particulars | {"partner": {"id": partner, "list": version}} if partner else particulars


@lru_cache(maxsize=256)
def purpose_digest(purpose: Purpose) -> str:
    """SHA-256 of its name and its description, as readers see them, on two lines."""
    return digest_of(f"{purpose.name}\n{purpose.description}")


def unknown(particulars: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """The particulars that have a value, and under "unknown" which of these names have none."""
    held = {name: value for name, value in particulars.items() if value not in ("", None)}
    return {**held, "unknown": [name for name in sorted(names) if name not in held]}


def kept(
    particulars: Mapping[str, object],
    visitor: Mapping[str, object] | None = None,
    kind: str = "act",
) -> tuple[Evidence, ...]:
    """The act first; it commits to the piece about the visitor, which has a salt of its own: once
    that is deleted the act still verifies.
    """
    if not visitor:
        return (evidence(secrets.token_bytes(SALT_BYTES), particulars, kind),)
    apart = evidence(secrets.token_bytes(SALT_BYTES), visitor, "visitor")
    act = {**particulars, "visitor": apart.commitment.hex()}
    return evidence(secrets.token_bytes(SALT_BYTES), act), apart


def mail_that_asks(
    octets: bytes, *, message: str, message_id: str, sender: str, recipient: str
) -> Evidence:
    """`octets` are before dot-stuffing, with the line ends they had on the wire; `mail_digest` is
    their SHA-256. `message` is the id of the letter in the ledger.
    """
    particulars = {
        "message": message,
        "message_id": message_id,
        "mail": base64.b64encode(octets).decode("ascii"),
        "mail_digest": hashlib.sha256(octets).hexdigest(),
        "from": sender,
        "to": recipient,
    }
    return evidence(secrets.token_bytes(SALT_BYTES), particulars, "mail")


def octets_of(particulars: Mapping[str, object]) -> bytes:
    """The mail again. Raises ValueError where they are not those that its digest names."""
    octets = base64.b64decode(str(particulars["mail"]), validate=True)
    if hashlib.sha256(octets).hexdigest() != particulars["mail_digest"]:
        raise ValueError("these are not the octets of the mail that asked")
    return octets
