"""The state of a person, folded from their events. Its size is bounded by what is open, however
long the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Protocol

from engine.frozen import dataclass, made_fast
from engine.subscriber.bounces import Bounces
from engine.subscriber.terms import FREQUENCIES, Frequency, GroundStatus, LetterStatus

ASK, ASK_FIRST = "ask", "ask-first"
"""The mail that asks to confirm: what they asked for, or what was declared of them."""
TRAIL_KEPT = 40
WAYS_KEPT = 16
INSTANTS_KEPT = 20
"""How many of the latest instants of one kind are kept: conditions and caps count up to here."""
ORDERS_KEPT = 50
PRODUCTS_KEPT = 200
ANY_PRODUCT = ""
"""The key under which `ordered` holds every order, whatever was in it."""


@made_fast
@dataclass(frozen=True, slots=True)
class LetterState:
    """`at` (ms) is when `status` last changed. `to_correct`: what has to be corrected in a withheld
    letter, "" where nothing can be. `planned` (ms) is when a letter that is retried was meant to
    leave. A deferred one without `message` was never begun: it waits for room, or was directed.
    """

    message: str
    status: LetterStatus
    at: int
    attempts: int = 1
    first_begun: int = 0
    retry_at: int = 0
    answered: bool = False
    to_correct: str = ""
    planned: int = 0

    @property
    def meant_for(self) -> int:
        """When the letter was meant to leave (ms), as far as it is known of one that was begun."""
        return self.planned or self.first_begun or self.at

    @property
    def waits(self) -> bool:
        """Whether it was never begun, and waits until `retry_at` for room under a cap."""
        return not self.message and self.status == "deferred" and self.retry_at > self.at

    def with_answered(self, answered: bool) -> LetterState:
        """Written out for speed, as `Membership.with_letters` is: called at every click."""
        return LetterState(
            self.message,
            self.status,
            self.at,
            self.attempts,
            self.first_begun,
            self.retry_at,
            answered,
            self.to_correct,
            self.planned,
        )


@dataclass(frozen=True, slots=True)
class TrailStep:
    """One step on the way to a membership: the run it came from, and the link of the message that
    was clicked ("" and -1 for a rule or an operator).
    """

    run: int
    message: str = ""
    link: int = -1


@dataclass(frozen=True, slots=True)
class FormerTrail:
    """The trail of a run that ended without a move to another list: answers to its letters still
    lead on from it.
    """

    run: int
    trail: tuple[TrailStep, ...] = ()

    @property
    def steps(self) -> tuple[TrailStep, ...]:
        return (*self.trail, TrailStep(self.run))


@made_fast
@dataclass(frozen=True, slots=True)
class Membership:
    """One person on one list, in one run. Delays count from `since`; `trail` is how they came here,
    oldest first, at most TRAIL_KEPT steps.

    Letters due before `skip_before` are left out. `ended`: the list's ending has been carried out,
    and the person stays.
    """

    list: int
    run: int
    since: int
    joined_at: int
    start: str = "welcome"
    hold_until: int = 0
    trail: tuple[TrailStep, ...] = ()
    letters: Mapping[str, LetterState] = field(default_factory=dict)
    ended: bool = False

    @property
    def skip_before(self) -> int:
        return self.joined_at if self.start == "by-date" else 0

    @property
    def answers(self) -> Mapping[str, int]:
        """The answers that led here: link by message. Answering an earlier letter again cancels the
        answers that followed from it.
        """
        given: dict[str, int] = {}
        for step in self.trail:
            if step.message in given:
                before = list(given)[: list(given).index(step.message)]
                given = {message: given[message] for message in before}
            if step.message:
                given[step.message] = step.link
        return given

    def with_letters(self, letters: Mapping[str, LetterState]) -> Membership:
        """Written out for speed: called at every claim and every outcome, where
        `dataclasses.replace` takes twice as long.
        """
        return Membership(
            self.list,
            self.run,
            self.since,
            self.joined_at,
            self.start,
            self.hold_until,
            self.trail,
            letters,
            self.ended,
        )

    def descends_from(self, run: int) -> bool:
        """Whether this membership descends from `run`. Where the trail was cut, an older run counts
        as one of its forgotten steps, so that nobody is on two lists by one answer.
        """
        if any(step.run == run for step in self.trail):
            return True
        oldest = min((step.run for step in self.trail if step.run), default=0)
        return len(self.trail) >= TRAIL_KEPT and run < oldest


@made_fast
@dataclass(frozen=True, slots=True)
class Ground:
    """The ground for writing for a purpose. `partner`: whose messages it covers, "" for the
    installation's own.
    """

    basis: str
    status: GroundStatus
    since: int
    proof: str = ""
    partner: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Since `at` (ms) nothing is written for a purpose; nothing was heard since `silent_since`."""

    at: int
    silent_since: int


