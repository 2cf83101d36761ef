"""Amounts of money as people and shops write them, in minor units of a currency of ISO 4217: cents
of the euro, and as many digits as the standard gives each other currency.

The only file that imports iso4217, and only when an amount is read or shown.
"""

from __future__ import annotations

import re
from enum import StrEnum, auto
from functools import cache

from engine.words import CodedError

MAX_AMOUNT = 10**12
"""In minor units: what is more is a mistake."""
SIGNS = {"€": "EUR", "£": "GBP"}
"""Signs that one currency alone has."""
_AMOUNT = re.compile(
    r"(?P<before>[A-Z]{3}|[€£])?"
    r"(?P<whole>[0-9]+|[0-9]{1,3}(?P<gap>[ .,'])[0-9]{3}(?:(?P=gap)[0-9]{3})*)"
    r"(?:(?P<sign>[.,])(?P<fraction>[0-9]+))?"
    r"(?P<after>[A-Z]{3}|[€£])?"
)


class AmountFault(StrEnum):
    """Why a text is no amount."""

    AMBIGUOUS = auto()
    CURRENCY_MISSING = auto()
    CURRENCY_UNKNOWN = auto()
    NOT_AN_AMOUNT = auto()
    TOO_LARGE = auto()
    TOO_MANY_DIGITS = auto()
    TWO_CURRENCIES = auto()


class AmountRefused(CodedError[AmountFault]):
    """`reason` says why."""


def digits_of(currency: str) -> int | None:
    """How many digits of a unit the minor unit has: 2 for EUR, 0 for JPY; None where no currency
    has this code.
    """
    return _digits().get(currency)


def read_currency(text: str) -> str:
    """The code that a text is, in any case, or whose sign. Raises AmountRefused."""
    code = SIGNS.get(text.strip(), text.strip().upper())
    if digits_of(code) is None:
        raise AmountRefused(AmountFault.CURRENCY_UNKNOWN, currency=text.strip()[:20])
    return code


def read_amount(text: str, currency: str = "") -> tuple[int, str]:
    """Minor units and currency of "12,50 €", "1 234,50", "EUR 1,234.50", "1200 JPY". `currency`,
    a code, holds where the text names none. Raises AmountRefused.

    "1.234" is refused of a currency that has no thousandths: it may be 1 or 1234 of them.
    """
    bare = "".join(" " if sign.isspace() else sign for sign in text.strip())
    bare = bare.replace("\u2019", "'")
    match = _AMOUNT.fullmatch(re.sub(r"(?<=[€£A-Za-z]) | (?=[€£A-Za-z])", "", bare).upper())
    if match is None:
        raise AmountRefused(AmountFault.NOT_AN_AMOUNT, amount=text.strip()[:40])
    named = {read_currency(part) for part in (match["before"], match["after"]) if part}
    stated = named | ({currency} if currency else set())
    if len(stated) > 1:
        raise AmountRefused(AmountFault.TWO_CURRENCIES, amount=text.strip()[:40])
    if not stated:
        raise AmountRefused(AmountFault.CURRENCY_MISSING)
    code = stated.pop()
    digits, fraction = digits_of(code), match["fraction"] or ""
    if digits is None:
        raise AmountRefused(AmountFault.CURRENCY_UNKNOWN, currency=code)
    whole = re.sub(r"[^0-9]", "", match["whole"])
    if len(fraction) == 3 != digits and match["gap"] is None and len(whole) <= 3:
        raise AmountRefused(AmountFault.AMBIGUOUS, amount=text.strip()[:40])
    if len(fraction) > digits and fraction[digits:].strip("0"):
        raise AmountRefused(AmountFault.TOO_MANY_DIGITS, currency=code, digits=digits)
    amount = (
        int(whole + fraction[:digits].ljust(digits, "0")) if len(whole) < 20 else MAX_AMOUNT + 1
    )
    if amount > MAX_AMOUNT:
        raise AmountRefused(AmountFault.TOO_LARGE)
    return amount, code


def decimal(amount: int, currency: str) -> tuple[str, str]:
    """The digits before and behind the decimal sign; of a code nobody knows, all before it."""
    digits = digits_of(currency) or 0
    text = str(abs(amount)).rjust(digits + 1, "0")
    return (text[:-digits], text[-digits:]) if digits else (text, "")


@cache
def _digits() -> dict[str, int]:
    from iso4217 import Currency

    return {
        str(currency.code): currency.exponent
        for currency in Currency
        if currency.exponent is not None
    }
