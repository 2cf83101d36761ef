"""`relance order` as an operator types it, and how the story tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cli.commanding import SOURCE, Installation, published

pytestmark = pytest.mark.timeout(300)
ANNA = "anna@lecteurs.example"


@pytest.fixture(scope="module")
def relance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with published(tmp_path_factory.mktemp("installation")) as relance:
        relance.done("subscribe", ANNA, "--list", "10", "--basis", "consent", *SOURCE)
        yield relance


def told(relance: Installation, name: str) -> list[dict[str, object]]:
    facts = json.loads(relance.done("show", ANNA, "--json"))
    return [fact["payload"] for fact in facts if fact["event"] == name]


def test_an_order_is_recorded_told_in_words_and_paid_back(relance: Installation) -> None:
    record = ("order", "record", ANNA, "C-17", "--amount", "49,90 €", "--product", "livre")
    relance.done(*record)
    relance.done(*record)
    [order] = told(relance, "order-recorded")
    assert (order["amount"], order["currency"], order["products"]) == (4990, "EUR", ["livre"])
    assert "Ordered for EUR 49.90: livre" in relance.done("show", ANNA)
    done = json.loads(relance.done("order", "refund", "C-17", "--amount", "9.90 EUR", "--json"))
    assert done["done"] is True
    relance.done("order", "refund", "C-17")
    assert [refund["amount"] for refund in told(relance, "order-refunded")] == [990, 4000]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("record", ANNA, "C-18", "--amount", "douze"), "douze is no amount"),
        (("record", ANNA, "C-18", "--amount", "12"), "no currency"),
        (("record", "nobody@lecteurs.example", "C-18", "--amount", "12 €"), "nobody is known"),
        (("record", ANNA, "C-18", "--amount", "12 €", "--date", "2999-01-01"), "--date"),
        (("refund", "C-19"), "no such order"),
        (("refund", "C-17", "--amount", "0 €"), "--amount"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_nothing_is_recorded(
    relance: Installation, words: tuple[str, ...], why: str
) -> None:
    before = told(relance, "order-recorded")
    said = relance("order", *words)
    assert said.status in (1, 2) and why in said.err
    assert told(relance, "order-recorded") == before
