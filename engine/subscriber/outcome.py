"""The ways a command can end here: done, nothing to do, refused. The fourth, a version conflict,
arises in the ledger.
"""

from __future__ import annotations

from enum import StrEnum, auto

from engine.frozen import dataclass
from engine.subscriber.events import Cause, PersonEvent
from engine.words import Reason


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with its cause, decided and not yet recorded."""

    event: PersonEvent
    cause: Cause


@dataclass(frozen=True, slots=True)
class Done:
    facts: tuple[Fact, ...]

    @property
    def events(self) -> tuple[PersonEvent, ...]:
        return tuple(fact.event for fact in self.facts)


class Unchanged(StrEnum):
    """Why there is nothing to do."""

    ANSWERED_ALREADY = auto()
    ASKED_ALREADY = auto()
    ASKED_TO_CONFIRM_ALREADY = auto()
    BOUNCED_ALREADY = auto()
    CALL_REPEATED = auto()
    CONFIRMED_ALREADY = auto()
    CONFLICT = auto()
    ERASED = auto()
    HEARD_SINCE = auto()
    IN_DOUBT_ALREADY = auto()
    IN_SEGMENT_ALREADY = auto()
    LETTER_HAD_ALREADY = auto()
    LETTER_UNDER_WAY = auto()
    MAY_NOT_BE_ASKED = auto()
    MAY_NOT_BE_WRITTEN_TO = auto()
    NOBODY_WRITTEN_TO = auto()
    NO_MOVE_TO_UNDO = auto()
    NOTHING_CHANGED = auto()
    NOTHING_DUE = auto()
    NOT_IN_SEGMENT = auto()
    NOT_MEANT_FOR_THEM = auto()
    NOT_ON_LIST = auto()
    NOT_RESTRICTED = auto()
    NOT_SUPPRESSED = auto()
    NOT_WITHHELD = auto()
    NO_RULE_TO_APPLY = auto()
    ON_LIST_ALREADY = auto()
    ORDER_RECORDED = auto()
    ORDER_REFUNDED = auto()
    OUTCOME_RECORDED = auto()
    PAST_LATENESS = auto()
    PERSON_UNKNOWN = auto()
    REACHED_ALREADY = auto()
    RECEIVES_ALREADY = auto()
    REQUEST_ANSWERED = auto()
    REQUEST_CLOSED = auto()
    REQUEST_EXTENDED = auto()
    RESTRICTED_ALREADY = auto()
    RIGHT_ASKED_ALREADY = auto()
    SENDING_RESTRICTED = auto()
    STANDS_THERE = auto()
    SUPPRESSED_ALREADY = auto()
    THERE_ALREADY = auto()
    WITHDRAWN_ALREADY = auto()


class Refusal(StrEnum):
    """Which rule forbids the command."""

    ADDRESS_SUPPRESSED = auto()
    ADDRESS_TAKEN = auto()
    ANOTHER_PARTNER = auto()
    ANSWERS_CONTRADICT = auto()
    CHANGED_MEANWHILE = auto()
    CONFIRMED = auto()
    COUNTED_FROM_TOO_FAR = auto()
    ERASED = auto()
    EXTENSION_TOO_LATE = auto()
    GROUP_YIELDS = auto()
    HAS_OBJECTED = auto()
    JOINED_ONCE_ONLY = auto()
    JOURNAL_UNWRITABLE = auto()
    LEFT_TOO_RECENTLY = auto()
    LIST_NOT_PUBLISHED = auto()
    LIST_UNKNOWN = auto()
    MORE_TO_SEAL = auto()
    NOT_ERASED = auto()
    NOT_IN_DOUBT = auto()
    NOT_OFFERED = auto()
    NOT_ONES_OWN_ACT = auto()
    NOT_ON_LIST = auto()
    NO_GROUND = auto()
    NO_SUCH_REQUEST = auto()
    ONE_PURPOSE_AT_A_TIME = auto()
    ORDER_DIFFERS = auto()
    ORDER_IN_ANOTHER_CURRENCY = auto()
    ORDER_OF_ANOTHER = auto()
    ORDER_UNKNOWN = auto()
    PARTNER_NEEDS_CONSENT = auto()
    PERSON_UNKNOWN = auto()
    REFUND_BEYOND_ORDER = auto()
    REQUEST_EXPIRED = auto()
    REQUEST_OF_SEVERAL_PURPOSES = auto()
    RESTRICTED = auto()
    RIGHT_UNKNOWN = auto()
    SEGMENT_NOT_STATIC = auto()
    SEGMENT_UNKNOWN = auto()
    THEIR_OWN_WISH = auto()
    TOO_LATE_TO_UNDO = auto()
    UNREACHABLE = auto()
    WITHDRAWN = auto()


class NothingToDo(Reason[Unchanged]):
    """What the command asks for is already so."""

    __slots__ = ()


class Refused(Reason[Refusal]):
    """A rule forbids the command."""

    __slots__ = ()


Outcome = Done | NothingToDo | Refused


def done(cause: Cause, *events: PersonEvent) -> Done:
    return Done(tuple(Fact(event, cause) for event in events))


def joined(*parts: Done) -> Done:
    return Done(tuple(fact for part in parts for fact in part.facts))
