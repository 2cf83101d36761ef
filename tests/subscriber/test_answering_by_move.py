"""Someone clicks a link that moves: they leave where they stand and join where it leads. "Never
doubles anyone" is the program's rule.
"""

from __future__ import annotations

from engine.sequence.delay import MINUTE
from engine.sequence.model import Link
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.person import TRAIL_KEPT
from tests.examples import (
    ANNA,
    ASKED,
    CALL,
    CLICK,
    LATER,
    NO,
    NOON,
    RULE,
    YES,
    begun,
    click,
    on,
    sent,
    subscribe,
    with_list,
    without_list,
)
from tests.given import given

DAY = 24 * 60 * MINUTE


def moved(
    source: int,
    source_run: int,
    target: int,
    run: int,
    link: int = 0,
    message: str = "m1",
    *,
    joined: bool = True,
    letter_run: int = 0,
) -> e.ListMoved:
    return e.ListMoved(
        LATER,
        source,
        source_run,
        target,
        run,
        message,
        link,
        joined,
        "human_button",
        letter_run=letter_run,
    )


def test_a_click_leaves_the_letters_list_and_joins_its_target() -> None:
    after = given(ASKED).when(click(YES)).then(moved(10, 1, 11, 2))
    assert after.lists == {11: 2}


def test_the_same_link_again_changes_nothing() -> None:
    given(ASKED).when(click(YES)).when(click(YES, at=LATER + 1)).nothing()


def test_the_same_link_again_changes_nothing_even_where_one_has_gone_on_since() -> None:
    went_on = (
        given(ASKED).when(click(YES)).done.and_also(e.ListTransferred(LATER, 11, 2, 20, 3, "ended"))
    )
    went_on.when(click(YES)).nothing()


def test_a_letters_link_works_from_wherever_the_person_now_stands() -> None:
    elsewhere = given(ASKED, e.ListTransferred(LATER, 10, 1, 20, 2, "operator"))
    elsewhere.when(click(YES)).then(moved(20, 2, 11, 3))
    assert elsewhere.when(click(YES)).lists == {11: 3}


def test_a_letters_link_works_through_any_number_of_moves() -> None:
    person = given(ASKED)
    for run, target in enumerate((11, 12, 20, 11, 20), start=2):
        (source,) = person.lists
        person = person.and_also(e.ListTransferred(LATER, source, run - 1, target, run, "operator"))
    assert person.when(click(NO)).lists == {12: 7}


def test_after_more_moves_than_are_remembered_a_link_still_doubles_nobody() -> None:
    person = given(ASKED)
    for run in range(2, TRAIL_KEPT + 11):
        source, target = (10, 20) if run % 2 == 0 else (20, 10)
        person = person.and_also(e.ListTransferred(LATER, source, run - 1, target, run, "operator"))
    assert len(person.person.memberships[20].trail) == TRAIL_KEPT
    assert list(person.when(click(YES)).lists) == [11]


def test_a_click_after_leaving_joins_and_the_other_answer_moves_on_from_there() -> None:
    left = given(ASKED, e.ListLeft(LATER, 10, 1, "operator"))
    yes = left.when(click(YES))
    yes.then(moved(0, 0, 11, 2, letter_run=1))
    assert yes.when(click(NO)).lists == {12: 3}
    yes.when(click(YES)).nothing()


def test_two_letters_of_a_way_that_was_left_lead_to_one_place() -> None:
    """Moved from 10 to 12, which let go; a click in a letter of 12, then one in a letter of 10."""
    left = (
        given(ASKED)
        .when(click(NO))
        .done.and_also(sent("m2", "help", 12, 2), e.ListLeft(LATER, 12, 2, "ended"))
    )
    back = left.when(click(Link(0, "move", 20), "m2", source=12, run=2))
    assert back.lists == {20: 3}
    assert back.when(click(YES)).lists == {11: 4}
    assert back.when(click(YES, "m0")).lists == {11: 4}


def test_letters_of_a_run_that_was_taken_back_lead_on_from_the_run_that_was_opened_again() -> None:
    wrote = given(ASKED).when(click(YES)).done.and_also(sent("m2", "bravo", 11, 2))
    undone = wrote.when(c.UndoMove(LATER, CLICK, "m1"))
    assert undone.lists == {10: 1}
    assert undone.when(click(Link(0, "move", 20), "m2", source=11, run=2)).lists == {20: 3}


def test_a_letter_of_an_earlier_run_moves_from_the_later_run_of_its_list() -> None:
    again = given(ASKED, e.ListLeft(LATER, 10, 1, "operator"), e.ListJoined(LATER, 10, 2))
    yes = again.when(click(YES))
    yes.then(moved(10, 2, 11, 3, letter_run=1))
    assert yes.when(click(NO)).lists == {12: 4}


def test_who_stands_on_the_target_already_leaves_the_letters_list_all_the_same() -> None:
    both = given(ASKED, e.ListJoined(LATER, 11, 2))
    after = both.when(click(YES)).then(moved(10, 1, 11, 2, joined=False))
    assert after.lists == {11: 2}
    after.when(click(YES)).nothing()
    assert after.when(click(NO)).lists == {12: 3}


