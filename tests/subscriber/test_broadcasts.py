"""A broadcast falls due once for everybody: whoever stood on its lists by then gets it, and the
silent are asked once more.
"""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.delay import DAY, HOUR, MINUTE
from engine.sequence.model import Link
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Calendar, Occurrence
from engine.subscriber.letters import BROADCASTS_KEPT
from tests.examples import CLICK, NOON, PAUL, PLAN, POLL, POLL_AT, POLL_DUE, click, on, perform
from tests.given import Given, given

KEY = "broadcast:enfants/2026-03-03"
BEGUN = e.LetterBegun(POLL_AT, KEY, "broadcast", "enfants", "b1", 1, 1, 1, "conseils", "s1")
POLLED = (*PAUL, BEGUN, e.LetterSent(POLL_AT, "b1", 250))
YES = Link(0, "move", 50)


def polled(*more: e.PersonEvent) -> Given:
    return given(POLLED, *more, calendar=POLL_DUE)


def test_nothing_is_due_before_it_falls_due_for_everybody() -> None:
    assert list(given(PAUL).acts) == ["list:1"]


def test_whoever_stood_on_its_list_gets_it_once() -> None:
    claimed = given(PAUL, calendar=POLL_DUE).when(perform(KEY, POLL_AT, "b1"))
    claimed.then(BEGUN)
    claimed.when(perform(KEY, POLL_AT, "b2")).nothing()
    polled().when(perform(KEY, POLL_AT + DAY)).nothing()


def test_who_joined_afterwards_does_not_get_it() -> None:
    late = given(on(1, at=POLL_AT + 1), calendar=POLL_DUE)
    assert list(late.acts) == ["list:1"]
    assert KEY in given(on(1, at=POLL_AT), calendar=POLL_DUE).acts


def test_standing_on_one_of_its_lists_in_time_is_enough() -> None:
    plan = replace(PLAN, broadcasts={"enfants": replace(POLL, to=(40, 1))})
    both = given(PAUL, e.ListJoined(POLL_AT + 1, 40, 2), plan=plan, calendar=POLL_DUE)
    assert (both.acts[KEY].list, both.acts[KEY].run) == (1, 1)


def test_who_is_imported_without_letters_still_gets_broadcasts() -> None:
    silent = given(
        e.SubscriberRegistered(NOON),
        e.ConsentGiven(NOON, "conseils", "declared"),
        e.ListJoined(NOON, 1, 1, "none"),
        calendar=POLL_DUE,
    )
    assert silent.acts[KEY].kind == "letter"


def test_who_left_before_it_was_written_does_not_get_it() -> None:
    assert given(PAUL, e.ListLeft(POLL_AT, 1, 1, "operator"), calendar=POLL_DUE).acts == {}


def test_who_may_not_be_written_to_does_not_get_it() -> None:
    for event in (
        e.ConsentWithdrawn(NOON, "conseils"),
        e.MailComplained(NOON),
        e.ProcessingRestricted(NOON),
        e.SubscriberErased(NOON),
    ):
        assert KEY not in given(PAUL, event, calendar=POLL_DUE).acts


def test_one_past_its_lateness_is_withheld_for_good() -> None:
    late = POLL_AT + 2 * DAY + 1
    withheld = given(PAUL, calendar=POLL_DUE).when(perform(KEY, late))
    withheld.then(e.LetterWithheld(late, KEY, "enfants", "too late", 1, 1))
    withheld.when(perform(KEY, late)).nothing()


def test_one_put_off_is_tried_again_but_not_past_its_lateness() -> None:
    put_off = given(
        PAUL, BEGUN, e.LetterDeferred(POLL_AT, "b1", POLL_AT + 5 * MINUTE), calendar=POLL_DUE
    )
    again = put_off.when(perform(KEY, POLL_AT + 5 * MINUTE, "b2"))
    again.then(replace(BEGUN, at=POLL_AT + 5 * MINUTE, attempt=2))
    assert put_off.when(perform(KEY, POLL_AT + 2 * DAY + 1)).names == ["LetterWithheld"]


