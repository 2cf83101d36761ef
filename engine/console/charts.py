"""From counts to what a chart draws: columns, lines, bars and intervals, with their ticks and
words. Pure.

A chart is as wide as its place on the page while its words keep their size. So whatever lies along
the width is given in percent of it, heights are pixels, and words are placed as if the chart were
MIN_WIDTH wide: in a wider one they only have more room. The ticks of the height are round numbers
from 0; their words stand in the chart, above their line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from engine.console.glyph_widths import fitted, width_of

MIN_WIDTH = 270
"""Pixels: what is left of a telephone of 360 for a chart in a card."""
WORDS = 13
"""Pixels: the size of the type."""
HEAD, PLOT, FOOT = 22, 140, 22
"""Pixels: what stands above the drawn counts, their own height, and the words below them."""
HEIGHT = HEAD + PLOT + FOOT
GAP = 8
MOST_TICKS = 4
MARK_HEIGHT = WORDS + 2
ROW, BAR, INTERVAL_ROW = 46, 14, 44
"""Pixels: a bar with its words above it, the bar alone, an interval with its words."""
Anchor = Literal["start", "middle", "end"]
LOOKS = 4
"""Colours, each with a dash and a mark of its own."""


class Tick(NamedTuple):
    """A round number, and where its line lies: pixels from the top, or percent from the left."""

    value: int
    at: float


class Words(NamedTuple):
    """`x` in percent; `anchor`: which end of the words it is."""

    words: str
    x: float
    anchor: Anchor


class Column(NamedTuple):
    """`x` and `width` in percent, `y` and `height` in pixels."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float


class Point(NamedTuple):
    label: str
    value: int
    x: float
    y: float


class Stroke(NamedTuple):
    x1: float
    y1: float
    x2: float
    y2: float


class Line(NamedTuple):
    """`look` is 1 to LOOKS: a colour, a dash and the mark at each point."""

    name: str
    look: int
    points: tuple[Point, ...]
    strokes: tuple[Stroke, ...]


class Mark(NamedTuple):
    """A moment on the axis of time. `label` is None where there is no room for it."""

    words: str
    x: float
    label: Words | None


@dataclass(frozen=True, slots=True)
class Chart:
    """Over slots side by side, such as weeks: columns or lines, never both."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Words, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing but zeros."""
        points = (point.value for line in self.lines for point in line.points)
        return not any(column.value for column in self.columns) and not any(points)


class Bar(NamedTuple):
    """A row: `label` as far as there is room beside `words`, above a bar of `width` percent."""

    label: str
    whole: str
    words: str
    y: int
    width: float


class Whisker(NamedTuple):
    """A row: between `low` and `high` percent of the width, `at` being the estimate."""

    label: str
    whole: str
    words: str
    y: int
    low: float
    at: float
    high: float


