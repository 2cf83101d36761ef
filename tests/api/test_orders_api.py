"""A shop tells what was ordered and paid back: once, of whoever is known, and never by a number
that could be cents.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.api.api_keys import create
from engine.commands.command_handler import CommandRequest
from engine.commands.orders import record_requests
from engine.intake.orders import PlacedOrder
from engine.subscriber.events import Cause, OrderRecorded, OrderRefunded
from engine.subscriber.outcome import NothingToDo, Refused
from tests.api.test_api import Shop, refused
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import visited

LEA = "lea@lecteurs.example"
ORDER = {
    "email": LEA,
    "order": "77421",
    "amount": "49,90",
    "currency": "EUR",
    "products": ["coffret"],
    "ordered_at": "2026-01-20",
}


@pytest.fixture(scope="module")
def shop(installations: Installations) -> Iterator[Shop]:
    with installations.made(GARDEN) as context, visited(context) as site:
        shop = Shop(site, create(context.desk, "boutique", ("orders", "subscribe")))
        for name in ("lea", "tom"):
            assert shop.subscribe(f"{name}@lecteurs.example").status_code == 201
        yield shop


def facts(shop: Shop, address: str = LEA) -> list[object]:
    context = shop.site.context
    stream = context.vault.find(address)
    assert stream is not None
    return [entry.event for entry in context.ledger.stream(stream)]


def orders(shop: Shop) -> list[OrderRecorded]:
    return [event for event in facts(shop) if isinstance(event, OrderRecorded)]


def refunds(shop: Shop) -> list[int]:
    return [event.amount for event in facts(shop) if isinstance(event, OrderRefunded)]


def test_an_order_is_recorded_once_and_its_number_is_in_the_vault_alone(shop: Shop) -> None:
    first = shop.call("orders", ORDER)
    assert (first.status_code, first.json()["done"]) == (201, True)
    again = shop.call("orders", ORDER)
    assert (again.status_code, again.json()["done"]) == (200, False)
    order = orders(shop)[0]
    assert len(orders(shop)) == 1 and (order.amount, order.currency, order.products) == (
        4990,
        "EUR",
        ("coffret",),
    )
    assert "77421" not in str(facts(shop))
    evidence = shop.site.context.vault.evidence_of(first.json()["subscriber"])
    assert "77421" in [piece.get("order") for piece in evidence.values()]


def test_an_order_told_again_with_another_amount_or_of_somebody_else_is_refused(shop: Shop) -> None:
    shop.call("orders", ORDER)
    changed = refused(shop.call("orders", ORDER | {"amount": "39,90"}), 409)
    assert "another amount" in str(changed["detail"])
    other = refused(shop.call("orders", ORDER | {"email": "tom@lecteurs.example"}), 409)
    assert "somebody else" in str(other["detail"])
    assert [order.amount for order in orders(shop)].count(4990) == 1


def test_of_two_who_are_quick_with_one_number_one_is_recorded(shop: Shop) -> None:
    context = shop.site.context

    def asked(name: str) -> CommandRequest | Refused:
        order = PlacedOrder(f"{name}@lecteurs.example", "race-1", 100, "EUR")
        [request] = record_requests(
            context.vault, [order], context.clock.now(), lambda order: (Cause("api"), ())
        )
        return request

    requests = [asked(name) for name in ("lea", "tom", "lea")]
    results = [
        context.command_handler.execute_one(request)
        for request in requests
        if isinstance(request, CommandRequest)
    ]
    assert [result.conflict for result in results] == [False, True, True]
    again, other = asked("lea"), asked("tom")
    assert isinstance(again, CommandRequest) and isinstance(other, Refused)
    assert isinstance(context.command_handler.execute_one(again).outcome, NothingToDo)


def test_an_order_makes_nobody_known(shop: Shop) -> None:
    refused(shop.call("orders", ORDER | {"email": "nobody@lecteurs.example", "order": "1"}), 404)
    assert shop.site.context.vault.find("nobody@lecteurs.example") is None


def test_a_refund_counts_once_under_its_key_and_never_goes_beyond_the_order(shop: Shop) -> None:
    shop.call("orders", ORDER)
    part = {"order": "77421", "amount": "9.90", "currency": "EUR"}
    assert shop.call("refunds", part, "r1").status_code == 201
    assert shop.call("refunds", part, "r1").json()["already"] is True
    refused(shop.call("refunds", part | {"amount": "40.01"}), 409)
    refused(shop.call("refunds", part | {"currency": "USD"}), 409)
    refused(shop.call("refunds", part | {"order": "77422"}), 404)
    assert shop.call("refunds", {"order": "77421"}).json()["done"] is True
    assert shop.call("refunds", {"order": "77421"}).json()["done"] is False
    assert refunds(shop) == [990, 4000]


@pytest.mark.parametrize(
    ("member", "value", "status", "why"),
    [
        ("amount", 4990, 400, "a number may be cents"),
        ("amount", "1.234", 400, "may be thousands"),
        ("amount", "-5", 400, "is no amount"),
        ("currency", "EURO", 409, "is no currency"),
        ("products", "coffret", 400, "is not a list of texts"),
        ("products", ["un coffret"], 409, "is no code of a product"),
        ("products", [f"p{n}" for n in range(51)], 409, "at most 50 products"),
        ("ordered_at", "2999-01-01", 409, "lies in the future"),
        ("order", "7" * 101, 409, "at most 100 characters"),
        ("order", "", 400, "is required"),
    ],
)
def test_what_is_wrong_with_an_order_is_said(
    shop: Shop, member: str, value: object, status: int, why: str
) -> None:
    problem = refused(shop.call("orders", ORDER | {member: value}), status)
    assert why in str(problem["mistakes"])


def test_a_refund_of_nothing_is_a_mistake(shop: Shop) -> None:
    body = {"order": "77421", "amount": "0", "currency": "EUR"}
    assert "is nothing" in str(refused(shop.call("refunds", body), 409)["mistakes"])


def test_only_a_key_for_orders_tells_them(shop: Shop) -> None:
    reader = Shop(shop.site, create(shop.site.context.desk, "agence", ("read",)))
    refused(reader.call("orders", ORDER), 403)
