"""A list that has nothing left to say moves its people on, copies them, or lets them go."""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.model import Ending
from engine.subscriber import events as e
from tests.examples import (
    ANNA,
    AT_ONCE,
    LATER,
    NOON,
    QUESTION,
    QUESTION_AGAIN,
    RULE,
    YES,
    begun,
    click,
    letter,
    local,
    on,
    perform,
    sent,
    with_list,
)
from tests.given import given

OVER = (*on(11), *sent("m1", "bravo", 11))


def test_after_the_last_letter_the_list_moves_on() -> None:
    over = given(OVER)
    assert (over.acts["list:11"].kind, over.acts["list:11"].due) == ("end", LATER)
    ended = over.when(perform("list:11", LATER))
    ended.then(e.ListTransferred(LATER, 11, 1, 20, 2, "ended"))
    assert [fact.cause for fact in ended.facts] == [RULE]
    assert ended.lists == {20: 2}


def test_not_before_its_delay_has_passed_on_the_readers_calendar() -> None:
    waiting = given(
        on(12), sent("m1", "help", 12), sent("m2", "help-more", 12, at=local("2026-03-25 12:00"))
    )
    due = local("2026-04-01 12:00")
    assert waiting.acts["list:12"].due == due
    waiting.when(perform("list:12", due - 1)).nothing()
    waiting.when(perform("list:12", due)).then(e.ListLeft(due, 12, 1, "ended"))


def test_not_while_a_letter_is_to_come_or_under_way() -> None:
    given(on(11)).when(perform("list:11", NOON + 99 * DAY)).then(
        e.LetterWithheld(NOON + 99 * DAY, "list:11", "bravo", "too late", 11, 1)
    )
    flying = given(on(11), begun("m1", "bravo", 11))
    assert flying.acts["list:11"].kind == "settle"
    later = flying.and_also(e.LetterDeferred(LATER, "m1", LATER + HOUR))
    assert later.acts["list:11"].kind == "letter"
    flying.when(perform("list:11", NOON + DAY)).nothing()


def test_a_last_letter_that_failed_or_was_withheld_ends_the_list_too() -> None:
    for outcome in (
        e.LetterFailed(LATER, "m1"),
        e.LetterWithheld(LATER, "list:11", "bravo", "cannot be rendered", 11, 1, "m1"),
    ):
        assert given(on(11), begun("m1", "bravo", 11), outcome).acts["list:11"].kind == "end"


def test_a_list_whose_last_letters_are_reminders_ends_once_they_are_sent() -> None:
    asked = (*ANNA, *sent("m0", "welcome", at=NOON), *sent("m1", "question"))
    assert given(asked).acts["list:10"].letter == "question-again"
    assert given(asked, sent("m2", "question-again", at=LATER + DAY)).acts["list:10"].kind == "end"


def test_a_list_whose_last_letters_are_reminders_ends_when_nobody_needs_reminding() -> None:
    base = (*ANNA, *sent("m0", "welcome", at=NOON), begun("m1", "question"))
    for settled in (
        (e.LetterFailed(LATER, "m1"),),
        (e.LetterWithheld(LATER, "list:10", "question", "too late", 10, 1, "m1"),),
        (e.LetterSent(LATER, "m1"), e.LetterAnswered(LATER, "m1", 5)),
    ):
        assert given(base, settled).acts["list:10"].kind == "end"


def test_an_ending_across_purposes_needs_its_own_ground() -> None:
    plan = with_list(11, ends=Ending("move", 30))
    given(OVER, plan=plan).when(perform("list:11", LATER)).then(e.ListLeft(LATER, 11, 1, "ended"))
    agreed = given(OVER, e.ConsentGiven(NOON, "offres", "single"), plan=plan)
    assert agreed.when(perform("list:11", LATER)).lists == {30: 2}


def test_an_ending_into_a_list_where_one_stands_already_only_leaves() -> None:
    both = given(OVER, e.ListJoined(NOON, 20, 2))
    both.when(perform("list:11", LATER)).then(
        e.ListTransferred(LATER, 11, 1, 20, 2, "ended", False)
    )
    assert both.when(perform("list:11", LATER)).lists == {20: 2}


