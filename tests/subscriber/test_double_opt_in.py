"""Someone asks to join by a form, and confirms by the link of the mail that follows."""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber import events as e
from tests.examples import ANNA, CLICK, FORM, KNOWN, LATER, NOON, PAUL, REGISTERED
from tests.given import given

WEEK = 7 * DAY
REQUEST = e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + WEEK, "n1", "inscription")
ASKED = (REGISTERED, REQUEST)


def ask(*lists: int, at: int = LATER, request: str = "r2") -> c.RequestConsent:
    return c.RequestConsent(at, FORM, lists, request, "n1", "inscription")


def confirm(request: str = "r1", at: int = LATER, purpose: str = "conseils") -> c.Confirm:
    return c.Confirm(at, CLICK, purpose, request, "human_button")


def confirmed(request: str = "r1", at: int = LATER) -> e.ConsentConfirmed:
    return e.ConsentConfirmed(at, "conseils", request, "human_button", "n1")


def test_a_newcomer_is_asked_to_confirm_and_joins_nothing_yet() -> None:
    asked = (
        given()
        .when(ask(10))
        .then(
            e.SubscriberRegistered(LATER),
            e.ConsentRequested(LATER, "conseils", "r2", (10,), LATER + WEEK, "n1", "inscription"),
        )
    )
    assert asked.lists == {}


def test_confirming_gives_consent_and_joins_every_list_asked_for() -> None:
    several = given(
        REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10, 11, 40), NOON + WEEK, "n1")
    )
    several.when(confirm()).then(
        confirmed(),
        e.ListJoined(LATER, 10, 1),
        e.ListJoined(LATER, 11, 2),
        e.ListJoined(LATER, 40, 3),
    )


def test_letters_are_counted_from_the_confirmation_not_from_the_form() -> None:
    person = given(ASKED).when(confirm(at=NOON + 3 * DAY)).person
    assert person.memberships[10].since == NOON + 3 * DAY


def test_confirming_twice_changes_nothing() -> None:
    given(ASKED).when(confirm()).when(confirm(at=LATER + 1)).nothing()


def test_asking_again_for_the_same_changes_nothing_while_the_request_is_open() -> None:
    given(ASKED).when(ask(10)).nothing()


def test_asking_for_one_more_list_takes_up_the_open_request_and_asks_for_both() -> None:
    both = given(ASKED).when(ask(11))
    both.then(
        e.ConsentRequested(LATER, "conseils", "r2", (10, 11), LATER + WEEK, "n1", "inscription")
    )


def test_the_mail_of_a_request_that_was_taken_up_still_confirms() -> None:
    given(ASKED).when(ask(11)).when(confirm("r1")).then(
        confirmed("r1"), e.ListJoined(LATER, 10, 1), e.ListJoined(LATER, 11, 2)
    )


def test_a_request_that_has_run_out_is_not_taken_up() -> None:
    late = NOON + WEEK
    again = given(ASKED).when(ask(11, at=late))
    again.then(e.ConsentRequested(late, "conseils", "r2", (11,), late + WEEK, "n1", "inscription"))
    again.when(confirm("r1", at=late)).refused("expired")


def test_confirming_too_late_is_refused() -> None:
    assert given(ASKED).when(confirm(at=NOON + WEEK - 1)).lists == {10: 1}
    given(ASKED).when(confirm(at=NOON + WEEK)).refused("expired")


def test_confirming_what_was_never_asked_is_refused() -> None:
    given(ASKED).when(confirm("other")).refused("expired")
    given(ASKED).when(confirm(purpose="offres")).refused("expired")
    given().when(confirm()).refused("expired")


def test_confirming_after_a_withdrawal_is_refused() -> None:
    given(ASKED).when(c.Withdraw(LATER, CLICK, "conseils")).when(confirm()).refused("expired")
    given(ASKED).when(c.WithdrawEverything(LATER, CLICK)).when(confirm()).refused("expired")


def test_who_has_a_live_ground_joins_at_once_without_another_mail() -> None:
    given(KNOWN).when(ask(10)).then(e.ListJoined(LATER, 10, 1))
    given(ANNA).when(ask(10)).nothing()


def test_who_has_left_everything_is_asked_and_their_confirmation_lets_them_in_again() -> None:
    gone = given(KNOWN, e.ConsentWithdrawn(NOON, "*"))
    assert gone.when(ask(10)).names == ["ConsentRequested"]
    back = gone.when(ask(10)).when(confirm("r2"))
    assert back.lists == {10: 1}
    assert not back.person.objected


def test_a_bounced_address_is_asked_and_reachable_once_it_has_confirmed() -> None:
    bounced = given(KNOWN, e.SubscriberSuppressed(NOON, "bounced"))
    back = bounced.when(ask(10)).when(confirm("r2"))
    back.then(
        e.SubscriberReachable(LATER, "confirmed by the person"),
        confirmed("r2"),
        e.ListJoined(LATER, 10, 1),
    )
    assert back.person.suppressed == ""


def test_confirming_as_a_client_leaves_the_prospects() -> None:
    asked = given(PAUL, replace(REQUEST, lists=(10,)))
    asked.when(confirm()).then(
        confirmed(), e.ListJoined(LATER, 10, 2), e.ListLeft(LATER, 1, 1, "rule")
    )


def test_a_request_for_a_prospects_and_a_clients_list_never_leaves_one_on_both() -> None:
    for lists in ((1, 10), (10, 1), (1, 10, 1)):
        given(REGISTERED, replace(REQUEST, lists=lists)).when(confirm()).then(
            confirmed(), e.ListJoined(LATER, 10, 1)
        )


def test_of_lists_asked_for_together_those_remain_that_the_others_do_not_end() -> None:
    both = given(PAUL).when(ask(1, 43))
    both.then(e.ListJoined(LATER, 43, 2), e.ListLeft(LATER, 1, 1, "rule"))
    both.when(ask(1, 43)).nothing()


def test_a_list_that_refuses_or_is_gone_does_not_undo_the_consent() -> None:
    client = given(ANNA, replace(REQUEST, lists=(1, 99)))
    client.when(confirm()).then(confirmed())


def test_a_request_names_published_lists_of_one_purpose() -> None:
    given().when(ask(10, 30)).refused("lists of one purpose")
    given().when(ask(10, 99)).refused("published lists")
    given().when(ask()).refused("lists of one purpose")


def test_whoever_is_erased_neither_asks_nor_confirms() -> None:
    erased = given(ASKED, e.SubscriberErased(NOON))
    erased.when(ask(10)).refused("erased")
    erased.when(confirm()).refused("erased")
