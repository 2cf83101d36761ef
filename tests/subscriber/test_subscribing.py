"""Someone joins a list on a stated ground: by form, import or call."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.subscriber import events as e
from tests.examples import (
    ANNA,
    CONSENT,
    FORM,
    KNOWN,
    LATER,
    NOON,
    PARIS,
    PAUL,
    REGISTERED,
    RULE,
    on,
    subscribe,
)
from tests.given import given


def test_a_newcomer_is_registered_consents_and_joins() -> None:
    given().when(subscribe(10, timezone=PARIS, language="fr")).then(
        e.SubscriberRegistered(LATER, PARIS, "fr"),
        e.ConsentGiven(LATER, "conseils", "single"),
        e.ListJoined(LATER, 10, 1),
    )


def test_each_fact_says_through_which_door_it_came() -> None:
    assert {fact.cause for fact in given().when(subscribe(10)).facts} == {FORM}


@pytest.mark.parametrize("basis", ["soft-optin", "b2b", "service"])
def test_another_ground_than_consent_is_declared_as_such(basis: str) -> None:
    given(REGISTERED).when(
        subscribe(10, basis=basis, proof="declared-with-proof", notice="n1")
    ).then(
        e.GroundDeclared(LATER, "conseils", basis, "declared-with-proof", "n1"),
        e.ListJoined(LATER, 10, 1),
    )


def test_a_confirmed_consent_is_not_replaced_by_a_declared_one() -> None:
    confirmed = e.ConsentConfirmed(NOON, "conseils", "r1")
    given(REGISTERED, confirmed).when(subscribe(10, proof="declared")).then(
        e.ListJoined(LATER, 10, 1)
    )


def test_a_consent_is_not_replaced_by_a_soft_opt_in_but_replaces_one() -> None:
    given(KNOWN).when(subscribe(10, basis="soft-optin")).then(e.ListJoined(LATER, 10, 1))
    soft = e.GroundDeclared(NOON, "conseils", "soft-optin", "declared")
    given(REGISTERED, soft).when(subscribe(10)).then(
        e.ConsentGiven(LATER, "conseils", "single"), e.ListJoined(LATER, 10, 1)
    )


def test_the_ground_dates_from_when_it_was_given_but_never_from_the_future() -> None:
    early = given(REGISTERED).when(subscribe(10, declared_at=NOON - 5))
    early.then(e.ConsentGiven(NOON - 5, "conseils", "single"), e.ListJoined(LATER, 10, 1))
    given(REGISTERED).when(subscribe(10, declared_at=LATER + 1)).then(
        e.ConsentGiven(LATER, "conseils", "single"), e.ListJoined(LATER, 10, 1)
    )


def test_what_is_no_time_zone_and_no_language_stays_out_of_the_ledger() -> None:
    newcomer = given().when(subscribe(10, timezone="anna@example.org", language="Anna Dupont"))
    assert newcomer.facts[0].event == e.SubscriberRegistered(LATER)
    given(ANNA).when(subscribe(10, timezone="Mars/Olympus", language="0")).nothing()


def test_a_zone_that_is_another_than_before_is_a_change_of_profile() -> None:
    given(ANNA).when(subscribe(10, timezone="Asia/Tokyo", language="fr")).then(
        e.ProfileChanged(LATER, (), "Asia/Tokyo")
    )


def test_named_fields_are_a_change_of_profile() -> None:
    given(KNOWN).when(subscribe(10, fields=("first_name",))).then(
        e.ProfileChanged(LATER, ("first_name",)), e.ListJoined(LATER, 10, 1)
    )


def test_the_last_contact_is_noted_when_it_is_later_than_the_one_known() -> None:
    noted = given(ANNA).when(subscribe(10, last_contact=NOON)).then(e.ContactNoted(LATER, NOON))
    noted.when(subscribe(10, last_contact=NOON)).nothing()
    noted.when(subscribe(10, last_contact=NOON - 1)).nothing()


def test_who_is_on_the_list_already_stays_as_they_are() -> None:
    given(ANNA).when(subscribe(10)).nothing()


def test_an_import_says_what_the_person_receives() -> None:
    given(KNOWN).when(subscribe(10, start="by-date", counted_from=NOON - 5)).then(
        e.ListJoined(LATER, 10, 1, "by-date", NOON - 5)
    )
    given(KNOWN).when(subscribe(10, start="none")).then(e.ListJoined(LATER, 10, 1, "none"))


def test_each_joining_is_a_new_run_also_of_another_list() -> None:
    given(ANNA).when(subscribe(30)).then(
        e.ConsentGiven(LATER, "offres", "single"), e.ListJoined(LATER, 30, 2)
    )


def test_who_becomes_a_client_leaves_the_prospects_by_rule() -> None:
    joined = given(PAUL).when(subscribe(10))
    joined.then(e.ListJoined(LATER, 10, 2), e.ListLeft(LATER, 1, 1, "rule"))


def test_a_date_to_count_from_in_another_age_is_refused() -> None:
    given(KNOWN).when(subscribe(10, start="by-date", counted_from=-(10**15))).refused("150 years")
    given(KNOWN).when(subscribe(10, start="by-date", counted_from=10**15)).refused("150 years")


def test_an_unknown_list_is_refused() -> None:
    given(KNOWN).when(subscribe(99)).refused("no list 99")


def test_a_client_is_not_made_a_prospect() -> None:
    given(ANNA).when(subscribe(1)).refused('"prospects" yields')


def test_a_suppressed_address_is_refused_even_when_the_person_asks() -> None:
    given(ANNA, e.SubscriberSuppressed(NOON, "imported")).when(subscribe(11, own_act=True)).refused(
        "suppressed (imported)"
    )


def test_whoever_has_withdrawn_comes_back_by_their_own_act_alone() -> None:
    gone = given(ANNA, e.ConsentWithdrawn(NOON, "conseils"), e.ListLeft(NOON, 10, 1, "withdrawn"))
    gone.when(subscribe(10)).refused('withdrawn from "conseils"')
    gone.when(subscribe(10, basis="service")).refused("withdrawn")
    gone.when(subscribe(10, own_act=True)).then(
        e.ConsentGiven(LATER, "conseils", "single"), e.ListJoined(LATER, 10, 2)
    )


def test_whoever_has_left_everything_is_not_put_on_a_list_of_any_purpose() -> None:
    given(KNOWN, e.ConsentWithdrawn(NOON, "*")).when(subscribe(30)).refused(
        "no more letters at all"
    )


def test_whoever_came_back_for_a_purpose_may_be_put_on_its_lists_but_on_no_others() -> None:
    back = given(KNOWN, e.ConsentWithdrawn(NOON, "*"), replace(CONSENT, at=NOON + 1))
    back.when(subscribe(10)).then(e.ListJoined(LATER, 10, 1))
    back.when(subscribe(30)).refused("no more letters at all")


def test_whoever_is_erased_is_refused() -> None:
    given(on(10), e.SubscriberErased(NOON)).when(subscribe(10, own_act=True)).refused("erased")


def test_what_a_rule_makes_them_leave_comes_with_the_joining_in_one_decision() -> None:
    facts = given(on(40), e.ListJoined(NOON, 2, 2)).when(subscribe(43)).facts
    assert [fact.event for fact in facts] == [
        e.ListJoined(LATER, 43, 3),
        e.ListLeft(LATER, 40, 1, "rule"),
        e.ListLeft(LATER, 2, 2, "rule"),
    ]
    assert RULE not in {facts[0].cause}
