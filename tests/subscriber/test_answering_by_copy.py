"""Someone clicks a link that copies: they join its target and stay where they are. It never changes
where one stands.
"""

from __future__ import annotations

from engine.sequence.delay import DAY, MINUTE
from engine.sequence.model import Link
from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import ALSO, ASKED, CLICK, LATER, NO, RULE, YES, click, on, sent
from tests.given import given

COPIED = e.ListCopied(LATER, 10, 1, 21, 2, "m1", 2, "human_button")


def test_a_copy_joins_its_target_and_stays() -> None:
    assert given(ASKED).when(click(ALSO)).then(COPIED).lists == {10: 1, 21: 2}


def test_the_same_copy_again_changes_nothing() -> None:
    given(ASKED).when(click(ALSO)).when(click(ALSO, at=LATER + 1)).nothing()


def test_a_copy_is_an_answer_so_nobody_is_reminded() -> None:
    assert given(ASKED).acts["list:10"].letter == "question-again"
    assert given(ASKED).when(click(ALSO)).done.acts["list:10"].kind == "end"


def test_a_copy_to_where_one_stands_already_is_an_answer_all_the_same() -> None:
    both = given(ASKED, e.ListJoined(LATER, 21, 2))
    once = both.when(click(ALSO)).then(e.LetterAnswered(LATER, "m1", 2, "human_button"))
    once.when(click(ALSO)).nothing()


def test_a_copy_never_changes_where_later_moves_start_from() -> None:
    copied = given(ASKED).when(click(ALSO)).done
    assert copied.when(click(YES)).lists == {21: 2, 11: 3}
    assert copied.when(click(YES)).when(click(NO)).lists == {21: 2, 12: 4}


def test_a_copy_is_not_where_an_old_letter_leads_away_from() -> None:
    left = given(ASKED).when(click(ALSO)).done.and_also(e.ListLeft(LATER, 10, 1, "operator"))
    assert left.when(click(YES)).lists == {21: 2, 11: 3}


def test_a_copy_after_a_move_leaves_the_move_as_it_is_and_it_can_be_undone() -> None:
    both = given(ASKED).when(click(YES)).when(click(ALSO)).done
    assert both.lists == {11: 2, 21: 3}
    assert both.when(c.UndoMove(LATER, CLICK, "m1")).lists == {10: 1, 21: 3}


def test_undoing_the_move_leaves_the_copy_an_answer() -> None:
    for first, second in ((ALSO, YES), (YES, ALSO)):
        undone = (
            given(ASKED).when(click(first)).when(click(second)).when(c.UndoMove(LATER, CLICK, "m1"))
        )
        assert undone.person.memberships[10].letters["question"].answered


def test_a_copy_makes_one_leave_what_its_target_leaves() -> None:
    start = given(on(40), sent("m1", "lesson", 40))
    facts = start.when(click(Link(0, "copy", 43), source=40)).facts
    assert [(type(f.event), f.cause) for f in facts] == [(e.ListCopied, CLICK), (e.ListLeft, RULE)]


def test_copying_onto_a_clients_list_leaves_the_prospects() -> None:
    assert given(on(1), sent("m1", "hello", 1)).when(click(ALSO, source=1)).lists == {21: 2}


def test_a_copy_that_refuses_changes_nothing() -> None:
    for refused in (
        given(ASKED).when(click(Link(0, "copy", 1))).refused("yields"),
        given(ASKED).when(click(Link(0, "copy", 30))).refused("no live ground"),
        given(ASKED).when(click(Link(0, "copy", 99))).refused("no list 99"),
    ):
        assert refused.lists == {10: 1}


def test_a_copy_into_another_purpose_takes_the_ticked_box_as_consent() -> None:
    ticked = c.Answer(LATER, CLICK, "m1", 10, 1, 2, "copy", 30, "human_button", "offres", "n2")
    consent = e.ConsentGiven(LATER, "offres", "page", "n2", "human_button")
    given(ASKED).when(ticked).then(
        consent, e.ListCopied(LATER, 10, 1, 30, 2, "m1", 2, "human_button")
    )


def test_an_automatic_copy_waits_ten_minutes_and_contradicts_no_move() -> None:
    moved = given(ASKED).when(click(YES, act="auto_submit"))
    copied = moved.when(click(ALSO, act="auto_submit"))
    assert copied.lists == {11: 2, 21: 3}
    assert copied.done.acts["list:21"].due == LATER + 10 * MINUTE


def test_who_left_the_copy_may_take_it_again() -> None:
    left = given(ASKED).when(click(ALSO)).done.and_also(e.ListLeft(LATER + DAY, 21, 2, "ended"))
    assert left.when(click(ALSO, at=LATER + 2 * DAY)).lists == {10: 1, 21: 3}
