"""Deciding once for many in one batch: strangers who come in the same way, and people in the same
state whose letters are due together.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from engine.sequence.model import Plan
from engine.subscriber.agenda import Calendar
from engine.subscriber.commands import Perform, Subscribe
from engine.subscriber.consenting import subscribe
from engine.subscriber.due_acts import perform
from engine.subscriber.events import LetterBegun, PersonEvent
from engine.subscriber.outcome import Done, Outcome, done
from engine.subscriber.person import NOBODY, Person

_but_cause = attrgetter(*(field.name for field in fields(Subscribe) if field.name != "cause"))


class BatchMemo:
    """Under one plan. Of what differs in nothing but the cause of a subscription, or the message id
    of a letter, only the first is decided about; the others get the same events.
    """

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self.plan, self.calendar = plan, calendar
        self._subscribed: dict[object, tuple[Outcome, tuple[PersonEvent, ...]]] = {}
        self._performed: dict[object, tuple[Person, Perform, LetterBegun | None]] = {}

    def subscribe(self, command: Subscribe) -> Outcome:
        """The outcome for somebody who is not known yet."""
        values = _but_cause(command)
        memo = self._subscribed.get(values)
        if memo is None:
            outcome = subscribe(command, NOBODY, self.plan)
            memo = self._subscribed[values] = (
                outcome,
                (outcome.events if isinstance(outcome, Done) else ()),
            )
        outcome, events = memo
        return done(command.cause, *events) if events else outcome

    def perform(self, command: Perform, person: Person) -> Outcome:
        """People in the very same state (one object) get the same letter begun, each under the
        message of their own command. Anything else is decided for each.
        """
        # Whoever is compared by identity is kept, so that no other takes their place in memory.
        values = id(person), id(command.cause), command.at, command.key, command.sender
        memo = self._performed.get(values)
        if memo is not None and (b := memo[2]) is not None:
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
        if memo is None:
            self._performed[values] = person, command, _begun_under(command.message, outcome)
        return outcome


def _begun_under(message: str, outcome: Outcome) -> LetterBegun | None:
    """The letter, where that is all and its message is the command's: a retry has the one it was
    first begun under.
    """
    if not isinstance(outcome, Done) or len(outcome.facts) != 1:
        return None
    event = outcome.facts[0].event
    return event if isinstance(event, LetterBegun) and event.message == message else None
