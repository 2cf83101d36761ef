"""How a week went, as a page: the last one that is over, every one before it, and the one that
runs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.console.access import Role
from engine.console.week_page import routes
from engine.context import AppContext
from engine.sequence.delay import DAY
from engine.views import week_of
from tests.cli.asking import FILES, answer, join, send
from tests.console.visiting import answered, visit, words_of
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
WEEK = "/operator/week"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """A week in which five came, and one of four answered."""
    with installations.made(FILES) as made:
        people = join(made, 4)
        begun = send(made, people)
        answer(made, people[0], begun[people[0]], 0, 11, label="Oui")
        join(made, 1, 11)
        made.views.catch_up()
        yield made


def read(context: AppContext, **query: str) -> str:
    visitor = visit(Role.AUTHOR, url=WEEK, query=query)
    return words_of(answered(tuple(routes(context)), "GET", WEEK, visitor))


def test_the_last_week_that_is_over_is_told(context: AppContext) -> None:
    now = context.clock.now()
    running = read(context, day=str(now // DAY))
    assert "so far" in running and "Came onto a list: 5" in running
    assert "Came onto a list: 0" in read(context)
    context.clock.jump(7 * DAY)
    page = read(context)
    assert "so far" not in page
    assert "Came onto a list: 5 · the week before: 0" in page
    assert "“Une question”: 1 of 4 answered · 25 %" in page and "“Oui”: 1" in page


def test_a_day_that_is_none_or_is_still_to_come_is_told_as_this_week(context: AppContext) -> None:
    ahead = str(week_of(context.clock.now()) + 700)
    assert "so far" in read(context, day=ahead)
    assert "so far" not in read(context, day="<b>")