def round_ticks(top: int) -> tuple[int, ...]:
    """From 0 to `top` or just above it, by steps of 1, 2 or 5 of a power of ten."""
    step = 1
    while step * MOST_TICKS < top:
        # 1, 2, 5, 10, 20, 50, ...
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return tuple(range(0, (max(0, -(-top // step)) or 1) * step + 1, step))


def column_chart(
    labels: Sequence[str], values: Sequence[int], marks: Iterable[tuple[float, str]] = ()
) -> Chart:
    """`marks`: how many slots there are before each, and what it says."""
    ticks = _heights(max(values, default=0))
    slot = 100 / max(len(values), 1)
    columns = tuple(
        Column(
            label, value, number * slot + slot * 0.15, y := _y(value, ticks), slot * 0.7, _floor - y
        )
        for number, (label, value) in enumerate(zip(labels, values, strict=True))
    )
    return Chart(columns, (), ticks, _along(labels), _marked(marks, len(labels)))


def line_chart(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[int]]],
    marks: Iterable[tuple[float, str]] = (),
) -> Chart:
    """Each of up to LOOKS series has a name and a value for each label."""
    ticks = _heights(max((value for _, values in series for value in values), default=0))
    slot = 100 / max(len(labels), 1)
    lines = []
    for look, (name, values) in enumerate(series[:LOOKS], start=1):
        points = tuple(
            Point(label, value, (number + 0.5) * slot, _y(value, ticks))
            for number, (label, value) in enumerate(zip(labels, values, strict=True))
        )
        strokes = tuple(Stroke(a.x, a.y, b.x, b.y) for a, b in pairwise(points))
        lines.append(Line(name, look, points, strokes))
    return Chart((), tuple(lines), ticks, _along(labels), _marked(marks, len(labels)))


_floor = HEAD + PLOT


def _heights(top: int) -> tuple[Tick, ...]:
    values = round_ticks(top)
    return tuple(Tick(value, _floor - PLOT * value / values[-1]) for value in values)


def _y(value: int, ticks: Sequence[Tick]) -> float:
    return _floor - PLOT * value / ticks[-1].value


def span(words: Words, width: int = MIN_WIDTH) -> tuple[float, float]:
    """Where words begin and end (pixels) in a chart of some width."""
    room, x = width_of(words.words, WORDS), words.x * width / 100
    match words.anchor:
        case "start":
            return x, x + room
        case "middle":
            return x - room / 2, x + room / 2
        case "end":
            return x - room, x


def _along(labels: Sequence[str]) -> tuple[Words, ...]:
    """Labels below their slots: the last one, and of the others every second, third, ... as far as
    they fit.
    """
    slot = 100 / max(len(labels), 1)
    placed = [_inside(label, (number + 0.5) * slot) for number, label in enumerate(labels)]
    for step in range(1, len(labels) + 1):
        chosen = placed[::-1][::step][::-1]
        if _apart(chosen):
            return tuple(chosen)
    return ()


def _apart(words: Sequence[Words]) -> bool:
    spans = [span(one) for one in words]
    inside = all(start >= 0 and end <= MIN_WIDTH for start, end in spans)
    return inside and all(one[1] + GAP <= other[0] for one, other in pairwise(spans))


def _inside(words: str, x: float) -> Words:
    """Centred on `x`, or along the edge that it would cross."""
    words = fitted(words, MIN_WIDTH, WORDS)
    start, end = span(Words(words, x, "middle"))
    if start < 0:
        return Words(words, 0, "start")
    return Words(words, 100, "end") if end > MIN_WIDTH else Words(words, x, "middle")


def _marked(marks: Iterable[tuple[float, str]], slots: int) -> tuple[Mark, ...]:
    """The latest has its words for sure, an earlier one where there is room."""
    found: list[Mark] = []
    free = float(MIN_WIDTH + GAP)
    for slot, words in sorted(marks, reverse=True):
        x = 100 * min(max(slot, 0), slots) / max(slots, 1)
        label = _inside(words, x)
        start, end = span(label)
        fits = end + GAP <= free
        free = start if fits else free
        found.append(Mark(words, x, label if fits else None))
    return tuple(reversed(found))


def bars(rows: Iterable[tuple[str, float, str]], top: float = 0) -> tuple[Bar, ...]:
    """Each with its label, its value and the value in words; `top` is what takes the whole width,
    the greatest value unless it is given.
    """
    rows = list(rows)
    top = max([top, *(value for _, value, _ in rows)])
    return tuple(
        Bar(
            _beside(label, words),
            label,
            words,
            number * ROW,
            100 * max(value, 0) / top if top > 0 else 0,
        )
        for number, (label, value, words) in enumerate(rows)
    )


def whiskers(
    rows: Iterable[tuple[str, float, float, float, str]], scale: Callable[[float], float]
) -> tuple[Whisker, ...]:
    """Each with its label, low, estimate, high, and all that in words; `scale` says where a value
    lies, in percent.
    """

    def within(value: float) -> float:
        return min(max(scale(value), 0.0), 100.0)

    return tuple(
        Whisker(
            label=_beside(label, words),
            whole=label,
            words=words,
            y=number * INTERVAL_ROW,
            low=within(low),
            at=within(at),
            high=within(high),
        )
        for number, (label, low, at, high, words) in enumerate(rows)
    )


def _beside(label: str, words: str) -> str:
    return fitted(label, max(MIN_WIDTH - width_of(words, WORDS) - GAP, WORDS), WORDS)
