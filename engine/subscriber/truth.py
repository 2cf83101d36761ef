"""Whether a condition holds for a person: true, false, or unknown, where something it asks about is
not known (Kleene). Pure; instants are milliseconds since 1970, durations calendar days of the
person's zone.

An act at t is within a time while now is before `later(t, …)`. What time alone may change next is
the least instant at which the answer of a line changes, of those that nothing but time can
decide: asking again there is never too late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import assert_never

from engine.frozen import dataclass
from engine.sequence.condition import (
    Answered,
    Combined,
    Condition,
    FieldIs,
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
    asks_what_was_measured,
    can_fall,
    can_rise,
    necessary_lines,
    reads_vault,
)
from engine.sequence.delay import NONE, Delay
from engine.sequence.field_values import value_of
from engine.sequence.model import Plan, Segment
from engine.sequence.windows import Window
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.agenda_key import BroadcastKey, encode, letter_ref, list_key
from engine.subscriber.condition_answers import (
    FOREVER,
    Answer,
    Instant,
    Question,
    Truth,
    agreed_to_be_measured,
    compares,
    junction,
    latest_answer,
    latest_measured,
    latest_ordered,
    latest_received,
    measured,
    negated,
    on,
    one,
    plain,
    split,
)
from engine.subscriber.inactivity import heard_at
from engine.subscriber.person import ANY_PRODUCT, NOBODY, Known, Person
from engine.subscriber.touched_segments import TouchedSegments

SETS_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Group:
    """Segments to be asked about together: some one by one, others only where what all of them need
    holds. Of most people most segments are so asked nothing.
    """

    alone: Sequence[tuple[str, Answer]]
    inner: Sequence[tuple[Answer, Group]]

    def collect(self, question: Question, holding: set[str]) -> None:
        """Add those that hold to `holding`."""
        for name, answer in self.alone:
            if answer(question):
                holding.add(name)
        for needed, group in self.inner:
            if needed(question):
                group.collect(question, holding)


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
        self.measuring = any(map(asks_what_was_measured, self.dynamic.values()))
        """Whether one of them asks what people who agreed to be measured did."""
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
        self._of_values: dict[FieldIs | SourceIs, Callable[[str], Truth]] = {}
        self._of_sets: dict[frozenset[str], Group] = {}
        self._shared: dict[Condition, Instant] = {}
        self._numbers = count()
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
        return self._answer_of(segment)(self._question(person, known, at))

    def was_and_is_in(self, segment: str, person: Person, known: Known | None, at: int) -> Truth:
        """Whether they were in it at an instant (ms) by the facts up to then, and are still so by
        all facts since.
        """
        if segment not in self.plan.segments:
            return False
        answer, question = self._answer_of(segment), self._question(person, known, at, at)
        truth = answer(question)
        if truth is False or not question.left_out:
            return truth
        since = answer(self._question(person, known, at))
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
        question = self._question(person, known, at, upto)
        truth = self._outermost(condition)(question)
        return truth, 0 if question.changes_at == FOREVER else question.changes_at

    def segments_of(self, person: Person, known: Known | None, at: int) -> list[Segment]:
        """The segments of the plan that somebody is in at an instant."""
        return [
            segment
            for segment in self.plan.segments.values()
            if self.truth_of(self.resolved(InSegment(segment.id)), person, known, at)[0]
        ]

    def memberships(
        self, segments: frozenset[str], person: Person, known: Known | None, at: int
    ) -> tuple[set[str], int]:
        """Those of some dynamic segments that hold for a person at an instant, and when time alone
        may change one of the answers (ms, 0: never): what their lines ask is looked up once.
        """
        group = self._of_sets.get(segments)
        if group is None:
            if len(self._of_sets) >= SETS_KEPT:
                self._of_sets.clear()
            lines = {name: necessary_lines(self.dynamic[name]) for name in segments}
            group = self._of_sets[segments] = self._grouped(lines)
        question, holding = self._question(person, known, at), set[str]()
        group.collect(question, holding)
        return holding, 0 if question.changes_at == FOREVER else question.changes_at

    def _grouped(self, segments: Mapping[str, Sequence[Condition]]) -> Group:
        """Segments, each with lines that have to hold in it, by the line that most of them have."""
        alone, inner = list[tuple[str, Answer]](), dict[Condition, dict[str, list[Condition]]]()
        uses = Counter(line for lines in segments.values() for line in lines)
        for name, lines in segments.items():
            line = max(lines, key=lambda line: (uses[line], str(line)), default=None)
            if line is None or uses[line] == 1:
                alone.append((name, self._answer_of(name)))
            else:
                rest = [other for other in lines if other != line]
                inner.setdefault(line, {})[name] = rest
        return Group(
            alone, [(self._answer(line), self._grouped(some)) for line, some in inner.items()]
        )

    def touched_by(
        self, events: Sequence[e.PersonEvent], person: Person = NOBODY
    ) -> frozenset[str]:
        """The dynamic segments whose answer these facts may have changed, which `person` has."""
        return self._touched.by(events, person) if self.dynamic else frozenset()

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
        return self._value_answer(line)(kept)

    def _value_answer(self, line: FieldIs | SourceIs) -> Callable[[str], Truth]:
        answer = self._of_values.get(line)
        if answer is None:
            made = self._source_answer(line) if isinstance(line, SourceIs) else self._field(line)
            answer = self._of_values[line] = lru_cache(maxsize=1024)(made)
        return answer

    def _source_answer(self, line: SourceIs) -> Callable[[str], Truth]:
        return lambda kept: kept in line.values if kept else True if line.or_unknown else None

    def _field(self, line: FieldIs) -> Callable[[str], Truth]:
        field, missing = self.plan.fields.get(line.field), True if line.or_unknown else None
        wanted = [value_of(field, text) for text in line.values] if field is not None else []
        values = [value for value in wanted if value is not None]

        def holds(kept: str) -> Truth:
            value = value_of(field, kept) if field is not None else None
            if not line.values:
                return (value is None) is (line.operator == "is")
            if value is None:
                return missing
            fits = any(compares(line.operator, value, other) for other in values)
            return not fits if line.operator == "is not" else fits

        return holds

    def _question(
        self, person: Person, known: Known | None, at: int, upto: int = FOREVER
    ) -> Question:
        return Question(
            person=person, known=known, zone=zone_of(person, self.plan), at=at, upto=upto
        )

    def _answer_of(self, segment: str) -> Answer:
        answer = self._of_segments.get(segment)
        if answer is None:
            is_static = self.plan.segments[segment].static
            condition = InSegment(segment) if is_static else self.dynamic[segment]
            answer = self._of_segments[segment] = self._outermost(condition)
        return answer

    def _outermost(self, condition: Condition) -> Answer:
        """Where what has to hold in any case does not, or is not known, time alone helps nobody."""
        if not isinstance(condition, Combined):
            return self._answer(condition)
        certain, uncertain = self._parts(condition)
        rest = junction((), uncertain, decisive=False)

        def outermost(question: Question) -> Truth:
            is_known, least = True, question.changes_at
            for part in certain:
                truth = part(question)
                if truth is False:
                    question.changes_at = least
                    return False
                is_known = is_known and truth is not None
            truth = rest(question) if uncertain else True
            if is_known:
                return truth
            question.changes_at = least
            return False if truth is False else None

        return outermost

    def _answer(self, condition: Condition) -> Answer:
        answer = self._answers.get(condition)
        if answer is None:
            answer = self._answers[condition] = self._made(condition)
        return answer

    def _made(self, condition: Condition) -> Answer:
        match condition:
            case Combined():
                return junction(*self._parts(condition), decisive=False)
            case On(number):
                return on(frozenset({number}))
            case InGroup(group):
                return on(self.lists_of_group(group))
            case InSegment(name):
                return lambda q: one(q, q.person.segments.get(name)) is not None
            case Joined(number, within):
                return self._since(lambda q: one(q, q.person.joined_at.get(number)), within)
            case Answered():
                letter, line = condition.letter, replace(condition, within=None)
                asked = self.questions(letter) if letter is not None else None
                latest = latest_answer(asked, plain(line.label), line.times)
                return self._since(self._once(line, latest), condition.within)
            case Received(within, times, purpose):
                return self._since(latest_received(purpose, times), within)
            case Ordered(product, times, within):
                return self._since(latest_ordered(product or ANY_PRODUCT, times), within)
            case Silent(during):
                heard = self._once(Silent(NONE), lambda q: one(q, heard_at(q.person) or None))
                acted = self._since(heard, during)
                return lambda q: not acted(q)
            case FieldIs():
                name, holds = condition.field, self._value_answer(condition)
                return lambda q: None if q.known is None else holds(q.known.fields.get(name, ""))
            case SourceIs():
                held = self._value_answer(condition)
                return lambda q: held(q.known.source or q.known.form) if q.known else None
            case Measured(act, within):
                letters = self.questions(condition.letter) if condition.letter is not None else None
                acted = self._since(latest_measured(act, letters), within)
                relayed = latest_measured("relayed", letters) if act == "opened" else None
                return measured(acted, self._since(agreed_to_be_measured, within), relayed)
            case _:
                assert_never(condition)

    def _parts(self, condition: Combined) -> tuple[list[Answer], list[Answer]]:
        """What has to hold: the parts that time alone cannot bring about, and those that it can."""
        parts = [(can_rise(part), self._answer(part)) for part in condition.all]
        if condition.any:
            parts.append((can_rise(Combined(any=condition.any)), self._any(condition.any)))
        parts += [(can_fall(part), negated(self._answer(part))) for part in condition.none]
        return split(parts)

    def _any(self, conditions: Sequence[Condition]) -> Answer:
        final, passing = split([(can_fall(part), self._answer(part)) for part in conditions])
        return junction(final, passing, decisive=True)

    def _since(self, instant: Instant, within: Delay | None) -> Answer:
        if within is None:
            return lambda question: instant(question) is not None
        window, number = Window(within), next(self._numbers)

        def answer(question: Question) -> Truth:
            ends = question.looked_up.get(number)
            if ends is None:
                since = instant(question)
                ends = 0 if since is None else window.leaves(since, question.zone, question.at)
                question.looked_up[number] = ends
            if ends <= question.at:
                return False
            if ends < question.changes_at:
                question.changes_at = ends
            return True

        return answer

    def _once(self, line: Condition, instant: Instant) -> Instant:
        """The instant that a line without its duration asks about, looked up once for all of
        them.
        """
        shared = self._shared.get(line)
        if shared is None:
            number = next(self._numbers)

            def shared(question: Question) -> int | None:
                at = question.looked_up.get(number)
                if at is None:
                    at = question.looked_up[number] = instant(question) or 0
                return at or None

            self._shared[line] = shared
        return shared


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
