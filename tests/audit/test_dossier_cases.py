"""Which ground a request, a mail, a letter and a withdrawal belong to."""

from __future__ import annotations

from engine.audit.dossier_case import PersonCase, person_case
from engine.ledger.codec import Entry
from engine.ledger.names import NAME_OF
from engine.subscriber import events as e

CAUSE = e.Cause("form")


def case_of(*events: e.PersonEvent) -> PersonCase:
    """From facts at the positions 1, 2, 3, after a registration at 0."""
    facts = (e.SubscriberRegistered(0), *events)
    return person_case(
        [
            Entry(position, "s", position + 1, NAME_OF[type(event)], 1, event.at, CAUSE, event)
            for position, event in enumerate(facts)
        ]
    )


def asked(at: int, request: str, purpose: str = "conseils") -> e.ConsentRequested:
    return e.ConsentRequested(at, purpose, request, (10,), at + 100)


def confirmed(at: int, request: str, purpose: str = "conseils") -> e.ConsentConfirmed:
    return e.ConsentConfirmed(at, purpose, request, "human_button")


def begun(at: int, message: str, kind: str = "letter", purpose: str = "conseils") -> e.LetterBegun:
    return e.LetterBegun(at, f"list:10:{message}", kind, "lettre", message, 1, 10, 1, purpose)


def test_a_confirmation_belongs_to_the_request_it_names() -> None:
    case = case_of(
        asked(1, "r1"), e.ConsentExpired(2, "conseils", "r1"), asked(3, "r2"), confirmed(4, "r2")
    )
    first, second = case.grounds
    assert first.expired is not None and first.given is None
    assert second.confirmed and second.expired is None
    assert case.latest == (second,)


def test_mails_and_letters_stand_with_the_ground_of_their_purpose() -> None:
    case = case_of(
        asked(1, "r1"),
        begun(2, "m1", "confirmation"),
        e.LetterSent(3, "m1", mail="c0"),
        confirmed(4, "r1"),
        e.ConsentGiven(5, "offres", "single"),
        begun(6, "m2"),
        e.LetterSent(7, "m2"),
        begun(8, "m3", purpose="offres"),
        e.LetterFailed(9, "m3", 550),
    )
    advice, offers = case.grounds
    assert [mail.event.message for mail in advice.mails] == ["m1"]
    assert [letter.event.message for letter in advice.sent] == ["m2"]
    assert [letter.event.message for letter in offers.letters] == ["m3"] and offers.sent == []
    assert case.groundless == []


def test_a_withdrawal_ends_each_live_ground_of_its_purpose_once() -> None:
    case = case_of(
        e.ConsentGiven(1, "conseils", "single"),
        e.ConsentWithdrawn(2, "conseils"),
        e.ConsentGiven(3, "conseils", "page"),
        e.ConsentGiven(4, "offres", "single"),
        e.ConsentWithdrawn(5, "*"),
        begun(6, "m1"),
    )
    withdrawn = [ground.withdrawn.event.at for ground in case.grounds if ground.withdrawn]
    assert withdrawn == [2, 5, 5]
    assert [ground.first.event.at for ground in case.latest] == [3, 4]
    assert [letter.ground.why_not for letter in case.groundless] == ["consent withdrawn"]


def test_a_letter_that_stands_on_nothing_is_in_no_ground() -> None:
    case = case_of(begun(1, "m1"))
    assert case.grounds == () and [letter.event.message for letter in case.groundless] == ["m1"]
