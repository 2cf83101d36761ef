"""What is laid out of a drawing: cards in layers, arrows as ties between the items of layers beside
each other. Pure. `drawing_layout` says how the whole goes; lengths are pixels.

Everything is thought "down": layers one below the other. "Across" is the same with the axes
exchanged, so that layers stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

Direction = Literal["down", "across"]

CARD_GAP = 44
"""Between two cards of a layer."""
LINE_GAP = 14
"""Between two arrows side by side."""
ROUNDS = 10
HEAD_LINE = 24
"""Where an arrow enters a card "across", as long as nothing else is known."""
STRAIGHT_WEIGHT, FOOT_WEIGHT = 8, 4


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """It leaves at the line whose middle lies `line` below the head of `source`; "down" and with
    `at_foot` from its foot instead. Arrows of one `look` between the same cards run together.
    """

    id: str
    source: str
    target: str
    line: int
    at_foot: bool = False
    look: str = ""


@dataclass(slots=True)
class Item:
    """A card, or one place where an arrow passes a layer (of no depth): a virtual node. `breadth`
    runs along the layer and holds the gutter of a card, in which its arrows run on; `depth` runs to
    the next layer. `rank` is its number in the layer, `at` where it starts.
    """

    layer: int
    breadth: int = 0
    depth: int = 0
    rank: int = 0
    at: float = 0.0
    above: list[Tie] = field(default_factory=list)
    below: list[Tie] = field(default_factory=list)
    beside: list[Tie] = field(default_factory=list)

    @property
    def is_card(self) -> bool:
        return self.depth > 0

    @property
    def end(self) -> float:
        return self.at + self.breadth


class Tie(NamedTuple):
    """To an item beside: how far from its own start each end is, and how much it counts that the
    two lie in one line.
    """

    item: Item
    own: int
    other: int
    weight: int


@dataclass(slots=True)
class Bundle:
    """Arrows that run together: the numbers of their cards, the lines they leave from; `back` where
    they lead against the layers. `port`: where they leave their card along its layer, `gutter` how
    far from it, `passes` where they pass other layers, in their direction.
    """

    source: int
    target: int
    arrows: list[Arrow]
    at_foot: bool
    back: bool = False
    port: int = 0
    gutter: int = 0
    passes: list[Item] = field(default_factory=list)


class Graph:
    """The cards and arrows of one component; made with its layers and virtual nodes, not ordered.

    `layers` holds the items of each layer once they are ordered.
    """

    def __init__(
        self, cards: Sequence[Card], arrows: Sequence[Arrow], direction: Direction
    ) -> None:
        self.cards, self.down = cards, direction == "down"
        self.bundles = _bundled(cards, arrows)
        self.leaving: list[list[Bundle]] = [[] for _ in cards]
        self.entering: list[list[Bundle]] = [[] for _ in cards]
        for bundle in self.bundles:
            self.leaving[bundle.source].append(bundle)
            self.entering[bundle.target].append(bundle)
        self._turn_back()
        gutters = [self._ports(number) for number in range(len(cards))]
        self.items = [
            Item(layer, card.width + gutter, card.height)
            if self.down
            else Item(layer, card.height, card.width + gutter)
            for layer, card, gutter in zip(self._layers(), cards, gutters, strict=True)
        ]
        self.layers: list[list[Item]] = [
            [] for _ in range(max(item.layer for item in self.items) + 1)
        ]
        for bundle in self.bundles:
            self._join(bundle)

    def starts(self) -> list[int]:
        """The cards to which nothing leads but what leads back."""
        return [
            number
            for number, entering in enumerate(self.entering)
            if all(bundle.back for bundle in entering)
        ]

    def _turn_back(self) -> None:
        """Mark what leads to its own card, or to one from which a way came here. Looked for from
        where nothing leads to, in the order of the author, so that an entry stays first.
        """
        starts = [
            number
            for number, entering in enumerate(self.entering)
            if all(bundle.source == number for bundle in entering)
        ]
        state = [0] * len(self.cards)
        for root in (*starts, *range(len(self.cards))):
            if state[root]:
                continue
            state[root] = 1
            trail = [(root, iter(self.leaving[root]))]
            while trail:
                card, rest = trail[-1]
                bundle = next(rest, None)
                if bundle is None:
                    state[card] = 2
                    trail.pop()
                elif state[bundle.target] == 1:
                    bundle.back = True
                elif state[bundle.target] == 0:
                    state[bundle.target] = 1
                    trail.append((bundle.target, iter(self.leaving[bundle.target])))

    def _layers(self) -> list[int]:
        """The longest way from a start; then those that lead more than they are led to as near to
        what they lead to as may be, so that arrows are short.
        """
        after: list[list[int]] = [[] for _ in self.cards]
        before: list[list[int]] = [[] for _ in self.cards]
        for bundle in self.bundles:
            if bundle.source != bundle.target:
                ends = (bundle.source, bundle.target)
                first, second = reversed(ends) if bundle.back else ends
                after[first].append(second)
                before[second].append(first)
        missing = [len(cards) for cards in before]
        order = [number for number, count in enumerate(missing) if not count]
        layers = [0] * len(self.cards)
        for card in order:
            for target in after[card]:
                layers[target] = max(layers[target], layers[card] + 1)
                missing[target] -= 1
                if not missing[target]:
                    order.append(target)
        for card in reversed(order):
            if len(after[card]) > len(before[card]):
                layers[card] = min(layers[target] for target in after[card]) - 1
        first = min(layers)
        return [layer - first for layer in layers]

    def _ports(self, number: int) -> int:
        """Say where what leaves a card does so, and how wide its gutter is. Downwards each bundle
        has a track of its own, the lowest line the innermost; among those that lead back, which run
        upwards, the highest. Across, lines that run together meet in the gutter.
        """
        card, leaving = self.cards[number], self.leaving[number]
        for bundle in leaving:
            bundle.at_foot = bundle.at_foot and self.down and not bundle.back
        if not self.down:
            tracks = 0
            for bundle in leaving:
                bundle.port = bundle.arrows[0].line
                if len(bundle.arrows) > 1:
                    tracks += 1
                    bundle.gutter = LINE_GAP * tracks
            return LINE_GAP * tracks
        for bundle in leaving:
            bundle.port = card.width // 2
        ordered = [
            *sorted(
                (b for b in leaving if not b.back and not b.at_foot),
                key=lambda b: -b.arrows[0].line,
            ),
            *sorted((b for b in leaving if b.back), key=lambda b: b.arrows[-1].line),
        ]
        for track, bundle in enumerate(ordered, 1):
            bundle.gutter = LINE_GAP * track
            bundle.port = card.width + bundle.gutter
        return LINE_GAP * len(ordered)

    def _join(self, bundle: Bundle) -> None:
        """Its virtual nodes and ties. What leads back leaves downwards beside its own card and is
        at once above it; across it passes that card's layer.
        """
        source, target = self.items[bundle.source], self.items[bundle.target]
        if bundle.back:
            first = source.layer - 1 if self.down else source.layer
            passed = range(first, target.layer - 1, -1)
        else:
            passed = range(source.layer + 1, target.layer)
        bundle.passes = [Item(layer) for layer in passed]
        stations = [source, *bundle.passes, target]
        last = len(stations) - 2
        for number, (one, other) in enumerate(pairwise(stations)):
            own = bundle.port if number == 0 else 0
            into = self._wanted_head(bundle, last == 0) if number == last else 0
            weight = STRAIGHT_WEIGHT if 0 < number < last else 2 if last else 1
            if bundle.at_foot and not last:
                weight = FOOT_WEIGHT
            _tie(one, other, own, into, weight)

    def _wanted_head(self, bundle: Bundle, direct: bool) -> int:
        """What leaves beside its card enters the next near its right end, so that a drawing grows
        downwards and not aside.
        """
        if self.down and direct and not bundle.at_foot and not bundle.back:
            return self.cards[bundle.target].width - HEAD_LINE
        return self.head_of(bundle.target)

    def head_of(self, card: int) -> int:
        """Where arrows enter a card, as long as nothing else is known: amid its head."""
        if self.down:
            return self.cards[card].width // 2
        return min(HEAD_LINE, self.cards[card].height // 2)


def _bundled(cards: Sequence[Card], arrows: Sequence[Arrow]) -> list[Bundle]:
    number = {card.id: index for index, card in enumerate(cards)}
    bundles: dict[tuple[str, str, bool, str], Bundle] = {}
    for arrow in arrows:
        key = arrow.source, arrow.target, arrow.at_foot, arrow.look
        if key not in bundles:
            ends = number[arrow.source], number[arrow.target]
            bundles[key] = Bundle(*ends, [], arrow.at_foot)
        bundles[key].arrows.append(arrow)
    for bundle in bundles.values():
        bundle.arrows.sort(key=lambda arrow: arrow.line)
    return [*bundles.values()]


def _tie(one: Item, other: Item, own: int, into: int, weight: int) -> None:
    there, back = Tie(other, own, into, weight), Tie(one, into, own, weight)
    if one is other:
        return
    if one.layer == other.layer:
        one.beside.append(there)
        other.beside.append(back)
    elif one.layer < other.layer:
        one.below.append(there)
        other.above.append(back)
    else:
        one.above.append(there)
        other.below.append(back)
