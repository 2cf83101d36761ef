"""The agenda performs what is due: a letter is claimed once, late ones are withheld, and none
leaves without a live ground.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.timing import Hours
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from tests.examples import (
    ANNA,
    ASKED,
    AT_ONCE,
    CLICK,
    CONSENT,
    ENGINE,
    KNOWN,
    LATER,
    NOON,
    QUESTION_AGAIN,
    REGISTERED,
    RULE,
    WELCOME,
    begun,
    letter,
    local,
    on,
    perform,
    sent,
    subscribe,
    with_list,
)
from tests.given import given

WELCOMED = (*ANNA, *sent("m0", "welcome", at=NOON))
QUESTION_DUE = local("2026-03-04 09:00")


def claim(name: str, at: int, message: str = "aaaa", attempt: int = 1) -> e.LetterBegun:
    return e.LetterBegun(
        at, "list:10", "letter", name, message, 1, 10, 1, "conseils", "s1", attempt
    )


def test_what_is_due_is_claimed_in_the_words_of_the_edition_in_force() -> None:
    claimed = given(ANNA).when(perform("list:10", NOON))
    claimed.then(claim("welcome", NOON))
    assert [fact.cause for fact in claimed.facts] == [ENGINE]


def test_nothing_is_claimed_before_it_is_due() -> None:
    given(WELCOMED).when(perform("list:10", QUESTION_DUE - 1)).nothing()
    given(WELCOMED).when(perform("list:10", QUESTION_DUE)).then(claim("question", QUESTION_DUE))


def test_a_letter_is_claimed_once_whoever_tries() -> None:
    given(ANNA).when(perform("list:10", NOON)).when(perform("list:10", NOON, "bbbb")).nothing()


def test_the_next_letter_waits_for_the_outcome_of_the_one_before() -> None:
    given(ANNA, begun("m0", "welcome")).when(perform("list:10", NOON + 9 * DAY)).nothing()


def test_a_key_that_names_nothing_open_does_nothing() -> None:
    for key in (
        "list:11",
        "list:99",
        "list:x",
        "ask:conseils",
        "broadcast:enfants/2026-03-03",
        "broadcast:none/x",
        "flight:m9",
        "",
        "list:",
    ):
        given(ANNA).when(perform(key, NOON + DAY)).nothing()


def test_who_has_answered_is_not_reminded() -> None:
    given(ASKED, e.LetterAnswered(LATER, "m1", 2)).when(perform("list:10", LATER + DAY)).then(
        e.ListTransferred(LATER + DAY, 10, 1, 20, 2, "ended")
    )


def test_the_silent_are_reminded_counted_from_when_the_letter_was_sent() -> None:
    given(ASKED).when(perform("list:10", LATER + DAY - 1)).nothing()
    given(ASKED).when(perform("list:10", LATER + DAY)).then(claim("question-again", LATER + DAY))


@pytest.mark.parametrize(
    "outcome",
    [
        e.LetterFailed(LATER, "m1"),
        e.LetterWithheld(LATER, "list:10", "question", "too late", 10, 1, "m1"),
    ],
)
def test_nobody_is_reminded_of_a_letter_that_never_came(outcome: e.PersonEvent) -> None:
    person = given(WELCOMED, begun("m1", "question"), outcome)
    assert person.when(perform("list:10", LATER + 9 * DAY)).names == ["ListTransferred"]


def test_a_reminder_put_off_is_dropped_when_the_answer_comes_meanwhile() -> None:
    put_off = given(
        ASKED,
        begun("m2", "question-again", at=LATER + DAY),
        e.LetterDeferred(LATER + DAY, "m2", LATER + DAY + HOUR),
    )
    assert put_off.acts["list:10"].letter == "question-again"
    answered = put_off.and_also(e.LetterAnswered(LATER + DAY, "m1", 2))
    assert answered.when(perform("list:10", LATER + 2 * DAY)).names == ["ListTransferred"]


def test_a_letter_put_off_is_tried_again_under_the_same_message_id() -> None:
    put_off = given(
        ANNA, begun("m0", "welcome", at=NOON), e.LetterDeferred(NOON, "m0", NOON + 5 * MINUTE)
    )
    put_off.when(perform("list:10", NOON + 5 * MINUTE - 1, "bbbb")).nothing()
    put_off.when(perform("list:10", NOON + 5 * MINUTE, "bbbb")).then(
        claim("welcome", NOON + 5 * MINUTE, "m0", 2)
    )


def test_a_letter_put_off_blocks_none_that_is_counted_from_joining() -> None:
    put_off = given(
        ANNA,
        begun("m0", "welcome", at=QUESTION_DUE - HOUR),
        e.LetterDeferred(QUESTION_DUE, "m0", QUESTION_DUE + DAY),
    )
    assert put_off.acts["list:10"].letter == "question"


def test_a_letter_put_off_holds_back_those_counted_from_it() -> None:
    put_off = given(
        on(12), begun("m0", "help", 12, at=NOON), e.LetterDeferred(NOON, "m0", NOON + 9 * DAY)
    )
    assert (put_off.acts["list:12"].letter, put_off.acts["list:12"].due) == ("help", NOON + 9 * DAY)


def test_a_retry_keeps_to_the_authors_window() -> None:
    plan = with_list(
        10,
        letters=(
            replace(WELCOME, hours=Hours(between=(9 * 60, 18 * 60), days=frozenset(range(5)))),
        ),
    )
    friday = local("2026-03-06 17:55")
    put_off = given(
        ANNA,
        begun("m0", "welcome", at=friday),
        e.LetterDeferred(friday, "m0", friday + 15 * MINUTE),
        plan=plan,
    )
    assert put_off.acts["list:10"].due == local("2026-03-09 09:00")


def test_a_retry_of_a_letter_with_a_time_of_day_need_not_wait_for_tomorrow() -> None:
    put_off = given(
        WELCOMED,
        begun("m1", "question", at=QUESTION_DUE),
        e.LetterDeferred(QUESTION_DUE, "m1", QUESTION_DUE + 5 * MINUTE),
    )
    assert put_off.acts["list:10"].due == QUESTION_DUE + 5 * MINUTE


def test_a_letter_past_its_lateness_is_withheld_for_good() -> None:
    late = local("2026-03-09 12:00") + 1
    given(ANNA).when(perform("list:10", late - 1)).then(claim("welcome", late - 1))
    withheld = given(ANNA).when(perform("list:10", late))
    withheld.then(e.LetterWithheld(late, "list:10", "welcome", "too late", 10, 1))
    assert [fact.cause for fact in withheld.facts] == [RULE]
    assert withheld.done.acts["list:10"].letter == "question"


def test_a_letter_that_was_put_off_is_not_sent_past_its_lateness_either() -> None:
    put_off = given(
        ANNA, begun("m0", "welcome", at=NOON), e.LetterDeferred(NOON, "m0", NOON + 5 * MINUTE)
    )
    late = local("2026-03-09 12:00") + 1
    put_off.when(perform("list:10", late)).then(
        e.LetterWithheld(late, "list:10", "welcome", "too late", 10, 1, "m0")
    )


def test_after_an_outage_letters_are_late_never_piled_up() -> None:
    plan = with_list(10, letters=tuple(letter(f"day-{n}", Delay(days=n)) for n in range(4)))
    back = NOON + 4 * DAY
    person = given(ANNA, plan=plan)
    times = []
    at = back
    for n in range(4):
        at = max(at, person.acts["list:10"].due)
        times.append(at)
        person = person.when(perform("list:10", at, f"m{n}")).done.and_also(
            e.LetterSent(at, f"m{n}")
        )
    assert times == [back, back + 12 * HOUR, back + 24 * HOUR, back + 36 * HOUR]


def test_reminders_are_not_piled_up_either() -> None:
    """Counted from one letter, a reminder still keeps its distance from another that came late."""
    again = replace(QUESTION_AGAIN, reminds="day-0", wait=Delay(days=2))
    plan = with_list(10, letters=(letter("day-0", AT_ONCE), letter("day-1", Delay(days=1)), again))
    late = NOON + 3 * DAY
    person = given(ANNA, sent("m0", "day-0", at=NOON), sent("m1", "day-1", at=late), plan=plan)
    assert (person.acts["list:10"].letter, person.acts["list:10"].due) == (
        "question-again",
        late + 12 * HOUR,
    )


def test_letters_come_as_close_together_as_their_author_wrote() -> None:
    plan = with_list(
        10,
        letters=(
            letter("one", AT_ONCE),
            letter("two", Delay(minutes=60)),
            letter("three", wait=Delay(minutes=30)),
        ),
    )
    person = given(ANNA, sent("m0", "one", at=NOON), plan=plan)
    assert person.acts["list:10"].due == NOON + HOUR
    person = person.and_also(sent("m1", "two", at=NOON + HOUR))
    assert person.acts["list:10"].due == NOON + HOUR + 30 * MINUTE


def test_a_letter_held_back_by_the_gap_still_leaves_within_its_window() -> None:
    plan = with_list(
        10,
        letters=(
            letter("one", AT_ONCE),
            replace(letter("two", Delay(days=1)), hours=Hours(at=9 * 60)),
        ),
    )
    late = local("2026-03-04 02:00")
    person = given(ANNA, sent("m0", "one", at=late), plan=plan)
    assert person.acts["list:10"].due == local("2026-03-05 09:00")


def test_the_time_of_day_is_the_readers() -> None:
    tokyo = given(
        e.SubscriberRegistered(NOON, "Asia/Tokyo"),
        CONSENT,
        e.ListJoined(NOON, 10, 1),
        sent("m0", "welcome", at=NOON),
    )
    assert tokyo.acts["list:10"].due == local("2026-03-04 09:00", "Asia/Tokyo")


def test_a_zone_nobody_knows_any_more_is_the_installations() -> None:
    lost = given(
        e.SubscriberRegistered(NOON, "Europe/Atlantis"),
        CONSENT,
        e.ListJoined(NOON, 10, 1),
        sent("m0", "welcome", at=NOON),
    )
    assert lost.acts["list:10"].due == QUESTION_DUE


def test_an_import_by_date_leaves_out_what_lies_before_it() -> None:
    plan = with_list(
        10,
        letters=(
            *(letter(f"day-{n}", Delay(days=n)) for n in (0, 5, 10)),
            letter("after", wait=Delay(days=1)),
        ),
    )
    imported = (
        given(KNOWN, plan=plan)
        .when(subscribe(10, start="by-date", counted_from=LATER - 5 * DAY))
        .done
    )
    assert (imported.acts["list:10"].letter, imported.acts["list:10"].due) == ("day-5", LATER)
    imported = (
        given(KNOWN, plan=plan)
        .when(subscribe(10, start="by-date", counted_from=LATER - 6 * DAY))
        .done
    )
    assert (imported.acts["list:10"].letter, imported.acts["list:10"].due) == (
        "day-10",
        LATER + 4 * DAY,
    )
    imported = (
        given(KNOWN, plan=plan)
        .when(subscribe(10, start="by-date", counted_from=LATER - 11 * DAY))
        .done
    )
    assert (imported.acts["list:10"].letter, imported.acts["list:10"].due) == ("after", LATER)


def test_an_import_without_letters_receives_none() -> None:
    imported = given(KNOWN).when(subscribe(10, start="none")).done
    assert (imported.acts["list:10"].kind, imported.acts["list:10"].why) == (
        "idle",
        "imported without letters",
    )


def test_a_letter_added_after_its_moment_passed_is_left_out_and_one_added_before_comes() -> None:
    def adding(after: Delay, *, backfill: bool = False) -> str:
        added = replace(letter("added", after), added_at=NOON + 5 * DAY, backfill=backfill)
        person = given(
            ANNA,
            sent("m0", "welcome", at=NOON),
            plan=with_list(10, letters=(WELCOME, added), ends=None),
        )
        return person.acts["list:10"].letter

    assert adding(Delay(days=4)) == ""
    assert adding(Delay(days=6)) == "added"
    assert adding(Delay(days=4), backfill=True) == "added"


def test_a_letter_added_with_backfill_is_due_when_it_was_published_and_so_not_too_late() -> None:
    published = NOON + 90 * DAY
    added = replace(letter("added", Delay(days=4)), added_at=published, backfill=True)
    person = given(
        ANNA, sent("m0", "welcome", at=NOON), plan=with_list(10, letters=(WELCOME, added))
    )
    assert person.acts["list:10"].due == published
    assert person.when(perform("list:10", published)).names == ["LetterBegun"]


def test_who_joins_after_it_was_added_receives_every_letter() -> None:
    added = replace(letter("added", AT_ONCE), added_at=NOON - 1)
    assert given(ANNA, plan=with_list(10, letters=(added,))).acts["list:10"].letter == "added"


STOPPED = [
    (e.SubscriberSuppressed(NOON, "bounced"), "bounced"),
    (e.MailComplained(NOON), "complained"),
    (e.ProcessingRestricted(NOON), "processing restricted"),
    (e.ConsentWithdrawn(NOON, "conseils"), "consent withdrawn"),
]


@pytest.mark.parametrize(("event", "why"), STOPPED)
def test_who_may_not_be_written_to_stays_idle_and_it_is_said_why(
    event: e.PersonEvent, why: str
) -> None:
    person = given(ANNA, event)
    assert (person.acts["list:10"].kind, person.acts["list:10"].why) == ("idle", why)
    person.when(perform("list:10", NOON)).nothing()
    assert why_not(person.person, "letter", "conseils") == why


def test_who_may_be_written_to_again_receives_what_is_not_too_late() -> None:
    person = given(ANNA, e.ProcessingRestricted(NOON), e.ProcessingRestricted(LATER, lifted=True))
    assert person.acts["list:10"].letter == "welcome"


def test_the_confirmation_mail_needs_no_ground_but_an_open_request() -> None:
    asked = given(REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY))
    asked.when(perform("ask:conseils", NOON)).then(
        e.LetterBegun(
            NOON, "ask:conseils", "confirmation", "ask", "aaaa", 1, 0, 0, "conseils", "s1"
        )
    )
    assert why_not(asked.person, "confirmation", "conseils", request="r1") == ""
    assert (
        why_not(asked.person, "confirmation", "conseils", request="r2")
        == "the request is no longer open"
    )
    assert (
        why_not(
            asked.and_also(e.MailComplained(NOON)).person, "confirmation", "conseils", request="r1"
        )
        == "complained"
    )


def test_an_unconfirmed_request_is_reminded_once_and_then_expires() -> None:
    asked = given(REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY))
    mailed = asked.when(perform("ask:conseils", NOON, "a1")).done.and_also(e.LetterSent(NOON, "a1"))
    again = mailed.when(perform("ask:conseils", NOON + 2 * DAY, "a2"))
    assert again.names == ["LetterBegun"]
    waiting = again.done.and_also(e.LetterSent(NOON + 2 * DAY, "a2"))
    waiting.when(perform("ask:conseils", NOON + 7 * DAY - 1)).nothing()
    expired = waiting.when(perform("ask:conseils", NOON + 7 * DAY))
    expired.then(e.ConsentExpired(NOON + 7 * DAY, "conseils", "r1"))
    assert expired.done.acts == {}


def test_no_confirmation_mail_leaves_for_a_request_that_has_run_out() -> None:
    asked = given(REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY))
    mailed = asked.and_also(
        e.LetterBegun(NOON, "ask:conseils", "confirmation", "ask", "a1", 1, purpose="conseils")
    )
    for person in (
        asked,
        mailed.and_also(e.LetterSent(NOON, "a1")),
        mailed.and_also(e.LetterDeferred(NOON, "a1", NOON + HOUR)),
    ):
        person.when(perform("ask:conseils", NOON + 8 * DAY)).then(
            e.ConsentExpired(NOON + 8 * DAY, "conseils", "r1")
        )
    far = mailed.and_also(e.LetterDeferred(NOON, "a1", NOON + 8 * DAY))
    assert far.acts["ask:conseils"].kind == "expire"


def test_a_request_taken_up_by_another_is_mailed_anew_and_the_old_outcome_is_ignored() -> None:
    asked = (
        given(REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY))
        .when(perform("ask:conseils", NOON, "a1"))
        .done
    )
    both = (
        asked.when(c.RequestConsent(LATER, CLICK, (11,), "r2"))
        .when(perform("ask:conseils", LATER, "a2"))
        .done
    )
    assert {both.acts["ask:conseils"].kind, both.acts["flight:a1"].kind} == {"settle"}
    old = both.and_also(e.LetterDeferred(LATER, "a1", LATER + HOUR))
    assert old.person.requests["conseils"].letters["ask"].status == "begun"
    assert list(old.acts) == ["ask:conseils"]
