"""What the bytes of a call say: one delivery, or why not. Pure; never raises, whatever the bytes.

Nothing here says that the call is to be believed: `signatures.py` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from engine.sequence.webhooks import WebhookFields, WebhookKind
from engine.webhooks.body import Call, Headers, Value
from engine.webhooks.checkouts import (
    calendly,
    helloasso,
    helloasso_payment,
    sumup,
    sumup_checkout,
    systeme_io,
    thrivecart,
)
from engine.webhooks.delivery import (
    Booking,
    Delivery,
    DeliveryFault,
    DeliveryRefused,
    Fact,
    Passed,
    PassedReason,
    Purchase,
    Refund,
    SubscriptionEnded,
    Undeliverable,
)
from engine.webhooks.mail_relays import brevo, mailgun, postmark, ses
from engine.webhooks.shops import bought, paypal, shopify, stripe, texts, woocommerce

_READERS: Mapping[WebhookKind, Callable[[Call], Delivery]] = MappingProxyType(
    {
        "stripe": stripe,
        "woocommerce": woocommerce,
        "shopify": shopify,
        "paypal": paypal,
        "helloasso": helloasso,
        "systeme-io": systeme_io,
        "thrivecart": thrivecart,
        "sumup": sumup,
        "calendly": calendly,
        "brevo": brevo,
        "mailgun": mailgun,
        "ses": ses,
        "postmark": postmark,
    }
)
STATES: Final[Mapping[str, Literal["purchase", "refund", "subscription-ended", "booking"]]] = (
    MappingProxyType(
        {
            "purchase": "purchase",
            "paid": "purchase",
            "completed": "purchase",
            "refund": "refund",
            "refunded": "refund",
            "subscription-ended": "subscription-ended",
            "cancelled": "subscription-ended",
            "booking": "booking",
            "booked": "booking",
        }
    )
)
"""What a `generic` body may write for its state, in any case."""
_NOT_PAID: Final = frozenset({"pending", "failed", "unpaid", "draft"})
_INDEX = re.compile(r"0|[1-9][0-9]{0,3}")


def read_delivery(
    kind: WebhookKind, headers: Headers, raw: bytes, fields: WebhookFields | None = None
) -> Delivery | Undeliverable:
    """`fields` are those of a `generic` webhook."""
    call = Call(headers, raw)
    try:
        if kind == "generic":
            return _generic(call, fields or WebhookFields())
        return _READERS[kind](call)
    except DeliveryRefused as error:
        return error.reason


def read_resource(kind: WebhookKind, raw: bytes) -> Delivery | Undeliverable:
    """What the sender's API answered for a delivery's `resource`: these facts are what counts."""
    try:
        match kind:
            case "helloasso":
                return helloasso_payment(raw)
            case "sumup":
                return sumup_checkout(raw)
            case _:
                return read_delivery(kind, (), raw)
    except DeliveryRefused as error:
        return error.reason


def _generic(call: Call, fields: WebhookFields) -> Delivery:
    body = call.json()
    state = _text(body, fields.state).lower() or "purchase"
    at = Value({fields.at: _text(body, fields.at)}).instant(fields.at)
    delivery = _text(body, fields.id) or call.digest()
    return Delivery(delivery, at, (_generic_fact(body, fields, state),))


def _generic_fact(body: Value, fields: WebhookFields, state: str) -> Fact:
    if state in _NOT_PAID:
        return Passed(state, PassedReason.NOT_PAID)
    if state not in STATES:
        raise DeliveryRefused(DeliveryFault.STATE_UNKNOWN, field=fields.state[:100])
    order, email = _text(body, fields.order), _text(body, fields.email)
    if not order:
        raise DeliveryRefused(DeliveryFault.FIELD_MISSING, field=fields.order[:100])
    products = _products(body, fields.product)
    match STATES[state]:
        case "subscription-ended":
            return SubscriptionEnded(order, email, (order,), products)
        case "booking":
            booking = Booking(order, email, None, products)
            return booking if email else Passed(state, PassedReason.NO_ADDRESS)
        case "refund" if not _text(body, fields.amount):
            return Refund((order,), 0, "", email)
        case what:
            money = Value(
                {
                    fields.currency: _text(body, fields.currency),
                    fields.amount: _text(body, fields.amount),
                }
            )
            currency = money.currency(fields.currency)
            amount = money.amount(currency, fields.amount)
            if what == "refund":
                return Refund((order,), amount, currency, email, _text(body, fields.id))
            return bought(Purchase(order, email, amount, currency, products), state)


def _products(body: Value, pointer: str) -> tuple[str, ...]:
    """A text, with commas between several, or a list of texts."""
    value = _pointed(body, pointer)
    if isinstance(value.root, list):
        return texts(*(item.text() for item in value.items()))
    return texts(*(code.strip() for code in value.text().split(",")))


def _text(body: Value, pointer: str) -> str:
    return _pointed(body, pointer).text()


def _pointed(body: Value, pointer: str) -> Value:
    """What a JSON pointer (RFC 6901) leads to; None's value where it leads nowhere or is ""."""
    if not pointer:
        return Value(None)
    value = body.root
    for part in pointer.removeprefix("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            value = None
    return Value(value, (pointer,))
