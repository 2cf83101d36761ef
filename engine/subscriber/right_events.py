"""What can happen to a person's rights: exercised, extended, answered; and to the proof that is
kept of an erased person. `engine.subscriber.events` has them too.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.event import Event


@dataclass(frozen=True, slots=True)
class ProcessingRestricted(Event):
    """Processing is restricted until lifted: nothing is sent, and nothing is deleted but at the
    person's own request (GDPR 18(2)).
    """

    lifted: bool = False


@dataclass(frozen=True, slots=True)
class RightExercised(Event):
    """`right`: terms.Right. `at` is when it was asked, `request` a random id, `due_at` when it must
    be answered at the latest (GDPR 12(3)).
    """

    right: str
    request: str
    due_at: int


@dataclass(frozen=True, slots=True)
class RightExtended(Event):
    """The person was informed, within the first month, that the answer takes until `due_at` (GDPR
    12(3), second sentence).
    """

    request: str
    due_at: int


@dataclass(frozen=True, slots=True)
class RightAnswered(Event):
    """`how`: "done", "refused" (with reasons, GDPR 12(4)), "erased" (answered by erasing the
    person, who asked for that too). `by`: the id of the later request that answered it, where the
    person asked again and it was carried out at once.
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


@dataclass(frozen=True, slots=True)
class ProfileRead(Event):
    """Somebody of the house, or a program of theirs, read what is known of the person, by name:
    who, its cause refers to. Once for each session, and once in twelve hours for each key.
    """
