"""What can be asked of a person's stream: imperative and complete. Random ids and instants are made
by the caller and passed in.

`at` is the engine's time in milliseconds since 1970; `cause` says through which door the command
came. A command that is repeated changes nothing the second time.
"""

from __future__ import annotations

from typing import Literal

from engine.frozen import dataclass, made_fast
from engine.subscriber.command import Command as Command
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import Cause
from engine.subscriber.mail_commands import RecordBounce as RecordBounce
from engine.subscriber.mail_commands import RecordComplaint as RecordComplaint
from engine.subscriber.mail_commands import RecordReply as RecordReply
from engine.subscriber.person import Known
from engine.subscriber.right_commands import AnswerRight as AnswerRight
from engine.subscriber.right_commands import Erase as Erase
from engine.subscriber.right_commands import ExerciseRight as ExerciseRight
from engine.subscriber.right_commands import ExtendRight as ExtendRight
from engine.subscriber.right_commands import GrantAccess as GrantAccess
from engine.subscriber.right_commands import NoteReading as NoteReading
from engine.subscriber.right_commands import Object as Object
from engine.subscriber.right_commands import OpenProof as OpenProof
from engine.subscriber.right_commands import Rectify as Rectify
from engine.subscriber.right_commands import Restrict as Restrict
from engine.subscriber.terms import (
    AnswerKind,
    Basis,
    Fault,
    Frequency,
    LetterVerdict,
    Proof,
    Start,
    SuppressionReason,
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What somebody chose on a form, in codes; "" or none where they left it open. `measured`: they
    agreed to be, of which `evidence` is the commitment, "" where the command's own tells it.
    """

    themes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    frequency: Frequency | Literal[""] = ""
    measured: bool = False
    evidence: str = ""


NOTHING_CHOSEN = Chosen()


@made_fast
@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """Join `list` on a stated ground.

    `declared_at` is when the ground was given (0 = now); `start` and `counted_from` say what the
    person receives; `own_act` is true where the person asked for it themselves, which alone may put
    back someone who had left. `chosen` is what they want to receive, `segments` are static ones
    into which they are put. `call` makes a repeat harmless for 30 days.
    """

    list: int
    basis: Basis
    proof: Proof
    declared_at: int = 0
    notice: str = ""
    start: Start = "welcome"
    counted_from: int = 0
    timezone: str = ""
    language: str = ""
    fields: tuple[str, ...] = ()
    last_contact: int = 0
    own_act: bool = False
    call: str = ""
    chosen: Chosen = NOTHING_CHOSEN
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskFirst(Command):
    """Put on `list` somebody of whom it is declared, without a proof, that they agreed: they join
    once they have confirmed, and are asked once. `request` is a fresh random id.

    Who has a live ground for the list's purpose joins on that. `segments` as in Subscribe, at once.
    """

    list: int
    request: str
    start: Start = "welcome"
    counted_from: int = 0
    timezone: str = ""
    language: str = ""
    fields: tuple[str, ...] = ()
    last_contact: int = 0
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestConsent(Command):
    """Ask to join `lists` by double opt-in; `request` is a fresh random id. The mail leaves at
    `hold_until` (ms), or at once for 0.

    A person already confirmed for the purpose joins without a mail, unless anybody could have made
    the request (`by_anybody`).
    """

    lists: tuple[int, ...]
    request: str
    notice: str = ""
    form: str = ""
    timezone: str = ""
    language: str = ""
    fields: tuple[str, ...] = ()
    call: str = ""
    by_anybody: bool = False
    hold_until: int = 0


@dataclass(frozen=True, slots=True)
class Confirm(Command):
    """The person confirms the request whose mail held the link; `request` is its id. `fields` names
    what was entered with the request and is now kept, `chosen` what was chosen with it.
    """

    purpose: str
    request: str
    act: str = ""
    fields: tuple[str, ...] = ()
    chosen: Chosen = NOTHING_CHOSEN

    def __post_init__(self) -> None:
        _of_one(self.purpose)


@dataclass(frozen=True, slots=True)
class DeclineRequest(Command):
    """The person says that request `request` was not theirs: it ends, and nothing else changes."""

    purpose: str
    request: str


@dataclass(frozen=True, slots=True)
class AskAgain(Command):
    """Ask an inactive person whether to go on; `request` is a fresh random id."""

    request: str


@dataclass(frozen=True, slots=True)
class AskTheSilent(Command):
    """Put a person who has been silent on the list `list`, whose letters ask them."""

    list: int


@dataclass(frozen=True, slots=True)
class RenewPermission(Command):
    """An inactive person who was asked whether to go on says yes."""

    act: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class Answer(Command):
    """A click on an action link of letter `message`, sent to list `source` in `run`.

    `consented` is the purpose ticked on the page, where the link leads to another one. `question`
    and `label` are the letter and the link's words, as in `events.ListMoved`.
    """

    message: str
    source: int
    run: int
    link: int
    kind: AnswerKind
    target: int
    act: str = ""
    consented: str = ""
    notice: str = ""
    question: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class UndoMove(Command):
    message: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw(Command):
    """Unsubscribe from `purpose`."""

    purpose: str
    act: str = ""
    call: str = ""

    def __post_init__(self) -> None:
        _of_one(self.purpose)


@dataclass(frozen=True, slots=True)
class WithdrawEverything(Command):
    """Unsubscribe from every purpose, now and to come."""

    act: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Resubscribe(Command):
    """ "Me réabonner" on the page of a withdrawal: the person's own act gives consent for
    `purpose` again and puts them back on `list`, if any.
    """

    purpose: str
    act: str = ""
    notice: str = ""
    list: int = 0


@dataclass(frozen=True, slots=True)
class SwitchOn:
    """A purpose that a person switches on among their preferences: they agree by the press itself
    or, where `request` is a fresh random id, are asked to confirm by mail; then they join `list`.
    `evidence` is the commitment to what is kept of it.
    """

    purpose: str
    list: int
    evidence: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class SetPreferences(Command):
    """What the person chooses to receive: `themes` and `contents` (none: all of them), `frequency`,
    and no letters of lists until `paused_until` (ms, 0 for no pause). `on` are purposes they switch
    on, `off` those they withdraw from. `offered` is the digest of the words they saw, `form` the
    name under which these are published. What `unsaid` names stays as it is.
    """

    themes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    frequency: Frequency = "as-it-comes"
    paused_until: int = 0
    on: tuple[SwitchOn, ...] = ()
    off: tuple[str, ...] = ()
    offered: str = ""
    form: str = ""
    act: str = ""
    call: str = ""
    unsaid: frozenset[Literal["themes", "contents", "frequency", "paused_until"]] = frozenset()


@dataclass(frozen=True, slots=True)
class Transfer(Command):
    """Move from `source` (0: from outside, nothing is left) to `target`, by an operator or the
    API.
    """

    source: int
    target: int
    call: str = ""


@dataclass(frozen=True, slots=True)
class LeaveList(Command):
    list: int
    why: str = "operator"
    call: str = ""


@dataclass(frozen=True, slots=True)
class Suppress(Command):
    """Never write to this address again. `provider` is its provider's, of a complaint."""

    why: SuppressionReason
    provider: str = ""


@dataclass(frozen=True, slots=True)
class LiftSuppression(Command):
    """An operator says that this address may be written to again."""


@dataclass(frozen=True, slots=True)
class ChangeProfile(Command):
    """`if_version`: only of the person as they were then; 0 for however they are now."""

    fields: tuple[str, ...] = ()
    timezone: str = ""
    language: str = ""
    last_contact: int = 0
    if_version: int = 0


@dataclass(frozen=True, slots=True)
class RecordOrder(Command):
    """The person ordered something at `ordered_at` (ms; 0 = now). `order` is the id kept for its
    number, or a fresh random one; `amount` is in minor units of `currency` (ISO 4217). `known`: its
    number was recorded before, maybe longer ago than a person's state remembers.
    """

    order: str
    amount: int
    currency: str
    products: tuple[str, ...] = ()
    ordered_at: int = 0
    known: bool = False

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("an order amounts to nothing or more")


@dataclass(frozen=True, slots=True)
class PutIntoSegment(Command):
    segment: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class TakeOutOfSegment(Command):
    segment: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class ApplyRules(Command):
    """Apply the rules about a segment that the person was seen to enter, or to leave. `known` is
    what the vault knows of them, for the condition to be asked again.
    """

    segment: str
    entered: bool
    known: Known


@dataclass(frozen=True, slots=True)
class RefundOrder(Command):
    """`amount` (minor units) of an order was paid back; 0 for all that is left. `currency`, if one
    is stated, must be the order's.
    """

    order: str
    amount: int = 0
    currency: str = ""
    call: str = ""

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a refund amounts to more than nothing")


@dataclass(frozen=True, slots=True)
class ReachAnchor(Command):
    """Note that a date of the person's own may have come round: `date` is what the vault holds in
    `field` ("1980-02-29"). `known`: what else it knows, where broadcasts go to segments that ask
    it.
    """

    field: str
    date: str
    known: Known | None = None


@made_fast
@dataclass(frozen=True, slots=True)
class Perform(Command):
    """Perform the act that the agenda has for `key`, if it is due: begin a letter under `message`,
    end a list, let a request expire. `known`: what the vault knows, where the plan's letters ask
    about it (`SegmentConditions.claims_reading_vault`). `subscriber`: whose it is, by which the
    version of a letter is drawn.
    """

    key: str
    message: str
    sender: str = ""
    known: Known | None = None
    subscriber: str = ""


@dataclass(frozen=True, slots=True)
class RetryLetter(Command):
    """Retry a letter that was withheld for a reason that could be corrected; `late`: also past the
    lateness its author allows. `key` as in `Perform`.
    """

    key: str
    letter: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class DirectLetter(Command):
    """Let a letter of a list, or a broadcast, leave to somebody from now on. `key` as in `Perform`.
    A broadcast comes by `list`, or where that is 0 by `segment`.
    """

    key: str
    letter: str
    list: int = 0
    segment: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class RecordOutcome(Command):
    """What became of a begun letter. `why` is the stage of the dialogue at which the relay
    answered, the reason of not-eligible, or what could not be rendered or carried. `mail` is the
    commitment to the bytes of a letter that asked for consent, `provider` the recipient's.
    """

    message: str
    verdict: LetterVerdict
    code: int = 0
    enhanced: str = ""
    why: str = ""
    mail: str = ""
    fault: Fault = "unknown"
    provider: str = ""


AnyCommand = (
    Subscribe
    | RequestConsent
    | AskFirst
    | Confirm
    | DeclineRequest
    | AskAgain
    | RenewPermission
    | AskTheSilent
    | Answer
    | UndoMove
    | Withdraw
    | WithdrawEverything
    | Resubscribe
    | SetPreferences
    | Transfer
    | LeaveList
    | Suppress
    | LiftSuppression
    | ChangeProfile
    | RecordOrder
    | PutIntoSegment
    | TakeOutOfSegment
    | ApplyRules
    | RefundOrder
    | ReachAnchor
    | ExerciseRight
    | ExtendRight
    | AnswerRight
    | GrantAccess
    | Rectify
    | Restrict
    | Object
    | Erase
    | OpenProof
    | NoteReading
    | Perform
    | RetryLetter
    | DirectLetter
    | RecordOutcome
    | RecordBounce
    | RecordComplaint
    | RecordReply
)


def _of_one(purpose: str) -> None:
    if purpose == EVERYTHING:
        raise ValueError("every purpose at once has commands of its own")


def withdrawal(
    at: int, cause: Cause, purpose: str, act: str = "", call: str = ""
) -> Withdraw | WithdrawEverything:
    """Withdraw or WithdrawEverything, for a door that names a purpose or "*" for all of them."""
    if purpose == EVERYTHING:
        return WithdrawEverything(at, cause, act, call)
    return Withdraw(at=at, cause=cause, purpose=purpose, act=act, call=call)
