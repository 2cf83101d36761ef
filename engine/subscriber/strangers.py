"""Deciding about many strangers at once: those who come the same way differ in nothing but the
cause.
"""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from engine.sequence.model import Plan
from engine.subscriber.commands import Subscribe
from engine.subscriber.consenting import subscribe
from engine.subscriber.events import PersonEvent
from engine.subscriber.outcome import Done, Outcome, done
from engine.subscriber.person import NOBODY

_said = attrgetter(*(each.name for each in fields(Subscribe) if each.name != "cause"))


class Strangers:
    """Under one plan, of commands for nobody that say the same only the first is decided: what
    follows from it for all is the same events.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._outcomes: dict[object, tuple[Outcome, tuple[PersonEvent, ...]]] = {}

    def subscribe(self, command: Subscribe) -> Outcome:
        said = _said(command)
        found = self._outcomes.get(said)
        if found is None:
            outcome = subscribe(command, NOBODY, self.plan)
            found = self._outcomes[said] = (
                outcome,
                (outcome.events if isinstance(outcome, Done) else ()),
            )
        outcome, events = found
        return done(command.cause, *events) if events else outcome