@made_fast
@dataclass(frozen=True, slots=True)
class Request:
    """A double opt-in under way. `letters` holds the confirmation mail ("ask") and its reminder
    ("ask-again"); where the consent is `declared`, the one mail that asks first ("ask-first").
    `earlier` are the ids of requests that this one replaced before they were answered: their mails
    still confirm. `asked_at` (ms) is when the mail may leave; `start` and `counted_from` are what
    they receive once they confirm.
    """

    request: str
    purpose: str
    lists: tuple[int, ...]
    asked_at: int
    expires_at: int
    form: str = ""
    notice: str = ""
    letters: Mapping[str, LetterState] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    declared: bool = False
    start: str = "welcome"
    counted_from: int = 0

    @property
    def first_letter(self) -> str:
        return ASK_FIRST if self.declared else ASK


@made_fast
@dataclass(frozen=True, slots=True)
class Mailing:
    """One occurrence of a broadcast for one person, and its reminder. `segment` brought it, where
    no list did. `directed` (ms): since when it is to leave to them, 0: with everybody else.
    """

    list: int
    run: int
    letters: Mapping[str, LetterState] = field(default_factory=dict)
    segment: str = ""
    directed: int = 0

    def with_letters(self, letters: Mapping[str, LetterState]) -> Mailing:
        return Mailing(self.list, self.run, letters, self.segment, self.directed)


@made_fast
@dataclass(frozen=True, slots=True)
class InFlight:
    """A letter that was begun and has no outcome yet."""

    key: str
    kind: str
    letter: str
    edition: int
    list: int
    run: int
    begun_at: int
    sender: str = ""
    attempt: int = 1
    doubt: bool = False
    first_begun: int = 0
    purpose: str = ""


@made_fast
@dataclass(frozen=True, slots=True)
class LastMove:
    """What an undo needs: the memberships that the move closed (`closed`, those ended by rules
    included), and the former `trail` of a target list the person was on already. `answered`: the
    letter had been answered before. `version` is that of the move's last event.
    """

    message: str
    link: int
    at: int
    act: str
    target: int
    run: int
    joined: bool
    closed: tuple[Membership, ...] = ()
    trail: tuple[TrailStep, ...] = ()
    answered: bool = False
    version: int = 0


@made_fast
@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer that stands, given at `at` (ms) in letter `message` by the link called `label`. A
    move replaces the one that was given in the same letter before; a copy stands beside it.
    """

    message: str
    label: str
    at: int
    copied: bool = False


@dataclass(frozen=True, slots=True)
class OpenRight:
    """A right that was exercised and not answered yet: when it was asked and by when it must be
    answered (ms).
    """

    right: str
    asked_at: int
    due_at: int


@dataclass(frozen=True, slots=True)
class Order:
    """`amount` and what was `refunded` of it in minor units of `currency` (ISO 4217)."""

    at: int
    amount: int
    currency: str
    products: tuple[str, ...] = ()
    refunded: int = 0

    @property
    def left(self) -> int:
        """What may still be refunded."""
        return self.amount - self.refunded


@made_fast
@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chose to receive. Who chose no themes, or no contents, gets all of them.
    `paused_until` (ms) is the end of their latest pause, also of one that is over; 0 for none.
    """

    themes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    frequency: Frequency = "as-it-comes"
    paused_until: int = 0

    def chooses(self, theme: str, content: str) -> bool:
        """Whether a letter about `theme` of the type `content` is wanted; "" where it says none."""
        return (not theme or not self.themes or theme in self.themes) and (
            not content or not self.contents or content in self.contents
        )


NO_PREFERENCES = Preferences()


def frequency_of(stored: str) -> Frequency:
    """A frequency that is not known counts as no cap."""
    return next((known for known in FREQUENCIES if known == stored), "as-it-comes")


