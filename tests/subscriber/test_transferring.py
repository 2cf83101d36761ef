"""An operator, or a call, moves someone from one list to another."""

from __future__ import annotations

from dataclasses import replace

from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import ANNA, CALL, LATER, NOON, PAUL, REGISTERED, RULE, on
from tests.given import given

MOVE = c.Transfer(LATER, CALL, 10, 20)


def test_they_leave_the_one_and_join_the_other() -> None:
    after = given(ANNA).when(MOVE).then(e.ListTransferred(LATER, 10, 1, 20, 2, "api"))
    assert after.lists == {20: 2}


def test_doing_it_twice_changes_nothing() -> None:
    given(ANNA).when(MOVE).when(MOVE).nothing()


def test_a_transfer_from_outside_joins_and_leaves_nothing() -> None:
    after = (
        given(ANNA)
        .when(replace(MOVE, source=0, target=40))
        .then(e.ListTransferred(LATER, 0, 0, 40, 2, "api"))
    )
    assert after.lists == {10: 1, 40: 2}
    after.when(replace(MOVE, source=0, target=40)).nothing()


def test_who_stands_on_the_target_already_only_leaves_the_source() -> None:
    both = given(ANNA, e.ListJoined(NOON, 20, 2))
    assert both.when(MOVE).then(e.ListTransferred(LATER, 10, 1, 20, 2, "api", False)).lists == {
        20: 2
    }


def test_a_transfer_to_the_same_list_changes_nothing() -> None:
    given(ANNA).when(replace(MOVE, target=10)).nothing()


def test_what_a_rule_makes_them_leave_is_said_to_be_a_rules_doing() -> None:
    facts = given(PAUL, e.ListJoined(NOON, 40, 2)).when(replace(MOVE, source=40)).facts
    assert [fact.event for fact in facts] == [
        e.ListTransferred(LATER, 40, 2, 20, 3, "api"),
        e.ListLeft(LATER, 1, 1, "rule"),
    ]
    assert [fact.cause for fact in facts] == [CALL, RULE]


def test_who_is_not_on_the_source_is_refused() -> None:
    given(on(40)).when(MOVE).refused("not on list 10")


def test_a_transfer_into_another_purpose_needs_its_own_ground() -> None:
    given(ANNA).when(replace(MOVE, target=30)).refused(
        'no live ground to write for the purpose "offres"'
    )
    assert given(ANNA, e.ConsentGiven(NOON, "offres", "single")).when(
        replace(MOVE, target=30)
    ).lists == {30: 2}


def test_a_transfer_obeys_groups_rejoining_and_what_is_published() -> None:
    given(ANNA).when(replace(MOVE, target=1)).refused("yields")
    given(ANNA).when(replace(MOVE, target=99)).refused("no list 99")
    once = given(ANNA, e.ListJoined(NOON, 41, 2), e.ListLeft(NOON, 41, 2, "ended"))
    assert once.when(replace(MOVE, target=41)).refused("never joined twice").lists == {10: 1}


def test_who_is_unknown_or_erased_is_refused() -> None:
    given().when(MOVE).refused("nobody is known")
    given(ANNA, e.SubscriberErased(NOON)).when(MOVE).refused("nobody is known")
    given(REGISTERED).when(replace(MOVE, source=0)).refused("no live ground")
