"""A dialogue's drawing as its template takes it: cards and arrows in their places, where each
leads, and the numbers on them, each with an id of its own. Numbers change while the page is open;
nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.console.dialogue_counts import Went
from engine.console.drawing_layout import Point, laid_out_for
from engine.console.drawing_model import (
    INSET,
    Drawn,
    DrawnCard,
    Line,
    Mark,
)
from engine.console.places import dialogue_url, letter_url
from engine.i18n.language import Say

PAGE_WIDTH = 1400
"""Wider than that a drawing is turned, if that makes it narrower."""
CORNER, TIP, TIP_HALF = 9, 9, 5
MARGIN_OF_ROW = 12
UNPUBLISHED: Mapping[Mark, Callable[[Say], str]] = {
    "added": lambda _: _("new"),
    "changed": lambda _: _("changed"),
    "removed": lambda _: _("taken out"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number; `id` is that of its text in the drawing."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class DrawnWay:
    """An arrow: its path, what lies under it where it crosses others, its head and its start."""

    path: str
    gap: str
    tip: str
    start: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLine:
    line: Line
    x: int
    url: str
    mark: Mark
    marked: str
    to: str
    to_id: str
    count: Figure | None = None
    share: Figure | None = None
    way: DrawnWay | None = None

    @property
    def spoken(self) -> str:
        """Without its numbers, which change; they are read after it."""
        to = f" → {self.to}" if self.to else ""
        marked = f" ({self.marked})" if self.marked else ""
        return f"{self.line.whole}{to}{marked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCard:
    card: DrawnCard
    at: Point
    url: str
    marked: str
    lines: tuple[PictureLine, ...]
    people: Figure | None

    @property
    def spoken(self) -> str:
        return " · ".join([self.card.name, *(w.text for w in self.card.words if w.look == "about")])


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    cards: tuple[PictureCard, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many stand on each list and went each way (by line), and how numbers are written."""

    standing: Mapping[int, int]
    went: Mapping[str, Went]
    number: Callable[[int], str]
    share: Callable[[int, int], str]

    def people_of(self, card: DrawnCard) -> Figure | None:
        if not card.list:
            return None
        return Figure(f"p-{card.id}", self.number(self.standing.get(card.list, 0)))

    def count_of(self, line: Line) -> Figure | None:
        count = self.went.get(line.id)
        return Figure(f"n-{line.id}", self.number(count.people)) if count else None

    def share_of(self, line: Line) -> Figure | None:
        count = self.went.get(line.id)
        return Figure(f"s-{line.id}", self.share(count.people, count.of)) if count else None

    def figures(self, drawn: Drawn) -> Iterator[Figure]:
        """All that are in a drawing."""
        for card in drawn.cards:
            lines = (
                one for line in card.lines for one in (self.count_of(line), self.share_of(line))
            )
            yield from (one for one in (self.people_of(card), *lines) if one is not None)


def picture(drawn: Drawn, numbers: Numbers, file: str, asked: str, _: Say) -> Picture:
    """`asked` is the question of the page's address, "?days=30", which its links carry on."""
    layout = laid_out_for(
        [card.size for card in drawn.cards], [arrow.arrow for arrow in drawn.arrows], PAGE_WIDTH
    )
    ways = dict(_ways(drawn, layout.arrows))
    names = {card.id: card.name for card in drawn.cards}
    ends = {arrow.line.id: arrow.target for arrow in drawn.arrows}

    def line_of(card: DrawnCard, line: Line) -> PictureLine:
        ending = line.kind == "ending" or line.way is None
        url = letter_url(line.letter)
        if line.way is not None:
            url = f"{dialogue_url(file)}/way/{line.id}{asked}"
        target = ends.get(line.id, "")
        return PictureLine(
            line=line,
            x=1 if ending else INSET - MARGIN_OF_ROW,
            url="" if line.mark == "removed" else url,
            mark=line.mark,
            marked=UNPUBLISHED[line.mark](_) if line.mark else "",
            to=names.get(target, ""),
            to_id=target,
            count=numbers.count_of(line),
            share=numbers.share_of(line),
            way=ways.get(line.id),
        )

    cards = tuple(
        PictureCard(
            card=card,
            at=layout.cards[card.id],
            url=_url(card, file, asked),
            marked=UNPUBLISHED[card.mark](_) if card.mark else "",
            lines=tuple(line_of(card, line) for line in card.lines),
            people=numbers.people_of(card),
        )
        for card in drawn.cards
    )
    return Picture(layout.width, layout.height, cards)


def _url(card: DrawnCard, file: str, asked: str) -> str:
    if card.mark == "removed":
        return ""
    match card.kind:
        case "list":
            return f"{dialogue_url(file)}/list/{card.list}{asked}"
        case "elsewhere":
            return f"{dialogue_url(card.file)}{asked}#{card.id}" if card.file else ""
        case "form":
            return f"/forms/{card.id.removeprefix('form-')}"
        case "broadcast":
            return f"/b/{card.id.removeprefix('broadcast-')}"
        case "rule":
            return ""


def _ways(drawn: Drawn, routes: Mapping[str, Sequence[Point]]) -> Iterator[tuple[str, DrawnWay]]:
    """Of arrows that run together, what lies under the later ones ends where they join."""
    together: set[tuple[str, str, bool, str]] = set()
    for one in drawn.arrows:
        arrow, way = one.arrow, routes[one.line.id]
        bundle = arrow.source, arrow.target, arrow.at_foot, arrow.look
        gap = way if bundle not in together else [way[0], _towards(way[1], way[0], CORNER)]
        together.add(bundle)
        yield arrow.id, DrawnWay(rounded(way), rounded(gap), _tip(way), way[0])


def rounded(way: Sequence[Point]) -> str:
    """The path of an SVG through these corners, each rounded as far as its sides allow."""
    first, last = way[0], way[-1]
    path = [f"M{first.x} {first.y}"]
    for (before, at), (_, after) in pairwise(pairwise(way)):
        reach = min(CORNER, _length(before, at) // 2, _length(at, after) // 2)
        into, out = _towards(at, before, reach), _towards(at, after, reach)
        path.append(f"L{into.x} {into.y}Q{at.x} {at.y} {out.x} {out.y}")
    return "".join([*path, f"L{last.x} {last.y}"])


def _tip(way: Sequence[Point]) -> str:
    before, at = way[-2], way[-1]
    if before.x == at.x:
        return f"M{at.x - TIP_HALF} {at.y - TIP}L{at.x} {at.y}L{at.x + TIP_HALF} {at.y - TIP}z"
    return f"M{at.x - TIP} {at.y - TIP_HALF}L{at.x} {at.y}L{at.x - TIP} {at.y + TIP_HALF}z"


def _length(one: Point, other: Point) -> int:
    return abs(one.x - other.x) + abs(one.y - other.y)


def _towards(at: Point, other: Point, reach: int) -> Point:
    length = _length(at, other) or 1
    return Point(
        at.x + (other.x - at.x) * reach // length, at.y + (other.y - at.y) * reach // length
    )