def test_an_old_letters_link_leads_away_from_where_the_ending_led() -> None:
    for person in (given(OVER), given(OVER, e.ListJoined(NOON, 20, 2))):
        over = person.when(perform("list:11", LATER))
        assert over.when(click(replace(YES, target=12), source=11)).lists == {
            12: person.person.runs + (20 not in person.lists) + 1
        }


def test_an_ending_that_copies_joins_the_other_list_and_stays_on_the_first() -> None:
    over = given(on(42), sent("m1", "relay", 42)).when(perform("list:42", LATER))
    over.then(e.ListTransferred(LATER, 42, 1, 40, 2, "ended", True, True))
    assert over.lists == {42: 1, 40: 2}


def test_an_ending_that_copies_does_so_once() -> None:
    over = given(on(42), sent("m1", "relay", 42)).when(perform("list:42", LATER)).done
    over.when(perform("list:42", LATER)).nothing()
    assert over.acts["list:42"].kind == "idle"
    left = over.and_also(e.ListLeft(LATER, 40, 2, "ended"))
    left.when(perform("list:42", LATER + 99 * DAY)).nothing()


def test_an_ending_that_copies_to_where_nobody_is_let_in_costs_nobody_their_place() -> None:
    barred = given(
        on(42),
        sent("m1", "relay", 42),
        e.ListJoined(NOON, 40, 2),
        e.ListLeft(NOON, 40, 2, "operator"),
    )
    over = barred.when(perform("list:42", LATER)).then(
        e.ListTransferred(LATER, 42, 1, 40, 0, "refused", False, True)
    )
    assert over.lists == {42: 1}
    over.when(perform("list:42", LATER)).nothing()


def test_what_was_copied_is_not_where_an_old_letter_leads_away_from() -> None:
    over = given(on(42), sent("m1", "relay", 42)).when(perform("list:42", LATER)).done
    assert over.when(click(YES, source=42)).lists == {40: 2, 11: 3}


def test_an_ending_makes_one_leave_what_its_target_leaves_and_says_so_once() -> None:
    plan = with_list(42, ends=Ending("copy", 43))
    person = given(on(42), sent("m1", "relay", 42), e.ListJoined(NOON, 40, 2), plan=plan)
    over = person.when(perform("list:42", LATER))
    over.then(
        e.ListTransferred(LATER, 42, 1, 43, 3, "ended", True, True),
        e.ListLeft(LATER, 40, 2, "rule"),
    )
    assert over.lists == {42: 1, 43: 3}


def test_a_list_without_an_ending_keeps_its_people() -> None:
    done = given(on(21), sent("m1", "notebook", 21))
    assert (done.acts["list:21"].kind, done.acts["list:21"].due) == ("idle", 0)
    done.when(perform("list:21", NOON + 9999 * DAY)).nothing()


def test_a_letter_added_behind_the_last_is_sent_before_the_list_ends() -> None:
    added = replace(letter("encore", Delay(days=30)), added_at=LATER)
    plan = with_list(11, letters=(letter("bravo", AT_ONCE), added))
    assert given(OVER, plan=plan).acts["list:11"].letter == "encore"


def test_nobody_imported_without_letters_is_moved_on() -> None:
    imported = given(
        e.SubscriberRegistered(NOON),
        e.ConsentGiven(NOON, "conseils", "declared"),
        e.ListJoined(NOON, 11, 1, "none"),
    )
    imported.when(perform("list:11", NOON + 99 * DAY)).nothing()


def test_a_question_with_two_reminders_ends_after_one_answer_to_either() -> None:
    third = replace(QUESTION_AGAIN, id="question-last", reminds="question-again")
    plan = with_list(10, letters=(QUESTION, QUESTION_AGAIN, third))
    reminded = given(
        ANNA, sent("m1", "question"), sent("m2", "question-again", at=LATER + DAY), plan=plan
    )
    assert reminded.acts["list:10"].letter == "question-last"
    for message in ("m1", "m2"):
        assert (
            reminded.and_also(e.LetterAnswered(LATER + DAY, message, 2)).acts["list:10"].kind
            == "end"
        )
