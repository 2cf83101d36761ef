"""People whose history the rules cannot fold. They alone are quarantined, with the reason, and
everybody else is followed.

They have no fold and no rows, so nothing is due to them and nothing is sent; their events stay in
the ledger. They are tried again at each new event of theirs, after a publication, and whenever a
process begins to follow: a new version of the program may know what the former did not.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.safe_error_text import safe_error_text
from engine.subscriber.evolve import CANNOT_BE_FOLDED


@dataclass(frozen=True, slots=True)
class Quarantined:
    """`position` is that of their last event, `why` the type of the error: its message may be
    personal.
    """

    position: int
    why: str


def failure_kind(position: int, error: Exception) -> Quarantined:
    """The type of the error; the same whether they were followed or rebuilt, since a replay
    compares it.
    """
    return Quarantined(position, f"{safe_error_text(error)}: {CANNOT_BE_FOLDED}")
