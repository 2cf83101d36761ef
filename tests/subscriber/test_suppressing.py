"""An address is never to be written to: it complained, bounced, was imported as such, or an
operator says so.
"""

from __future__ import annotations

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
