"""An address is never to be written to: it complained, bounced, was imported as such, or an
operator says so.
"""

from __future__ import annotations

import pytest

from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from engine.subscriber.terms import SuppressionReason
from tests.examples import ANNA, CALL, KNOWN, LATER, NOON
from tests.given import given


def suppress(why: SuppressionReason) -> c.Suppress:
    return c.Suppress(LATER, CALL, why)


def test_an_address_is_suppressed_with_its_reason_and_keeps_its_lists() -> None:
    after = given(ANNA).when(suppress("operator")).then(e.SubscriberSuppressed(LATER, "operator"))
    assert after.lists == {10: 1}
    assert why_not(after.person, "letter", "conseils") == "operator"
    assert after.acts["list:10"].kind == "idle"


def test_a_complaint_is_a_fact_of_its_own() -> None:
    after = given(ANNA).when(suppress("complained")).then(e.MailComplained(LATER, "api"))
    assert why_not(after.person, "letter", "conseils") == "complained"
    told = given(ANNA).when(c.Suppress(LATER, CALL, "complained", provider="orange"))
    told.then(e.MailComplained(LATER, "api", "orange"))


def test_suppressing_twice_changes_nothing() -> None:
    for why in ("operator", "imported", "bounced", "complained"):
        given(ANNA).when(suppress(why)).when(suppress(why)).nothing()


def test_a_complaint_outweighs_every_other_reason_and_no_other_outweighs_it() -> None:
    bounced = given(ANNA, e.SubscriberSuppressed(NOON, "bounced"))
    assert bounced.when(suppress("complained")).person.suppressed == "complained"
    bounced.when(suppress("operator")).nothing()
    given(ANNA, e.MailComplained(NOON)).when(suppress("operator")).nothing()


def test_whoever_is_unknown_or_erased_is_refused() -> None:
    given().when(suppress("operator")).refused("nobody is known")
    given(KNOWN, e.SubscriberErased(NOON)).when(suppress("complained")).refused("nobody is known")


LIFT = c.LiftSuppression(LATER, e.Cause("operator", "0f"))


@pytest.mark.parametrize("why", ["bounced", "operator", "imported"])
def test_an_operator_lifts_what_is_no_wish_of_the_person(why: str) -> None:
    barred = given(ANNA, e.SubscriberSuppressed(NOON, why))
    lifted = barred.when(LIFT).then(e.SubscriberReachable(LATER, "lifted by an operator"))
    assert why_not(lifted.person, "letter", "conseils") == ""
    lifted.when(LIFT).nothing()


def test_a_complaint_is_lifted_by_nobody_but_the_person() -> None:
    given(ANNA, e.MailComplained(NOON)).when(LIFT).refused("only their own act")
    dead_too = given(ANNA, e.MailComplained(NOON), e.MailBounced(NOON, "hard"))
    dead_too.when(LIFT).refused("only their own act")


def test_nothing_is_lifted_for_whoever_is_unknown_or_erased() -> None:
    given().when(LIFT).refused("nobody is known")
    given(KNOWN, e.SubscriberErased(NOON)).when(LIFT).refused("nobody is known")
