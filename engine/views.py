"""What may be asked of the views, and the values of the questions and answers.

`projections` answers, and nothing else in the program knows how. A room declares a Protocol of the
few questions it asks; `Views` is all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, get_args

from engine.delivery.figures import DeliveryViews
from engine.frozen import dataclass
from engine.sequence.condition import Condition
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.subscriber.due_rows import DueRows
from engine.words import N_, WordedError


class ViewBroken(WordedError):
    """The tables of a view are not as its statements need them."""

    def __init__(self, view: str, why: str) -> None:
        message = N_(
            "the tables of the view {view} are not as Relance made them ({why}): `relance rebuild"
            " {view}` makes them anew from the ledger"
        )
        super().__init__(message, view=view, why=why)


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that stands in only one of a view and its rebuilt twin."""

    table: str
    where: str
    row: str


@dataclass(frozen=True, slots=True)
class QuestionQuery:
    """A letter that asks, with the letters that remind of it. `links` says of each link (letter,
    index) which answer it gives, counted from 0, and whether that answer excludes the others that
    do. `lists` are where a reminder still reaches people, `since` (ms) from when on one may be to
    come; `lost` are messages whose page asked for a press and got none. Of whom the last letter
    left after `patient` (ms) an answer is still waited for.
    """

    key: str
    letter: str
    reminders: tuple[str, ...]
    links: tuple[tuple[str, int, int, bool], ...]
    lists: tuple[int, ...]
    since: int = 0
    lost: tuple[str, ...] = ()
    patient: int = 0


@dataclass(frozen=True, slots=True)
class QuestionTally:
    """`sent` counts by letter; `given` by answer: people, and for how many of them a page acted by
    itself. `lost` are among waiting and silent.
    """

    sent: Mapping[str, int]
    given: Mapping[int, tuple[int, int]]
    waiting: int
    silent: int
    lost: int


ORDER_DAYS = 7
"""Days of 24 hours within which an order counts for a letter, or for an act in one."""
_DAYS_TO_MONDAY = 3
"""1970-01-01 was a Thursday."""
Grouping = Literal["letter", "mailing", "dialogue", "list", "group", "purpose", "week"]
"""What counters of letters may be added up by."""
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)
FIRST_WEEK, LAST_WEEK = -(2**31), 2**31 - 1
"""For all weeks there are."""


def week_of(at: int) -> int:
    """The Monday of an instant's week (UTC), in days since 1970-01-01."""
    day = at // DAY
    return day - (day + _DAYS_TO_MONDAY) % 7


@dataclass(frozen=True, slots=True)
class ArmCount:
    """Of a letter that is tried: `people` who got a version, or who were held out ("holdout"); of
    these how many answered and how many ordered in the ORDER_DAYS days after, less what was paid
    back. `amount` and `squares` are the sums of what each ordered and of its square, in minor units
    of `currency`.
    """

    version: str
    people: int
    answered: int
    ordered: int
    amount: int
    squares: int
    currency: str


@dataclass(frozen=True, slots=True)
class LetterCount:
    """A counter of `letter` (a letter_ref) that names nobody. `week`: the Monday of the week (UTC)
    in which the letters were begun, in days since 1970-01-01; `list` 0 where none brought them.

    `what` and `detail`: "became" with "sent" (accepted), "deferred", "failed", "withheld", "doubt"
    or "begun"; "withheld" with the reason; "bounced" with "hard", "soft", "blocked" or "gave-up";
    "complained"; "unsubscribed"; "answered"; "answer" and "answer-by-page" (the page acted by
    itself) with the link's words; "moved" and "copied" with the list; "ordered", "refunded" (for
    the last letter accepted in the seven days before), "ordered-after-act", "refunded-after-act"
    (for the letter in which they last acted in those days) with the currency. `amount`: of orders,
    in minor units.
    """

    letter: str
    occurrence: str
    list: int
    purpose: str
    week: int
    what: str
    detail: str
    n: int
    amount: int


