"""Someone withdraws: from a purpose, or from everything. Never refused, never delayed, and nothing
of the engine's own brings them back.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from tests.examples import (
    ALSO,
    ANNA,
    ASKED,
    CALL,
    CLICK,
    KNOWN,
    LATER,
    NOON,
    POLL_DUE,
    REGISTERED,
    YES,
    begun,
    click,
    on,
    perform,
    subscribe,
    with_list,
    without_list,
)
from tests.given import Given, given

WITHDRAW = c.Withdraw(LATER, CLICK, "conseils", "human_button")
EVERYTHING = c.WithdrawEverything(LATER, CLICK, "human_button")
WITHDRAWN = e.ConsentWithdrawn(LATER, "conseils", "human_button")
OFFERS = (e.ConsentGiven(NOON, "offres", "single"), e.ListJoined(NOON, 30, 2))


def test_withdrawing_a_purpose_leaves_all_its_lists_and_no_other() -> None:
    person = given(ANNA, OFFERS, e.ListJoined(NOON, 40, 3))
    after = person.when(WITHDRAW).then(
        WITHDRAWN, e.ListLeft(LATER, 10, 1, "withdrawn"), e.ListLeft(LATER, 40, 3, "withdrawn")
    )
    assert after.lists == {30: 2}


def test_withdrawing_everything_leaves_every_list() -> None:
    after = given(ANNA, OFFERS).when(EVERYTHING)
    after.then(
        e.ConsentWithdrawn(LATER, "*", "human_button"),
        e.ListLeft(LATER, 10, 1, "withdrawn"),
        e.ListLeft(LATER, 30, 2, "withdrawn"),
    )
    assert after.person.objected


def test_withdrawing_twice_changes_nothing() -> None:
    given(ANNA).when(WITHDRAW).when(WITHDRAW).nothing()
    given(ANNA).when(EVERYTHING).when(EVERYTHING).nothing()


def test_withdrawing_everything_holds_also_after_having_come_back_for_a_purpose() -> None:
    back = (
        given(ANNA)
        .when(EVERYTHING)
        .when(c.Resubscribe(LATER, CLICK, "conseils", "human_button", list=10))
    )
    assert back.lists == {10: 2}
    again = back.when(EVERYTHING)
    assert again.lists == {}
    assert why_not(again.person, "letter", "conseils") == "consent withdrawn"


def test_withdrawing_closes_what_was_asked_and_not_yet_confirmed() -> None:
    asked = given(REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10,), NOON + 7 * DAY))
    for command in (WITHDRAW, EVERYTHING):
        assert asked.when(command).person.requests == {}
        assert asked.when(command).done.acts == {}
    gone = asked.when(EVERYTHING).when(c.RequestConsent(LATER, CLICK, (10,), "r2"))
    assert gone.when(EVERYTHING).person.requests == {}


def test_an_objection_before_any_ground_is_kept() -> None:
    objected = given(REGISTERED).when(WITHDRAW).then(WITHDRAWN)
    objected.when(subscribe(10, basis="service")).refused("withdrawn")


def test_lists_that_are_no_longer_published_are_left_as_well() -> None:
    assert given(ANNA, plan=without_list(10)).when(WITHDRAW).lists == {}


def test_withdrawing_is_never_refused() -> None:
    for person in (
        given(ANNA, e.SubscriberSuppressed(NOON, "bounced")),
        given(ANNA, e.ProcessingRestricted(NOON)),
        given(ANNA, e.ConsentGiven(NOON, "offres", "single")),
        given(KNOWN),
    ):
        assert person.when(WITHDRAW).names[0] == "ConsentWithdrawn"


def test_who_is_unknown_or_erased_has_nothing_to_withdraw() -> None:
    given().when(WITHDRAW).nothing()
    given(ANNA, e.SubscriberErased(NOON)).when(EVERYTHING).nothing()


def gone_clients() -> list[Given]:
    return [given(ASKED).when(command).done for command in (WITHDRAW, EVERYTHING)]


def test_no_click_call_import_or_transfer_brings_anyone_back() -> None:
    for gone in gone_clients():
        gone.when(click(YES)).refused("no live ground")
        gone.when(click(ALSO)).refused("no live ground")
        gone.when(c.Transfer(LATER, CALL, 0, 20)).refused("no live ground")
        gone.when(subscribe(10, basis="service", proof="declared-with-proof")).refused(
            "this person has"
        )


def test_no_ending_writes_for_a_purpose_that_was_withdrawn() -> None:
    """On a list of "offres" whose ending leads to one of "conseils"."""
    plan = with_list(30, ends=replace(with_list(10).lists[10].ends, kind="move"))  # type: ignore[type-var]
    person = (
        given(ANNA, OFFERS, begun("m5", "offer", 30, 2), e.LetterSent(LATER, "m5"), plan=plan)
        .when(WITHDRAW)
        .done
    )
    assert person.acts["list:30"].kind == "end"
    assert (
        person.when(perform("list:30", LATER)).then(e.ListLeft(LATER, 30, 2, "ended")).lists == {}
    )


def test_nothing_is_due_any_more() -> None:
    for gone in gone_clients():
        assert gone.acts == {}
    poll = given(on(1), calendar=POLL_DUE)
    assert "broadcast:enfants/2026-03-03" in poll.acts
    assert poll.when(WITHDRAW).done.acts == {}


def test_a_letter_in_flight_is_not_eligible_any_more_and_its_outcome_is_still_recorded() -> None:
    flying = given(ANNA, begun("m7", "welcome")).when(WITHDRAW).done
    assert why_not(flying.person, "letter", "conseils") == "consent withdrawn"
    assert flying.acts["flight:m7"].kind == "settle"
    flying.when(c.RecordOutcome(LATER, CLICK, "m7", "sent", 250)).then(
        e.LetterSent(LATER, "m7", 250)
    )


def test_unsubscribing_is_a_contact_also_by_one_click() -> None:
    assert given(ANNA).when(replace(WITHDRAW, act="rfc8058")).person.last_contact == LATER


def test_leaving_a_list_is_not_a_withdrawal() -> None:
    left = given(ANNA).when(c.LeaveList(LATER, CALL, 10)).then(e.ListLeft(LATER, 10, 1, "operator"))
    assert left.when(subscribe(10)).lists == {10: 2}
    left.when(c.LeaveList(LATER, CALL, 10)).nothing()


@pytest.mark.parametrize("command", [c.Withdraw, c.Confirm])
def test_everything_is_no_purpose(command: type[c.Withdraw] | type[c.Confirm]) -> None:
    with pytest.raises(ValueError, match="commands of its own"):
        command(LATER, CLICK, "*", "q1")
