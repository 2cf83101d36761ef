"""Whether a condition holds for a person: true, false, or unknown, where something it asks about is
not known (Kleene). Pure; instants are milliseconds since 1970, durations calendar days of the
person's zone.

An act at t is within a time while now is before `later(t, …)`. What time alone may change next is
the least instant at which the answer of a line changes, of those that nothing but time can
decide: asking again there is never too late.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import assert_never
from unicodedata import combining, normalize

from engine.sequence.condition import (
    Answered,
    Combined,
    Condition,
    FieldIs,
    FieldOperator,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
    certain_part,
    is_timed,
    reads_vault,
)
from engine.sequence.delay import Delay
from engine.sequence.field_values import FieldValue, value_of
from engine.sequence.model import Plan, Segment
from engine.sequence.windows import Window
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.agenda_key import BroadcastKey, encode, letter_ref, list_key
from engine.subscriber.inactivity import heard_at
from engine.subscriber.person import ANY_PRODUCT, NOBODY, Known, Person
from engine.subscriber.touched_segments import TouchedSegments

Truth = bool | None
FOREVER = 2**62


@dataclass(slots=True)
class _Question:
    """What is asked of whom and when; `changes_at` is the least so far of one condition. Facts
    after `upto` do not count; `left_out` says that there were some. `ends` is when what a line
    asks about leaves its window, by the line's number.
    """

    person: Person
    known: Known | None
    zone: str
    at: int
    upto: int
    ends: dict[int, int]
    changes_at: int = FOREVER
    left_out: bool = False


Answer = Callable[[_Question], Truth]


def not_(truth: Truth) -> Truth:
    return None if truth is None else not truth


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A text for comparison: without accents, in one case, blanks made one."""
    letters = (c for c in normalize("NFKD", text.casefold()) if not combining(c))
    return " ".join("".join(letters).split())


