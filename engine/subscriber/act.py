"""One act of the agenda: what is to be done next in one matter of a person, and when it is due.
Instants are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.frozen import dataclass, made_fast
from engine.sequence.model import Plan
from engine.sequence.timing import is_zone
from engine.subscriber.person import InFlight, LetterState, Person
from engine.subscriber.terms import ActKind

NEVER = 0


@made_fast
@dataclass(frozen=True, slots=True)
class Act:
    """`due` (ms) is when the act is to be performed, 0 for never; `planned` (ms) when the author
    meant it.

    `why` of a letter is `PRESSURE` while it waits for room under a cap.

    Three kinds are never due, because a person has to act first: `settle` of a letter in doubt,
    `right` (`letter` is the right's name, `planned` the date by which it must be answered), and
    `withheld` (`why` says what to correct before a retry).
    """

    kind: ActKind
    letter: str = ""
    due: int = NEVER
    planned: int = NEVER
    list: int = 0
    run: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A broadcast date that has come: recorded once for everybody, under its encoded key."""

    broadcast: str
    key: str
    at: int


Calendar = tuple[Occurrence, ...]


def settle(flight: InFlight) -> Act:
    due, why = (NEVER, "in doubt") if flight.doubt else (flight.begun_at, "")
    return Act(
        kind="settle",
        letter=flight.letter,
        due=due,
        planned=flight.begun_at,
        list=flight.list,
        run=flight.run,
        why=why,
    )


def under_way_of(person: Person, letters: Mapping[str, LetterState]) -> Act | None:
    for state in letters.values():
        if state.status == "begun" and (flight := person.in_flight.get(state.message)) is not None:
            return settle(flight)
    return None


def zone_of(person: Person, plan: Plan) -> str:
    """The person's time zone, or the installation's where theirs is unknown or no longer exists."""
    return person.timezone if is_zone(person.timezone) else plan.timezone
