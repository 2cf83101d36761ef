"""One act of a person's agenda, and what acts of every kind have in common. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.sequence.model import Plan
from engine.sequence.timing import is_zone
from engine.subscriber.person import InFlight, LetterState, Person

NEVER = 0


@dataclass(frozen=True, slots=True)
class Act:
    """`kind`: letter, settle (begun without outcome), end, expire, idle, right, withheld. `due` is
    0 for never; `planned` when the author meant it.

    A letter in doubt waits for whoever settles it: its `settle` is never due. Nor is a `right` that
    was asked for (`letter` says which): somebody has to answer it, by `planned`. Nor what is
    `withheld`: somebody has to mend what `why` says, and have it tried again.
    """

    kind: str
    letter: str = ""
    due: int = NEVER
    planned: int = NEVER
    list: int = 0
    run: int = 0
    why: str = ""


def settle(flight: InFlight) -> Act:
    due, why = (NEVER, "in doubt") if flight.doubt else (flight.begun_at, "")
    return Act("settle", flight.letter, due, flight.begun_at, flight.list, flight.run, why)


def under_way_of(person: Person, letters: Mapping[str, LetterState]) -> Act | None:
    for state in letters.values():
        if state.status == "begun" and (flight := person.in_flight.get(state.message)) is not None:
            return settle(flight)
    return None


def zone_of(person: Person, plan: Plan) -> str:
    """The reader's zone, or the installation's where theirs is not known, or no longer."""
    return person.timezone if is_zone(person.timezone) else plan.timezone
