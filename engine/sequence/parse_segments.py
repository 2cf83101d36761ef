"""Reading `[[segment]]`, what names one (`only`, `unless`, `to`), and `[[rule]]`: what happens to
who enters or leaves a segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal, cast

from engine.sequence.condition import Combined, Condition, InSegment, lines_of
from engine.sequence.draft import Draft, check_name
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Plan, Segment, SegmentRule
from engine.sequence.nearest import hint, nearest
from engine.sequence.table import Table
from engine.words import N_, words

SEGMENT = "segment:"
_WHEN = re.compile(r"(enters|leaves)\s+(\S+)")
_WAYS = ("all", "any", "none")
RULES = ("join", "move", "leave")


def collect_segments(root: Table, draft: Draft) -> None:
    """The ids of segments, before anything names them."""
    root.known |= {"segment", "rule"}
    for table in root.tables("segment"):
        name = table.need("id", str, "")
        check_name(name, table, "id")
        if name in draft.segments:
            table.mistake("id", N_('there are two segments "{segment}"'), segment=name)
        elif name:
            draft.segments[name] = table


def known_segment(name: str, table: Table, key: str, draft: Draft) -> str:
    """The id, or "" and a mistake at `key`."""
    if name in draft.segments:
        return name
    if not draft.may_be_unread(f'"{name}"'):
        close = hint(nearest(name, draft.segments))
        table.mistake(key, N_('there is no segment "{name}"{hint}'), name=name, hint=close)
    return ""


def static_segment(table: Table, draft: Draft) -> str:
    """The code of the segment that `segment` of a table names, into which people are put one by
    one; "" for none.
    """
    written = table.get("segment", str, "").removeprefix(SEGMENT)
    name = known_segment(written, table, "segment", draft) if written else ""
    if name and draft.segments[name].values.get("static") is not True:
        message = N_(
            'nobody is put into the segment "{segment}": who is in it follows from its conditions'
        )
        table.mistake("segment", message, segment=name)
    return name


def read_reference(table: Table, key: Literal["only", "unless"], draft: Draft) -> str:
    """The segment that `only = "segment:id"` names, "" for none."""
    written = table.get(key, str, "")
    if not written:
        return ""
    if not written.startswith(SEGMENT):
        message = N_('`{key}` names a segment: write `{key} = "segment:{name}"`')
        close = written if written in draft.segments else "id"
        table.mistake(key, message, key=key, name=close)
        return ""
    return known_segment(written.removeprefix(SEGMENT), table, key, draft)


def read_segments(plan: Plan, draft: Draft) -> dict[str, Segment]:
    """The segments whose ids were collected; `plan` has everything else that they may name."""
    if not draft.segments:
        return {}
    reader = _LineReader(plan, draft)
    segments = {name: _segment(name, table, reader) for name, table in draft.segments.items()}
    return _without_circles(segments, draft)


def _without_circles(segments: dict[str, Segment], draft: Draft) -> dict[str, Segment]:
    """The segments, those emptied that are inside themselves: that is a mistake, and whoever looks
    into a segment has to come to an end.
    """
    inside = {
        name: {
            segment.parent,
            *(line.segment for line in lines_of(segment.own) if isinstance(line, InSegment)),
        }
        & segments.keys()
        for name, segment in segments.items()
    }
    for name in segments:
        way = _way_back(name, inside)
        if way:
            shown = " → ".join((*way, name))
            key = "in" if segments[name].parent == [*way, name][1] else ""
            message = N_("this segment is inside itself: {circle}")
            draft.segments[name].mistake(key, message, circle=shown)
            segments = {**segments, name: replace(segments[name], parent="", own=Combined())}
            inside[name] = set()
    return segments


def _way_back(start: str, inside: Mapping[str, set[str]]) -> list[str]:
    """The shortest way from a segment through those around it back to itself, without its end."""
    ways, reached = [[start]], set[str]()
    while ways:
        way = ways.pop(0)
        for around in sorted(inside[way[-1]] - reached):
            if around == start:
                return way
            reached.add(around)
            ways.append([*way, around])
    return []


class _LineReader:
    """Reads lines into conditions. Its parser is loaded only where there is a line."""

    def __init__(self, plan: Plan, draft: Draft) -> None:
        from engine.sequence.condition_grammar import Names

        self.names, self.draft = Names(plan, draft.segments), draft

    def read(self, table: Table, key: str) -> Iterator[Condition]:
        from engine.sequence.condition_grammar import ConditionMistake, read_condition

        for number, line in enumerate(table.get(key, list, [])):
            if not isinstance(line, str):
                table.mistake(key, N_("`{key}` is a list of conditions, each in quotes"), key=key)
                return
            try:
                yield read_condition(line, self.names)
            except ConditionMistake as mistake:
                if mistake.is_unknown_name and self.draft.unread:
                    continue
                place = table.places.within_text(f"{table.path}.{key}", number, mistake.offset)
                message, column = words(N_("`{key}`: {why}"), key=key, why=mistake.words), place[1]
                table.mistakes.append(Mistake(table.file, place[0], message, True, column))


def _segment(name: str, table: Table, reader: _LineReader) -> Segment:
    parent = table.get("in", str, "").removeprefix(SEGMENT)
    static = table.get("static", bool, False)
    segment = Segment(
        name,
        table.need("name", str, ""),
        table.file,
        known_segment(parent, table, "in", reader.draft) if parent else "",
        static,
        Combined(*(tuple(reader.read(table, way)) for way in _WAYS)),
    )
    conditions = next((key for key in (*_WAYS, "in") if table.values.get(key)), "")
    if static and conditions:
        message = N_("people are put into a static segment one by one: it has no `{key}`")
        table.mistake(conditions, message, key=conditions)
    elif not static and not conditions:
        message = N_(
            "who is in this segment? write `all`, `any` or `none` with conditions, or"
            " `static = true`"
        )
        table.mistake("", message)
    table.finish()
    return segment


def read_rules(root: Table, draft: Draft) -> Iterator[SegmentRule]:
    for table in root.tables("rule"):
        when = table.need("when", str, "")
        written = _WHEN.fullmatch(when.strip())
        if when and written is None:
            message = N_('"{when}" is no moment: write `when = "enters ID"` or `"leaves ID"`')
            table.mistake("when", message, when=when)
        name = written[2].removeprefix(SEGMENT) if written else ""
        segment = known_segment(name, table, "when", draft) if name else ""
        then = _then(table, draft)
        table.finish()
        if segment and written and then is not None:
            moment = cast(Literal["enters", "leaves"], written[1])
            yield SegmentRule(moment, segment, *then, root.file)


def _then(table: Table, draft: Draft) -> tuple[Literal["join", "move", "leave"], int, int] | None:
    table.need("then", dict, {})
    then = table.table("then")
    if then is None:
        return None
    chosen = [way for way in RULES if way in then.values]
    then.known |= {*RULES, "from"}
    then.finish()
    if len(chosen) != 1 or ("from" in then.values) != (chosen == ["move"]):
        message = N_("`then` says exactly one of `join = 40`, `move = 40, from = 10`, `leave = 40`")
        table.mistake("then", message)
        return None
    way = cast(Literal["join", "move", "leave"], chosen[0])
    source = draft.resolve(then.values["from"], then, "from") if way == "move" else 0
    return way, draft.resolve(then.values[way], then, way), source
