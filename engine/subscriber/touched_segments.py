"""Which segments facts touch, by the kinds of facts that their lines ask about: nobody else need be
looked at when something happens. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from engine.sequence.condition import (
    Answered,
    Condition,
    FieldIs,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Line,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
    lines_of,
)
from engine.sequence.model import MEASURE
from engine.subscriber import events as e
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.inactivity import heard_in
from engine.subscriber.person import PRODUCTS_KEPT, Person

ZONE, HEARD, SOURCE, RECEIVED = "zone", "heard", "source", "received"
ANSWERED, ANY_ANSWER = "answered", "any answer"
"""Something was answered; and an answer, to whatever question, may stand no more."""
MEASURED = "measured"
ORDERED, ANY_ORDER = "ordered", "any order"
KEPT = 1024


class TouchedSegments:
    """Of the `dynamic` segments, as resolved. `always`: those that may hold for somebody of whom
    nothing but their registration is known.
    """

    def __init__(
        self,
        dynamic: Mapping[str, Condition],
        lists_of_group: Callable[[str], Collection[int]],
        questions: Callable[[LetterRef], Collection[str]],
        always: Collection[str],
    ) -> None:
        self.lists_of_group, self.questions = lists_of_group, questions
        self.every, self.always = frozenset(dynamic), frozenset(always)
        touched: dict[str, set[str]] = {}
        for name, condition in dynamic.items():
            for line in lines_of(condition):
                for key in self._keys(line):
                    touched.setdefault(key, set()).add(name)
        self._by_key = {key: frozenset(names) for key, names in touched.items()}
        self._by_keys: dict[tuple[str, ...], frozenset[str]] = {}

    def by(self, events: Sequence[e.PersonEvent], person: Person) -> frozenset[str]:
        """`person` is after these facts."""
        keys = tuple(key for event in events for key in _keys_of(event, person))
        touched = self._by_keys.get(keys)
        if touched is None:
            if len(self._by_keys) >= KEPT:
                self._by_keys.clear()
            touched = frozenset().union(*(self._by_key.get(key, ()) for key in keys))
            self._by_keys[keys] = touched
        if any(isinstance(event, e.SubscriberRegistered) for event in events):
            return touched | self.always if person.version <= len(events) else self.every
        return touched

    def _keys(self, line: Line) -> Iterable[str]:
        """The kinds of facts that may change what a line comes to."""
        match line:
            case On(number):
                return (f"on {number}",)
            case InGroup(group):
                return [f"on {number}" for number in self.lists_of_group(group)]
            case InSegment(name):
                return (f"segment {name}",)
            case Joined(number):
                return (f"on {number}", ZONE)
            case Answered(letter):
                names = self.questions(letter) if letter is not None else None
                asked = [f"answered {name}" for name in names] if names is not None else [ANSWERED]
                return (*asked, ANY_ANSWER, ZONE)
            case Received():
                return (RECEIVED, ZONE)
            case Ordered(product):
                return (f"ordered {product}" if product else ORDERED, ANY_ORDER, ZONE)
            case Silent():
                return (HEARD, ZONE)
            case FieldIs(name):
                return (f"field {name}",)
            case SourceIs():
                return (SOURCE,)
            case Measured():
                return (MEASURED, ZONE)
            case _:
                assert_never(line)


def _keys_of(event: e.PersonEvent, person: Person) -> Iterator[str]:
    """The kinds of facts, as lines of conditions name them, that an event is."""
    if heard_in(event):
        yield HEARD
    match event:
        case e.LetterSent() | e.LetterInDoubt() | e.MailBounced():
            yield RECEIVED
        case e.ProfileChanged(_, fields, timezone, _):
            yield SOURCE
            if timezone:
                yield ZONE
            for name in fields:
                yield f"field {name}"
        case e.ListJoined(_, number) | e.ListLeft(_, number):
            yield f"on {number}"
        case e.ListMoved(_, source, _, target) | e.ListCopied(_, source, _, target):
            yield from (f"on {source}", f"on {target}", *_answered(event.question))
        case e.ListTransferred(_, source, _, target):
            yield from (f"on {source}", f"on {target}")
        case e.MoveUndone():
            yield from (f"on {event.left}", ANY_ANSWER)
            for number, _ in event.reopened:
                yield f"on {number}"
        case e.LetterAnswered():
            yield from _answered(event.question)
        case e.OrderRecorded():
            yield ORDERED
            for product in event.products:
                yield f"ordered {product}"
            if len(person.ordered) > PRODUCTS_KEPT:
                yield ANY_ORDER
        case e.OrderRefunded():
            yield ANY_ORDER
        case e.ConsentGiven(_, purpose) | e.ConsentWithdrawn(_, purpose):
            if purpose in (MEASURE, EVERYTHING):
                yield MEASURED
        case e.SegmentEntered(_, segment) | e.SegmentLeft(_, segment):
            yield f"segment {segment}"
        case _:
            pass


def _answered(question: str) -> tuple[str, ...]:
    """An answer of before questions had names is kept of nobody."""
    return (ANSWERED, f"answered {question}") if question else ()
