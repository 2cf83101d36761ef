"""Someone takes the last move back: the old run is open again with its letters, so that none of
them comes twice (C08).
"""

from __future__ import annotations

from dataclasses import replace

from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import (
    ANNA,
    ASKED,
    CLICK,
    LATER,
    LISTS,
    NO,
    NOON,
    PLAN,
    YES,
    begun,
    click,
    on,
    perform,
    sent,
    subscribe,
    with_list,
    without_list,
)
from tests.given import given

UNDO = c.UndoMove(LATER, CLICK, "m1", "human_button")
ACROSS = c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 30, "human_button", "offres")


def test_the_old_run_is_open_again_with_its_letters() -> None:
    before = given(ASKED)
    undone = before.when(click(YES)).when(UNDO)
    undone.then(e.MoveUndone(LATER, "m1", 11, 2, ((10, 1),), "asked", "human_button"))
    assert undone.person.memberships == before.person.memberships
    assert undone.done.acts == before.acts


def test_no_letter_comes_twice() -> None:
    undone = given(ASKED).when(click(YES)).when(UNDO).done
    assert undone.acts["list:10"].letter == "question-again"


def test_undoing_twice_changes_nothing() -> None:
    given(ASKED).when(click(YES)).when(UNDO).when(UNDO).nothing()


def test_after_an_undo_the_same_link_moves_again_and_can_be_undone_again() -> None:
    again = given(ASKED).when(click(YES)).when(UNDO).when(click(YES))
    assert again.lists == {11: 3}
    assert again.when(UNDO).lists == {10: 1}


def test_undoing_a_changed_mind_goes_back_to_where_the_first_answer_led() -> None:
    changed = given(ASKED).when(click(YES)).when(click(NO))
    assert changed.when(UNDO).lists == {11: 2}
    changed.when(UNDO).when(UNDO).nothing()
    changed.when(UNDO).when(click(YES)).nothing()
    assert changed.when(UNDO).when(click(NO)).lists == {12: 4}


def test_what_a_rule_made_them_leave_with_the_move_comes_back_with_it() -> None:
    start = given(on(1), e.ListJoined(NOON, 2, 2), sent("m1", "hello", 1))
    moved = start.when(click(YES, source=1))
    assert moved.lists == {11: 3}
    undone = moved.when(UNDO)
    undone.then(e.MoveUndone(LATER, "m1", 11, 3, ((1, 1), (2, 2)), "asked", "human_button"))
    assert undone.lists == {1: 1, 2: 2}


def test_what_a_rule_made_them_leave_otherwise_in_the_same_instant_stays_left() -> None:
    prospect = given(
        on(2), sent("m1", "hot", 2), e.ListJoined(NOON, 40, 2), plan=with_list(30, leaves=(40,))
    )
    moved = prospect.when(c.Answer(LATER, CLICK, "m1", 2, 1, 0, "move", 1, "human_button"))
    bought = moved.when(subscribe(30))
    assert bought.lists == {1: 3, 30: 4}
    assert bought.when(UNDO).lists == {30: 4, 2: 1}


def test_a_move_to_where_they_stood_already_is_undone_without_leaving_it() -> None:
    both = given(ASKED, e.ListJoined(LATER, 11, 2))
    undone = both.when(click(YES)).when(UNDO)
    undone.then(e.MoveUndone(LATER, "m1", 11, 0, ((10, 1),), "asked", "human_button"))
    assert undone.person.memberships == both.person.memberships
    assert undone.when(click(NO)).lists == {11: 2, 12: 3}


def test_a_click_from_nowhere_is_undone_to_nowhere() -> None:
    left = given(ASKED, e.ListLeft(LATER, 10, 1, "operator"))
    assert left.when(click(YES)).when(UNDO).lists == {}


def test_the_way_back_is_closed_once_the_target_has_been_left() -> None:
    went_on = (
        given(ASKED).when(click(YES)).done.and_also(e.ListTransferred(LATER, 11, 2, 20, 3, "ended"))
    )
    went_on.when(UNDO).refused("too late")


def test_only_the_letter_of_the_last_move_is_undone() -> None:
    two = given(ASKED).when(click(YES)).done.and_also(sent("m2", "bravo", 11, 2))
    on_20 = two.when(c.Answer(LATER, CLICK, "m2", 11, 2, 0, "move", 20))
    on_20.when(UNDO).nothing()
    given(ASKED).when(UNDO).nothing()
    given().when(UNDO).nothing()


