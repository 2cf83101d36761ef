"""What the lines of a condition ask of a person, as functions of a question: whether something
holds, or when it last happened. Pure; `engine.subscriber.truth` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import assert_never
from unicodedata import combining, normalize

from engine.sequence.condition import FieldOperator
from engine.sequence.field_values import FieldValue
from engine.subscriber.person import Known, Person

Truth = bool | None
FOREVER = 2**62


@dataclass(slots=True)
class Question:
    """What is asked of whom and when; `changes_at` is the least so far of one condition. Facts
    after `upto` do not count; `left_out` says that there were some. `looked_up`: what several lines
    ask alike, by number: an instant, or when it leaves its window.
    """

    person: Person
    known: Known | None
    zone: str
    at: int
    upto: int = FOREVER
    looked_up: dict[int, int] = field(default_factory=dict)
    changes_at: int = FOREVER
    left_out: bool = False


Answer = Callable[[Question], Truth]
Instant = Callable[[Question], int | None]


def not_(truth: Truth) -> Truth:
    return None if truth is None else not truth


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A text for comparison: without accents, in one case, blanks made one."""
    folded = text.casefold()
    if not folded.isascii():
        folded = "".join([c for c in normalize("NFKD", folded) if not combining(c)])
    return " ".join(folded.split())


def split(parts: Sequence[tuple[bool, Answer]]) -> tuple[list[Answer], list[Answer]]:
    """Those that are not marked, and those that are."""
    return [part for marked, part in parts if not marked], [
        part for marked, part in parts if marked
    ]


def junction(final: Sequence[Answer], passing: Sequence[Answer], *, decisive: bool) -> Answer:
    """One part that is `decisive` makes the whole so (true: any of them, false: all). Where time
    alone cannot change that of a `final` part, the others are not asked: time changes nothing. Else
    all are, for when time changes something is wanted.
    """

    def answer(question: Question) -> Truth:
        unknown, decided, least = False, False, question.changes_at
        for part in final:
            truth = part(question)
            if truth is decisive:
                question.changes_at = least
                return decisive
            unknown = unknown or truth is None
        for part in passing:
            truth = part(question)
            decided = decided or truth is decisive
            unknown = unknown or truth is None
        return decisive if decided else None if unknown else not decisive

    return answer if final or len(passing) != 1 else passing[0]


def negated(answer: Answer) -> Answer:
    return lambda question: not_(answer(question))


def on(lists: frozenset[int]) -> Answer:
    def answer(question: Question) -> Truth:
        memberships, is_on = question.person.memberships, False
        for number in lists:
            if number in memberships:
                if memberships[number].joined_at <= question.upto:
                    is_on = True
                else:
                    question.left_out = True
        return is_on

    return answer


def one(question: Question, instant: int | None) -> int | None:
    if instant is not None and instant > question.upto:
        question.left_out = True
        return None
    return instant


def nth(question: Question, instants: tuple[int, ...], times: int) -> int | None:
    """The latest but so many, of those that count."""
    if instants and instants[-1] > question.upto:
        question.left_out = True
        instants = tuple(instant for instant in instants if instant <= question.upto)
    return instants[-times] if len(instants) >= times else None


def latest_received(purpose: str, times: int) -> Instant:
    def latest(question: Question) -> int | None:
        received = question.person.received
        if purpose:
            return nth(question, received.get(purpose, ()), times)
        if len(received) == 1:
            return nth(question, next(iter(received.values())), times)
        every = tuple(sorted(instant for some in received.values() for instant in some))
        return nth(question, every, times)

    return latest


def latest_ordered(product: str, times: int) -> Instant:
    return lambda question: nth(question, question.person.ordered.get(product, ()), times)


def latest_answer(asked: Collection[str] | None, label: str, times: int) -> Instant:
    """To one of these questions (None is any), by a link whose `label` is plain ("" is any)."""

    def latest(question: Question) -> int | None:
        answers = question.person.answers
        if not answers or (asked is not None and answers.keys().isdisjoint(asked)):
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


def latest_measured(act: str, letters: Collection[str] | None) -> Instant:
    """In one of these letters (None is any), since the person agreed to it."""

    def latest(question: Question) -> int | None:
        known, since = question.known, question.person.measured_since
        acts = (known.measured if known is not None else None) or ()
        instants = [
            at
            for what, letter, at in acts
            if what == act and at >= since and (letters is None or letter in letters)
        ]
        if instants and max(instants) > question.upto:
            question.left_out = True
            instants = [at for at in instants if at <= question.upto]
        return max(instants, default=None)

    return latest


def agreed_to_be_measured(question: Question) -> int | None:
    return one(question, question.person.measured_since or None)


def measured(acted: Answer, agreed_lately: Answer, relayed: Instant | None = None) -> Answer:
    """Not known of who has not agreed; and, of who has done nothing of it, while they have agreed
    for a shorter time than is asked about, or where a `relayed` load may stand for theirs.
    """

    def answer(question: Question) -> Truth:
        known = question.known
        if known is None or known.measured is None or agreed_to_be_measured(question) is None:
            return None
        if acted(question):
            return True
        is_open = agreed_lately(question)
        return None if is_open or (relayed and relayed(question) is not None) else False

    return answer


def compares(operator: FieldOperator, value: FieldValue, wanted: FieldValue) -> bool:
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
