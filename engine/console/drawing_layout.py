"""Where the cards of a drawing stand and how its arrows run between them. Pure: the same cards and
arrows are always drawn the same. Lengths are pixels.

Arrows leave a card at the side of one of its lines, or at its foot, and enter another at its head.
Between two layers of cards lies a channel; an arrow turns in channels only, and passes a layer
beside its cards: so none crosses a card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from engine.console.drawing_graph import Arrow, Card, Direction, Graph
from engine.console.drawing_order import put_in_order, put_in_place
from engine.console.drawing_routes import routes

MARGIN = 16
COMPONENT_GAP = 56
LAYOUTS_KEPT = 64


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The upper left corner of each card, and the corners of each arrow's way in order, by id."""

    width: int
    height: int
    cards: Mapping[str, Point]
    arrows: Mapping[str, Sequence[Point]]


def lay_out(
    cards: Sequence[Card], arrows: Sequence[Arrow], direction: Direction, width: int
) -> Layout:
    """Cards and arrows in the order of the author: what is written first stands first. What nothing
    joins stands side by side up to `width`. An arrow to or from a card that is not there raises
    KeyError.
    """
    parts = [_part(*component, direction) for component in _components(cards, arrows)]
    return _packed(parts, width if direction == "down" else 0)


def laid_out_for(cards: Sequence[Card], arrows: Sequence[Arrow], width: int) -> Layout:
    """Downwards where that fits, since a page is scrolled down; else the narrower of the two."""
    return _laid_out_for(tuple(cards), tuple(arrows), width)


@lru_cache(maxsize=LAYOUTS_KEPT)
def _laid_out_for(cards: tuple[Card, ...], arrows: tuple[Arrow, ...], width: int) -> Layout:
    """A drawing is laid out once, while its dialogue stays the same."""
    down = lay_out(cards, arrows, "down", width)
    if down.width <= width:
        return down
    return min(down, lay_out(cards, arrows, "across", width), key=lambda layout: layout.width)


def _components(
    cards: Sequence[Card], arrows: Sequence[Arrow]
) -> Iterator[tuple[list[Card], list[Arrow]]]:
    """What hangs together, in the order of its first card."""
    leader = {card.id: card.id for card in cards}

    def leading(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for arrow in arrows:
        leader[leading(arrow.target)] = leading(arrow.source)
    parts: dict[str, tuple[list[Card], list[Arrow]]] = {}
    for card in cards:
        parts.setdefault(leading(card.id), ([], []))[0].append(card)
    for arrow in arrows:
        parts[leading(arrow.source)][1].append(arrow)
    yield from parts.values()


def _part(cards: Sequence[Card], arrows: Sequence[Arrow], direction: Direction) -> Layout:
    graph = Graph(cards, arrows, direction)
    put_in_order(graph)
    put_in_place(graph)
    drawn = routes(graph)

    def point(along: int, at: int) -> Point:
        return Point(along, at) if graph.down else Point(at, along)

    places = {
        card.id: point(int(item.at), drawn.tops[item.layer])
        for card, item in zip(cards, graph.items, strict=True)
    }
    ways = {name: [point(*at) for at in corners] for name, corners in drawn.corners.items()}
    return Layout(*point(drawn.breadth, drawn.tops[-1]), places, ways)


def _packed(parts: Sequence[Layout], most: int) -> Layout:
    """Side by side in shelves, as words in lines; the first of a shelf may be wider."""
    x = y = MARGIN
    shelf = width = 0
    cards: dict[str, Point] = {}
    arrows: dict[str, Sequence[Point]] = {}
    for part in parts:
        if x > MARGIN and x + part.width + MARGIN > most:
            x, y, shelf = MARGIN, y + shelf + COMPONENT_GAP, 0
        cards |= {name: Point(at.x + x, at.y + y) for name, at in part.cards.items()}
        arrows |= {
            name: [Point(at.x + x, at.y + y) for at in way] for name, way in part.arrows.items()
        }
        shelf, width = max(shelf, part.height), max(width, x + part.width)
        x += part.width + COMPONENT_GAP
    return Layout(width + MARGIN, y + shelf + MARGIN, cards, arrows)
