"""What can happen to a person: events in the past tense. Once written they never change, so fields
are only ever added, with a default.

`at` is when it happened: engine time, integer milliseconds since 1970-01-01T00:00:00Z. No field may
hold personal data (P4): lists, runs, letters and purposes are the installation's own words,
`message` is random, `notice` and `evidence` are hashes. The values of a closed set are listed where
terms.py declares it.
"""

from __future__ import annotations

from engine.frozen import dataclass, made_fast
from engine.subscriber.event import Cause as Cause
from engine.subscriber.event import Event as Event
from engine.subscriber.mail_events import MailBounced as MailBounced
from engine.subscriber.mail_events import MailComplained as MailComplained
from engine.subscriber.mail_events import SubscriberReachable as SubscriberReachable
from engine.subscriber.mail_events import SubscriberSuppressed as SubscriberSuppressed
from engine.subscriber.right_events import ProcessingRestricted as ProcessingRestricted
from engine.subscriber.right_events import ProfileRead as ProfileRead
from engine.subscriber.right_events import ProofArchived as ProofArchived
from engine.subscriber.right_events import ProofOpened as ProofOpened
from engine.subscriber.right_events import RightAnswered as RightAnswered
from engine.subscriber.right_events import RightExercised as RightExercised
from engine.subscriber.right_events import RightExtended as RightExtended
from engine.subscriber.silence_events import PermissionAsked as PermissionAsked
from engine.subscriber.silence_events import PermissionRenewed as PermissionRenewed
from engine.subscriber.silence_events import PurposeStopped as PurposeStopped


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
class ConsentRequested(Event):
    """A person asked to join `lists`; a mail asks them to confirm before `expires_at`. `request` is
    a random id.

    The mail leaves at `hold_until`, where too many requests came at once; 0 for at once.

    `declared`: somebody else says that they agreed, with no proof of it; they are asked once.
    `start` and `counted_from` (ms), as in ListJoined, are what they receive once they confirm.
    """

    purpose: str
    request: str
    lists: tuple[int, ...]
    expires_at: int
    notice: str = ""
    form: str = ""
    hold_until: int = 0
    declared: bool = False
    start: str = "welcome"
    counted_from: int = 0


@made_fast
@dataclass(frozen=True, slots=True)
class ConsentGiven(Event):
    """`proof`: terms.Proof.

    `partner` is whom a consent to somebody else's messages names, `partners` the version of the
    list it stood in (D07).
    """

    purpose: str
    proof: str
    notice: str = ""
    act: str = ""
    partner: str = ""
    partners: str = ""


@dataclass(frozen=True, slots=True)
class GroundDeclared(Event):
    """`basis`: terms.Basis, and never consent."""

    purpose: str
    basis: str
    proof: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class ConsentConfirmed(Event):
    """`partner` and `partners` as for ConsentGiven."""

    purpose: str
    request: str
    act: str = ""
    notice: str = ""
    partner: str = ""
    partners: str = ""


@dataclass(frozen=True, slots=True)
class ConsentExpired(Event):
    """A request ended unconfirmed: its time was over or, where its cause is a click, the reader of
    its mail said that they had not asked.
    """

    purpose: str
    request: str


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(Event):
    """`purpose` "*": every purpose, now and to come, until a new act of the person."""

    purpose: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class PreferencesSet(Event):
    """What the person chose to receive, in codes of the installation. `themes` and `contents` are
    empty where they chose none, and get all; `frequency`: terms.Frequency; the letters of lists
    wait until `paused_until` (ms, 0 for no pause). `offered` is the digest of what the page or form
    offered that day; `act` as for the consents.
    """

    themes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    frequency: str = "as-it-comes"
    paused_until: int = 0
    offered: str = ""
    act: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class ListJoined(Event):
    """`start`: terms.Start; `counted_from` is the instant that "by-date" counts from."""

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


@made_fast
@dataclass(frozen=True, slots=True)
class ListMoved(Event):
    """A reader's answer: they left `source` (run `source_run`) and are on `target` in run `run`;
    `joined` is false where they were on it already. `letter_run` is the run that got the letter,
    where the answer did not leave that run or a descendant of it: they had left, or come back
    since. `question` is the letter that held the link, as `agenda_key.letter_ref` writes it, and
    `label` the link's words as they were published.
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
    question: str = ""
    label: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class ListCopied(Event):
    """A reader's answer: they stay, and are on `target` as well. `question`, `label`: ListMoved."""

    source: int
    source_run: int
    target: int
    run: int
    message: str
    link: int
    act: str = ""
    hold_until: int = 0
    question: str = ""
    label: str = ""


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


@made_fast
@dataclass(frozen=True, slots=True)
class LetterAnswered(Event):
    """A click that changed no membership but is an answer. `question`, `label`: ListMoved."""

    message: str
    link: int
    act: str = ""
    question: str = ""
    label: str = ""


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