def test_an_operators_transfer_to_where_one_stands_already_is_followed_too() -> None:
    both = given(ASKED, e.ListJoined(LATER, 20, 2)).when(c.Transfer(LATER, CALL, 10, 20)).done
    assert both.lists == {20: 2}
    assert both.when(click(YES)).lists == {11: 3}


def test_a_move_joins_where_every_rule_holds() -> None:
    prospect = given(on(1), sent("m1", "hello", 1), e.ListJoined(NOON, 2, 2))
    facts = prospect.when(click(YES, source=1)).facts
    assert [fact.event for fact in facts] == [moved(1, 1, 11, 3), e.ListLeft(LATER, 2, 2, "rule")]
    assert [fact.cause for fact in facts] == [CLICK, RULE]


def test_a_target_that_refuses_costs_nobody_the_place_they_had() -> None:
    for refused in (
        given(ASKED).when(click(Link(0, "move", 1))).refused("yields"),
        given(ASKED).when(click(Link(0, "move", 30))).refused("no live ground"),
        given(ASKED).when(click(Link(0, "move", 99))).refused("no list 99"),
        given(ASKED, plan=without_list(11)).when(click(YES)).refused("no list 11"),
        given(on(41), e.ListTransferred(NOON, 41, 1, 10, 2, "ended"), begun("m1", "welcome", 10, 2))
        .when(click(Link(0, "move", 41), run=2))
        .refused("never joined twice"),
    ):
        assert list(refused.lists) == [10]


def test_a_link_into_another_purpose_asks_and_the_ticked_box_is_the_consent() -> None:
    ticked = c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 30, "human_button", "offres", "n2")
    given(ASKED).when(ticked).then(
        e.ConsentGiven(LATER, "offres", "page", "n2", "human_button"), moved(10, 1, 30, 2)
    )


def test_a_box_ticked_for_another_purpose_than_the_targets_is_no_consent() -> None:
    given(ASKED).when(
        c.Answer(LATER, CLICK, "m1", 10, 1, 0, "move", 30, "human_button", "conseils")
    ).refused("no live ground")


def test_an_old_link_brings_nobody_back_after_a_withdrawal() -> None:
    gone = given(ASKED).when(c.Withdraw(LATER, CLICK, "conseils")).done
    gone.when(click(YES)).refused("no live ground")


def test_a_link_to_where_one_stands_is_an_answer_and_no_move() -> None:
    stay = Link(3, "move", 10)
    once = given(ASKED).when(click(stay)).then(e.LetterAnswered(LATER, "m1", 3, "human_button"))
    once.when(click(stay)).nothing()


def test_an_answer_after_erasure_is_refused() -> None:
    given(ASKED, e.SubscriberErased(LATER)).when(click(YES)).refused("erased")


def test_an_automatic_move_holds_the_first_letter_for_ten_minutes() -> None:
    auto = given(ASKED).when(click(YES, act="auto_submit"))
    auto.then(e.ListMoved(LATER, 10, 1, 11, 2, "m1", 0, True, "auto_submit", LATER + 10 * MINUTE))
    assert auto.done.acts["list:11"].due == LATER + 10 * MINUTE


def test_only_what_a_person_did_themselves_counts_as_contact() -> None:
    assert given(ASKED).when(click(YES)).person.last_contact == LATER
    assert given(ASKED).when(click(YES, act="auto_submit")).person.last_contact == 0


def test_a_persons_click_shows_that_mail_arrives() -> None:
    soft = given(ASKED, e.MailBounced(NOON, "soft"))
    assert soft.when(click(YES)).person.soft_bounces == 0
    assert soft.when(click(YES, act="auto_submit")).person.soft_bounces == 1


def test_a_broadcasts_links_move_from_its_list_like_any_letters() -> None:
    poll = e.LetterBegun(
        NOON, "broadcast:enfants/2026-03-03", "broadcast", "enfants", "b1", 1, 1, 1, "conseils"
    )
    yes = given(on(1), poll, e.LetterSent(NOON, "b1")).when(
        click(Link(0, "move", 50), "b1", source=1)
    )
    assert yes.lists == {50: 2}
    assert yes.when(click(Link(1, "move", 51), "b1", source=1)).lists == {51: 3}


def test_joining_a_list_by_hand_is_not_where_an_old_letter_leads_away_from() -> None:
    beside = given(ASKED).when(subscribe(40)).done
    assert beside.when(click(YES)).lists == {40: 2, 11: 3}


def test_a_list_that_leaves_others_is_obeyed_by_moves_too() -> None:
    plan = with_list(11, leaves=(40,))
    assert given(ASKED, e.ListJoined(NOON, 40, 2), plan=plan).when(click(YES)).lists == {11: 3}


def test_a_client_never_becomes_a_prospect_by_an_old_link() -> None:
    bought = given(on(1), sent("m1", "hello", 1)).when(subscribe(10)).done
    bought.when(click(Link(0, "move", 2), source=1)).refused("yields")
    assert given(ANNA).when(click(Link(0, "move", 2), source=10)).refused("yields").lists == {10: 1}
