"""Products of an order: the installation's own codes, each once, and the declared ones alone where
there are any.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.i18n.in_words import in_english
from engine.intake.amounts import AmountRefused
from engine.intake.orders import OrderRefused, read_bought, read_products
from engine.sequence.declared import Declared, Product
from tests.examples import PLAN

DECLARED = replace(PLAN, declared=Declared(products=(Product("livre", "Le livre"),)))


def test_each_code_counts_once_and_blanks_around_it_for_nothing() -> None:
    assert read_products([" livre", "semis", "", "livre "], PLAN) == ("livre", "semis")


def test_where_products_are_declared_another_code_is_refused_with_the_nearest() -> None:
    assert read_products(["livre"], DECLARED) == ("livre",)
    with pytest.raises(OrderRefused) as refused:
        read_products(["livres"], DECLARED)
    sentence = in_english(refused.value.reason)
    assert "no [[product]] has the code livres" in sentence and "`livre`?" in sentence


def test_what_a_shop_signs_says_amount_currency_and_products() -> None:
    assert read_bought("49.90 EUR livre,semis", PLAN) == (4990, "EUR", ("livre", "semis"))
    assert read_bought("49,90 €", PLAN) == (4990, "EUR", ())


@pytest.mark.parametrize("text", ["", "49.90", "beaucoup EUR", "49.90 EURO livre"])
def test_what_a_shop_signs_and_nobody_can_read_is_refused(text: str) -> None:
    with pytest.raises(AmountRefused):
        read_bought(text, PLAN)
