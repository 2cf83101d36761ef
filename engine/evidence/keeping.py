"""What is said of an act as evidence: the ground it gives and what was in force; and, in a piece
that can be deleted alone, address and browser.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from functools import lru_cache

from engine.installation.publishing import digest_of
from engine.installation.state import Installation
from engine.sequence.model import Purpose
from engine.vault.commitment import Evidence, evidence

SALT = 32


def of_ground(
    installation: Installation, purpose: str, basis: str, method: str
) -> dict[str, object]:
    """What holds whoever it is: the purpose with the digest of its words, the configuration in
    force (which names the controller, durations, processors and partners), and the partner with the
    version of the list, where the messages are a partner's (D07).
    """
    plan = installation.plan()
    edition, found = installation.editions.get(installation.edition), plan.purposes.get(purpose)
    partner, version = plan.partner_of(purpose)
    said: dict[str, object] = {
        "method": method,
        "channel": "email",
        "purpose": purpose,
        "purpose_digest": purpose_digest(found) if found else "",
        "basis": basis,
        "configuration": edition.settings if edition else "",
    }
    return said | {"partner": {"id": partner, "list": version}} if partner else said


@lru_cache(maxsize=256)
def purpose_digest(purpose: Purpose) -> str:
    """SHA-256 of its name and its description, as readers see them, on two lines."""
    return digest_of(f"{purpose.name}\n{purpose.description}")


def unknown(said: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """`said`, and which of these names it leaves unknown; those are not in it."""
    held = {name: value for name, value in said.items() if value not in ("", None)}
    return {**held, "unknown": [name for name in sorted(names) if name not in held]}


def kept(
    said: Mapping[str, object], visitor: Mapping[str, object] | None = None, kind: str = "act"
) -> tuple[Evidence, ...]:
    """The act first; it commits to the piece about the visitor, which has a salt of its own: once
    that is deleted the act still verifies.
    """
    if not visitor:
        return (evidence(secrets.token_bytes(SALT), said, kind),)
    aside = evidence(secrets.token_bytes(SALT), visitor, "visitor")
    return evidence(secrets.token_bytes(SALT), {**said, "visitor": aside.commitment.hex()}), aside
