"""Amounts as shops and people write them, in minor units; what reads two ways is refused."""

from __future__ import annotations

import pytest

from engine.i18n.in_words import in_english
from engine.i18n.language import amount_in_words, translator
from engine.intake.amounts import AmountRefused, read_amount


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12,50 €", "", (1250, "EUR")),
        ("12,50\u00a0€", "EUR", (1250, "EUR")),
        ("€12.50", "", (1250, "EUR")),
        ("eur 12.5", "", (1250, "EUR")),
        ("12", "EUR", (1200, "EUR")),
        ("0", "EUR", (0, "EUR")),
        ("12.5000", "EUR", (1250, "EUR")),
        ("1 234,50", "EUR", (123450, "EUR")),
        ("1\u202f234,50 €", "", (123450, "EUR")),
        ("1.234.567,89", "EUR", (123456789, "EUR")),
        ("1,234.50", "USD", (123450, "USD")),
        ("1’234.50 CHF", "", (123450, "CHF")),
        ("1200 JPY", "", (1200, "JPY")),
        ("1.234 KWD", "", (1234, "KWD")),
        ("1234.500", "EUR", (123450, "EUR")),
    ],
)
def test_an_amount_is_read_as_it_is_written(
    text: str, currency: str, amount: tuple[int, str]
) -> None:
    assert read_amount(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("", "EUR", "no amount"),
        ("gratuit", "EUR", "no amount"),
        ("-5", "EUR", "no amount"),
        ("12,50,10", "EUR", "no amount"),
        ("1 23 4", "EUR", "no amount"),
        ("12.50", "", "no currency"),
        ("12.50 €", "USD", "another currency"),
        ("12 XYZ", "", "XYZ is no currency"),
        ("12 XAU", "", "XAU is no currency"),
        ("12.505", "EUR", "may be thousands"),
        ("1,200 JPY", "", "may be thousands"),
        ("1234.505", "EUR", "EUR has 2 decimals"),
        ("12.5 JPY", "", "JPY has 0 decimals"),
        ("9" * 30, "EUR", "larger"),
        ("9" * 5000, "EUR", "larger"),
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(text: str, currency: str, why: str) -> None:
    with pytest.raises(AmountRefused) as refused:
        read_amount(text, currency)
    assert why in in_english(refused.value.reason)


@pytest.mark.parametrize(
    ("amount", "currency", "french", "english"),
    [
        (123450, "EUR", "1\u202f234,50\u00a0€", "EUR 1,234.50"),
        (5, "EUR", "0,05\u00a0€", "EUR 0.05"),
        (1200, "JPY", "1\u202f200\u00a0JPY", "JPY 1,200"),
        (1234, "KWD", "1,234\u00a0KWD", "KWD 1.234"),
        (5, "XYZ", "5\u00a0XYZ", "XYZ 5"),
    ],
)
def test_an_amount_is_said_in_the_reader_s_language(
    amount: int, currency: str, french: str, english: str
) -> None:
    assert amount_in_words(amount, currency, translator("fr")) == french
    assert amount_in_words(amount, currency, translator("en")) == english
