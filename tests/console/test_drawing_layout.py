"""Drawings of any cards and arrows: what must hold wherever they come to stand."""

from __future__ import annotations

import time
from itertools import combinations, pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.console.drawing_graph import Arrow, Card, Direction
from engine.console.drawing_layout import Layout, Point, laid_out_for, lay_out
from tests.sizes import sized

WIDTH = 1180
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
Case = tuple[list[Card], list[Arrow]]


@st.composite
def drawings(draw: st.DrawFn) -> Case:
    """Cards of several heights, each with arrows from some of its lines and perhaps its foot, to
    any card: circles, arrows to oneself, several to one, and parts that nothing joins.
    """
    targets = draw(st.lists(st.lists(st.integers(0, 12), max_size=6), min_size=1, max_size=9))
    count, cards, arrows = len(targets), [], []
    for number, lines in enumerate(targets):
        card = Card(f"c{number}", 300, 60 + 30 * len(lines))
        cards.append(card)
        for line, target in enumerate(lines):
            if target < count:
                at_foot = line == len(lines) - 1 and target % 2 == 0
                look = "copy" if (line + target) % 3 == 0 else "answer"
                name, to = f"a{number}-{line}", f"c{target}"
                arrows.append(Arrow(name, card.id, to, 75 + 30 * line, at_foot, look))
    return cards, arrows


def chain(count: int) -> Case:
    cards = [Card(f"c{n}", 300, 150) for n in range(count)]
    return cards, [Arrow(f"a{n}", f"c{n}", f"c{n + 1}", 130, True) for n in range(count - 1)]


def star(count: int) -> Case:
    cards = [Card("c0", 300, 60 + 28 * count), *(Card(f"c{n}", 300, 90) for n in range(1, count))]
    return cards, [Arrow(f"a{n}", "c0", f"c{n}", 60 + 28 * n) for n in range(1, count)]


def ring(count: int) -> Case:
    cards, arrows = chain(count)
    return cards, [*arrows, Arrow("back", f"c{count - 1}", "c0", 130, True)]


def crosses(one: Point, other: Point, card: Card, at: Point) -> bool:
    """Whether a straight line has a point inside a card."""
    (left, right), (top, foot) = sorted((one.x, other.x)), sorted((one.y, other.y))
    beside = right <= at.x or left >= at.x + card.width
    return not (beside or foot <= at.y or top >= at.y + card.height)


def crossed_cards(case: Case, layout: Layout) -> list[tuple[str, str]]:
    return [
        (name, card.id)
        for name, way in layout.arrows.items()
        for card in case[0]
        if any(crosses(*line, card, layout.cards[card.id]) for line in pairwise(way))
    ]


def check(case: Case, layout: Layout) -> None:
    cards, arrows = case
    assert crossed_cards(case, layout) == []
    for card in cards:
        at = layout.cards[card.id]
        assert at.x > 0 and at.x + card.width < layout.width
        assert at.y > 0 and at.y + card.height < layout.height
    for way in layout.arrows.values():
        assert all(0 <= at.x <= layout.width and 0 <= at.y <= layout.height for at in way)
        assert all((one.x == other.x) != (one.y == other.y) for one, other in pairwise(way))
    for one, other in combinations(cards, 2):
        first, second = layout.cards[one.id], layout.cards[other.id]
        apart_x = first.x + one.width <= second.x - 18 or second.x + other.width <= first.x - 18
        apart_y = first.y + one.height <= second.y - 18 or second.y + other.height <= first.y - 18
        assert apart_x or apart_y
    size = {card.id: card for card in cards}
    for arrow in arrows:
        start, at, card = layout.arrows[arrow.id][0], layout.cards[arrow.source], size[arrow.source]
        at_line = start == (at.x + card.width, at.y + arrow.line)
        at_foot = start.y == at.y + card.height and at.x < start.x < at.x + card.width
        assert at_line or (arrow.at_foot and at_foot)


@pytest.mark.parametrize("direction", DIRECTIONS)
@settings(max_examples=sized(40, 2000))
@given(case=drawings())
def test_no_arrow_crosses_a_card_and_no_card_lies_on_another(
    direction: Direction, case: Case
) -> None:
    check(case, lay_out(*case, direction, WIDTH))


