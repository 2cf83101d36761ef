"""In which order the items of each layer stand, and where: few crossings first, then arrows that
run straight. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.console.drawing_graph import CARD_GAP, LINE_GAP, ROUNDS, Bundle, Graph, Item

FOOT_MARGIN = 13
"""How near to its corner an arrow may leave or enter a card."""


def put_in_order(graph: Graph) -> None:
    """Sweeps by barycentre down and up (Sugiyama, Tagawa and Toda 1981), after each neighbours
    exchanged where that spares crossings; the best order is kept.
    """
    _first_order(graph)
    best, fewest = [[*layer] for layer in graph.layers], _crossings(graph)
    for number in range(ROUNDS):
        if not fewest:
            break
        downwards = number % 2 == 0
        for layer in graph.layers if downwards else reversed(graph.layers):
            layer.sort(key=lambda item: _barycentre(item, downwards))
            _rank(layer)
        _exchange(graph)
        crossings = _crossings(graph)
        if crossings < fewest:
            best, fewest = [[*layer] for layer in graph.layers], crossings
    graph.layers = best
    for layer in best:
        _rank(layer)


def _first_order(graph: Graph) -> None:
    """As met on the way from the starts, from left to right."""
    met: set[int] = set()
    waiting = graph.starts()[::-1]
    while waiting:
        card = waiting.pop()
        if card in met:
            continue
        met.add(card)
        graph.layers[graph.items[card].layer].append(graph.items[card])
        leaving = sorted(graph.leaving[card], key=lambda bundle: bundle.port)
        for bundle in leaving:
            for item in bundle.passes:
                graph.layers[item.layer].append(item)
        waiting += [bundle.target for bundle in reversed(leaving)]
    for layer in graph.layers:
        _rank(layer)


def _rank(layer: Sequence[Item]) -> None:
    for rank, item in enumerate(layer):
        item.rank = rank


def _barycentre(item: Item, downwards: bool) -> float:
    ties = item.above if downwards else item.below
    if ties:
        return sum(tie.item.rank + tie.other / (tie.item.breadth + 1) for tie in ties) / len(ties)
    if item.beside and not item.is_card:
        return item.beside[0].item.rank + 0.5
    return item.rank


def _exchange(graph: Graph) -> None:
    for _ in range(ROUNDS):
        better = False
        for layer in graph.layers:
            for rank in range(len(layer) - 1):
                left, right = layer[rank], layer[rank + 1]
                if _crossed(right, left) < _crossed(left, right):
                    layer[rank], layer[rank + 1] = right, left
                    right.rank, left.rank = rank, rank + 1
                    better = True
        if not better:
            return


def _crossed(left: Item, right: Item) -> int:
    """Crossings of what leaves and enters two neighbours that stand so."""
    crossings = 0
    for one, other in ((left.above, right.above), (left.below, right.below)):
        for tie in one:
            place = tie.item.rank, tie.other
            crossings += sum(place > (beside.item.rank, beside.other) for beside in other)
    return crossings


def _crossings(graph: Graph) -> int:
    """All there are: inversions between the ends of ties, counted with a binary indexed tree.
    What enters one card never crosses.
    """
    crossings = 0
    for layer in graph.layers:
        ends = sorted((item.rank, tie.own, tie.item.rank) for item in layer for tie in item.below)
        counts = [0] * (1 + max((end for _, _, end in ends), default=0) + 1)
        for passed, (_, _, end) in enumerate(ends):
            crossings += passed - _upto(counts, end + 1)
            _add(counts, end + 1)
    return crossings


def _upto(counts: Sequence[int], index: int) -> int:
    total = 0
    while index:
        total += counts[index]
        index -= index & -index
    return total


def _add(counts: list[int], index: int) -> None:
    while index < len(counts):
        counts[index] += 1
        index += index & -index


def put_in_place(graph: Graph) -> None:
    """Give each item its place along the layer, the first of all 0."""
    for layer in graph.layers:
        _settle(graph, layer, [(0.0, 1)] * len(layer))
    for number in range(2 * ROUNDS):
        downwards = number % 2 == 0
        both = number >= ROUNDS
        for layer in graph.layers if downwards else reversed(graph.layers):
            _settle(graph, layer, [_wanted(item, both, downwards, graph.down) for item in layer])
    first = min(item.at for layer in graph.layers for item in layer)
    for layer in graph.layers:
        for item in layer:
            item.at = round(item.at - first)
    for _ in range(3):
        for bundle in graph.bundles:
            _straighten(graph, bundle)


def _gap(graph: Graph, left: Item, right: Item) -> int:
    if left.is_card and right.is_card:
        return CARD_GAP if graph.down else CARD_GAP // 2
    return LINE_GAP + (4 if left.is_card or right.is_card else 0)


def _wanted(item: Item, both: bool, downwards: bool, down: bool) -> tuple[float, int]:
    """Where an item would lie in one line with what it is tied to in the layer before (or in both),
    and how much that counts. Across, a card stands beside the first that it leads to, so that an
    entry is seen without scrolling.
    """
    below = item.below
    if not down and item.is_card and below:
        below = [min(below, key=lambda tie: tie.item.at)]
    ties = item.above if downwards else below
    if both or not ties:
        ties = [*item.above, *below]
    if not item.is_card:
        ties = [*ties, *item.beside]
    weight = sum(tie.weight for tie in ties)
    if not weight:
        return item.at, 1
    return sum(tie.weight * (tie.item.at + tie.other - tie.own) for tie in ties) / weight, weight


def _settle(graph: Graph, layer: Sequence[Item], wanted: Sequence[tuple[float, int]]) -> None:
    """Each as near as can be to where it is wanted, in order, none nearer than its gap."""
    offsets = [0.0] * len(layer)
    for number, (left, right) in enumerate(pairwise(layer), 1):
        offsets[number] = offsets[number - 1] + left.breadth + _gap(graph, left, right)
    places = isotonic(
        [place - offset for (place, _), offset in zip(wanted, offsets, strict=True)],
        [weight for _, weight in wanted],
    )
    for item, place, offset in zip(layer, places, offsets, strict=True):
        item.at = place + offset


def isotonic(wanted: Sequence[float], weights: Sequence[int]) -> list[float]:
    """The places nearest to those wanted (by weighted squares) of which none lies before the one
    before it: pool adjacent violators (Ayer and others 1955).
    """
    pools: list[tuple[float, int, int]] = []
    for place, weight in zip(wanted, weights, strict=True):
        mean, heavy, count = place, weight, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, other_count = pools.pop()
            mean = (mean * heavy + other * other_weight) / (heavy + other_weight)
            heavy, count = heavy + other_weight, count + other_count
        pools.append((mean, heavy, count))
    return [mean for mean, _, count in pools for _ in range(count)]


def _straighten(graph: Graph, bundle: Bundle) -> None:
    """Let it pass in one line as many layers as there is room for; where it comes from if it can,
    else where it goes to.
    """
    run: list[Item] = []
    low, high = float("-inf"), float("inf")
    for item in bundle.passes:
        least, most = _room(graph, item)
        if run and max(low, least) > min(high, most):
            _align(graph, bundle, run, low, high)
            run, low, high = [], float("-inf"), float("inf")
        run.append(item)
        low, high = max(low, least), min(high, most)
    if run:
        _align(graph, bundle, run, low, high)


def _room(graph: Graph, item: Item) -> tuple[float, float]:
    layer = graph.layers[item.layer]
    least, most = float("-inf"), float("inf")
    if item.rank:
        left = layer[item.rank - 1]
        least = left.end + _gap(graph, left, item)
    if item.rank + 1 < len(layer):
        right = layer[item.rank + 1]
        most = right.at - item.breadth - _gap(graph, item, right)
    return least, most


def _align(graph: Graph, bundle: Bundle, run: Sequence[Item], low: float, high: float) -> None:
    source, target = graph.items[bundle.source], graph.items[bundle.target]
    first, last = run[0] is bundle.passes[0], run[-1] is bundle.passes[-1]
    place = round(sum(item.at for item in run) / len(run))
    if first and bundle.at_foot:
        foot = source.at + FOOT_MARGIN, source.at + graph.cards[bundle.source].width - FOOT_MARGIN
        if max(low, foot[0]) <= min(high, foot[1]):
            place = round(min(max(place, foot[0]), foot[1]))
    elif first and low <= source.at + bundle.port <= high:
        place = round(source.at + bundle.port)
    elif last and graph.down:
        width = graph.cards[bundle.target].width
        head = target.at + FOOT_MARGIN, target.at + width - FOOT_MARGIN
        if max(low, head[0]) <= min(high, head[1]):
            place = round(min(max(place, head[0]), head[1]))
    for item in run:
        item.at = round(min(max(place, low), high))