MeasuredActs = Sequence[tuple[str, str, int]]


class Known(Protocol):
    """What the vault knows of a person. `source`: where their address came from, "" where they gave
    it here themselves: by `form`, if by any. `measured`: what they clicked and opened, each with
    its letter_ref and instant (ms); None where it was not asked for.
    """

    @property
    def fields(self) -> Mapping[str, str]: ...

    @property
    def source(self) -> str: ...

    @property
    def form(self) -> str: ...

    @property
    def measured(self) -> MeasuredActs | None: ...


@made_fast
@dataclass(frozen=True, slots=True)
class Person:
    """Everything a decision needs to know about one person. `version` is the number of their last
    event, 0 for a person not known yet.

    `contradicted` is the last letter that got two contradictory automatic answers. Broadcasts up to
    `mailed_before` are over and their states dropped. `answered` are the last requests that were
    answered, `asked_first` the purposes for which they were asked once whether a consent that was
    declared is theirs.

    `received`: when letters of a purpose were sent, `answers`: the answers to a letter by its
    letter_ref, both oldest first and the latest INSTANTS_KEPT; `joined_at`: when they last joined a
    list, left since or not. `came_back`: of letters that were sent and came back, when they were
    sent; they count for caps and are not received. `doubted`: letters in doubt that are sent again,
    by their messages: the purpose, and when they were begun (ms). Their reader may have them, so
    they count for caps whatever becomes of the second sending. `orders` are the latest ORDERS_KEPT
    by their ids; `ordered` says of each product, and of ANY_PRODUCT, when it was ordered, orders
    that were wholly refunded left out. `reached`: the last days on which a date of their own came
    round, and when each began (ms), by field, occurrence and how long before. `segments`: since
    when (ms) they are in a static segment. `ruled`: by segment, whether its rules were last applied
    to an entry. `profile_at` is when what the vault knows of them last changed. `stopped`: the
    purposes for which nothing is written, because they were silent and did not answer.
    `measured_since` (ms) is when they agreed to be measured, 0 where they have not or not any more.
    """

    version: int = 0
    timezone: str = ""
    language: str = ""
    erased: bool = False
    restricted: bool = False
    objected: bool = False
    suppressed: str = ""
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    memberships: Mapping[int, Membership] = field(default_factory=dict)
    left_at: Mapping[int, int] = field(default_factory=dict)
    ways: tuple[FormerTrail, ...] = ()
    mailings: Mapping[str, Mailing] = field(default_factory=dict)
    in_flight: Mapping[str, InFlight] = field(default_factory=dict)
    last_move: LastMove | None = None
    contradicted: str = ""
    mailed_before: int = 0
    runs: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    last_contact: int = 0
    bounces: Bounces | None = None
    rights: Mapping[str, OpenRight] = field(default_factory=dict)
    answered: tuple[str, ...] = ()
    asked_first: frozenset[str] = frozenset()
    reached: Mapping[str, int] = field(default_factory=dict)
    received: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    answers: Mapping[str, tuple[GivenAnswer, ...]] = field(default_factory=dict)
    joined_at: Mapping[int, int] = field(default_factory=dict)
    orders: Mapping[str, Order] = field(default_factory=dict)
    ordered: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    preferences: Preferences = NO_PREFERENCES
    segments: Mapping[str, int] = field(default_factory=dict)
    ruled: Mapping[str, bool] = field(default_factory=dict)
    registered_at: int = 0
    profile_at: int = 0
    stopped: Mapping[str, Stopped] = field(default_factory=dict)
    measured_since: int = 0
    came_back: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    doubted: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def soft_bounces(self) -> int:
        return self.bounces.row.soft if self.bounces is not None else 0

    @property
    def registered(self) -> bool:
        return self.version > 0

    def standing_from(self, run: int) -> Membership | None:
        """The open membership that is run `run` or, failing that, descends from it."""
        if run <= 0:
            return None
        standing = list(self.memberships.values())
        exact = next((m for m in standing if m.run == run), None)
        return exact or next((m for m in reversed(standing) if m.descends_from(run)), None)

    def standing_by(self, message: str) -> Membership | None:
        """The open membership to which an answer to letter `message` led."""
        return next(
            (m for m in reversed(list(self.memberships.values())) if message in m.answers), None
        )


NOBODY = Person()