class ArrivalCount(NamedTuple):
    """Of the people who came onto a list for the first time in the week of a Monday (`joined`, days
    since 1970-01-01, UTC), what came of the letters that were begun for them in another. `what`:
    "joined" (people; in their own week), "accepted", "answered", "unsubscribed" (letters).
    """

    joined: int
    week: int
    what: str
    n: int


class FormCount(NamedTuple):
    """Of whom a form asked to confirm in the week of a Monday (`week`, days since 1970-01-01, UTC):
    how many, and how many of them did, whenever that was.
    """

    form: str
    week: int
    asked: int
    confirmed: int


class DueCount(NamedTuple):
    """What falls due at a place (a list; 0 for requests, -1 for broadcasts to segments): how many
    acts of a kind, by each of some instants.
    """

    place: int
    kind: str
    counts: tuple[int, ...]


class Figures(NamedTuple):
    """Places on lists that are taken; who came to one from none and left for none since a day; of
    the letters begun in one week how many were accepted, were answered, and unsubscribed somebody.
    """

    standing: int
    new: int
    gone: int
    accepted: int
    answered: int
    unsubscribed: int


@dataclass(frozen=True, slots=True)
class TransitionCount:
    """How many went from list `source` to list `target` (0: from or to none).

    `kind`: "joined" (`label`: the door, as causes name it), "moved" and "copied" by an answer
    (`question`: the letter_ref of the letter that held the link, `label` the link's words), "ended"
    after the last letter, "rule", "transferred" (`label`: by which door), "left" (`label`: why).
    Whom an ending copies is "copied" without a `question`, its `label` "ended".
    """

    source: int
    target: int
    kind: str
    question: str
    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Came:
    """Somebody who stands on a list, since `at` (ms). `how`: "joined", "moved", "copied",
    "transferred" or "reopened"; `source` and `label` as TransitionCount has them.
    """

    subscriber: str
    at: int
    how: str
    source: int
    label: str


@dataclass(frozen=True, slots=True)
class CameQuery:
    """Of a list: who came since an instant (ms), by `how` from `source` (0: any) with `question`
    and `label` ("": any); "" in `how`: by any way. `before` is the last of the page before.
    """

    list: int
    since: int = 0
    how: str = ""
    source: int = 0
    question: str = ""
    label: str = ""
    before: tuple[int, str] = (2**62, "ffffffff-ffff-ffff-ffff-ffffffffffff")


@dataclass(frozen=True, slots=True)
class Verified:
    """A segment held against each person's own answer: `missing` should be in it and are not,
    `extra` are and should not be.
    """

    members: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]


class PeopleCount(NamedTuple):
    """For how many people a condition holds, is not known to, and does not."""

    holds: int
    unknown: int
    does_not: int


Truths = Mapping[str, bool | None]


class SegmentViews(Protocol):
    """Who is in which segment, and of whom a condition holds, by the plan that the views have
    followed. A condition need not be resolved. Instants are ms.
    """

    def counts(self) -> Mapping[str, int]:
        """Members of each published segment that is built; a static one always is."""

    def members(self, segment: str) -> Iterator[list[str]]:
        """The members of a segment, some at a time."""

    def page(self, segment: str, after: str, limit: int) -> list[str] | None:
        """Members of a published segment in the order of their ids, after one of them; None while
        it is being built.
        """

    def standing(self, subscribers: Collection[str]) -> Mapping[str, Collection[str]]:
        """The segments with conditions that each of some people is in."""

    def chosen(self, condition: Condition, at: int) -> Iterator[list[str]]:
        """Of whom a condition holds at an instant, some at a time."""

    def counted(self, condition: Condition, at: int) -> PeopleCount: ...

    def truths(self, condition: Condition, subscribers: Collection[str], at: int) -> Truths:
        """What it comes to for each of these people who have a row and are not erased."""

    def verify(self, segment: str, at: int, tell: Callable[[int, int], None] = ...) -> Verified:
        """Ask every person anew, one by one, and compare. Raises KeyError for what is no dynamic
        segment of the plan.
        """

    def compared(self, plan: Plan, segment: str, at: int) -> tuple[int, int]:
        """How many would enter and leave a segment if it were as in another plan, where it is
        dynamic.
        """


