"""Whoever is erased is forgotten: nothing stands of them but that they are, and the letters that
were under way.
"""

from __future__ import annotations

from dataclasses import replace

from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import why_not
from engine.subscriber.person import Person
from tests.examples import (
    ASKED,
    CALL,
    CLICK,
    LATER,
    NOON,
    POLL_DUE,
    YES,
    begun,
    click,
    perform,
    subscribe,
)
from tests.given import given

ERASED = (
    *ASKED,
    begun("m7", "question-again"),
    e.CallHonoured(NOON, "k"),
    e.SubscriberErased(LATER, "asked"),
)


def test_nothing_stands_of_them() -> None:
    person = given(ERASED).person
    assert replace(person, in_flight={}) == Person(version=len(ERASED), erased=True, runs=1)


def test_nothing_is_due_but_the_outcome_of_what_was_under_way() -> None:
    erased = given(ERASED, calendar=POLL_DUE)
    assert list(erased.acts) == ["flight:m7"]
    erased.when(perform("flight:m7", LATER)).nothing()
    recorded = erased.when(c.RecordOutcome(LATER, CALL, "m7", "sent", 250)).then(
        e.LetterSent(LATER, "m7", 250)
    )
    assert recorded.acts == {}
    assert recorded.person.erased


def test_a_letter_under_way_may_not_leave_any_more() -> None:
    assert why_not(given(ERASED).person, "letter", "conseils") == "erased"
    assert why_not(given(ERASED).person, "confirmation", "conseils", request="r1") == "erased"


def test_no_command_writes_to_them_again() -> None:
    for command in (
        subscribe(10, own_act=True),
        c.RequestConsent(LATER, CALL, (10,), "r1"),
        c.Confirm(LATER, CLICK, "conseils", "r1", "human_button"),
        click(YES),
        c.Resubscribe(LATER, CLICK, "conseils", "human_button", list=10),
        c.Transfer(LATER, CALL, 0, 10),
        c.Suppress(LATER, CALL, "operator"),
        c.ChangeProfile(LATER, CALL, ("town",)),
    ):
        given(ERASED).when(command).refused("")
    for silent in (
        c.WithdrawEverything(LATER, CLICK),
        c.UndoMove(LATER, CLICK, "m1"),
        c.LeaveList(LATER, CALL, 10),
        perform("list:10", LATER),
    ):
        given(ERASED).when(silent).nothing()
