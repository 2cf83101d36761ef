"""What can happen to a person: facts in the past tense. Never changed once written, so fields are
only ever added, with a default.

`at` is when it was so: engine time, integer milliseconds since 1970-01-01T00:00:00Z. No field may
hold personal data (DESIGN P4): lists, runs, letters and purposes are the installation's own words,
`message` is random, `notice` and `evidence` are hashes.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.subscriber.consent_events import ConsentConfirmed as ConsentConfirmed
from engine.subscriber.consent_events import ConsentExpired as ConsentExpired
from engine.subscriber.consent_events import ConsentGiven as ConsentGiven
from engine.subscriber.consent_events import ConsentRequested as ConsentRequested
from engine.subscriber.consent_events import ConsentWithdrawn as ConsentWithdrawn
from engine.subscriber.consent_events import GroundDeclared as GroundDeclared
from engine.subscriber.fact import Cause as Cause
from engine.subscriber.fact import Event as Event
from engine.subscriber.letter_events import CANNOT_BE_CARRIED as CANNOT_BE_CARRIED
from engine.subscriber.letter_events import CANNOT_BE_RENDERED as CANNOT_BE_RENDERED
from engine.subscriber.letter_events import LetterBegun as LetterBegun
from engine.subscriber.letter_events import LetterDeferred as LetterDeferred
from engine.subscriber.letter_events import LetterFailed as LetterFailed
from engine.subscriber.letter_events import LetterInDoubt as LetterInDoubt
from engine.subscriber.letter_events import LetterRetried as LetterRetried
from engine.subscriber.letter_events import LetterSent as LetterSent
from engine.subscriber.letter_events import LetterWithheld as LetterWithheld
from engine.subscriber.right_events import ProofArchived as ProofArchived
from engine.subscriber.right_events import ProofOpened as ProofOpened
from engine.subscriber.right_events import RightAnswered as RightAnswered
from engine.subscriber.right_events import RightExercised as RightExercised
from engine.subscriber.right_events import RightExtended as RightExtended


@dataclass(frozen=True, slots=True)
class SubscriberRegistered(Event):
    timezone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class ProfileChanged(Event):
    """`fields` names what changed in the vault; zone and language decide due dates and stand in
    clear ("" = unchanged).
    """

    fields: tuple[str, ...] = ()
    timezone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class PermissionAsked(Event):
    """Long silent, the person is asked by mail whether to go on; without an answer by `expires_at`
    they are erased. `request` is a random id.
    """

    request: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class PermissionRenewed(Event):
    """The person wants to go on. Nothing changes but that they have been heard of."""

    request: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class ListJoined(Event):
    """`start`: "welcome" (every letter from now), "none" (no letter of the list), "by-date"
    (counted from `counted_from`, past letters left out).
    """

    list: int
    run: int
    start: str = "welcome"
    counted_from: int = 0


@dataclass(frozen=True, slots=True)
class ListLeft(Event):
    """`why`: "asked", "withdrawn", "rule", "ended", "operator"."""

    list: int
    run: int
    why: str


@dataclass(frozen=True, slots=True)
class ListMoved(Event):
    """A reader's answer: left `source` (run `source_run`), on `target` in run `run`; `joined` is
    false where they stood there already.

    `letter_run` is the run that got the letter, where nothing that came of it was left: they had
    gone, or come back since.
    """

    source: int
    source_run: int
    target: int
    run: int
    message: str
    link: int
    joined: bool = True
    act: str = ""
    hold_until: int = 0
    letter_run: int = 0


@dataclass(frozen=True, slots=True)
class ListCopied(Event):
    source: int
    source_run: int
    target: int
    run: int
    message: str
    link: int
    act: str = ""
    hold_until: int = 0


@dataclass(frozen=True, slots=True)
class ListTransferred(Event):
    """A move made by a rule, an ending, an operator or the API. `joined` is false where the person
    stood on `target` already.

    `copied`: they also stay where they were. `why` "refused" (`copied`, `run` 0): a list has ended,
    and the one it copies to took nobody in.
    """

    source: int
    source_run: int
    target: int
    run: int
    why: str
    joined: bool = True
    copied: bool = False


@dataclass(frozen=True, slots=True)
class LetterAnswered(Event):
    """A click that changed no membership but is an answer."""

    message: str
    link: int
    act: str = ""


@dataclass(frozen=True, slots=True)
class MoveUndone(Event):
    """The last move is taken back. `why`: "asked", or "contradictory" (two automatic answers within
    seconds).
    """

    message: str
    left: int
    left_run: int
    reopened: tuple[tuple[int, int], ...]
    why: str = "asked"
    act: str = ""


@dataclass(frozen=True, slots=True)
class MailBounced(Event):
    """`kind`: "hard" (no such address: suppressed at once) or "soft"."""

    kind: str
    message: str = ""
    code: int = 0
    enhanced: str = ""


@dataclass(frozen=True, slots=True)
class MailComplained(Event):
    source: str = ""


@dataclass(frozen=True, slots=True)
class SubscriberSuppressed(Event):
    """Never to be written to: `why` is "bounced", "complained", "operator", "imported"."""

    why: str


@dataclass(frozen=True, slots=True)
class SubscriberReachable(Event):
    """A suppression is lifted: by the person's own confirmed act, or by an operator."""

    why: str


@dataclass(frozen=True, slots=True)
class ContactNoted(Event):
    """When the person was last in touch, as told by an import or the API (C10)."""

    contacted_at: int


@dataclass(frozen=True, slots=True)
class CallHonoured(Event):
    """An API call with an idempotency key was carried out; `call` is a keyed hash of the key."""

    call: str


@dataclass(frozen=True, slots=True)
class ProcessingRestricted(Event):
    """Frozen until lifted: nothing is sent, and nothing is deleted but at the person's own wish
    (GDPR 18(2)).
    """

    lifted: bool = False


@dataclass(frozen=True, slots=True)
class SubscriberErased(Event):
    """`basis`: "asked" (GDPR 17(1)), "retention" (its time was over), "unconfirmed" (a request
    nobody confirmed).
    """

    basis: str = ""


PersonEvent = (
    SubscriberRegistered
    | ProfileChanged
    | ConsentRequested
    | ConsentGiven
    | GroundDeclared
    | ConsentConfirmed
    | ConsentExpired
    | PermissionAsked
    | PermissionRenewed
    | ConsentWithdrawn
    | ListJoined
    | ListLeft
    | ListMoved
    | ListCopied
    | ListTransferred
    | LetterAnswered
    | MoveUndone
    | LetterBegun
    | LetterSent
    | LetterDeferred
    | LetterFailed
    | LetterWithheld
    | LetterRetried
    | LetterInDoubt
    | MailBounced
    | MailComplained
    | SubscriberSuppressed
    | SubscriberReachable
    | ContactNoted
    | CallHonoured
    | ProcessingRestricted
    | RightExercised
    | RightExtended
    | RightAnswered
    | ProofArchived
    | ProofOpened
    | SubscriberErased
)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with its cause, as decided and not yet recorded."""

    event: PersonEvent
    cause: Cause
