"""What a person chooses to receive: themes, content types, how often, a pause, and the purposes
they switch on and off in the same act. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from engine.sequence.delay import DAY
from engine.sequence.model import MEASURE, Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.consenting import (
    NOT_ONES_OWN_ACT,
    REPEATED,
    agreed_to_be_measured,
    request_consent,
    resubscribe,
    withdraw,
)
from engine.subscriber.evolve import HUMAN_ACTS, fold
from engine.subscriber.outcome import (
    Done,
    Fact,
    NothingToDo,
    Outcome,
    Refusal,
    Refused,
    Unchanged,
    done,
)
from engine.subscriber.person import Person, Preferences
from engine.words import Words

LONGEST_PAUSE = 366 * DAY


def set_preferences(command: c.SetPreferences, person: Person, plan: Plan) -> Outcome:
    """A withdrawal is carried out whatever becomes of the rest. A purpose that cannot be switched
    on is left as it is; where nothing else was wanted, its refusal is the answer. Of who is not
    written to because they were silent, a choice is written even if it changes nothing.
    """
    if command.call and command.call in person.calls:
        return REPEATED
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if command.act not in HUMAN_ACTS and (command.act or command.on):
        return NOT_ONES_OWN_ACT
    for code in (*command.themes, *command.contents):
        if code not in plan.themes and code not in plan.contents:
            return Refused(Refusal.NOT_OFFERED, code=Words(code))
    facts: tuple[Fact, ...] = ()
    refused: Refused | None = None
    present = person
    steps: tuple[str | c.SwitchOn, ...] = (*command.off, *command.on)
    for step in steps:
        outcome = _switched(command, step, present, plan)
        if isinstance(outcome, Refused):
            refused = outcome
        elif isinstance(outcome, Done):
            facts += outcome.facts
            present = fold(outcome.events, present)
    in_force = _in_force(person.preferences, command.at)
    chosen = _chosen(command, in_force, plan)
    lets_go_on = bool(person.stopped) and command.act in HUMAN_ACTS and not command.off
    if lets_go_on or chosen != in_force:
        facts += done(
            command.cause,
            e.PreferencesSet(
                at=command.at,
                themes=chosen.themes,
                contents=chosen.contents,
                frequency=chosen.frequency,
                paused_until=chosen.paused_until,
                offered=command.offered,
                act=command.act,
            ),
        ).facts
    if not facts:
        return refused or NothingToDo(Unchanged.NOTHING_CHANGED)
    if command.call:
        facts += done(command.cause, e.CallHonoured(command.at, command.call)).facts
    return Done(facts)


def _switched(
    command: c.SetPreferences, step: str | c.SwitchOn, person: Person, plan: Plan
) -> Outcome:
    match step:
        case str():
            return withdraw(c.Withdraw(command.at, command.cause, step, command.act), person, plan)
        case c.SwitchOn():
            if step.purpose == MEASURE:
                measured = agreed_to_be_measured(
                    command,
                    c.Chosen(measured=True, evidence=step.evidence),
                    person,
                    plan,
                    proof="page",
                    notice=command.offered,
                    act=command.act,
                )
                return Done(measured) if measured else NothingToDo(Unchanged.NOTHING_CHANGED)
            cause = replace(command.cause, evidence=step.evidence)
            if step.request:
                return request_consent(
                    c.RequestConsent(
                        at=command.at,
                        cause=cause,
                        lists=(step.list,),
                        request=step.request,
                        notice=command.offered,
                        form=command.form,
                    ),
                    person,
                    plan,
                )
            return resubscribe(
                c.Resubscribe(
                    at=command.at,
                    cause=cause,
                    purpose=step.purpose,
                    act=command.act,
                    notice=command.offered,
                    list=step.list,
                ),
                person,
                plan,
            )
        case _:
            assert_never(step)


def _chosen(command: c.SetPreferences, before: Preferences, plan: Plan) -> Preferences:
    """In the order of the plan, so that the same choice is the same value."""
    latest, unsaid = command.at + LONGEST_PAUSE, command.unsaid
    chosen = Preferences(
        tuple(code for code in plan.themes if code in command.themes),
        tuple(code for code in plan.contents if code in command.contents),
        command.frequency,
        min(command.paused_until, latest) if command.paused_until > command.at else 0,
    )
    return Preferences(
        before.themes if "themes" in unsaid else chosen.themes,
        before.contents if "contents" in unsaid else chosen.contents,
        before.frequency if "frequency" in unsaid else chosen.frequency,
        before.paused_until if "paused_until" in unsaid else chosen.paused_until,
    )


def _in_force(preferences: Preferences, at: int) -> Preferences:
    """Without a pause that is over."""
    if preferences.paused_until > at:
        return preferences
    return replace(preferences, paused_until=0)
