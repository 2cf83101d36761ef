"""Charts: whatever is counted, what is drawn lies within its frame, no words lie upon others, and
ticks are round.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.console.charts import (
    BAR,
    GAP,
    HEAD,
    MIN_WIDTH,
    PLOT,
    ROW,
    WORDS,
    Chart,
    Words,
    bars,
    column_chart,
    line_chart,
    round_ticks,
    span,
    whiskers,
)
from engine.console.glyph_widths import width_of

COUNTS = st.integers(min_value=0, max_value=10**12)
LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40)
SLOTS = st.lists(st.tuples(LABELS, COUNTS), min_size=1, max_size=60)
MARKS = st.lists(st.tuples(st.integers(0, 60), LABELS), max_size=8)
EVERY_WIDTH = (MIN_WIDTH, 640, 1200)


def drawn(slots: list[tuple[str, int]], marks: list[tuple[int, str]]) -> tuple[Chart, Chart]:
    labels, values = [label for label, _ in slots], [value for _, value in slots]
    lines = [("a", values), ("b", values[::-1])]
    return column_chart(labels, values, marks), line_chart(labels, lines, marks)


def lie_apart(words: list[Words]) -> bool:
    """At no width of the page upon one another, nor beyond the edge."""
    for width in EVERY_WIDTH:
        spans = [span(one, width) for one in words]
        if any(start < -0.01 or end > width + 0.01 for start, end in spans):
            return False
        if any(one[1] + GAP > other[0] + 0.01 for one, other in pairwise(spans)):
            return False
    return True


@given(SLOTS, MARKS)
def test_columns_and_lines_lie_within_their_frame(
    slots: list[tuple[str, int]], marks: list[tuple[int, str]]
) -> None:
    columns, lines = drawn(slots, marks)
    for column in columns.columns:
        assert column.x >= 0 and column.x + column.width <= 100.0001
        assert column.y >= HEAD - 0.01 and column.height >= 0
        assert column.y + column.height == pytest.approx(HEAD + PLOT)
    for line in lines.lines:
        assert all(0 <= p.x <= 100 and HEAD - 0.01 <= p.y <= HEAD + PLOT for p in line.points)
        assert len(line.strokes) == len(line.points) - 1
    assert all(0 <= mark.x <= 100 for mark in columns.marks)


@given(SLOTS, MARKS)
def test_no_words_lie_upon_others(
    slots: list[tuple[str, int]], marks: list[tuple[int, str]]
) -> None:
    for chart in drawn(slots, marks):
        assert lie_apart(list(chart.labels))
        assert lie_apart([mark.label for mark in chart.marks if mark.label is not None])
        assert len(chart.marks) == len(marks)


@given(SLOTS)
def test_the_last_slot_always_has_its_words(slots: list[tuple[str, int]]) -> None:
    chart, _ = drawn(slots, [])
    assert chart.labels, slots
    assert chart.labels[-1].x >= 50 or len(slots) == 1


@given(COUNTS)
def test_ticks_are_round_and_few_and_reach_the_top(top: int) -> None:
    ticks = round_ticks(top)
    step = ticks[1]
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert ticks == tuple(range(0, ticks[-1] + 1, step)) and 2 <= len(ticks) <= 5
    assert ticks[-1] >= top and ticks[-1] - top < max(step, 2)


@given(st.lists(st.tuples(LABELS, COUNTS, st.sampled_from(["3", "1 234 (35 %)"])), max_size=20))
def test_bars_lie_below_one_another_with_room_for_label_and_count(
    rows: list[tuple[str, int, str]],
) -> None:
    made = bars(rows)
    assert [bar.y for bar in made] == [number * ROW for number in range(len(rows))]
    for bar in made:
        assert 0 <= bar.width <= 100
        room = width_of(bar.label, WORDS) + GAP + width_of(bar.words, WORDS)
        assert room <= MIN_WIDTH and bar.whole.startswith(bar.label.rstrip("…")[:1].strip())
    assert ROW >= WORDS + BAR + GAP


@given(st.lists(st.tuples(LABELS, *[st.floats(-5, 5)] * 3), max_size=9))
def test_intervals_stay_in_order_within_the_frame(
    rows: list[tuple[str, float, float, float]],
) -> None:
    ordered = [(label, *sorted(ends), "–") for label, *ends in rows]
    for one in whiskers(ordered, lambda value: 100 * value):  # type: ignore[arg-type]
        assert 0 <= one.low <= one.at <= one.high <= 100


def test_zeros_make_an_empty_chart_and_nothing_a_chart_at_all() -> None:
    assert column_chart(["3/11"], [0]).is_empty and line_chart([], []).is_empty
    assert not column_chart(["3/11"], [1]).is_empty
    assert bars([("a", 0, "0")])[0].width == 0
