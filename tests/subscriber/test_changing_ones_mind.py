"""The move links of one letter are one answer: exclusive, revisable. And two automatic ones within
seconds are no person's (C09).
"""

from __future__ import annotations

from engine.sequence.model import Link
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.answering import is_contradiction
from tests.examples import ASKED, CLICK, LATER, NO, SECOND, YES, click, sent, with_list
from tests.given import given

AUTO = "auto_submit"
MAYBE = Link(3, "move", 20)


def test_the_other_answer_takes_one_out_of_where_the_first_led() -> None:
    yes = given(ASKED).when(click(YES))
    yes.when(click(NO)).then(e.ListMoved(LATER, 11, 2, 12, 3, "m1", 1, True, "human_button"))
    assert yes.when(click(NO)).lists == {12: 3}


def test_yes_no_yes_ends_with_yes_and_nobody_stands_twice() -> None:
    again = given(ASKED).when(click(YES)).when(click(NO)).when(click(YES))
    assert again.lists == {11: 4}
    again.when(click(YES)).nothing()


def test_the_other_answer_moves_on_from_where_the_first_has_led_to_since() -> None:
    went_on = (
        given(ASKED).when(click(YES)).done.and_also(e.ListTransferred(LATER, 11, 2, 20, 3, "ended"))
    )
    assert went_on.when(click(NO)).lists == {12: 4}


def test_an_answer_taken_back_by_an_earlier_letters_can_be_given_again() -> None:
    further = given(ASKED).when(click(YES)).done.and_also(sent("m2", "bravo", 11, 2))
    onward = Link(0, "move", 20)
    there = further.when(click(onward, "m2", source=11, run=2))
    assert there.lists == {20: 3}
    back = there.when(click(NO))
    assert back.lists == {12: 4}
    assert back.when(click(onward, "m2", source=11, run=2)).lists == {20: 5}


def test_the_first_answer_again_after_others_that_followed_changes_nothing() -> None:
    further = given(ASKED).when(click(YES)).done.and_also(sent("m2", "bravo", 11, 2))
    there = further.when(click(Link(0, "move", 20), "m2", source=11, run=2))
    there.when(click(YES)).nothing()


def test_a_second_answer_that_is_refused_leaves_the_first_as_it_is() -> None:
    yes = given(ASKED).when(click(YES)).done
    assert yes.when(click(Link(1, "move", 1))).refused("yields").lists == {11: 2}


def test_two_different_automatic_answers_within_ten_seconds_are_both_taken_back() -> None:
    first = given(ASKED).when(click(YES, act=AUTO))
    second = first.when(click(NO, act=AUTO, at=LATER + 10 * SECOND))
    second.then(e.MoveUndone(LATER + 10 * SECOND, "m1", 11, 2, ((10, 1),), "contradictory"))
    assert second.lists == {10: 1}
    assert is_contradiction(second.outcome)
    assert not second.person.memberships[10].letters["question"].answered


def test_after_a_contradiction_a_robot_moves_nobody_whichever_link_it_tries() -> None:
    puzzled = given(ASKED).when(click(YES, act=AUTO)).when(click(NO, act=AUTO)).done
    for link in (YES, NO, MAYBE):
        puzzled.when(click(link, act=AUTO, at=LATER + 60 * SECOND)).refused("please choose")


def test_after_a_contradiction_the_person_chooses() -> None:
    puzzled = given(ASKED).when(click(YES, act=AUTO)).when(click(NO, act=AUTO)).done
    assert puzzled.when(click(NO)).lists == {12: 3}
    assert puzzled.when(click(YES)).lists == {11: 3}


def test_a_contradiction_leaves_no_trace_of_a_list_that_is_never_joined_twice() -> None:
    once = Link(0, "move", 41)
    puzzled = given(ASKED).when(click(once, act=AUTO)).when(click(NO, act=AUTO)).done
    assert puzzled.when(click(once)).lists == {41: 3}


def test_a_contradiction_puts_back_what_a_rule_had_taken_with_the_move() -> None:
    plan = with_list(11, leaves=(40,))
    start = given(ASKED, e.ListJoined(LATER, 40, 2), plan=plan)
    assert start.when(click(YES, act=AUTO)).when(click(NO, act=AUTO)).lists == {10: 1, 40: 2}


def test_the_same_automatic_answer_twice_is_no_contradiction() -> None:
    given(ASKED).when(click(YES, act=AUTO)).when(click(YES, act=AUTO)).nothing()


def test_automatic_answers_further_apart_are_a_changed_mind() -> None:
    later = (
        given(ASKED)
        .when(click(YES, act=AUTO))
        .when(click(NO, act=AUTO, at=LATER + 10 * 60 * SECOND + 1))
    )
    assert later.lists == {12: 3}


def test_a_persons_answer_after_an_automatic_one_is_a_changed_mind() -> None:
    assert given(ASKED).when(click(YES, act=AUTO)).when(click(NO)).lists == {12: 3}


def test_automatic_answers_to_two_letters_contradict_nothing() -> None:
    two = given(ASKED, sent("m9", "question-again"))
    assert two.when(click(YES, act=AUTO)).when(click(NO, "m9", act=AUTO)).lists == {12: 3}


def test_a_contradiction_that_cannot_be_taken_back_moves_nobody_further() -> None:
    stuck = (
        given(ASKED).when(click(YES, act=AUTO)).done.and_also(e.ListLeft(LATER, 11, 2, "operator"))
    )
    stuck.when(click(NO, act=AUTO)).refused("please choose")
    gone = (
        given(ASKED).when(click(YES, act=AUTO)).done.when(c.WithdrawEverything(LATER, CLICK)).done
    )
    gone.when(click(NO, act=AUTO)).refused("please choose")
