"""What a person ordered is recorded once and refunded up to its amount; it is a contact and never a
ground.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.inactivity import heard_at, heard_in
from engine.subscriber.person import ANY_PRODUCT, INSTANTS_KEPT, ORDERS_KEPT, PRODUCTS_KEPT, Person
from tests.examples import ANNA, LATER, NOON, REGISTERED, SHOP
from tests.given import given

ORDER = c.RecordOrder(LATER, SHOP, "o1", 1250, "EUR", ("livre", "semis"), ordered_at=NOON)
ORDERED = e.OrderRecorded(NOON, "o1", 1250, "EUR", ("livre", "semis"))
REFUND = c.RefundOrder(LATER, SHOP, "o1", 500, "EUR")
REFUNDED = e.OrderRefunded(LATER, "o1", 500, "EUR")


def test_an_order_is_recorded_when_it_was_placed() -> None:
    given(ANNA).when(ORDER).then(ORDERED)
    given(ANNA).when(replace(ORDER, ordered_at=0)).then(replace(ORDERED, at=LATER))


def test_an_order_is_never_placed_after_it_is_recorded() -> None:
    given(ANNA).when(replace(ORDER, ordered_at=LATER + DAY)).then(replace(ORDERED, at=LATER))


def test_an_order_told_twice_is_recorded_once() -> None:
    given(ANNA, ORDERED).when(ORDER).nothing()
    given(ANNA).when(replace(ORDER, known=True)).nothing()


@pytest.mark.parametrize("change", [{"amount": 1251}, {"currency": "USD"}])
def test_an_order_told_again_with_another_amount_is_refused(change: dict[str, object]) -> None:
    command = replace(ORDER, known=True, **change)  # type: ignore[arg-type]
    given(ANNA, ORDERED).when(command).refused("another amount")


def test_nobody_orders_who_is_unknown_or_erased() -> None:
    given().when(ORDER).refused("nobody is known")
    given(ANNA, e.SubscriberErased(NOON, "asked")).when(ORDER).refused("nobody is known")


def test_an_order_is_a_contact_and_gives_no_ground() -> None:
    person = given(REGISTERED, ORDERED).person
    assert heard_at(person) == heard_in(ORDERED) == NOON
    assert person.grounds == {}


def test_an_order_answers_whether_to_go_on() -> None:
    asked = given(ANNA, e.PermissionAsked(LATER, "q1", LATER + 30 * DAY))
    assert "*" in asked.and_also(ORDERED).person.requests
    assert asked.and_also(replace(ORDERED, at=LATER + DAY)).person.requests == {}


def test_an_order_is_refunded_in_parts_up_to_its_amount() -> None:
    partly = given(ANNA, ORDERED).when(REFUND).then(REFUNDED)
    partly.when(replace(REFUND, amount=751)).refused("more than is left")
    wholly = partly.when(replace(REFUND, amount=0)).then(replace(REFUNDED, amount=750))
    wholly.when(REFUND).nothing()


def test_an_order_is_refunded_in_its_own_currency() -> None:
    given(ANNA, ORDERED).when(replace(REFUND, currency="USD")).refused("paid in EUR")
    given(ANNA, ORDERED).when(replace(REFUND, currency="")).then(REFUNDED)


def test_what_was_never_ordered_is_not_refunded() -> None:
    given(ANNA).when(REFUND).refused("no such order")
    given().when(REFUND).refused("nobody is known")


def test_a_repeated_call_refunds_nothing_more() -> None:
    call = replace(REFUND, call="k1")
    done = given(ANNA, ORDERED).when(call).then(REFUNDED, e.CallHonoured(LATER, "k1"))
    done.when(call).nothing()


def ordered(person: Person, *products: str) -> list[tuple[int, ...]]:
    return [person.ordered.get(product, ()) for product in products]


def test_a_person_is_known_by_when_they_ordered_which_product() -> None:
    person = given(
        ANNA, replace(ORDERED, at=LATER), replace(ORDERED, order="o2", products=())
    ).person
    assert ordered(person, ANY_PRODUCT, "livre", "fleurs") == [(NOON, LATER), (LATER,), ()]


def test_what_was_wholly_refunded_was_not_ordered() -> None:
    twice = given(ANNA, ORDERED, replace(ORDERED, at=LATER, order="o2", products=("livre",)))
    assert ordered(twice.and_also(REFUNDED).person, ANY_PRODUCT) == [(NOON, LATER)]
    refunded = twice.and_also(REFUNDED, replace(REFUNDED, amount=750)).person
    assert ordered(refunded, ANY_PRODUCT, "livre", "semis") == [(LATER,), (LATER,), ()]
    assert heard_at(refunded) == LATER


def test_a_state_stays_bounded_however_much_is_ordered() -> None:
    many = [
        e.OrderRecorded(NOON + n, f"o{n}", 100, "EUR", ("semis", f"p{n}"))
        for n in range(PRODUCTS_KEPT + 10)
    ]
    person = given(ANNA, tuple(many)).person
    assert list(person.orders)[-1] == many[-1].order and len(person.orders) == ORDERS_KEPT
    assert person.ordered["semis"] == person.ordered[ANY_PRODUCT]
    assert person.ordered["semis"][-1] == many[-1].at
    assert len(person.ordered["semis"]) == INSTANTS_KEPT
    assert len(person.ordered) == PRODUCTS_KEPT + 1
    assert "p10" not in person.ordered and f"p{PRODUCTS_KEPT + 9}" in person.ordered
