"""An order or a refund, as a shop tells it, and what is wrong with it. Pure.

What was ordered is said in the installation's own codes. Where [[product]] declares any, no other
is taken: a code that is misspelt would be found by no condition.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum, auto

from engine.frozen import dataclass
from engine.intake.amounts import AmountRefused, read_amount, read_currency
from engine.intake.body_reader import BodyReader, CallFault, Member, Mistakes
from engine.sequence.model import Plan
from engine.sequence.nearest import hint, nearest
from engine.sequence.parse_declared import PRODUCT_CODE
from engine.words import CodedError

MAX_PRODUCTS = 50
MAX_NUMBER_CHARACTERS = 100


class OrderFault(StrEnum):
    """What is wrong with the products or the number of an order."""

    NUMBER_TOO_LONG = auto()
    PRODUCT_MALFORMED = auto()
    PRODUCT_UNDECLARED = auto()
    TOO_MANY_PRODUCTS = auto()


class OrderRefused(CodedError[OrderFault]):
    """`reason` says why."""


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """`amount` is in minor units of `currency`; `placed_at` (ms) is 0 for now."""

    address: str
    number: str
    amount: int
    currency: str
    products: tuple[str, ...] = ()
    placed_at: int = 0


@dataclass(frozen=True, slots=True)
class Refund:
    """Of the order with this number: `amount` (minor units), 0 for all that is left of it."""

    number: str
    amount: int = 0
    currency: str = ""


def read_products(codes: Iterable[str], plan: Plan) -> tuple[str, ...]:
    """Each code once, in their order. Raises OrderRefused."""
    declared = {product.code for product in plan.declared.products} if plan.declared else set()
    products = tuple(dict.fromkeys(code.strip() for code in codes if code.strip()))
    if len(products) > MAX_PRODUCTS:
        raise OrderRefused(OrderFault.TOO_MANY_PRODUCTS, most=MAX_PRODUCTS)
    for code in products:
        if PRODUCT_CODE.fullmatch(code) is None:
            raise OrderRefused(OrderFault.PRODUCT_MALFORMED, product=code[:40])
        if declared and code not in declared:
            close = hint(nearest(code, declared))
            raise OrderRefused(OrderFault.PRODUCT_UNDECLARED, product=code, hint=close)
    return products


def read_number(text: str) -> str:
    """The number as it is kept: without blanks around it. Raises OrderRefused."""
    number = text.strip()
    if len(number) > MAX_NUMBER_CHARACTERS:
        raise OrderRefused(OrderFault.NUMBER_TOO_LONG, most=MAX_NUMBER_CHARACTERS)
    return number


def read_bought(text: str, plan: Plan) -> tuple[int, str, tuple[str, ...]]:
    """Amount, currency and products of what a shop signs at a form: "49.90 EUR livre,semis".
    Raises AmountRefused and OrderRefused.
    """
    amount, _, rest = text.strip().partition(" ")
    currency, _, codes = rest.strip().partition(" ")
    read = read_amount(amount, read_currency(currency))
    return *read, read_products(codes.split(","), plan)


_NUMBER = Member("order", "text", True, "The order's number, as your shop has it.")
_AMOUNT = 'a text in the currency\'s own unit, not in cents: "12.50".'
ORDER = (
    Member("email", "address", True, "The address of whoever ordered; somebody who is known here."),
    _NUMBER,
    Member("amount", "amount", True, f"What was paid: {_AMOUNT}"),
    Member("currency", "text", True, "Three letters (ISO 4217), such as EUR."),
    Member("products", "texts", False, "The codes of what was ordered, as in [[product]]."),
    Member("ordered_at", "moment", False, "When; without it, now."),
)
REFUND = (
    _NUMBER,
    Member(
        "amount", "amount", False, f"What was paid back: {_AMOUNT} Without it, all that is left."
    ),
    Member("currency", "text", False, "The order's own; required with an amount."),
)


def read_order(body: object, plan: Plan, now: int) -> PlacedOrder | Mistakes:
    """`now` is the engine's time (ms): later instants are refused."""
    reader = BodyReader(body, ORDER, plan, now)
    address, number, products = reader.address(), _number(reader), _products(reader, plan)
    amount, currency = _amount(reader)
    placed_at = reader.moment("ordered_at")
    read = PlacedOrder(
        address=address,
        number=number,
        amount=amount,
        currency=currency,
        products=products,
        placed_at=placed_at,
    )
    return reader.end() or read


def read_refund(body: object, plan: Plan, now: int) -> Refund | Mistakes:
    reader = BodyReader(body, REFUND, plan, now)
    number, (amount, currency) = _number(reader), _amount(reader)
    if reader.values.get("amount") not in (None, "") and not amount:
        reader.mistake("amount", CallFault.NOTHING_TO_REFUND)
    return reader.end() or Refund(number, amount, currency)


def _number(reader: BodyReader) -> str:
    try:
        return read_number(reader.text("order"))
    except OrderRefused as error:
        reader.mistake_for("order", error.reason)
        return ""


def _products(reader: BodyReader, plan: Plan) -> tuple[str, ...]:
    try:
        return read_products(reader.texts("products"), plan)
    except OrderRefused as error:
        reader.mistake_for("products", error.reason)
        return ()


def _amount(reader: BodyReader) -> tuple[int, str]:
    """A number is refused: nobody could tell cents from euros."""
    currency, value = "", reader.values.get("amount")
    try:
        currency = read_currency(reader.text("currency")) if reader.text("currency") else ""
    except AmountRefused as error:
        reader.mistake_for("currency", error.reason)
        return 0, ""
    if value in (None, ""):
        return 0, currency
    if not isinstance(value, str):
        reader.mistake("amount", CallFault.AMOUNT_NO_TEXT)
        return 0, currency
    try:
        return read_amount(value, currency)
    except AmountRefused as error:
        reader.mistake_for("amount", error.reason)
        return 0, currency
