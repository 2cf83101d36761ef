"""What a simulated reader lives through, as values: each fact that was decided, at its moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.sequence.model import Plan
from engine.subscriber import events as e
from engine.subscriber.outcome import Refused
from engine.subscriber.person import Person


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is in milliseconds since 1970. `kind` says what happened:

    "joins" (list), "letter" and "broadcast" (letter, from list), "withheld" (letter, why),
    "answers" (label, to letter), "moves" and "copies" (list to target), "agrees" (why: the
    purpose), "passes" (an ending: list to target), "leaves" (list, why), "refused" (refused).
    The last one is "rests" (nothing will come any more; why), "goes on" (the horizon was reached)
    or "too long" (moments without end).
    """

    at: int
    kind: str
    list: int = 0
    letter: str = ""
    target: int = 0
    label: str = ""
    why: str = ""
    reminder: bool = False
    refused: Refused | None = None


def moments_of(event: e.PersonEvent, person: Person, plan: Plan) -> Iterator[Moment]:
    """What a reader would tell of a fact; `person` is as they were before it."""
    match event:
        case e.ListJoined(at, number):
            yield Moment(at, "joins", number)
        case e.ListMoved():
            yield Moment(event.at, "moves", event.source, target=event.target)
        case e.ListCopied():
            yield Moment(event.at, "copies", event.source, target=event.target)
        case e.ListTransferred():
            yield Moment(event.at, "passes", event.source, target=event.target)
        case e.ListLeft(at, number, _, why):
            yield Moment(at, "leaves", number, why=why)
        case e.ConsentGiven(at, purpose):
            yield Moment(at, "agrees", why=purpose)
        case e.LetterSent(at, message):
            flight = person.in_flight[message]
            kind = "broadcast" if flight.kind == "broadcast" else "letter"
            yield Moment(
                at,
                kind,
                flight.list,
                flight.letter,
                reminder=_reminds(plan, flight.list, flight.letter),
            )
        case e.LetterWithheld():
            yield Moment(event.at, "withheld", event.list, event.letter, why=event.why)
        case _:
            return


def _reminds(plan: Plan, number: int, name: str) -> bool:
    listed = plan.lists.get(number)
    letter = listed.letter(name) if listed is not None else None
    reminders = {each.reminder.id for each in plan.broadcasts.values() if each.reminder is not None}
    return bool(letter.reminds) if letter is not None else name in reminders