@dataclass(frozen=True, slots=True)
class PeopleOfLetter:
    """People of some for whom a letter (a letter_ref) was accepted, those it came back from, and
    those who answered in it, unsubscribed by it, complained after it or ordered within seven days.
    """

    letter: str
    accepted: int
    bounced: int
    answered: int
    unsubscribed: int
    complained: int
    ordered: int


class Views(DueRows, Protocol):
    """What may be asked of the views. They find; they never decide."""

    @property
    def segments(self) -> SegmentViews: ...

    @property
    def delivery(self) -> DeliveryViews: ...

    def due_until(self, upto: int) -> list[tuple[int, str, int]]:
        """(list, kind of act, how many) for what is due up to an instant; list 0 for requests,
        -1 for broadcasts to segments.
        """

    def due_within(self, instants: Sequence[int]) -> list[DueCount]:
        """The same up to each of some instants (ms, the earliest first)."""

    def figures(self, lists: Collection[int], since: int, week: int) -> Figures:
        """Of some lists since a day (UTC, days since 1970-01-01), and of the letters begun in the
        week of a Monday.
        """

    def cohorts(self, most: int) -> list[tuple[str, int, int]]:
        """People who stand at the same letter of a list on the same day: one of them, the list, how
        many they are; the most numerous first.
        """

    def standing(self) -> dict[int, int]:
        """How many people stand on each list."""

    def transitions(self, lists: Collection[int], since: int) -> list[TransitionCount]:
        """How many people went which way to or from some lists since a day (UTC, days since
        1970-01-01).
        """

    def came(self, query: CameQuery, limit: int) -> list[Came]:
        """Who stands on a list, the latest first; a page."""

    def choosing(self) -> dict[tuple[str, str], int]:
        """How many people have chosen each theme and type of content: ("theme", id), ("content",
        id).
        """

    def form_weeks(self, since: int) -> list[FormCount]:
        """What came of forms, since a Monday (days since 1970-01-01)."""

    def members_of(self, number: int, batch: int) -> Iterator[list[str]]:
        """Who stands on a list, in the order in which they joined, so many at a time."""

    def on_lists(self, lists: Collection[int]) -> int:
        """How many people stand on any of these lists, each counted once."""

    def due_of(self, key: str, now: int) -> int:
        """How many letters of a mailing ("broadcast:enfants/2026-12-01") are still to leave by an
        instant, or may be.
        """

    def outcomes(self, key: str, letter: str) -> dict[str, int]:
        """What became of a letter of a mailing: how many were "sent", "deferred", "failed",
        "withheld", are in "doubt" or only "begun".
        """

    def matters(self, subscriber: str) -> list[tuple[str, str, str, int, str]]:
        """A person's open matters: key, kind, letter, due, why."""

    def quarantined(self, limit: int) -> list[tuple[str, int, str]]:
        """Of whom nothing can be made: subscriber, the position of their last fact, why. The latest
        first.
        """

    def why_quarantined(self, subscriber: str) -> str:
        """Of one person; "" when they are not."""

    def withheld(self) -> list[tuple[str, int, str, str, int]]:
        """Letters withheld for what can be mended: key without occurrence, list (0: none), letter,
        what is to be mended, from how many people.
        """

    def held_back(self) -> dict[int, int]:
        """How many letters of each list wait for room under a cap; a broadcast is counted at the
        list that it reaches the person by.
        """

    def stopped(self) -> dict[str, int]:
        """How many people nothing is written to for a purpose, because they were silent."""

    def not_sent(self, since: int) -> dict[str, int]:
        """How many letters were withheld since the week of a Monday (days since 1970-01-01), by
        reason; the most frequent first.
        """

    def withheld_from(
        self, letter: str, after: tuple[str, str, str], limit: int
    ) -> list[tuple[str, str, str]]:
        """Whom a letter ("" for any) is withheld from: subscriber, row, letter; a page after
        (letter, subscriber, row), ("", "", "") at first.
        """

    def open_rights(self, limit: int = 1000) -> list[tuple[str, str, str, int]]:
        """Rights asked for and not answered, the most urgent first: subscriber, request, right,
        when it must be answered.
        """

    def long_silent(self, rule: str, upto: int, limit: int) -> list[tuple[str, int]]:
        """People whom `rule` ("silent", "unanswered", "unconfirmed") may concern by an instant, and
        since when: the longest first.
        """

    def heard_before(self, upto: int, after: tuple[int, str], limit: int) -> list[tuple[str, int]]:
        """People last heard of by an instant, and when (ms), the longest ago first; a page after
        (instant, subscriber).
        """

    def silences(
        self, silent: int, unanswered: int, unconfirmed: int
    ) -> dict[str, tuple[int, int]]:
        """By rule: how many people it may concern by its instant, and the oldest there is at all
        (0: none).
        """

    def counted(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]:
        """What became of letters, by their letter_ref ("" among them: of all), of the list of a
        number (0: of any), begun in the weeks of the Mondays from `since` to `until` (days since
        1970-01-01): all weeks added up, `week` is 0.
        """

    def counted_weeks(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]:
        """The same by week, all letters but the engine's own added up: what is counted, without its
        letter, mailing, list and purpose.
        """

    def counted_by_edition(
        self, letter: str, since: int = ..., until: int = ...
    ) -> list[tuple[int, LetterCount]]:
        """The same counters of one letter, by the edition in force when they were begun; 0 for
        those that were withheld before.
        """

    def arrivals(self, since: int) -> list[ArrivalCount]:
        """How those went on who came onto a list for the first time since the week of a Monday."""

    def letters_with(self, messages: Collection[str]) -> dict[str, int]:
        """How many of some messages (ids) each letter has, by its letter_ref."""

    def letters_of(
        self, subscribers: Collection[str], since: int = ..., until: int = ...
    ) -> list[PeopleOfLetter]:
        """What became of letters among some people, in the weeks of these Mondays."""

    def measured(self, after: str, most: int) -> dict[str, int]:
        """Who agrees to be measured, and since when (ms): a page of them, by their ids."""

    def sent_to(
        self, subscribers: Collection[str], since: int = ..., until: int = ...
    ) -> list[tuple[str, str, int]]:
        """Of some people, the letters (letter_refs) accepted for each in the weeks of these
        Mondays, and when last (ms).
        """

    def arms(self, letter: str, since: int) -> list[ArmCount]:
        """How the trial of a letter (its letter_ref) that began with an edition stands."""

    def in_doubt(self) -> list[tuple[str, str, str, int]]:
        """Letters in doubt: message, subscriber, letter, since when."""

    def first_begun(self, messages: Collection[str]) -> dict[str, int]:
        """The positions at which some letters were first begun, by their message (id)."""

    def begun(self, message: str) -> tuple[str, int] | None:
        """Whose letter has this message id, and the ledger's position of its first beginning."""

    def question(self, query: QuestionQuery) -> QuestionTally:
        """How a question was answered."""

    def positions(self) -> list[tuple[str, int, str]]:
        """Each view with its position and what stopped it."""

    @property
    def mostly_letters(self) -> bool:
        """Whether what was followed last is mostly letters that are being sent."""

    def follow(self, upto: int | None = None) -> bool:
        """One step of following; True when there is more."""

    def next_look(self) -> int | None: ...

    def faults(self) -> Mapping[str, str]: ...

    def catch_up(self, tell: Callable[[int, int], None] = ...) -> int: ...

    def rebuild(self, names: Sequence[str], tell: Callable[[int, int], None]) -> None: ...

    def drop_former(self) -> None: ...

    def compare(self, tell: Callable[[int, int], None]) -> list[RowDifference]:
        """Rebuild every view from one snapshot of the ledger beside the live ones, and hold them
        together.
        """