@pytest.mark.parametrize("direction", DIRECTIONS)
@settings(max_examples=sized(20, 1000))
@given(case=drawings())
def test_an_arrow_enters_at_the_head_and_comes_straight(direction: Direction, case: Case) -> None:
    layout, size = lay_out(*case, direction, WIDTH), {card.id: card for card in case[0]}
    for arrow in case[1]:
        before, end = layout.arrows[arrow.id][-2:]
        at, card = layout.cards[arrow.target], size[arrow.target]
        if direction == "down":
            assert end.y == at.y and at.x < end.x < at.x + card.width
            assert before.x == end.x and before.y <= end.y - 18
        else:
            assert end.x == at.x and at.y < end.y < at.y + card.height
            assert before.y == end.y and before.x <= end.x - 18


@pytest.mark.parametrize("direction", DIRECTIONS)
@settings(max_examples=sized(20, 1000))
@given(case=drawings())
def test_heads_of_arrows_from_different_cards_stand_apart(direction: Direction, case: Case) -> None:
    layout = lay_out(*case, direction, WIDTH)
    ends: dict[Point, set[tuple[str, str, str, bool]]] = {}
    for arrow in case[1]:
        end = layout.arrows[arrow.id][-1]
        bundle = arrow.source, arrow.target, arrow.look, arrow.at_foot
        ends.setdefault(end, set()).add(bundle)
    assert all(len(bundles) == 1 for bundles in ends.values())


@settings(max_examples=sized(15, 500))
@given(case=drawings())
def test_the_same_is_always_drawn_the_same(case: Case) -> None:
    assert lay_out(*case, "down", WIDTH) == lay_out([*case[0]], [*case[1]], "down", WIDTH)


@settings(max_examples=sized(20, 1000))
@given(case=drawings())
def test_what_leads_no_way_back_leads_downwards(case: Case) -> None:
    cards, arrows = case
    onward = [a for a in arrows if a.source < a.target]
    layout = lay_out(cards, onward, "down", WIDTH)
    for arrow in onward:
        assert layout.cards[arrow.source].y < layout.cards[arrow.target].y


def test_the_entry_of_a_circle_stays_first() -> None:
    for direction in DIRECTIONS:
        layout = lay_out(*ring(4), direction, WIDTH)
        places = [layout.cards[f"c{n}"] for n in range(4)]
        assert places == sorted(places, key=lambda at: at.y if direction == "down" else at.x)


def test_a_chain_runs_straight_down() -> None:
    layout = lay_out(*chain(8), "down", WIDTH)
    assert len({at.x for at in layout.cards.values()}) == 1
    assert all(len(way) == 2 for way in layout.arrows.values())


def test_answers_of_a_letter_and_of_its_reminder_run_together() -> None:
    cards = [Card("asks", 300, 200), Card("yes", 300, 90), Card("no", 300, 90)]
    arrows = [
        Arrow(f"{answer}{line}", "asks", answer, line + shift)
        for line in (60, 140)
        for shift, answer in ((0, "yes"), (25, "no"))
    ]
    ways = lay_out(cards, arrows, "down", WIDTH).arrows
    assert ways["yes60"][1:] != ways["no60"][1:]
    for answer in ("yes", "no"):
        assert ways[f"{answer}60"][2:] == ways[f"{answer}140"][2:]
        assert ways[f"{answer}60"][1].x == ways[f"{answer}140"][1].x


def test_what_is_too_wide_downwards_is_drawn_across() -> None:
    assert lay_out(*star(40), "down", WIDTH).width > 5 * WIDTH
    assert laid_out_for(*star(40), WIDTH).width < 1000
    assert laid_out_for(*chain(60), WIDTH) == lay_out(*chain(60), "down", WIDTH)


def test_a_star_shows_its_middle_at_the_top() -> None:
    layout = laid_out_for(*star(40), WIDTH)
    assert layout.cards["c0"].y < 200


@pytest.mark.parametrize("case", [chain(60), star(40)], ids=["chain of 60", "star of 40"])
def test_a_large_dialogue_is_laid_out_within_half_a_second(case: Case) -> None:
    began = time.process_time()
    layout = laid_out_for(*case, WIDTH)
    assert time.process_time() - began < 0.5
    check(case, layout)


def test_parts_that_nothing_joins_stand_side_by_side() -> None:
    cards = [Card(f"c{n}", 300, 90) for n in range(5)]
    layout = lay_out(cards, [], "down", WIDTH)
    assert [layout.cards[f"c{n}"].y == layout.cards["c0"].y for n in range(5)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert layout.width <= WIDTH


def test_an_arrow_to_nowhere_is_an_error() -> None:
    with pytest.raises(KeyError):
        lay_out([Card("c0", 300, 90)], [Arrow("a", "c0", "c9", 40)], "down", WIDTH)