def test_the_silent_are_asked_once_more() -> None:
    due = POLL_AT + 5 * DAY
    polled().when(perform(KEY, due - 1)).nothing()
    again = polled().when(perform(KEY, due, "b2"))
    again.then(replace(BEGUN, at=due, letter="enfants:reminder", message="b2"))
    over = again.done.and_also(e.LetterSent(due, "b2"))
    assert KEY not in over.acts


def test_who_has_answered_is_not_asked_again_even_if_they_stay() -> None:
    plan = replace(PLAN, broadcasts={"enfants": replace(POLL, to=(1, 40))})
    stays = given(POLLED, e.ListJoined(NOON, 40, 2), plan=plan, calendar=POLL_DUE)
    assert KEY in stays.acts
    assert KEY not in stays.when(click(YES, "b1", source=1)).done.acts


def test_who_takes_the_answer_back_is_silent_again() -> None:
    undone = polled().when(click(YES, "b1", source=1)).when(c.UndoMove(POLL_AT + HOUR, CLICK, "b1"))
    assert undone.lists == {1: 1}
    assert undone.done.acts[KEY].letter == "enfants:reminder"


def test_nobody_is_reminded_of_a_broadcast_that_never_came() -> None:
    failed = given(PAUL, BEGUN, e.LetterFailed(POLL_AT, "b1"), calendar=POLL_DUE)
    assert KEY not in failed.acts


def test_a_reminder_put_off_is_tried_again_unless_the_answer_came() -> None:
    again = e.LetterBegun(
        POLL_AT + 5 * DAY, KEY, "broadcast", "enfants:reminder", "b2", 1, 1, 1, "conseils"
    )
    put_off = polled(again, e.LetterDeferred(POLL_AT + 5 * DAY, "b2", POLL_AT + 5 * DAY + HOUR))
    assert (put_off.acts[KEY].letter, put_off.acts[KEY].due) == (
        "enfants:reminder",
        POLL_AT + 5 * DAY + HOUR,
    )
    assert KEY not in put_off.and_also(e.LetterAnswered(POLL_AT + 5 * DAY, "b1", 0)).acts


def test_one_that_is_no_longer_published_is_over() -> None:
    gone = replace(PLAN, broadcasts={})
    assert list(given(PAUL, plan=gone, calendar=POLL_DUE).acts) == ["list:1"]
    flying = given(PAUL, BEGUN, plan=gone, calendar=POLL_DUE)
    assert flying.acts["flight:b1"].kind == "settle"
    flying.when(perform(KEY, POLL_AT)).nothing()


def weekly(count: int) -> Calendar:
    return tuple(
        Occurrence("enfants", f"broadcast:enfants/{n:03}", POLL_AT + n * 7 * DAY)
        for n in range(count)
    )


def test_each_occurrence_of_a_recurring_broadcast_is_one_letter() -> None:
    person = given(POLLED, calendar=weekly(3))
    due = [key for key, act in person.acts.items() if act.letter == "enfants"]
    assert due == ["broadcast:enfants/000", "broadcast:enfants/001", "broadcast:enfants/002"]


def test_however_many_broadcasts_there_were_none_is_sent_twice_and_the_state_stays_small() -> None:
    calendar = weekly(BROADCASTS_KEPT + 20)
    person = given(
        PAUL,
        calendar=calendar,
        plan=replace(PLAN, broadcasts={"enfants": replace(POLL, reminder=None)}),
    )
    for n, occurrence in enumerate(calendar):
        at = occurrence.at + (0 if n % 3 else 9 * DAY)
        done = person.when(perform(occurrence.key, at, f"m{n}"))
        person = (
            done.done.and_also(e.LetterSent(at, f"m{n}"))
            if done.names == ["LetterBegun"]
            else done.done
        )
    assert len(person.person.mailings) == BROADCASTS_KEPT
    assert [key for key in person.acts if key.startswith("broadcast:")] == []
