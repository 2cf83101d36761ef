"""To be measured is agreed to apart from any letter, and is a ground for none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.backup.stop_replay import _command
from engine.commands.stop_entries import stops_of
from engine.sequence.model import MEASURE, Purpose
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import may_be_asked, why_not
from engine.subscriber.evolve import fold
from engine.subscriber.inactivity import heard_at, heard_in
from engine.subscriber.outcome import Done
from engine.subscriber.terms import MailKind
from engine.vault.stop_journal import Stop
from tests.examples import ANNA, CLICK, FORM, KNOWN, LATER, NOON, PLAN, REGISTERED, subscribe
from tests.given import given

PRESS = replace(CLICK, evidence="e" * 64)
MEASURES = replace(PLAN, measured=Purpose(MEASURE, "Mesurer", "Treize mois."))
AGREED = e.ConsentGiven(NOON, MEASURE, "page", "d1", "human_button")
REFUSED = e.ConsentWithdrawn(LATER, MEASURE, "human_button")
TICKED = c.Chosen(measured=True, evidence="f" * 64)


def press(
    on: tuple[c.SwitchOn, ...] = (), off: tuple[str, ...] = (), act: str = "human_button"
) -> c.SetPreferences:
    return c.SetPreferences(at=LATER, cause=PRESS, on=on, off=off, offered="d1", act=act)


SWITCH = c.SwitchOn(MEASURE, 0, "f" * 64)


def test_a_press_on_the_page_of_preferences_agrees_to_it_with_evidence_of_its_own() -> None:
    when = given(ANNA, plan=MEASURES).when(press(on=(SWITCH,)))
    when.then(replace(AGREED, at=LATER))
    (fact,) = when.facts
    assert fact.cause.evidence == "f" * 64
    assert when.done.person.measured_since == LATER
    when.done.when(press(on=(SWITCH,))).nothing()


def test_a_page_that_acts_by_itself_agrees_to_nothing() -> None:
    command = press(on=(SWITCH,), act="auto_submit")
    given(ANNA, plan=MEASURES).when(command).refused("by the person themselves")


def test_where_nobody_is_asked_to_be_measured_a_press_agrees_to_nothing() -> None:
    given(ANNA).when(press(on=(SWITCH,))).nothing()


@pytest.mark.parametrize("everything", [True, False])
def test_who_takes_it_back_or_leaves_altogether_is_not_measured(everything: bool) -> None:
    measured = given(ANNA, AGREED, plan=MEASURES)
    command = c.withdrawal(LATER, PRESS, "*" if everything else MEASURE, "human_button")
    after = measured.when(command).done
    assert after.person.measured_since == 0
    assert bool(after.lists) is not everything, "taking it back leaves no list"
    assert after.person.objected is everything


def test_taking_it_back_is_one_fact_and_the_second_time_none() -> None:
    measured = given(ANNA, AGREED, plan=MEASURES)
    measured.when(press(off=(MEASURE,))).then(REFUSED).when(press(off=(MEASURE,))).nothing()


def test_who_left_everything_but_agreed_to_be_measured_since_can_leave_everything_again() -> None:
    left = (ANNA, e.ConsentWithdrawn(NOON, "*"), e.ListLeft(NOON, 10, 1, "withdrawn"))
    given(left, AGREED).when(c.WithdrawEverything(LATER, PRESS, "human_button")).then(
        replace(REFUSED, purpose="*")
    )


@pytest.mark.parametrize("kind", ["letter", "broadcast", "permission"])
def test_it_is_a_ground_for_no_letter(kind: MailKind) -> None:
    person = fold((REGISTERED, AGREED))
    assert why_not(person, kind, MEASURE)
    assert why_not(person, kind, "conseils")
    assert not may_be_asked(person)


def test_it_lifts_no_objection_and_no_withdrawal() -> None:
    person = fold((*KNOWN, e.ConsentWithdrawn(NOON, "*"), AGREED))
    assert person.objected and why_not(person, "letter", "conseils") == "consent withdrawn"


def test_giving_it_and_taking_it_back_are_contacts_as_views_count_them() -> None:
    for facts in ((*KNOWN, replace(AGREED, at=LATER)), (*KNOWN, AGREED, REFUSED)):
        assert heard_at(fold(facts)) == max(heard_in(fact) for fact in facts) == LATER


def test_what_was_ticked_on_a_form_waits_for_the_confirmation() -> None:
    ask = c.RequestConsent(NOON, FORM, (10,), "r1", notice="d1")
    asked = given(REGISTERED, plan=MEASURES).when(ask).done
    confirm = c.Confirm(LATER, PRESS, "conseils", "r1", "human_button", chosen=TICKED)
    when = asked.when(confirm)
    assert when.done.person.measured_since == LATER
    assert when.facts[-1].cause.evidence == "f" * 64
    assert when.facts[-1].event == replace(AGREED, at=LATER)
    unticked = asked.when(replace(confirm, chosen=c.NOTHING_CHOSEN)).done
    assert unticked.person.measured_since == 0


def test_who_joins_at_once_agrees_at_once() -> None:
    command = replace(subscribe(10, at=LATER), chosen=TICKED, notice="d1")
    when = given(REGISTERED, plan=MEASURES).when(command)
    assert when.facts[-1].event == e.ConsentGiven(LATER, MEASURE, command.proof, "d1")


def test_a_withdrawal_outlives_a_copy_that_is_put_back() -> None:
    [stop] = stops_of("s", [REFUSED], [], [], objected=False)
    assert (stop.kind, stop.purpose) == ("withdrawal", MEASURE)
    stop = Stop("withdrawal", LATER, "s", MEASURE)
    agreed = fold((*KNOWN, AGREED))
    command = _command(stop, agreed)
    assert isinstance(command, c.Withdraw)
    outcome = given(*KNOWN, AGREED, plan=MEASURES).when(command).outcome
    assert isinstance(outcome, Done)
    assert _command(stop, fold((*KNOWN, replace(AGREED, at=LATER + 1)))) is None