class SegmentConditions:
    """The segments of a plan, ready to be asked about. Parents and dynamic segments are put where
    they are named, so that each condition stands for itself.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dynamic: Mapping[str, Condition] = {
            segment.id: self.resolved(InSegment(segment.id))
            for segment in plan.segments.values()
            if not segment.static
        }
        self.personal = frozenset(
            name for name, condition in self.dynamic.items() if reads_vault(condition)
        )
        self.broadcasts_reading_vault = frozenset(
            broadcast.id
            for broadcast in plan.broadcasts.values()
            if not self.personal.isdisjoint(broadcast.segments)
        )
        self.claims_reading_vault = frozenset(self._claims_reading_vault())
        """The matters (encoded AgendaKeys, of every occurrence) whose letters can only be decided
        on with what the vault knows.
        """
        self._answers: dict[Condition, Answer] = {}
        self._of_segments: dict[str, Answer] = {}
        self._windows = 0
        self._touched = TouchedSegments(
            self.dynamic,
            self.lists_of_group,
            self.questions,
            always=[
                name
                for name, condition in self.dynamic.items()
                if self.truth_of(condition, NOBODY, None, 0)[0] is not False
            ],
        )

    def resolved(self, condition: Condition) -> Condition:
        """The condition with every dynamic segment in it written out. Raises KeyError for a segment
        that is not in the plan, RecursionError for one that contains itself: `check` refuses both.
        """
        match condition:
            case InSegment(name):
                segment = self.plan.segments[name]
                return condition if segment.static else self.resolved(segment.condition)
            case Combined(every, some, none):
                return _flat(
                    [*map(self.resolved, every)],
                    [*map(self.resolved, some)],
                    [*map(self.resolved, none)],
                )
            case _:
                return condition

    def holds(
        self, segment: str, person: Person, known: Known | None, at: int
    ) -> tuple[Truth, int]:
        """As `truth_of`, of a dynamic segment of the plan."""
        return self.truth_of(self.dynamic[segment], person, known, at)

    def is_in(self, segment: str, person: Person, known: Known | None, at: int) -> Truth:
        """Whether they are in a segment, static or not; false for one that is not published."""
        if segment not in self.plan.segments:
            return False
        zone = zone_of(person, self.plan)
        return self._answer_of(segment)(_Question(person, known, zone, at, FOREVER, {}))

    def was_and_is_in(self, segment: str, person: Person, known: Known | None, at: int) -> Truth:
        """Whether they were in it at an instant (ms) by the facts up to then, and are still so by
        all facts since.
        """
        if segment not in self.plan.segments:
            return False
        zone, answer = zone_of(person, self.plan), self._answer_of(segment)
        question = _Question(person, known, zone, at, at, {})
        truth = answer(question)
        if truth is False or not question.left_out:
            return truth
        since = answer(_Question(person, known, zone, at, FOREVER, {}))
        return False if since is False else None if None in (truth, since) else True

    def _claims_reading_vault(self) -> Iterable[str]:
        for name in self.broadcasts_reading_vault:
            yield encode(BroadcastKey(name))
        for listed in self.plan.lists.values():
            if any({letter.only, letter.unless} & self.personal for letter in listed.letters):
                yield list_key(listed.id)

    def truth_of(
        self,
        condition: Condition,
        person: Person,
        known: Known | None,
        at: int,
        upto: int = FOREVER,
    ) -> tuple[Truth, int]:
        """Whether a resolved condition holds at an instant, and when time alone may make it hold,
        or hold no more (ms, 0: never). Facts after `upto` are left out, as far as a person's state
        still tells.
        """
        question = _Question(person, known, zone_of(person, self.plan), at, upto, {})
        truth = self._outermost(condition)(question)
        return truth, 0 if question.changes_at == FOREVER else question.changes_at

    def segments_of(self, person: Person, known: Known | None, at: int) -> list[Segment]:
        """The segments of the plan that somebody is in at an instant."""
        return [
            segment
            for segment in self.plan.segments.values()
            if self.truth_of(self.resolved(InSegment(segment.id)), person, known, at)[0]
        ]

    def truths_of(
        self, segments: Iterable[str], person: Person, known: Known | None, at: int
    ) -> Iterator[tuple[str, Truth, int]]:
        """As `truth_of`, of several dynamic segments: what their lines ask is looked up once."""
        question = _Question(person, known, zone_of(person, self.plan), at, FOREVER, {})
        for name in segments:
            question.changes_at = FOREVER
            truth = self._answer_of(name)(question)
            yield name, truth, 0 if question.changes_at == FOREVER else question.changes_at

    def touched_by(
        self, events: Sequence[e.PersonEvent], person: Person = NOBODY
    ) -> Collection[str]:
        """The dynamic segments whose answer these facts may have changed, which `person` has."""
        return self._touched.by(events, person) if self.dynamic else ()

    def lists_of_group(self, group: str) -> frozenset[int]:
        return frozenset(listed.id for listed in self.plan.lists.values() if listed.group == group)

    def questions(self, letter: LetterRef) -> frozenset[str]:
        """The letter and its reminders, by their names in events: who answers a reminder answers
        the question.
        """
        if letter.broadcast:
            broadcast = self.plan.broadcasts.get(letter.broadcast)
            reminder = broadcast.reminder if broadcast is not None else None
            ids = {letter.letter} | ({reminder.id} if reminder is not None else set())
            return frozenset(letter_ref(encode(BroadcastKey(letter.broadcast)), i) for i in ids)
        listed = self.plan.lists.get(letter.list)
        ids = {letter.letter}
        for other in listed.letters if listed is not None else ():
            if other.reminds in ids:
                ids.add(other.id)
        return frozenset(letter_ref(list_key(letter.list), i) for i in ids)

    def value_holds(self, line: FieldIs | SourceIs, kept: str) -> Truth:
        """What a line about a value comes to for the value as the vault keeps it, "" for none."""
        if isinstance(line, SourceIs):
            return kept in line.values if kept else True if line.or_unknown else None
        field = self.plan.fields.get(line.field)
        value = value_of(field, kept) if field is not None else None
        if not line.values:
            return (value is None) is (line.operator == "is")
        if field is None or value is None:
            return True if line.or_unknown else None
        wanted = [w for text in line.values if (w := value_of(field, text)) is not None]
        fits = any(_compares(line.operator, value, other) for other in wanted)
        return not fits if line.operator == "is not" else fits

    def _answer_of(self, segment: str) -> Answer:
        answer = self._of_segments.get(segment)
        if answer is None:
            is_static = self.plan.segments[segment].static
            condition = InSegment(segment) if is_static else self.dynamic[segment]
            answer = self._of_segments[segment] = self._outermost(condition)
        return answer

    def _outermost(self, condition: Condition) -> Answer:
        """Where what has to hold in any case does not, or is not known, time alone helps nobody."""
        answer, certain = self._answer(condition), certain_part(condition)
        if certain == Combined():
            return answer
        holds_certainly = self._answer(certain)

        def outermost(question: _Question) -> Truth:
            truth = answer(question)
            if question.changes_at != FOREVER and not holds_certainly(question):
                question.changes_at = FOREVER
            return truth

        return outermost

    def _answer(self, condition: Condition) -> Answer:
        answer = self._answers.get(condition)
        if answer is None:
            answer = self._answers[condition] = self._made(condition)
        return answer

    def _made(self, condition: Condition) -> Answer:
        match condition:
            case Combined():
                return self._combined(condition)
            case On(number):
                return _on(frozenset({number}))
            case InGroup(group):
                return _on(self.lists_of_group(group))
            case InSegment(name):
                return lambda q: _one(q, q.person.segments.get(name)) is not None
            case Joined(number, within):
                return self._since(lambda q: _one(q, q.person.joined_at.get(number)), within)
            case Answered():
                return self._since(self._answered(condition), condition.within)
            case Received(within, times, purpose):
                return self._since(_latest_received(purpose, times), within)
            case Ordered(product, times, within):
                return self._since(_latest_ordered(product or ANY_PRODUCT, times), within)
            case Silent(during):
                acted = self._since(lambda q: _one(q, heard_at(q.person) or None), during)
                return lambda q: not acted(q)
            case FieldIs():
                name, holds = condition.field, self._holding(condition)
                return lambda q: None if q.known is None else holds(q.known.fields.get(name, ""))
            case SourceIs():
                held = self._holding(condition)
                return lambda q: held(q.known.source or q.known.form) if q.known else None
            case Measured():
                return lambda q: None
            case _:
                assert_never(condition)

    def _holding(self, line: FieldIs | SourceIs) -> Callable[[str], Truth]:
        return lru_cache(maxsize=1024)(lambda kept: self.value_holds(line, kept))

    def _combined(self, condition: Combined) -> Answer:
        parts = [(is_timed(part), self._answer(part)) for part in condition.all]
        if condition.any:
            some = [(is_timed(part), self._answer(part)) for part in condition.any]
            parts.append((any(timed for timed, _ in some), _junction(some, decisive=True)))
        parts += [(is_timed(part), _negated(self._answer(part))) for part in condition.none]
        return _junction(parts, decisive=False)

    def _since(self, instant: Callable[[_Question], int | None], within: Delay | None) -> Answer:
        if within is None:
            return lambda question: instant(question) is not None
        window = Window(within)
        self._windows += 1
        number = self._windows

        def answer(question: _Question) -> Truth:
            ends = question.ends.get(number)
            if ends is None:
                since = instant(question)
                ends = 0 if since is None else window.leaves(since, question.zone, question.at)
                question.ends[number] = ends
            if ends <= question.at:
                return False
            if ends < question.changes_at:
                question.changes_at = ends
            return True

        return answer

    def _answered(self, line: Answered) -> Callable[[_Question], int | None]:
        asked = self.questions(line.letter) if line.letter is not None else None
        label, times = plain(line.label), line.times

        def latest(question: _Question) -> int | None:
            answers = question.person.answers
            if not answers or (asked is not None and asked.isdisjoint(answers)):
                return None
            instants = [
                given.at
                for name, some in answers.items()
                if asked is None or name in asked
                for given in some
                if not label or plain(given.label) == label
            ]
            if instants and max(instants) > question.upto:
                question.left_out = True
                instants = [instant for instant in instants if instant <= question.upto]
            if len(instants) < times:
                return None
            return max(instants) if times == 1 else sorted(instants)[-times]

        return latest


_MADE: list[SegmentConditions] = []
PLANS_KEPT = 4


def conditions_of(plan: Plan) -> SegmentConditions:
    """The conditions of a plan, made once for the latest plans: most decisions are about one."""
    for made in _MADE:
        if made.plan is plan:
            return made
    made = SegmentConditions(plan)
    _MADE.insert(0, made)
    del _MADE[PLANS_KEPT:]
    return made


def _flat(
    every: Sequence[Condition], some: Sequence[Condition], none: Sequence[Condition]
) -> Combined:
    """The same with what has to hold in any case side by side, whatever it stood inside of."""
    wanted: list[Condition] = []
    refused = [*none]
    for part in (*every, *some) if len(some) == 1 else every:
        if isinstance(part, Combined):
            wanted += part.all
            wanted += [Combined(any=part.any)] if part.any else []
            refused += part.none
        else:
            wanted.append(part)
    return Combined(tuple(wanted), tuple(some) if len(some) > 1 else (), tuple(refused))


def _junction(parts: Sequence[tuple[bool, Answer]], *, decisive: bool) -> Answer:
    """One part that is `decisive` makes the whole so (true: any of them, false: all). Where time
    cannot change that part, the others are not asked: time alone changes nothing. Else all are that
    time can change, for when it does is wanted.
    """
    timeless = [answer for timed, answer in parts if not timed]
    timely = [answer for timed, answer in parts if timed]

    def answer(question: _Question) -> Truth:
        unknown = decided = False
        for part in timeless:
            truth = part(question)
            if truth is decisive:
                return decisive
            unknown = unknown or truth is None
        for part in timely:
            truth = part(question)
            decided = decided or truth is decisive
            unknown = unknown or truth is None
        return decisive if decided else None if unknown else not decisive

    return answer


def _negated(answer: Answer) -> Answer:
    return lambda question: not_(answer(question))


def _on(lists: frozenset[int]) -> Answer:
    def answer(question: _Question) -> Truth:
        memberships, is_on = question.person.memberships, False
        for number in lists:
            if number in memberships:
                if memberships[number].joined_at <= question.upto:
                    is_on = True
                else:
                    question.left_out = True
        return is_on

    return answer


def _one(question: _Question, instant: int | None) -> int | None:
    if instant is not None and instant > question.upto:
        question.left_out = True
        return None
    return instant


def _nth(question: _Question, instants: tuple[int, ...], times: int) -> int | None:
    """The latest but so many, of those that count."""
    if instants and instants[-1] > question.upto:
        question.left_out = True
        instants = tuple(instant for instant in instants if instant <= question.upto)
    return instants[-times] if len(instants) >= times else None


def _latest_received(purpose: str, times: int) -> Callable[[_Question], int | None]:
    def latest(question: _Question) -> int | None:
        received = question.person.received
        if purpose:
            return _nth(question, received.get(purpose, ()), times)
        if len(received) == 1:
            return _nth(question, next(iter(received.values())), times)
        every = tuple(sorted(instant for some in received.values() for instant in some))
        return _nth(question, every, times)

    return latest


def _latest_ordered(product: str, times: int) -> Callable[[_Question], int | None]:
    return lambda question: _nth(question, question.person.ordered.get(product, ()), times)


def _compares(operator: FieldOperator, value: FieldValue, wanted: FieldValue) -> bool:
    """Whether two values of one field compare so; "is not" is the negation of "is"."""
    match operator:
        case "is" | "is not":
            return _equal(value, wanted)
        case "starts with":
            return (
                isinstance(value, str)
                and isinstance(wanted, str)
                and plain(value).startswith(plain(wanted))
            )
        case "over" | "under":
            if not (isinstance(value, Decimal) and isinstance(wanted, Decimal)):
                return False
            return value > wanted if operator == "over" else value < wanted
        case "before" | "after":
            if not (isinstance(value, date) and isinstance(wanted, date)):
                return False
            return value < wanted if operator == "before" else value > wanted
        case _:
            assert_never(operator)


def _equal(value: FieldValue, wanted: FieldValue) -> bool:
    if isinstance(value, tuple) and isinstance(wanted, tuple):
        return set(wanted) <= set(value)
    if isinstance(value, str) and isinstance(wanted, str):
        return plain(value) == plain(wanted)
    return value == wanted
