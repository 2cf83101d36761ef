"""What names a segment, everywhere in a plan: for who reads the tree of segments, takes one away,
or wrote one that nothing uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from engine.frozen import dataclass
from engine.sequence.condition import InSegment, lines_of
from engine.sequence.model import Plan


@dataclass(frozen=True, slots=True)
class SegmentUse:
    """What names a segment: `name` is a broadcast, a letter ("10/welcome"), another segment, the
    list that a rule is about, a form, or an intended entry of the programme.
    """

    how: Literal[
        "broadcast", "only", "unless", "inside", "condition", "rule", "form", "webhook", "programme"
    ]
    name: str


def uses_of(plan: Plan) -> Mapping[str, tuple[SegmentUse, ...]]:
    """By segment, everything of a plan that names it."""
    uses: dict[str, list[SegmentUse]] = {name: [] for name in plan.segments}
    for segment, use in _uses(plan):
        uses.setdefault(segment, []).append(use)
    return {segment: tuple(dict.fromkeys(found)) for segment, found in uses.items()}


def _uses(plan: Plan) -> Iterator[tuple[str, SegmentUse]]:
    for segment in plan.segments.values():
        if segment.parent:
            yield segment.parent, SegmentUse("inside", segment.id)
        for line in lines_of(segment.own):
            if isinstance(line, InSegment):
                yield line.segment, SegmentUse("condition", segment.id)
    letters = [
        *(
            (f"{n}/{letter.id}", letter)
            for n, listed in plan.lists.items()
            for letter in listed.letters
        ),
        *((name, broadcast.letter) for name, broadcast in plan.broadcasts.items()),
        *((name, b.reminder) for name, b in plan.broadcasts.items() if b.reminder is not None),
    ]
    for name, letter in letters:
        if letter.only:
            yield letter.only, SegmentUse("only", name)
        if letter.unless:
            yield letter.unless, SegmentUse("unless", name)
    for broadcast in plan.broadcasts.values():
        for name in broadcast.segments:
            yield name, SegmentUse("broadcast", broadcast.id)
    for rule in plan.rules:
        yield rule.segment, SegmentUse("rule", str(rule.list or rule.source))
    for form in plan.forms.values():
        if form.segment:
            yield form.segment, SegmentUse("form", form.name)
    for webhook in plan.webhooks.values():
        for done in webhook.rules:
            if done.segment:
                yield done.segment, SegmentUse("webhook", webhook.name)
    for intention in plan.programme.values():
        if intention.to.startswith("segment:"):
            yield intention.to.removeprefix("segment:"), SegmentUse("programme", intention.id)
