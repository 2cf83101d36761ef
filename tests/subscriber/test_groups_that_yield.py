"""Prospects yield to clients, both ways: who joins a list of clients leaves every list of
prospects; a client is not made a prospect.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.sequence.delay import DAY
from engine.sequence.model import Ending, Link
from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import CALL, CLICK, LATER, NOON, click, on, perform, sent, subscribe, with_list
from tests.given import Given, When, given

PROSPECT = (
    *on(1),
    e.ListJoined(NOON, 2, 2),
    e.ListJoined(NOON, 40, 3),
    *sent("m1", "lesson", 40, 3),
)
ASKED_FOR_10 = e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY)
PLAN_40_ENDS = with_list(40, ends=Ending("move", 10))
PLAN_40_COPIES = with_list(40, ends=Ending("copy", 10))

DOORS: list[Callable[[], When]] = [
    lambda: given(PROSPECT).when(subscribe(10)),
    lambda: given(PROSPECT, ASKED_FOR_10).when(
        c.Confirm(LATER, CLICK, "conseils", "r1", "human_button")
    ),
    lambda: given(PROSPECT).when(click(Link(0, "move", 10), source=40, run=3)),
    lambda: given(PROSPECT).when(click(Link(0, "copy", 10), source=40, run=3)),
    lambda: given(PROSPECT).when(c.Transfer(LATER, CALL, 40, 10)),
    lambda: given(PROSPECT).when(c.Transfer(LATER, CALL, 0, 10)),
    lambda: given(PROSPECT, plan=PLAN_40_ENDS).when(perform("list:40", LATER)),
    lambda: given(PROSPECT, plan=PLAN_40_COPIES).when(perform("list:40", LATER)),
    lambda: given(PROSPECT, e.ConsentWithdrawn(NOON, "conseils")).when(
        c.Resubscribe(LATER, CLICK, "conseils", "human_button", list=10)
    ),
    lambda: given(PROSPECT).when(c.RequestConsent(LATER, CALL, (10,), "r2")),
]


@pytest.mark.parametrize("door", range(len(DOORS)))
def test_whichever_the_door_a_client_leaves_the_prospects_wherever(door: int) -> None:
    after = DOORS[door]()
    assert set(after.lists) - {40} == {10}
    left = [
        fact
        for fact in after.facts
        if isinstance(fact.event, e.ListLeft) and fact.event.list in (1, 2)
    ]
    assert {fact.event.why for fact in left if isinstance(fact.event, e.ListLeft)} == {"rule"}


def client() -> Given:
    return given(
        on(10),
        sent("m1", "welcome"),
        e.ConsentRequested(NOON, "conseils", "r1", (1,), NOON + 7 * DAY),
    )


def test_no_door_makes_a_client_a_prospect() -> None:
    client().when(subscribe(1, own_act=True)).refused("yields")
    client().when(click(Link(0, "move", 1))).refused("yields")
    client().when(click(Link(0, "copy", 1))).refused("yields")
    client().when(c.Transfer(LATER, CALL, 10, 1)).refused("yields")
    client().when(c.Transfer(LATER, CALL, 0, 1)).refused("yields")
    client().when(c.RequestConsent(LATER, CALL, (1,), "r2")).refused("yields")
    assert client().when(c.Confirm(LATER, CLICK, "conseils", "r1", "human_button")).lists == {10: 1}


def test_an_ending_of_a_clients_list_makes_nobody_a_prospect() -> None:
    for kind in ("move", "copy"):
        plan = with_list(21, ends=Ending(kind, 1))
        over = given(on(21), sent("m1", "notebook", 21), plan=plan).when(perform("list:21", LATER))
        assert 1 not in over.lists


def test_who_is_no_longer_a_client_may_become_a_prospect() -> None:
    assert client().when(c.LeaveList(LATER, CALL, 10)).when(subscribe(1)).lists == {1: 2}


def test_lists_of_no_group_yield_to_nobody() -> None:
    assert given(on(40)).when(subscribe(10)).lists == {40: 1, 10: 2}
    assert given(on(10)).when(subscribe(40)).lists == {10: 1, 40: 2}


def test_a_list_may_leave_a_group_that_yields_to_nobody() -> None:
    plan = with_list(40, leaves_groups=("clients",))
    assert given(on(10), e.ListJoined(NOON, 21, 2), plan=plan).when(subscribe(40)).lists == {40: 3}


def test_prospects_may_stand_on_several_of_their_lists() -> None:
    assert given(on(1)).when(subscribe(2)).lists == {1: 1, 2: 2}
