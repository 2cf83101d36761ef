"""How a decision is specified: `given(*events).when(command).then(*events)`, `.nothing()`,
`.refused("part of the sentence")`.

`when` may be said again: what was decided has happened by then. Events may be given one by one or
as tuples of a history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.i18n.in_words import in_english
from engine.sequence.model import Plan
from engine.subscriber.act import Act, Calendar
from engine.subscriber.agenda import acts
from engine.subscriber.commands import AnyCommand
from engine.subscriber.decide import decide
from engine.subscriber.events import Event, PersonEvent
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done, Fact, NothingToDo, Outcome, Refused
from engine.subscriber.person import Person
from tests.examples import PLAN

History = PersonEvent | tuple["History", ...]


@dataclass(frozen=True)
class Given:
    person: Person
    plan: Plan
    calendar: Calendar

    def when(self, command: AnyCommand) -> When:
        return When(self, decide(command, self.person, self.plan, self.calendar))

    def and_also(self, *events: History) -> Given:
        return Given(fold(flat(events), self.person), self.plan, self.calendar)

    def published(self, plan: Plan) -> Given:
        return Given(self.person, plan, self.calendar)

    @property
    def acts(self) -> Mapping[str, Act]:
        return acts(self.person, self.plan, self.calendar)

    @property
    def lists(self) -> Mapping[int, int]:
        """Where the person stands: run by list."""
        return {m.list: m.run for m in self.person.memberships.values()}


@dataclass(frozen=True)
class When:
    before: Given
    outcome: Outcome

    def then(self, *events: PersonEvent) -> Given:
        assert isinstance(self.outcome, Done), self.outcome
        assert self.outcome.events == events
        return self.done

    def nothing(self) -> Given:
        assert isinstance(self.outcome, NothingToDo), self.outcome
        assert in_english(self.outcome)
        return self.before

    def refused(self, why: str) -> Given:
        assert isinstance(self.outcome, Refused), self.outcome
        assert why in in_english(self.outcome)
        return self.before

    @property
    def done(self) -> Given:
        """Where this leaves the person; it must have done something."""
        assert isinstance(self.outcome, Done), self.outcome
        return self.before.and_also(*self.outcome.events)

    @property
    def facts(self) -> tuple[Fact, ...]:
        assert isinstance(self.outcome, Done), self.outcome
        return self.outcome.facts

    @property
    def names(self) -> list[str]:
        """What has happened, by class name."""
        return [type(fact.event).__name__ for fact in self.facts]

    @property
    def person(self) -> Person:
        return self.done.person

    @property
    def lists(self) -> Mapping[int, int]:
        return self.done.lists

    def when(self, command: AnyCommand) -> When:
        """The next command, whether or not this one changed anything."""
        return (self.done if isinstance(self.outcome, Done) else self.before).when(command)


def given(*events: History, plan: Plan = PLAN, calendar: Calendar = ()) -> Given:
    return Given(fold(flat(events)), plan, calendar)


def flat(events: Iterable[History]) -> list[PersonEvent]:
    found: list[PersonEvent] = []
    for each in events:
        if isinstance(each, Event):
            found.append(each)
        else:
            assert isinstance(each, tuple)
            found += flat(each)
    return found