@made_fast
@dataclass(frozen=True, slots=True)
class LetterBegun(Event):
    """The claim: this letter, in this edition's words, is about to be handed over by `sender` under
    `message`. `kind`: terms.MailKind. `key` is the agenda row's. `attempt` counts from 1; every
    attempt has the same `message`. `theme` and `content` are those of the published letter.
    `segment` is the one that brought a broadcast where no list did; `list` and `run` are then 0.
    `version` is the one they get of a letter that is tried in several, "" of any other.
    """

    key: str
    kind: str
    letter: str
    message: str
    edition: int
    list: int = 0
    run: int = 0
    purpose: str = ""
    sender: str = ""
    attempt: int = 1
    theme: str = ""
    content: str = ""
    segment: str = ""
    version: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class LetterSent(Event):
    """`mail`: for a letter that asked for consent, the commitment to its very bytes, which the
    vault keeps. `provider` is the recipient's, by its name in engine/shaping/providers.toml: a
    closed, public list, "" where it was not asked for.
    """

    message: str
    code: int = 0
    enhanced: str = ""
    mail: str = ""
    provider: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class LetterDeferred(Event):
    """`provider`: LetterSent."""

    message: str
    retry_at: int
    code: int = 0
    enhanced: str = ""
    why: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class LetterFailed(Event):
    """`provider`: LetterSent."""

    message: str
    code: int = 0
    enhanced: str = ""
    why: str = ""
    provider: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class LetterWithheld(Event):
    """Not sent: `why` is "too late", "preferences" (the person did not choose its theme or content
    type), "paused", "segment" (they are not in the one it goes to, or in one it spares), "holdout"
    (they are among those who do not get it, by the versions of `edition`), "not eligible: …",
    `PRESSURE`, or something that can be corrected: `CANNOT_BE_RENDERED`, `CANNOT_BE_CARRIED`.
    `message` is "" when the letter was never begun. `what` says what to correct: the field that was
    empty ("field:town"), or what the relay could not carry ("smtputf8").

    Of pressure: `cap` of `edition` ("3 per 7 days") had no room for a letter of `purpose`, kept for
    the heavier `favoured` (a letter_ref; "": letters begun fill it); due again at `until` (ms), 0
    where it is left out.
    """

    key: str
    letter: str
    why: str
    list: int = 0
    run: int = 0
    message: str = ""
    what: str = ""
    until: int = 0
    favoured: str = ""
    cap: str = ""
    edition: int = 0
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class LetterRetried(Event):
    """A withheld letter whose reason was corrected is due again, under the same `message`. `late`:
    lateness counts from now.
    """

    message: str
    key: str
    letter: str
    list: int = 0
    run: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class LetterDirected(Event):
    """Somebody who works here wants a letter of a list, or a broadcast, to leave to this person
    from `at` on, whenever its author meant it to. It comes by `list` in `run`, or by `segment`.
    """

    key: str
    letter: str
    list: int = 0
    run: int = 0
    segment: str = ""


@dataclass(frozen=True, slots=True)
class LetterInDoubt(Event):
    """The final dot was written and no answer read. `settled`: "" (waiting), "resend",
    "taken-as-sent". `mail` as for LetterSent.
    """

    message: str
    settled: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True)
class ContactNoted(Event):
    """When the person was last in touch, as an import or the API states (C10), or as their own
    mail shows (`act` "reply").
    """

    contacted_at: int
    act: str = ""


@dataclass(frozen=True, slots=True)
class CallHonoured(Event):
    """An API call with an idempotency key was carried out; `call` is a keyed hash of the key."""

    call: str


@dataclass(frozen=True, slots=True)
class SegmentEntered(Event):
    """The person was put into a static segment, by its id."""

    segment: str


@dataclass(frozen=True, slots=True)
class SegmentLeft(Event):
    segment: str


@dataclass(frozen=True, slots=True)
class RulesApplied(Event):
    """The rules about who enters a segment, or leaves it (not `entered`), were applied in the words
    of `edition`; what they did follows in the same append. `refused` are lists that took the person
    not in.
    """

    segment: str
    edition: int
    entered: bool = False
    refused: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRecorded(Event):
    """The person ordered something, at `at`. `order` is a random id: its number is in the vault.
    `amount` is in minor units of `currency` (ISO 4217); `products` are the installation's codes.
    """

    order: str
    amount: int
    currency: str
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRefunded(Event):
    """`amount` of an order was paid back, in minor units of the order's `currency`: a part or what
    was left.
    """

    order: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class AnchorReached(Event):
    """A date that the person has in `field` came round; `at` (ms) is when that day began in their
    zone. `occurrence` is the year, or the whole date where it comes once. `before`: how long before
    the date this day is, "" for the date itself.
    """

    field: str
    occurrence: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class SubscriberErased(Event):
    """`basis`: terms.ErasureBasis."""

    basis: str = ""


ProfileEvent = (
    SubscriberRegistered | ProfileChanged | ContactNoted | AnchorReached | SubscriberErased
)
ChoiceEvent = PreferencesSet
GroundEvent = ConsentGiven | GroundDeclared | ConsentConfirmed | ConsentWithdrawn | PurposeStopped
RequestEvent = ConsentRequested | ConsentExpired | PermissionAsked | PermissionRenewed
MembershipEvent = ListJoined | ListLeft | ListMoved | ListCopied | ListTransferred | MoveUndone
LetterEvent = LetterBegun | LetterSent | LetterDeferred | LetterFailed | LetterAnswered
WithholdingEvent = LetterWithheld | LetterRetried | LetterDirected | LetterInDoubt
DeliverabilityEvent = MailBounced | MailComplained | SubscriberSuppressed | SubscriberReachable
RightEvent = ProcessingRestricted | RightExercised | RightExtended | RightAnswered
ProofEvent = ProofArchived | ProofOpened | ProfileRead
OrderEvent = OrderRecorded | OrderRefunded
SegmentEvent = SegmentEntered | SegmentLeft | RulesApplied
PersonEvent = (
    ProfileEvent
    | GroundEvent
    | RequestEvent
    | MembershipEvent
    | LetterEvent
    | WithholdingEvent
    | DeliverabilityEvent
    | RightEvent
    | ProofEvent
    | OrderEvent
    | ChoiceEvent
    | SegmentEvent
    | CallHonoured
)
