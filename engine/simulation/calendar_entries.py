"""What the calendar of a simulated reader tells, entry by entry, and which facts are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.sequence.model import Plan
from engine.subscriber import events as e
from engine.subscriber.outcome import Refused
from engine.subscriber.person import Person


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """`at` is in milliseconds since 1970. `kind` says what happened:

    "joins" (list), "letter" and "broadcast" (letter, from list), "withheld" (letter, why; of
    pressure, the `cap`, the letter it is in favour of, and `until` when a letter waits: 0 for not),
    "answers" (label, to letter), "orders" (label: the product), "moves" and "copies" (list to
    target), "agrees" and "stops" (why: the purpose), "passes" (an ending: list to target), "leaves"
    (list, why), "enters" and "is out" (label: a segment with rules), "measured" (label: the act, in
    letter), "refused" (refused).
    The last one is "rests" (nothing will come any more; why), "goes on" (the horizon was reached)
    "too long" (a calendar without end), or "circles" (an answer leads back to a list time and
    again).
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
    until: int = 0
    favoured: str = ""
    cap: str = ""


def calendar_entries(event: e.PersonEvent, person: Person, plan: Plan) -> Iterator[CalendarEntry]:
    """What an event means to a reader; `person` is their state before it."""
    match event:
        case e.ListJoined(at, number):
            yield CalendarEntry(at, "joins", number)
        case e.ListMoved():
            yield CalendarEntry(event.at, "moves", event.source, target=event.target)
        case e.ListCopied():
            yield CalendarEntry(event.at, "copies", event.source, target=event.target)
        case e.ListTransferred():
            yield CalendarEntry(event.at, "passes", event.source, target=event.target)
        case e.ListLeft(at, number, _, why):
            yield CalendarEntry(at, "leaves", number, why=why)
        case e.ConsentGiven(at, purpose):
            yield CalendarEntry(at, "agrees", why=purpose)
        case e.LetterSent(at, message):
            flight = person.in_flight[message]
            kind = "broadcast" if flight.kind == "broadcast" else "letter"
            yield CalendarEntry(
                at,
                kind,
                flight.list,
                flight.letter,
                reminder=_reminds(plan, flight.list, flight.letter),
            )
        case e.PurposeStopped(at, purpose):
            yield CalendarEntry(at, "stops", why=purpose)
        case e.OrderRecorded(at, _, _, _, products):
            yield CalendarEntry(at, "orders", label=", ".join(products))
        case e.RulesApplied():
            yield CalendarEntry(
                event.at, "enters" if event.entered else "is out", label=event.segment
            )
        case e.LetterWithheld():
            yield CalendarEntry(
                event.at,
                "withheld",
                event.list,
                event.letter,
                why=event.why,
                until=event.until,
                favoured=event.favoured,
                cap=event.cap,
            )
        case _:
            return


def _reminds(plan: Plan, number: int, name: str) -> bool:
    listed = plan.lists.get(number)
    letter = listed.letter(name) if listed is not None else None
    reminders = {
        broadcast.reminder.id
        for broadcast in plan.broadcasts.values()
        if broadcast.reminder is not None
    }
    return bool(letter.reminds) if letter is not None else name in reminders