def test_nothing_is_reopened_for_a_purpose_that_was_withdrawn() -> None:
    across = given(ASKED).when(ACROSS).when(c.Withdraw(LATER, CLICK, "conseils"))
    assert across.lists == {30: 2}
    across.when(UNDO).refused('no live ground to write for the purpose "conseils"')


def test_a_client_is_not_made_a_prospect_again_by_an_undo() -> None:
    prospect = given(on(1), sent("m1", "hello", 1)).when(
        c.Answer(LATER, CLICK, "m1", 1, 1, 0, "move", 40)
    )
    prospect.when(subscribe(10)).when(UNDO).refused("yields")


def test_whoever_is_a_client_again_by_an_undo_leaves_the_prospects_joined_meanwhile() -> None:
    across = given(ASKED).when(ACROSS).when(subscribe(1))
    assert across.lists == {30: 2, 1: 3}
    undone = across.when(UNDO)
    undone.then(
        e.MoveUndone(LATER, "m1", 30, 2, ((10, 1),), "asked", "human_button"),
        e.ListLeft(LATER, 1, 3, "rule"),
    )
    assert undone.lists == {10: 1}


def test_a_list_that_is_gone_cannot_be_reopened() -> None:
    moved = given(ASKED).when(click(YES)).done
    moved.published(without_list(10)).when(UNDO).refused("no longer published")


def test_the_old_list_joined_anew_meanwhile_stays_as_it_is() -> None:
    again = given(ASKED).when(click(YES)).when(subscribe(10))
    assert again.lists == {11: 2, 10: 3}
    assert again.when(UNDO).lists == {10: 3}


def test_an_outcome_that_arrives_while_the_run_is_closed_is_known_when_it_opens_again() -> None:
    flying = given(ANNA, sent("m1", "welcome"), begun("m2", "question"))
    moved = flying.when(click(YES)).done.and_also(e.LetterSent(LATER, "m2", 250))
    letters = moved.when(UNDO).person.memberships[10].letters
    assert letters["question"].status == "sent"


def test_a_letter_still_in_flight_when_the_run_opens_again_waits_for_its_outcome() -> None:
    flying = given(ANNA, sent("m1", "welcome"), begun("m2", "question"))
    moved = flying.when(click(YES)).done
    assert moved.acts["flight:m2"].kind == "settle"
    undone = moved.when(UNDO).done
    assert undone.acts["list:10"].kind == "settle"
    assert "flight:m2" not in undone.acts


def test_a_run_taken_back_before_it_wrote_does_not_count_as_having_been_there() -> None:
    once = given(ASKED).when(c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 41)).when(UNDO)
    assert once.when(c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 41)).lists == {41: 3}


def test_a_run_that_has_written_counts_as_having_been_there() -> None:
    wrote = (
        given(ASKED)
        .when(c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 41))
        .done.and_also(sent("m2", "gift", 41, 2))
    )
    wrote.when(UNDO).when(c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 41)).refused(
        "never joined twice"
    )


def test_the_letter_counts_as_unanswered_again() -> None:
    undone = given(ASKED).when(click(YES)).when(UNDO).done
    assert not undone.person.memberships[10].letters["question"].answered
    assert undone.when(perform("list:10", undone.acts["list:10"].due)).names == ["LetterBegun"]


def test_an_undo_by_hand_is_a_contact() -> None:
    moved = given(ASKED).when(click(YES, act="auto_submit"))
    assert moved.when(replace(UNDO, act="auto_submit")).person.last_contact == 0
    assert moved.when(UNDO).person.last_contact == LATER


def test_every_list_of_the_examples_can_be_left_and_come_back_to() -> None:
    for listed in LISTS:
        start = given(
            on(listed.id),
            e.ConsentGiven(NOON, "offres", "single"),
            begun("m1", "x", listed.id),
            e.LetterSent(LATER, "m1"),
        )
        target = 30 if listed.id != 30 else 40
        moved = start.when(c.Answer(LATER, CLICK, "m1", listed.id, 1, 0, "move", target))
        assert moved.when(UNDO).lists == {listed.id: 1}, PLAN.lists[listed.id].name
