"""What the rules about a segment do to who enters it or leaves it: they join a list, are moved, or
are taken off one. Pure.

Rules are applied once for each entry and each leaving, and only where the condition, asked again,
still says so. A list that takes the person not in stops nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from engine.sequence.condition import InSegment
from engine.sequence.model import Plan, SegmentRule
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.evolve import fold
from engine.subscriber.joining import entry
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person
from engine.subscriber.truth import conditions_of

NO_RULE = NothingToDo(Unchanged.NO_RULE_TO_APPLY)


def apply_rules(command: c.ApplyRules, person: Person, plan: Plan) -> Outcome:
    rules = [rule for rule in plan.rules if rule.segment == command.segment]
    if not rules or command.segment not in plan.segments:
        return NO_RULE
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    conditions = conditions_of(plan)
    truth, _ = conditions.truth_of(
        conditions.resolved(InSegment(command.segment)),
        person,
        command.known,
        command.at,
    )
    inside = truth is True
    if inside != command.entered or person.ruled.get(command.segment) is inside:
        return NO_RULE
    when = "enters" if inside else "leaves"
    facts: list[e.PersonEvent] = []
    refused: list[int] = []
    for rule in rules:
        if rule.when != when:
            continue
        applied = _applied(rule, person, plan, command.at)
        if isinstance(applied, Refused):
            refused.append(rule.list)
        else:
            facts += applied
            person = fold(facts[-len(applied) :], person) if applied else person
    noted = e.RulesApplied(
        at=command.at,
        segment=command.segment,
        edition=plan.edition,
        entered=inside,
        refused=tuple(refused),
    )
    return done(e.Cause("rule", command.segment), noted, *facts)


def _applied(
    rule: SegmentRule, person: Person, plan: Plan, at: int
) -> tuple[e.PersonEvent, ...] | Refused:
    match rule.then:
        case "leave":
            return tuple(_left(person, rule.list, at))
        case "join":
            permission = entry(person, plan, rule.list, at)
            if isinstance(permission, Refused):
                return permission
            if permission.already:
                return ()
            return (e.ListJoined(at, rule.list, permission.run), *permission.leaves)
        case "move":
            source = person.memberships.get(rule.source)
            if source is None:
                return ()
            permission = entry(person, plan, rule.list, at, source=rule.source)
            if isinstance(permission, Refused):
                return permission
            moved = e.ListTransferred(
                at=at,
                source=source.list,
                source_run=source.run,
                target=rule.list,
                run=permission.run,
                why="rule",
                joined=not permission.already,
            )
            return (moved, *permission.leaves)
        case _:
            assert_never(rule.then)


def _left(person: Person, number: int, at: int) -> Iterable[e.PersonEvent]:
    membership = person.memberships.get(number)
    if membership is not None:
        yield e.ListLeft(at, number, membership.run, "rule")
