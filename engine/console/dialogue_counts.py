"""How many people went which way of a drawing, from the counters of the views. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.console.drawing_model import Drawn, DrawnCard, Line, Way
from engine.views import TransitionCount

RULE = "rule"
FORM_DOORS = ("form", "click")
"""Who signs up by a form that asks for a confirmation joins by the click that gives it."""
Answer = tuple[str, str, int]
"""Kind, letter_ref and target of links that differ in their words alone."""


@dataclass(frozen=True, slots=True)
class Went:
    """How many went a way, and of how many: of a list, of the people who were on it in that time;
    of a form or a broadcast, of those who chose.
    """

    people: int
    of: int


def gone_from(number: int, counts: Iterable[TransitionCount]) -> int:
    """How many left a list, whichever way."""
    return sum(count.n for count in counts if count.source == number and count.kind != "copied")


def went(
    drawn: Drawn, counts: Sequence[TransitionCount], standing: Mapping[int, int]
) -> dict[str, Went]:
    """By line of the drawing. Answers whose words are written no more are counted with the first
    that leads from the same letter to the same list.
    """
    by_way = Counter[tuple[str, int, int, str, str]]()
    for count in counts:
        by_way[count.kind, count.source, count.target, count.question, count.label] += count.n
    found: dict[str, Went] = {}
    for card in drawn.cards:
        people = _of_card(card, counts)
        if card.list:
            of = standing.get(card.list, 0) + gone_from(card.list, counts)
        else:
            of = sum(people.values())
        found |= {line: Went(n, of) for line, n in people.items()}
    return found


def _of_card(card: DrawnCard, counts: Sequence[TransitionCount]) -> dict[str, int]:
    ways = [(line, line.way) for line in card.lines if line.way is not None]
    written = {(way.question, way.target, way.label) for _, way in ways}
    first: dict[Answer, str] = {}
    for line, way in ways:
        first.setdefault((way.kind, way.question, way.target), line.id)
    return {
        line.id: sum(
            count.n
            for count in counts
            if _is(way, count)
            or (
                first[way.kind, way.question, way.target] == line.id
                and (way.kind, way.question, way.target)
                == (count.kind, count.question, count.target)
                and way.kind in ("moved", "copied")
                and (count.question, count.target, count.label) not in written
            )
        )
        for line, way in ways
    }


def _is(way: Way, count: TransitionCount) -> bool:
    match way.kind:
        case "moved" | "copied":
            same = (way.question, way.target, way.label)
            return way.kind == count.kind and same == (count.question, count.target, count.label)
        case "ended":
            copied = (count.kind, count.question, count.label) == ("copied", "", "ended")
            here = (way.source, way.target) == (count.source, count.target)
            return here and (count.kind == "ended" or copied)
        case "joined":
            here = (count.kind, count.target) == ("joined", way.target)
            return here and count.label in FORM_DOORS
        case "rule":
            moved = (count.kind, count.source, count.target) == (RULE, way.source, way.target)
            joined = (count.kind, count.target, count.label) == ("joined", way.target, RULE)
            return moved or (joined and not way.source)


def line_of(drawn: Drawn, name: str) -> tuple[DrawnCard, Line] | None:
    return next(
        ((card, line) for card in drawn.cards for line in card.lines if line.id == name), None
    )
