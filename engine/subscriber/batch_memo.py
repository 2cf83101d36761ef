"""One decision for many people in one batch: strangers who subscribe in the same way, and people in
the same state whose letters are due together.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from engine.sequence.condition import FieldIs, lines_of
from engine.sequence.model import Plan
from engine.subscriber.act import Calendar
from engine.subscriber.commands import Perform, Subscribe
from engine.subscriber.consenting import subscribe
from engine.subscriber.due_acts import perform
from engine.subscriber.events import LetterBegun, PersonEvent
from engine.subscriber.outcome import Done, Outcome, done
from engine.subscriber.person import NOBODY, Known, Person
from engine.subscriber.truth import conditions_of

_but_cause = attrgetter(*(field.name for field in fields(Subscribe) if field.name != "cause"))


class BatchMemo:
    """Memoised decisions under one plan. Subscriptions that differ only in their cause, and letters
    that differ only in their message id, are decided once; the others get the same events.
    """

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self.plan, self.calendar = plan, calendar
        self._subscribed: dict[object, tuple[Outcome, tuple[PersonEvent, ...]]] = {}
        self._fields_read: list[str] | None = None
        self._performed: dict[object, tuple[Person, Perform, LetterBegun | None]] = {}

    def subscribe(self, command: Subscribe) -> Outcome:
        """The outcome for a person who is not known yet."""
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
        """For people in the same state (the same object) the same letter is begun, each under the
        message id of their own command. Anything else is decided for each person.
        """
        # The key holds id(person), so the memo keeps the person alive: no other object can get that
        # id.
        values = (
            *(id(person), id(command.cause), self._read_of(command.known)),
            *(command.at, command.key, command.sender),
        )
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
                b.theme,
                b.content,
                b.segment,
            )
            return done(command.cause, own)
        outcome = perform(command, person, self.plan, self.calendar)
        if memo is None:
            self._performed[values] = person, command, _begun_under(command.message, outcome)
        return outcome

    def _read_of(self, known: Known | None) -> tuple[object, ...] | None:
        """As much of what the vault knows of somebody as any condition may read."""
        if known is None:
            return None
        if self._fields_read is None:
            dynamic = conditions_of(self.plan).dynamic.values()
            lines = [line for condition in dynamic for line in lines_of(condition)]
            self._fields_read = sorted({line.field for line in lines if isinstance(line, FieldIs)})
        fields = (known.fields.get(name, "") for name in self._fields_read)
        return known.source, known.form, tuple(known.measured or ()), *fields


def _begun_under(message: str, outcome: Outcome) -> LetterBegun | None:
    """The LetterBegun event, if it is the only one and has the command's message id; a retry keeps
    the message id it was first begun under. The version of a letter that is tried is drawn for each
    person.
    """
    if not isinstance(outcome, Done) or len(outcome.facts) != 1:
        return None
    event = outcome.facts[0].event
    if not isinstance(event, LetterBegun) or event.version:
        return None
    return event if event.message == message else None
