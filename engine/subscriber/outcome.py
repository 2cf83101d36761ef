"""The ways a command can end in the core: done, nothing to do, refused. The fourth, a conflict, is
the ledger's to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.subscriber.events import Cause, Fact, PersonEvent


@dataclass(frozen=True, slots=True)
class Done:
    facts: tuple[Fact, ...]

    @property
    def events(self) -> tuple[PersonEvent, ...]:
        return tuple(fact.event for fact in self.facts)


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """The wish is already so; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule forbids it; `why` is a sentence for the one who asked."""

    why: str


Outcome = Done | NothingToDo | Refused


def done(cause: Cause, *events: PersonEvent) -> Done:
    return Done(tuple(Fact(event, cause) for event in events))


def joined(*parts: Done) -> Done:
    return Done(tuple(fact for part in parts for fact in part.facts))
