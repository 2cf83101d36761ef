"""How arrows run between cards that stand: straight lines with right angles, which turn only in the
channels between layers. Pure.

A channel has a track for each run along it; runs that do not meet share one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from engine.console.drawing_graph import LINE_GAP, Bundle, Graph, Item
from engine.console.drawing_order import FOOT_MARGIN, isotonic

HEAD_ROOM = 22
"""Of the straight end of an arrow, with its head."""
NEAR = 5
"""Two lines as near as that look like one."""
NARROWEST, WIDEST = 7, 224
"""How near to each other the tracks of a channel may be that would else be wider than that."""
MOST_BESIDE = 240
"""How far from its card an arrow may run down beside it."""
OVERLAP = 100
"""Crossings that are better than two lines in one."""

Corner = tuple[int, int]
"""Along the layers, and across them."""


@dataclass(slots=True)
class Run:
    """A bundle's way through a channel: where it comes from and goes to along the channel, each on
    the side of the layer before it or of that after it.
    """

    start: int
    start_before: bool
    end: int
    end_before: bool
    track: int = 0

    @property
    def low(self) -> int:
        return min(self.start, self.end)

    @property
    def high(self) -> int:
        return max(self.start, self.end)

    def ends(self, before: bool) -> Iterator[int]:
        if self.start_before == before:
            yield self.start
        if self.end_before == before:
            yield self.end


@dataclass(frozen=True, slots=True)
class Routes:
    """Where each layer starts and, last, where all end; the corners of each arrow by its id."""

    tops: list[int]
    corners: dict[str, list[Corner]]
    breadth: int


def routes(graph: Graph) -> Routes:
    heads = _heads(graph)
    starts = _starts(graph, heads)
    ways = [*map(partial(_way, graph), graph.bundles, starts, heads)]
    channels: list[list[Run]] = [[] for _ in range(len(graph.layers) + 1)]
    for way in ways:
        for channel, run in way:
            channels[channel].append(run)
    tops, tracks, apart = _depths(graph, channels)
    corners: dict[str, list[Corner]] = {}
    for bundle, way in zip(graph.bundles, ways, strict=True):
        trunk: list[Corner] = []
        for channel, run in way:
            if run.start != run.end:
                track = tracks[channel] + apart[channel] * run.track
                trunk += [(run.start, track), (run.end, track)]
        trunk.append((way[-1][1].end, tops[graph.items[bundle.target].layer]))
        start = way[0][1].start
        for arrow in bundle.arrows:
            top = tops[graph.items[bundle.source].layer]
            corners[arrow.id] = _without_idle_corners(
                [*_leaves(graph, bundle, arrow.line, top, start), *trunk]
            )
    breadth = max(
        *(int(item.end) for layer in graph.layers for item in layer),
        *(run.high for channel in channels for run in channel),
        0,
    )
    return Routes(tops, corners, breadth)


def _starts(graph: Graph, heads: Sequence[int]) -> list[int]:
    """Where each bundle leaves along its card's layer: straight on to where it goes, if its foot or
    the room beside its card allows that; outermost first.
    """
    starts = [0] * len(graph.bundles)
    order = sorted(range(len(starts)), key=lambda number: -graph.bundles[number].port)
    last: dict[int, float] = {}
    for number in order:
        bundle = graph.bundles[number]
        item, width = graph.items[bundle.source], graph.cards[bundle.source].width
        at = int(item.at)
        starts[number] = at + bundle.port
        towards = int(bundle.passes[0].at) if bundle.passes else heads[number]
        if bundle.at_foot:
            starts[number] = min(max(towards, at + FOOT_MARGIN), at + width - FOOT_MARGIN)
        elif graph.down:
            most = last.get(bundle.source, _room_beside(graph, item))
            if at + bundle.port < towards <= most:
                starts[number] = towards
            last[bundle.source] = starts[number] - LINE_GAP
    return starts


def _room_beside(graph: Graph, item: Item) -> float:
    """How far to its right an arrow may leave a card."""
    layer = graph.layers[item.layer]
    if item.rank + 1 == len(layer):
        return item.end + MOST_BESIDE
    right = layer[item.rank + 1]
    return min(right.at - LINE_GAP - (4 if right.is_card else 0), item.end + MOST_BESIDE)


def _way(graph: Graph, bundle: Bundle, start: int, head: int) -> list[tuple[int, Run]]:
    """Its runs with the numbers of their channels; channel n lies before layer n."""
    layer = graph.items[bundle.source].layer
    upwards = bundle.back and graph.down
    channel, before = (layer, False) if upwards else (layer + 1, True)
    way: list[tuple[int, Run]] = []
    for item in bundle.passes:
        end_before = item.layer < channel
        way.append((channel, Run(start, before, int(item.at), end_before)))
        start, before = int(item.at), not end_before
        channel = item.layer if end_before else item.layer + 1
    return [*way, (channel, Run(start, before, head, False))]


def _heads(graph: Graph) -> list[int]:
    """Where each bundle enters its card: straight on where it can, in the order in which they come,
    apart from each other.
    """
    numbers = {id(bundle): number for number, bundle in enumerate(graph.bundles)}
    heads = [0] * len(graph.bundles)
    for number, entering in enumerate(graph.entering):
        if not entering:
            continue
        item, card = graph.items[number], graph.cards[number]
        breadth = card.width if graph.down else card.height
        margin = min(FOOT_MARGIN, breadth // 4)
        first, room = int(item.at) + margin, breadth - 2 * margin
        coming = sorted((_comes_at(graph, bundle), numbers[id(bundle)]) for bundle in entering)
        if len(coming) == 1 and not first <= coming[0][0] <= first + room:
            heads[coming[0][1]] = int(item.at) + graph.head_of(number)
            continue
        apart = min(LINE_GAP, room // max(len(coming) - 1, 1))
        last = first + room - apart * (len(coming) - 1)
        flat = [min(max(at - apart * n, first), last) for n, (at, _) in enumerate(coming)]
        places = isotonic(flat, [1] * len(flat))
        for n, ((_, bundle), place) in enumerate(zip(coming, places, strict=True)):
            heads[bundle] = round(place) + apart * n
    return heads


def _comes_at(graph: Graph, bundle: Bundle) -> int:
    if bundle.passes:
        return int(bundle.passes[-1].at)
    return int(graph.items[bundle.source].at) + bundle.port


def _depths(
    graph: Graph, channels: Sequence[Sequence[Run]]
) -> tuple[list[int], list[int], list[int]]:
    """Where each layer starts, the end of all last; the first track of each channel, and how far
    its tracks are apart.
    """
    tops: list[int] = []
    tracks: list[int] = []
    apart: list[int] = []
    at = 0
    for number, channel in enumerate(channels):
        count = _assign_tracks([run for run in channel if run.start != run.end])
        tracks.append(at + LINE_GAP)
        apart.append(min(LINE_GAP, max(NARROWEST, WIDEST // max(count, 1))))
        last = number == len(graph.layers)
        if count or (number and not last):
            at += LINE_GAP + apart[-1] * count + (0 if last else HEAD_ROOM)
        tops.append(at)
        if not last:
            at += max(item.depth for item in graph.layers[number])
    return tops, tracks, apart


def _assign_tracks(runs: Sequence[Run]) -> int:
    """Give each run a track so that none lies on another and few cross; how many tracks."""
    above: list[set[int]] = [set() for _ in runs]
    near: list[set[int]] = [set() for _ in runs]
    for one, run in enumerate(runs):
        for other in range(one + 1, len(runs)):
            beside = runs[other]
            if run.low - LINE_GAP < beside.high and beside.low - LINE_GAP < run.high:
                near[one].add(other)
                near[other].add(one)
                first, second = _cost(run, beside), _cost(beside, run)
                if first < second:
                    above[other].add(one)
                elif second < first:
                    above[one].add(other)
    waiting = sorted(range(len(runs)), key=lambda number: (runs[number].low, number))
    done: set[int] = set()
    while waiting:
        free = (number for number in waiting if above[number] <= done)
        fewest = min(waiting, key=lambda number: (len(above[number] - done), number))
        number = next(free, fewest)
        waiting.remove(number)
        taken = {runs[other].track for other in near[number] & done}
        under = max((runs[other].track + 1 for other in above[number] & done), default=0)
        while under in taken:
            under += 1
        runs[number].track = under
        done.add(number)
    return max((run.track + 1 for run in runs), default=0)


def _cost(upper: Run, lower: Run) -> int:
    """Crossings where the one's track lies before the other's."""
    cost = sum(upper.low < end < upper.high for end in lower.ends(before=True))
    for end in upper.ends(before=False):
        cost += lower.low < end < lower.high
        cost += OVERLAP * sum(abs(end - other) < NEAR for other in lower.ends(before=True))
    return cost


def _leaves(graph: Graph, bundle: Bundle, line: int, top: int, start: int) -> list[Corner]:
    """The first corners of an arrow's way, which lie beside its own card."""
    card, at = graph.cards[bundle.source], int(graph.items[bundle.source].at)
    if not graph.down:
        right = top + card.width
        return [
            (at + line, right),
            (at + line, right + bundle.gutter),
            (start, right + bundle.gutter),
        ]
    if bundle.at_foot:
        return [(start, top + card.height)]
    return [(at + card.width, top + line), (start, top + line)]


def _without_idle_corners(corners: Sequence[Corner]) -> list[Corner]:
    kept: list[Corner] = []
    for corner in corners:
        if kept and kept[-1] == corner:
            continue
        if len(kept) > 1 and any(
            kept[-2][axis] == kept[-1][axis] == corner[axis] for axis in (0, 1)
        ):
            kept.pop()
        kept.append(corner)
    return kept
