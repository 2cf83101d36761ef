"""What comes next for a person, and when: one act per open matter, told from facts and the
published plan alone.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.timing import Hours
from engine.subscriber import events as e
from engine.subscriber.act import Act
from tests.examples import (
    ANNA,
    ASKED,
    AT_ONCE,
    CONSENT,
    KNOWN,
    LATER,
    NOON,
    PARIS,
    POLL_AT,
    POLL_DUE,
    REGISTERED,
    begun,
    letter,
    local,
    on,
    sent,
    with_list,
)
from tests.given import given

REQUEST = e.ConsentRequested(NOON, "offres", "r1", (30,), NOON + 7 * DAY)


def test_nobody_has_nothing_to_come() -> None:
    assert given().acts == {}
    assert given(KNOWN).acts == {}


def test_each_open_matter_has_one_act_under_its_key() -> None:
    person = given(on(1), e.ListJoined(NOON, 40, 2), REQUEST, calendar=POLL_DUE)
    assert person.acts == {
        "list:1": Act("letter", "hello", NOON, NOON, 1, 1),
        "list:40": Act("letter", "lesson", NOON, NOON, 40, 2),
        "ask:offres": Act("letter", "ask", NOON, NOON),
        "broadcast:enfants/2026-03-03": Act("letter", "enfants", POLL_AT, POLL_AT, 1, 1),
    }


def test_the_letter_that_is_due_first_comes_first_whatever_its_place() -> None:
    plan = with_list(
        10,
        letters=(
            letter("far", Delay(days=9)),
            letter("near", Delay(days=2)),
            letter("next", Delay(days=5)),
        ),
    )
    assert given(ANNA, plan=plan).acts["list:10"].letter == "near"


def test_of_letters_due_together_the_one_written_first_comes_first() -> None:
    plan = with_list(10, letters=(letter("first", AT_ONCE), letter("second", AT_ONCE)))
    assert given(ANNA, plan=plan).acts["list:10"].letter == "first"


def test_a_letter_counted_from_the_one_before_waits_for_its_outcome() -> None:
    assert given(on(12)).acts["list:12"].letter == "help"
    helped = given(on(12), sent("m1", "help", 12, at=LATER))
    assert (helped.acts["list:12"].letter, helped.acts["list:12"].due) == (
        "help-more",
        LATER + 2 * DAY,
    )


def test_a_letter_counted_from_one_that_never_came_counts_from_when_that_was_settled() -> None:
    failed = given(on(12), begun("m1", "help", 12), e.LetterFailed(LATER + DAY, "m1"))
    assert failed.acts["list:12"].due == LATER + 3 * DAY


def test_the_first_letter_may_wait_from_joining() -> None:
    plan = with_list(10, letters=(letter("patience", wait=Delay(days=1)),))
    assert given(ANNA, plan=plan).acts["list:10"].due == NOON + DAY


def test_a_letter_that_waits_behind_a_reminder_nobody_needs_counts_from_the_letter_before() -> None:
    letters = (
        letter("q", AT_ONCE),
        letter("again", reminds="q", wait=Delay(days=1)),
        letter("then", wait=Delay(days=2)),
    )
    plan = with_list(10, letters=letters)
    asked = given(ANNA, sent("m1", "q", at=NOON), plan=plan)
    assert (asked.acts["list:10"].letter, asked.acts["list:10"].due) == ("again", NOON + DAY)
    answered = asked.and_also(e.LetterAnswered(NOON + HOUR, "m1", 2))
    assert (answered.acts["list:10"].letter, answered.acts["list:10"].due) == (
        "then",
        NOON + 2 * DAY,
    )


ZONES = [
    ("Europe/Paris", "2026-03-27 12:00"),
    ("America/New_York", "2026-03-06 12:00"),
    ("Australia/Sydney", "2026-04-03 12:00"),
]


@pytest.mark.parametrize(("zone", "joined"), ZONES)
def test_across_a_change_of_the_clock_a_letter_keeps_its_hour(zone: str, joined: str) -> None:
    """Three days on, over the last Sunday of March, the second of March, the first of April: the
    hour of joining, not 72 hours.
    """
    at = local(joined, zone)
    plan = with_list(
        10,
        letters=(
            letter("three", Delay(days=3)),
            replace(letter("nine", Delay(days=4)), hours=Hours(at=9 * 60)),
        ),
    )
    person = given(
        e.SubscriberRegistered(at, zone),
        replace(CONSENT, at=at),
        e.ListJoined(at, 10, 1),
        plan=plan,
    )
    due = person.acts["list:10"].due
    assert abs(due - at - 3 * DAY) == HOUR
    after = person.and_also(sent("m1", "three", at=due)).acts["list:10"].due
    day = int(joined[8:10]) + 4
    assert after == local(
        f"{joined[:7]}-{day:02} 09:00" if day < 32 else f"2026-04-{day - 31:02} 09:00", zone
    )


def test_the_thirty_first_plus_a_month_is_the_months_last_day() -> None:
    at = local("2026-01-31 10:00")
    plan = with_list(10, letters=(letter("monthly", Delay(months=1)),))
    person = given(replace(REGISTERED, at=at), CONSENT, e.ListJoined(at, 10, 1), plan=plan)
    assert person.acts["list:10"].due == local("2026-02-28 10:00")


def test_a_window_across_midnight_is_one_night() -> None:
    night = Hours(between=(22 * 60, 2 * 60), days=frozenset({4}))
    plan = with_list(10, letters=(replace(letter("late", AT_ONCE), hours=night),))
    person = given(ANNA, plan=plan)
    assert person.acts["list:10"].due == local("2026-03-06 22:00")
    saturday = local("2026-03-07 01:30")
    joined = given(REGISTERED, CONSENT, e.ListJoined(saturday, 10, 1), plan=plan)
    assert joined.acts["list:10"].due == saturday


def test_a_letter_planned_and_due_differ_when_it_is_held_back() -> None:
    late = NOON + 2 * DAY
    plan = with_list(10, letters=(letter("one", AT_ONCE), letter("two", Delay(days=1))))
    act = given(ANNA, sent("m0", "one", at=late), plan=plan).acts["list:10"]
    assert (act.planned, act.due) == (NOON + DAY, late + 12 * HOUR)


def test_a_list_that_says_so_writes_less_often() -> None:
    plan = with_list(
        10, letters=(letter("one", AT_ONCE), letter("two", Delay(days=2))), min_gap=Delay(days=2)
    )
    act = given(ANNA, sent("m0", "one", at=NOON + DAY), plan=plan).acts["list:10"]
    assert act.due == NOON + 3 * DAY


def test_a_letter_under_way_is_settled_before_anything_else_of_its_list() -> None:
    flying = given(ASKED, begun("m2", "question-again"))
    assert flying.acts == {"list:10": Act("settle", "question-again", LATER, LATER, 10, 1)}


def test_a_letter_under_way_for_another_list_stands_in_nobodys_way() -> None:
    person = given(ANNA, e.ListJoined(NOON, 40, 2), begun("m2", "lesson", 40, 2))
    assert (person.acts["list:10"].kind, person.acts["list:40"].kind) == ("letter", "settle")


def test_a_request_asks_reminds_and_expires() -> None:
    asked = given(REGISTERED, REQUEST)
    mailed = asked.and_also(
        e.LetterBegun(NOON, "ask:offres", "confirmation", "ask", "a1", 1, purpose="offres"),
        e.LetterSent(LATER, "a1"),
    )
    assert mailed.acts["ask:offres"] == Act("letter", "ask-again", LATER + 2 * DAY, LATER + 2 * DAY)
    reminder = e.LetterBegun(
        LATER + 2 * DAY, "ask:offres", "confirmation", "ask-again", "a2", 1, purpose="offres"
    )
    again = mailed.and_also(reminder, e.LetterSent(LATER + 2 * DAY, "a2"))
    assert again.acts["ask:offres"] == Act("expire", "", NOON + 7 * DAY, NOON + 7 * DAY)


def test_a_confirmation_mail_that_failed_is_not_reminded_of() -> None:
    mail = e.LetterBegun(NOON, "ask:offres", "confirmation", "ask", "a1", 1, purpose="offres")
    for outcome in (
        e.LetterFailed(LATER, "a1"),
        e.LetterWithheld(LATER, "ask:offres", "ask", "too late", message="a1"),
    ):
        assert given(REGISTERED, REQUEST, mail, outcome).acts["ask:offres"].kind == "expire"


def test_without_words_for_a_reminder_none_is_sent() -> None:
    plan = replace(
        with_list(10), confirmation=replace(with_list(10).confirmation, remind_subject="")
    )
    mail = e.LetterBegun(NOON, "ask:offres", "confirmation", "ask", "a1", 1, purpose="offres")
    assert (
        given(REGISTERED, REQUEST, mail, e.LetterSent(NOON, "a1"), plan=plan)
        .acts["ask:offres"]
        .kind
        == "expire"
    )


def test_a_held_run_waits_and_so_do_its_retries() -> None:
    moved = e.ListMoved(NOON, 10, 1, 11, 2, "m1", 0, True, "auto_submit", NOON + 10 * MINUTE)
    held = given(ANNA, moved)
    assert held.acts["list:11"].due == NOON + 10 * MINUTE
    released = held.and_also(begun("m2", "bravo", 11, 2, NOON), e.LetterDeferred(NOON, "m2", NOON))
    assert released.acts["list:11"].due == NOON + 10 * MINUTE


def test_every_instant_the_agenda_names_can_be_told_whatever_the_zone() -> None:
    for zone in (
        "Pacific/Kiritimati",
        "Pacific/Marquesas",
        "America/St_Johns",
        "Africa/Casablanca",
        "UTC",
        "",
        PARIS,
    ):
        person = given(
            e.SubscriberRegistered(NOON, zone),
            CONSENT,
            e.ListJoined(NOON, 10, 1),
            sent("m0", "welcome", at=NOON),
        )
        assert NOON + DAY < person.acts["list:10"].due < NOON + 4 * DAY
