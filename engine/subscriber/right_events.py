"""What a person may ask of who holds their data, and what became of it. Part of `events`, and kept
as those are.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.subscriber.fact import Event


@dataclass(frozen=True, slots=True)
class RightExercised(Event):
    """`right`: "access", "rectification", "restriction", "objection", "withdrawal", "erasure",
    "portability" (GDPR 7, 15 to 21).

    `at` is when it was asked, `request` a random id, `due_at` when it must be answered at the
    latest (GDPR 12(3)).
    """

    right: str
    request: str
    due_at: int


@dataclass(frozen=True, slots=True)
class RightExtended(Event):
    """The person was told, within the first month, that the answer takes until `due_at` (GDPR
    12(3), second sentence).
    """

    request: str
    due_at: int


@dataclass(frozen=True, slots=True)
class RightAnswered(Event):
    """`how`: "done", "refused" (with reasons, GDPR 12(4)), "erased" (answered by erasing the
    person, who asked for that too). `by`: the id of the wish that answered it, where somebody asked
    again and it was carried out at once.
    """

    request: str
    how: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class ProofArchived(Event):
    """What proves the person's facts was sealed to an auditor's key and is kept until `ends_at`
    (GDPR 17(3)(e)).
    """

    ends_at: int


@dataclass(frozen=True, slots=True)
class ProofOpened(Event):
    """The sealed proof was handed out, for the reason that its cause refers to."""
