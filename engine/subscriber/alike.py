"""Deciding about many people who stand alike: those who came in together, and are due together,
differ in nothing but their letter's message id.
"""

from __future__ import annotations

from engine.sequence.model import Plan
from engine.subscriber.acts import Calendar
from engine.subscriber.commands import Perform
from engine.subscriber.events import LetterBegun
from engine.subscriber.outcome import Done, Outcome, done
from engine.subscriber.performing import perform
from engine.subscriber.person import Person


class Alike:
    """Under one plan, of those in the very same state (one object) who are asked the same, only the
    first is decided about: what follows for the others is the same letter begun, each under the
    message of its own command. Anything else is decided for each.
    """

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self.plan, self.calendar = plan, calendar
        self._first: dict[object, tuple[Person, Perform, LetterBegun | None]] = {}

    def perform(self, command: Perform, person: Person) -> Outcome:
        # Whoever is compared by identity is kept, so that no other takes their place in memory.
        asked = id(person), id(command.cause), command.at, command.key, command.sender
        found = self._first.get(asked)
        if found is not None and (b := found[2]) is not None:
            own = LetterBegun(
                b.at,
                b.key,
                b.kind,
                b.letter,
                command.message,
                b.edition,
                b.list,
                b.run,
                b.purpose,
                b.sender,
                b.attempt,
            )
            return done(command.cause, own)
        outcome = perform(command, person, self.plan, self.calendar)
        if found is None:
            self._first[asked] = person, command, _begun_under(command.message, outcome)
        return outcome


def _begun_under(message: str, outcome: Outcome) -> LetterBegun | None:
    """The letter, where that is all and its message is the command's: a retry has the one it was
    first begun under.
    """
    if not isinstance(outcome, Done) or len(outcome.facts) != 1:
        return None
    event = outcome.facts[0].event
    return event if isinstance(event, LetterBegun) and event.message == message else None
