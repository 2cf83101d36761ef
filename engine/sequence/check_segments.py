"""Checks of segments, of what names them, and of rules about them. Pure; one small function per
check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from engine.sequence.condition import (
    Combined,
    Condition,
    FieldIs,
    InGroup,
    InSegment,
    Joined,
    Line,
    Measured,
    On,
    lines_of,
)
from engine.sequence.delay import Delay
from engine.sequence.field_values import value_of
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Plan, Segment, SegmentRule
from engine.sequence.nearest import folded
from engine.sequence.plan_source import PlanSource
from engine.sequence.segment_uses import uses_of
from engine.words import N_

MAX_SEGMENTS = 10
"""More of them than that in one dialogue, nobody keeps apart."""

LONGEST_MEASURED = Delay(months=12)
Moment = tuple[str, Literal["enters", "leaves"]]
"""A segment, and whether somebody enters or leaves it."""


def segments_nobody_uses(source: PlanSource) -> Iterator[Mistake]:
    for name, uses in uses_of(source.plan).items():
        if not uses:
            message = N_("nothing uses this segment: no broadcast, letter, rule or other segment")
            yield source.mistake(("segment", name), "", message)


def too_many_segments(source: PlanSource) -> Iterator[Mistake]:
    by_file: dict[str, list[Segment]] = {}
    for segment in source.plan.segments.values():
        by_file.setdefault(segment.file, []).append(segment)
    for segments in by_file.values():
        if len(segments) > MAX_SEGMENTS:
            yield source.mistake(
                ("segment", segments[MAX_SEGMENTS].id),
                "",
                N_("{count} segments are more than {most}: nobody keeps so many apart"),
                count=len(segments),
                most=MAX_SEGMENTS,
            )


def letters_for_nobody(source: PlanSource) -> Iterator[Mistake]:
    plan = source.plan
    for listed in plan.lists.values():
        for letter in listed.letters:
            if not letter.only or not letter.unless:
                continue
            if letter.unless in (letter.only, *_around(plan.segments[letter.only], plan)):
                message = N_('whoever is in "{only}" is in "{unless}" too: nobody gets this letter')
                place = ("letter", str(listed.id), letter.id)
                values = {"only": letter.only, "unless": letter.unless}
                yield source.mistake(place, "unless", message, True, **values)


def _around(segment: Segment, plan: Plan) -> Iterator[str]:
    """The segments around a segment, the innermost first."""
    while segment.parent:
        yield segment.parent
        segment = plan.segments[segment.parent]


def broadcasts_without_a_ground(source: PlanSource) -> Iterator[Mistake]:
    """To a segment, a broadcast brings no list of its purpose on which people could stand."""
    plan = source.plan
    purposes = {listed.purpose for listed in plan.lists.values()}
    purposes |= {form.purpose for form in plan.forms.values()}
    for broadcast in plan.broadcasts.values():
        if broadcast.segments and broadcast.purpose not in purposes:
            message = N_(
                'no list and no form is of the purpose "{purpose}": nobody of this segment can have'
                " agreed to this broadcast"
            )
            place, purpose = ("broadcast", broadcast.id), broadcast.purpose
            yield source.mistake(place, "to", message, purpose=purpose)


def conditions_that_never_hold(source: PlanSource) -> Iterator[Mistake]:
    plan = source.plan
    for segment in plan.segments.values():
        needed = list(_needed(segment.condition, plan))
        excluded = set(_excluded(segment.condition, plan))
        contradiction = next((line for line in needed if line in excluded), None)
        if contradiction is not None:
            message = N_("nobody can be in this segment: `{line}` is asked for and excluded")
            yield source.mistake(
                ("segment", segment.id), "", message, True, line=str(contradiction)
            )
            continue
        impossible = _impossible_field(needed, plan)
        if impossible:
            message = N_("nobody can be in this segment: no {field} fits all that is asked of it")
            yield source.mistake(("segment", segment.id), "", message, True, field=impossible)


def what_is_measured_of_nobody(source: PlanSource) -> Iterator[Mistake]:
    for segment in source.plan.segments.values():
        for line in lines_of(segment.own):
            if not isinstance(line, Measured):
                continue
            if source.plan.measured is None:
                message = N_(
                    "`{line}` is known of nobody: [measure] `people` of config.toml is off"
                )
                yield source.mistake(("segment", segment.id), "", message, line=str(line))
            elif line.within.nominal_ms > LONGEST_MEASURED.nominal_ms:
                message = N_(
                    "`{line}`: what was measured is kept for thirteen months; ask about twelve at"
                    " most"
                )
                yield source.mistake(("segment", segment.id), "", message, line=str(line))


def _needed(condition: Condition, plan: Plan) -> Iterator[Line]:
    """The lines that hold of whoever the condition holds of."""
    if isinstance(condition, Combined):
        sure = (*condition.all, *(condition.any if len(condition.any) == 1 else ()))
        for part in sure:
            yield from _needed(part, plan)
        return
    yield condition
    if isinstance(condition, InSegment) and not plan.segments[condition.segment].static:
        yield from _needed(plan.segments[condition.segment].condition, plan)


def _excluded(condition: Condition, plan: Plan) -> Iterator[Line]:
    """The lines that hold of nobody the condition holds of."""
    if isinstance(condition, InSegment) and not plan.segments[condition.segment].static:
        yield from _excluded(plan.segments[condition.segment].condition, plan)
    elif isinstance(condition, Combined):
        yield from (part for part in condition.none if not isinstance(part, Combined))
        for part in condition.all:
            yield from _excluded(part, plan)


def _impossible_field(needed: Iterable[Line], plan: Plan) -> str:
    """A field of which no value fits all lines, "" where there is none."""
    by_field: dict[str, list[FieldIs]] = {}
    for line in needed:
        if isinstance(line, FieldIs):
            by_field.setdefault(line.field, []).append(line)
    for name, lines in by_field.items():
        can_be_unknown = all(line.or_unknown and _takes_unknown(line) for line in lines)
        if not can_be_unknown and _has_no_value(name, lines, plan):
            return name
    return ""


def _takes_unknown(line: FieldIs) -> bool:
    return bool(line.values) or line.operator == "is"


def _has_no_value(name: str, lines: list[FieldIs], plan: Plan) -> bool:
    if any(line.operator == "is" and not line.values for line in lines):
        return True
    field = plan.fields[name]
    above = [_ordinal(value_of(field, line.values[0])) for line in lines if _is_lower(line)]
    below = [_ordinal(value_of(field, line.values[0])) for line in lines if _is_upper(line)]
    between = Decimal(1 if field.type == "date" else 0)
    if above and below and max(above) + between >= min(below):
        return True
    wanted = [set(map(folded, line.values)) for line in lines if line.operator == "is"]
    if field.type == "choices" or not wanted:
        return False
    refused = {folded(v) for line in lines if line.operator == "is not" for v in line.values}
    return not set.intersection(*wanted) - refused


def _is_lower(line: FieldIs) -> bool:
    return line.operator in ("over", "after")


def _is_upper(line: FieldIs) -> bool:
    return line.operator in ("under", "before")


def _ordinal(value: object) -> Decimal:
    """A number, or the days of a date."""
    if isinstance(value, date):
        return Decimal(value.toordinal())
    return value if isinstance(value, Decimal) else Decimal(0)


def rules_that_run_in_a_circle(source: PlanSource) -> Iterator[Mistake]:
    """What a rule does to a list lets people enter or leave segments at once, for which there may
    be a rule again. What only time brings about is a rest, and no circle.
    """
    plan = source.plan
    rules: dict[Moment, list[SegmentRule]] = {}
    for rule in plan.rules:
        rules.setdefault((rule.segment, rule.when), []).append(rule)
    following = {
        moment: {
            after
            for rule in followed
            for number, joined in _changes(rule, plan)
            for after in _moments(number, joined, plan)
            if after in rules
        }
        for moment, followed in rules.items()
    }
    seen: set[Moment] = set()
    for moment in rules:
        circle = _circle(moment, following)
        if circle and moment not in seen:
            seen |= set(circle)
            shown = " → ".join(f"{when} {segment}" for segment, when in (*circle, moment))
            message = N_("these rules run in a circle: {circle}")
            rule = rules[moment][0]
            place = ("rule", rule.file, str(_number_in_file(rule, plan)))
            yield source.mistake(place, "then", message, True, circle=shown)


def _number_in_file(rule: SegmentRule, plan: Plan) -> int:
    return [other for other in plan.rules if other.file == rule.file].index(rule)


def _circle(start: Moment, following: Mapping[Moment, set[Moment]]) -> list[Moment]:
    """The shortest way from a moment back to itself, without its end; empty where there is none."""
    ways: list[list[Moment]] = [[start]]
    reached: set[Moment] = set()
    while ways:
        way = ways.pop(0)
        for after in sorted(following[way[-1]]):
            if after == start:
                return way
            if after not in reached:
                reached.add(after)
                ways.append([*way, after])
    return []


def _changes(rule: SegmentRule, plan: Plan) -> Iterator[tuple[int, bool]]:
    """The lists that a rule lets people join (true) and leave."""
    if rule.then == "leave":
        yield rule.list, False
        return
    target = plan.lists.get(rule.list)
    yield rule.list, True
    if rule.source:
        yield rule.source, False
    for listed in plan.lists.values():
        if target is not None and plan.takes_off(listed, target):
            yield listed.id, False


def _moments(number: int, joined: bool, plan: Plan) -> Iterator[Moment]:
    """The segments that somebody may enter or leave by joining or leaving a list."""
    for name, segment in plan.segments.items():
        for holds_now in _turns(segment.condition, number, joined, plan):
            yield name, "enters" if holds_now else "leaves"


def _turns(condition: Condition, number: int, joined: bool, plan: Plan) -> Iterator[bool]:
    """How the condition may turn by that: to hold, to hold no longer, both, or neither."""
    match condition:
        case Combined():
            for part in (*condition.all, *condition.any):
                yield from _turns(part, number, joined, plan)
            for part in condition.none:
                yield from (not turn for turn in _turns(part, number, joined, plan))
        case InSegment(name) if not plan.segments[name].static:
            yield from _turns(plan.segments[name].condition, number, joined, plan)
        case On(listed) if listed == number:
            yield joined
        case Joined(listed) if listed == number and joined:
            yield True
        case InGroup(group) if number in plan.lists and plan.lists[number].group == group:
            yield joined
        case _:
            pass
