"""A publication changes the plan under people's feet: their agenda stays whole, whatever was added,
taken away or moved.
"""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.model import Ending
from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import (
    ANNA,
    ASKED,
    CLICK,
    LATER,
    NOON,
    PLAN,
    QUESTION,
    QUESTION_AGAIN,
    WELCOME,
    YES,
    begun,
    click,
    letter,
    perform,
    sent,
    with_list,
    without_list,
)
from tests.given import given

PUT_OFF = (*ANNA, begun("m0", "welcome", at=NOON), e.LetterDeferred(NOON, "m0", NOON + HOUR))


def test_a_letter_removed_while_it_was_put_off_is_dropped_and_the_next_comes() -> None:
    gone = given(PUT_OFF, plan=with_list(10, letters=(QUESTION, QUESTION_AGAIN)))
    assert gone.acts["list:10"].letter == "question"


def test_a_letter_removed_while_it_is_under_way_is_settled_first() -> None:
    gone = given(ANNA, begun("m0", "welcome"), plan=with_list(10, letters=(QUESTION,)))
    assert gone.acts["list:10"].kind == "settle"
    gone.when(c.RecordOutcome(LATER, CLICK, "m0", "sent")).then(e.LetterSent(LATER, "m0"))


def test_a_letter_that_was_removed_and_came_back_goes_on_where_it_was() -> None:
    back = given(PUT_OFF)
    assert back.when(perform("list:10", NOON + HOUR, "m9")).person.in_flight["m0"].attempt == 2


def test_a_list_removed_while_someone_stands_on_it_keeps_them_idle_and_lets_them_go() -> None:
    gone = given(ASKED, plan=without_list(10))
    assert (gone.acts["list:10"].kind, gone.acts["list:10"].why) == (
        "idle",
        "this list is no longer published",
    )
    gone.when(perform("list:10", NOON + 99 * DAY)).nothing()
    assert gone.when(click(YES)).lists == {11: 2}
    assert gone.when(c.LeaveList(LATER, CLICK, 10)).lists == {}
    assert gone.when(c.Transfer(LATER, CLICK, 10, 20)).lists == {20: 2}


def test_an_ending_that_leads_to_a_removed_list_lets_go() -> None:
    plan = replace(
        without_list(20), lists={n: listed for n, listed in PLAN.lists.items() if n != 20}
    )
    over = given(*ASKED, sent("m2", "question-again", at=LATER + DAY), plan=plan)
    over.when(perform("list:10", LATER + DAY)).then(e.ListLeft(LATER + DAY, 10, 1, "ended"))


def test_a_letter_added_before_where_one_stands_is_left_out() -> None:
    added = replace(letter("early", Delay(minutes=1)), added_at=LATER + 1)
    assert (
        given(ASKED, plan=with_list(10, letters=(WELCOME, added, QUESTION, QUESTION_AGAIN)))
        .acts["list:10"]
        .letter
        == "question-again"
    )


def test_a_letter_that_waits_behind_one_that_was_left_out_counts_from_that_one_s_moment() -> None:
    added = replace(letter("early", Delay(days=1)), added_at=NOON + 2 * DAY)
    then = replace(letter("then", wait=Delay(days=3)), added_at=NOON + 2 * DAY)
    person = given(
        ANNA,
        sent("m0", "welcome", at=NOON),
        plan=with_list(10, letters=(WELCOME, added, then), ends=None),
    )
    assert (person.acts["list:10"].letter, person.acts["list:10"].due) == ("then", NOON + 4 * DAY)


def test_a_letter_counted_anew_comes_at_its_new_moment() -> None:
    sooner = replace(QUESTION, after=Delay(days=1))
    person = given(
        ANNA,
        sent("m0", "welcome", at=NOON),
        plan=with_list(10, letters=(WELCOME, sooner, QUESTION_AGAIN)),
    )
    assert (
        person.acts["list:10"].due < given(ANNA, sent("m0", "welcome", at=NOON)).acts["list:10"].due
    )


def test_letters_in_another_order_are_sent_once_each() -> None:
    turned = given(ASKED, plan=with_list(10, letters=(QUESTION_AGAIN, QUESTION, WELCOME)))
    assert turned.acts["list:10"].letter == "question-again"
    over = turned.and_also(sent("m2", "question-again", at=LATER + DAY))
    assert over.acts["list:10"].kind == "end"


def test_a_reminder_whose_question_is_gone_reminds_only_of_what_was_sent_and_not_answered() -> None:
    plan = with_list(10, letters=(WELCOME, QUESTION_AGAIN))
    assert given(ASKED, plan=plan).acts["list:10"].letter == "question-again"
    assert given(ASKED, e.LetterAnswered(LATER, "m1", 2), plan=plan).acts["list:10"].kind == "end"
    assert given(ANNA, sent("m0", "welcome", at=NOON), plan=plan).acts["list:10"].kind == "end"


def test_reminders_that_remind_of_each_other_are_survived() -> None:
    circle = (
        replace(QUESTION, after=None, reminds="question-again", wait=Delay(days=1)),
        QUESTION_AGAIN,
    )
    plan = with_list(10, letters=circle)
    assert given(ANNA, plan=plan).acts["list:10"].kind == "end"
    assert given(ASKED, plan=plan).acts["list:10"].letter == "question-again"


def test_an_ending_added_later_reaches_those_who_were_through() -> None:
    done = given(
        e.SubscriberRegistered(NOON),
        e.ConsentGiven(NOON, "conseils", "single"),
        e.ListJoined(NOON, 21, 1),
        sent("m1", "notebook", 21),
    )
    assert done.acts["list:21"].kind == "idle"
    assert done.published(with_list(21, ends=Ending("move", 20))).when(
        perform("list:21", LATER)
    ).lists == {20: 2}


def test_a_list_given_another_purpose_needs_a_ground_for_that_one() -> None:
    other = given(ASKED, plan=with_list(10, purpose="offres"))
    assert other.acts["list:10"].why == "no ground for this purpose"
    assert other.when(perform("list:10", NOON + 9 * DAY)).nothing().lists == {10: 1}


def test_the_empty_plan_breaks_nothing() -> None:
    empty = given(
        ASKED,
        begun("m5", "question-again"),
        plan=replace(PLAN, lists={}, broadcasts={}, groups={}, purposes={}),
    )
    assert empty.acts["list:10"].kind == "settle"
    empty.when(click(YES)).refused("no list 11")
    assert empty.when(c.Withdraw(LATER, CLICK, "conseils")).lists == {}
