"""Of whom nothing can be made: their history is none the rules can take. They alone are set aside,
with the reason, and everybody else is followed.

They have neither fold nor rows, so nothing is due to them and nothing leaves; their facts stay in
the ledger. They are tried again at each new fact of theirs, after a publication, and whenever a
process begins to follow, as a new version of the program does: it may know what this one does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.store.safe_error_text import safe_error_text

WHY = "what has happened to this person cannot be taken in"


@dataclass(frozen=True, slots=True)
class Aside:
    """`position` is that of their last fact, `why` the kind of error: its words may be personal."""

    position: int
    why: str


def what_failed(position: int, error: Exception) -> Aside:
    """The same whether they were followed or are rebuilt: a replay compares it."""
    return Aside(position, f"{safe_error_text(error)}: {WHY}")
