"""Someone presses "subscribe me again" on the page of a withdrawal: a new consent, by their own
act.
"""

from __future__ import annotations

from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from tests.examples import ANNA, CLICK, KNOWN, LATER, NOON, on
from tests.given import given

AGAIN = c.Resubscribe(LATER, CLICK, "conseils", "human_button", "n1", 10)
GONE = (*ANNA, e.ConsentWithdrawn(NOON, "conseils"), e.ListLeft(NOON, 10, 1, "withdrawn"))
CONSENT = e.ConsentGiven(LATER, "conseils", "page", "n1", "human_button")


def test_they_consent_anew_and_are_back_on_the_list() -> None:
    back = given(GONE).when(AGAIN)
    back.then(CONSENT, e.ListJoined(LATER, 10, 2))
    assert back.person.last_contact == LATER


def test_pressing_twice_changes_nothing() -> None:
    given(GONE).when(AGAIN).when(AGAIN).nothing()


def test_who_never_left_has_nothing_to_do() -> None:
    given(ANNA).when(AGAIN).nothing()


def test_a_list_that_takes_nobody_back_costs_not_the_consent() -> None:
    never = given(
        on(41), e.ConsentWithdrawn(NOON, "conseils"), e.ListLeft(NOON, 41, 1, "withdrawn")
    )
    never.when(c.Resubscribe(LATER, CLICK, "conseils", "human_button", "n1", 41)).then(CONSENT)


def test_a_consent_for_one_purpose_opens_no_list_of_another() -> None:
    given(GONE).when(c.Resubscribe(LATER, CLICK, "conseils", "human_button", "n1", 30)).then(
        CONSENT
    )


def test_after_everything_was_withdrawn_only_this_purpose_comes_back() -> None:
    back = given(
        ANNA,
        e.ConsentGiven(NOON, "offres", "single"),
        e.ConsentWithdrawn(NOON, "*"),
        e.ListLeft(NOON, 10, 1, "withdrawn"),
    ).when(AGAIN)
    assert why_not(back.person, "letter", "conseils") == ""
    assert why_not(back.person, "letter", "offres") == "consent withdrawn"


def test_a_complaint_is_forgiven_by_the_one_who_made_it() -> None:
    complained = given(GONE, e.MailComplained(NOON)).when(AGAIN)
    complained.then(
        e.SubscriberReachable(LATER, "asked for by the person"), CONSENT, e.ListJoined(LATER, 10, 2)
    )
    assert why_not(complained.person, "letter", "conseils") == ""
    still_on = given(ANNA, e.MailComplained(NOON)).when(AGAIN)
    still_on.then(e.SubscriberReachable(LATER, "asked for by the person"))


def test_an_address_that_cannot_be_written_to_is_refused() -> None:
    for why in ("bounced", "operator", "imported"):
        given(GONE, e.SubscriberSuppressed(NOON, why)).when(AGAIN).refused("cannot be written to")


def test_whoever_is_erased_or_unknown_is_refused() -> None:
    given(KNOWN, e.SubscriberErased(NOON)).when(AGAIN).refused("nobody is known")
    given().when(AGAIN).refused("nobody is known")
