"""Consent to one partner's messages is consent to nobody else's, and nothing but consent lets
anybody write for a partner (D07).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.declared import Declared, Partner
from engine.sequence.model import List, Plan, Purpose
from engine.subscriber.commands import Answer, Confirm, RequestConsent, Subscribe, Transfer
from engine.subscriber.decide import decide
from engine.subscriber.events import Cause, ConsentConfirmed, ConsentGiven
from engine.subscriber.evolve import fold
from engine.subscriber.outcome import Done, Refusal, Refused
from engine.subscriber.person import NOBODY, Person
from engine.subscriber.terms import Basis

ONE = Partner("un", "Un", "un@un.example", "https://un.example")
TWO = Partner("deux", "Deux", "deux@deux.example", "https://deux.example")
PLAN = Plan(
    1,
    purposes={
        "lettre": Purpose("lettre", "La lettre"),
        "un": Purpose("un", "Les offres de Un", partner="un"),
    },
    lists={1: List(1, "lettre", "lettre"), 2: List(2, "un", "un"), 3: List(3, "un-encore", "un")},
    declared=Declared(partners=(ONE, TWO)),
)
BY = Cause("form")


def after(*commands: object, plan: Plan = PLAN, person: Person = NOBODY) -> Person:
    for command in commands:
        outcome = decide(command, person, plan)  # type: ignore[arg-type]
        assert isinstance(outcome, Done), outcome
        person = fold(outcome.events, person)
    return person


def test_each_way_of_consenting_to_a_partner_names_it_and_the_list_it_stood_in() -> None:
    version = Declared(partners=(TWO, ONE)).partners_version
    given = decide(Subscribe(1, BY, 2, "consent", "single"), NOBODY, PLAN)
    asked = after(RequestConsent(1, BY, (2,), "r"))
    confirmed = decide(Confirm(2, BY, "un", "r", "human_button"), asked, PLAN)
    reader = after(Subscribe(1, BY, 1, "consent", "single"))
    ticked = decide(Answer(2, BY, "m", 1, 1, 0, "move", 2, "human_button", "un"), reader, PLAN)
    for outcome in (given, confirmed, ticked):
        assert isinstance(outcome, Done)
        (consent,) = [
            event for event in outcome.events if isinstance(event, ConsentGiven | ConsentConfirmed)
        ]
        assert (consent.partner, consent.partners) == ("un", version)


def test_what_is_the_installations_own_names_no_partner() -> None:
    (ground,) = after(Subscribe(1, BY, 1, "consent", "single")).grounds.values()
    assert ground.partner == ""


@pytest.mark.parametrize("basis", ["soft-optin", "b2b", "service"])
def test_only_consent_lets_anybody_write_for_a_partner(basis: Basis) -> None:
    assert decide(Subscribe(1, BY, 2, basis, "declared"), NOBODY, PLAN) == Refused(
        Refusal.PARTNER_NEEDS_CONSENT
    )


def test_a_consent_that_names_one_partner_opens_no_list_of_another() -> None:
    person = after(Subscribe(1, BY, 2, "consent", "single"))
    assert isinstance(decide(Transfer(2, BY, 2, 3), person, PLAN), Done)
    sold = replace(
        PLAN, purposes={**PLAN.purposes, "un": Purpose("un", "Les offres de Deux", partner="deux")}
    )
    assert decide(Transfer(2, BY, 2, 3), person, sold) == Refused(
        Refusal.ANOTHER_PARTNER, purpose="un"
    )
