"""Whoever has been silent for three years is asked once whether to go on; only what they do
themselves counts as being heard of (C10, D12).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.declared import Declared, Retention
from engine.sequence.delay import DAY, HOUR, Delay
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.inactivity import NOT_TO_BE_ASKED, ask_again, heard_at, is_unanswered
from tests.examples import ANNA, CLICK, ENGINE, KNOWN, NOON, PLAN, begun, local, on
from tests.given import given

IN_THREE_YEARS = local("2029-03-02 12:00")
ASK = c.AskAgain(IN_THREE_YEARS, ENGINE, "q1")
EXPIRES = local("2029-04-01 12:00")
ASKED = e.PermissionAsked(IN_THREE_YEARS, "q1", EXPIRES)
MAIL = e.LetterBegun(IN_THREE_YEARS, "ask:*", "permission", "ask", "m9", 1, 0, 0, "*", "s1", 1)
SENT = e.LetterSent(IN_THREE_YEARS + HOUR, "m9", 250)
SETTLED = (begun("m0", "welcome"), e.LetterSent(NOON, "m0", 250))


def test_whoever_was_last_heard_of_three_years_ago_is_asked_and_has_thirty_days() -> None:
    given(ANNA).when(ASK).then(ASKED)


def test_a_day_before_nobody_is_asked() -> None:
    given(ANNA).when(replace(ASK, at=IN_THREE_YEARS - DAY)).nothing()


def test_the_durations_are_those_that_were_declared() -> None:
    shorter = replace(
        PLAN,
        declared=Declared(
            retention=Retention(silent_after=Delay(months=12), answer_within=Delay(days=10))
        ),
    )
    at = local("2027-03-02 12:00")
    given(ANNA).published(shorter).when(replace(ASK, at=at)).then(
        e.PermissionAsked(at, "q1", local("2027-03-12 12:00"))
    )


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (e.LetterAnswered(NOON + DAY, "m0", 0, "human_button"), True),
        (e.LetterAnswered(NOON + DAY, "m0", 0, "auto_submit"), False),
        (e.LetterAnswered(NOON + DAY, "m0", 0, ""), False),
        (e.ContactNoted(NOON + 9 * DAY, NOON + DAY), True),
        (e.ConsentGiven(NOON + DAY, "offres", "single"), True),
        (e.ListCopied(NOON + DAY, 10, 1, 21, 2, "m0", 2, "auto_submit"), False),
        (e.ProfileChanged(NOON + DAY, ("first_name",)), False),
    ],
)
def test_only_what_a_person_did_themselves_puts_the_term_off(
    event: e.PersonEvent, counts: bool
) -> None:
    person = given(ANNA, SETTLED, event)
    assert (heard_at(person.person) == NOON + DAY) is counts
    if counts:
        person.when(ASK).nothing()
        person.when(replace(ASK, at=IN_THREE_YEARS + DAY)).then(
            e.PermissionAsked(IN_THREE_YEARS + DAY, "q1", EXPIRES + DAY)
        )
    else:
        person.when(ASK).then(ASKED)


def test_an_import_counts_from_the_day_the_data_was_collected() -> None:
    collected = e.GroundDeclared(local("2024-03-02 12:00"), "conseils", "soft-optin", "declared")
    given(e.SubscriberRegistered(NOON), collected, e.ListJoined(NOON, 10, 1)).when(
        replace(ASK, at=local("2027-03-02 12:00"))
    ).then(e.PermissionAsked(local("2027-03-02 12:00"), "q1", local("2027-04-01 12:00")))


def test_the_question_is_one_mail_and_is_not_asked_again() -> None:
    asked = given(ANNA, SETTLED, ASKED)
    assert (asked.acts["ask:*"].kind, asked.acts["ask:*"].letter, asked.acts["ask:*"].due) == (
        "letter",
        "ask",
        IN_THREE_YEARS,
    )
    sent = (
        asked.when(c.Perform(IN_THREE_YEARS, ENGINE, "ask:*", "m9", "s1")).then(MAIL).and_also(SENT)
    )
    assert (sent.acts["ask:*"].kind, sent.acts["ask:*"].due) == ("idle", 0)
    sent.when(replace(ASK, at=IN_THREE_YEARS + DAY)).nothing()


@pytest.mark.parametrize(
    "event",
    [
        e.PermissionRenewed(IN_THREE_YEARS + DAY, "q1", "human_button"),
        e.LetterAnswered(IN_THREE_YEARS + DAY, "m0", 0, "human_button"),
        e.ContactNoted(IN_THREE_YEARS + DAY, IN_THREE_YEARS + DAY),
    ],
)
def test_any_sign_of_life_answers_it(event: e.PersonEvent) -> None:
    person = given(ANNA, SETTLED, ASKED, MAIL, SENT, event)
    assert "ask:*" not in person.acts and not is_unanswered(person.person, EXPIRES)
    person.when(replace(ASK, at=EXPIRES)).nothing()


def test_the_press_on_yes_is_a_fact_and_changes_nothing_else() -> None:
    stay = c.RenewPermission(IN_THREE_YEARS + DAY, CLICK, "human_button")
    person = (
        given(ANNA, SETTLED, ASKED, MAIL, SENT)
        .when(stay)
        .then(e.PermissionRenewed(IN_THREE_YEARS + DAY, "q1", "human_button"))
    )
    assert person.lists == {10: 1}
    person.when(stay).nothing()


def test_silence_until_the_term_is_no_answer() -> None:
    person = given(ANNA, SETTLED, ASKED, MAIL, SENT).person
    assert not is_unanswered(person, EXPIRES - 1)
    assert is_unanswered(person, EXPIRES)


def test_a_question_that_never_left_has_asked_nothing_and_is_dropped() -> None:
    deferred = e.LetterDeferred(IN_THREE_YEARS + HOUR, "m9", EXPIRES + HOUR)
    person = given(ANNA, SETTLED, ASKED, MAIL, deferred)
    assert not is_unanswered(person.person, EXPIRES)
    late = person.when(c.Perform(EXPIRES + HOUR, ENGINE, "ask:*", "m9", "s1")).then(
        e.ConsentExpired(EXPIRES + HOUR, "*", "q1")
    )
    late.when(replace(ASK, at=EXPIRES + DAY, request="q2")).then(
        e.PermissionAsked(EXPIRES + DAY, "q2", local("2029-05-02 12:00"))
    )


@pytest.mark.parametrize(
    "event",
    [
        e.ConsentWithdrawn(NOON, "*", ""),
        e.MailBounced(NOON, "hard"),
        e.MailComplained(NOON),
        e.SubscriberSuppressed(NOON, "operator"),
    ],
)
def test_whoever_may_not_be_written_to_is_not_asked_either(event: e.PersonEvent) -> None:
    person = given(ANNA, SETTLED, event).person
    assert ask_again(ASK, person, PLAN) == NOT_TO_BE_ASKED


def test_whoever_withdraws_meanwhile_is_not_asked_any_more() -> None:
    person = given(ANNA, SETTLED, ASKED, e.ConsentWithdrawn(IN_THREE_YEARS + 1, "conseils", ""))
    assert (person.acts["ask:*"].kind, person.acts["ask:*"].due) == ("idle", 0)


def test_nothing_is_asked_of_nobody_the_erased_or_the_frozen() -> None:
    given().when(ASK).refused("nobody is known")
    given(ANNA, e.SubscriberErased(NOON)).when(ASK).refused("nobody is known")
    given(ANNA, e.ProcessingRestricted(NOON)).when(ASK).nothing()


def test_consent_is_never_given_to_everything_at_once() -> None:
    person = given(KNOWN, e.ConsentWithdrawn(NOON, "*", "human_button"))
    person.when(c.Resubscribe(NOON + HOUR, CLICK, "*", "human_button")).refused(
        "one purpose at a time"
    )


def test_someone_on_several_lists_is_asked_once() -> None:
    person = given(on(10), e.ListJoined(NOON, 40, 2), SETTLED).when(ASK).done
    assert [key for key in person.acts if key.startswith("ask:")] == ["ask:*"]
