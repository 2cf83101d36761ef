"""Calls of shops: Stripe, WooCommerce, Shopify, PayPal. Each reader raises DeliveryRefused alone.

What is from the provider's own documentation and what is second hand stands in docs/connections.md.
"""

from __future__ import annotations

from typing import Final

from engine.webhooks.body import Call, Value
from engine.webhooks.delivery import (
    Delivery,
    Fact,
    Passed,
    PassedReason,
    Ping,
    Purchase,
    Refund,
    SubscriptionEnded,
)
from engine.webhooks.signatures import PING

_STRIPE_WHOLE: Final = frozenset({"MGA"})
_STRIPE_HUNDREDTHS: Final = frozenset({"ISK", "UGX"})
"""Of these Stripe counts other minor units than ISO 4217: see its page on currencies."""


def texts(*texts: str) -> tuple[str, ...]:
    """Each once, without what is empty."""
    return tuple(dict.fromkeys(text for text in texts if text))


def bought(purchase: Purchase, event: str) -> Fact:
    """A purchase, or that it names nobody."""
    return purchase if purchase.email else Passed(event, PassedReason.NO_ADDRESS)


def stripe(call: Call) -> Delivery:
    """Events as `https://docs.stripe.com/api/events/object` has them."""
    event = call.json()
    name, inner = event.required("type"), event.at("data", "object")
    match name:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            fact = _stripe_session(inner, name)
        case "charge.refunded":
            fact = _stripe_refund(event, inner)
        case "customer.subscription.deleted":
            plans = [item.text("price", "product") for item in inner.items("items", "data")]
            fact = SubscriptionEnded(
                subscription=inner.required("id"),
                orders=texts(inner.text("latest_invoice")),
                products=texts(*_named_products(inner), *plans),
            )
        case _:
            fact = Passed(name, PassedReason.OTHER_EVENT)
    return Delivery(event.required("id"), event.instant("created"), (fact,))


def _stripe_session(session: Value, event: str) -> Fact:
    if session.text("payment_status") not in ("paid", "no_payment_required"):
        return Passed(event, PassedReason.NOT_PAID)
    currency = session.currency("currency")
    purchase = Purchase(
        order=session.first(("payment_intent",), ("invoice",)) or session.required("id"),
        email=session.first(("customer_details", "email"), ("customer_email",)),
        amount=_stripe_amount(session.cents("amount_total"), currency),
        currency=currency,
        products=texts(*_named_products(session), session.text("payment_link")),
        subscription=session.text("subscription"),
    )
    return bought(purchase, event)


def _stripe_refund(event: Value, charge: Value) -> Refund:
    """`amount_refunded` grows with each refund of a charge: what it was before stands beside it."""
    currency = charge.currency("currency")
    before = event.at("data", "previous_attributes")
    known = before.cents("amount_refunded") if before.text("amount_refunded") else 0
    return Refund(
        orders=texts(charge.text("payment_intent"), charge.text("invoice"), charge.required("id")),
        amount=_stripe_amount(max(0, charge.cents("amount_refunded") - known), currency),
        currency=currency,
        email=charge.first(("billing_details", "email"), ("receipt_email",)),
    )


def _stripe_amount(amount: int, currency: str) -> int:
    if currency in _STRIPE_WHOLE:
        return amount * 100
    return amount // 100 if currency in _STRIPE_HUNDREDTHS else amount


def _named_products(inner: Value) -> list[str]:
    """Of the metadata that the shop has given: `product` or `products`, with commas between."""
    named = inner.first(("metadata", "products"), ("metadata", "product"))
    return [code.strip() for code in named.split(",")]


def woocommerce(call: Call) -> Delivery:
    """`order.*` of its REST API, and `subscription.*` of WooCommerce Subscriptions."""
    if PING.fullmatch(call.raw):
        return Delivery(call.digest(), None, (Ping(),))
    topic, body = call.header("x-wc-webhook-topic"), call.json()
    facts: tuple[Fact, ...]
    if topic.startswith("subscription."):
        facts = (_woocommerce_subscription(body, topic),)
    elif topic in ("", "order.created", "order.updated", "order.restored"):
        facts = _woocommerce_order(body, topic or "order")
    else:
        facts = (Passed(topic, PassedReason.OTHER_EVENT),)
    return Delivery(call.digest(topic), body.instant("date_modified_gmt"), facts)


def _woocommerce_order(order: Value, topic: str) -> tuple[Fact, ...]:
    status, number = order.required("status"), order.required("id")
    event = f"{topic} ({status})"
    if status not in ("processing", "completed", "refunded"):
        return (Passed(event, PassedReason.NOT_PAID),)
    currency, email = order.currency("currency"), order.text("billing", "email")
    refunds = [
        Refund(
            orders=(number,),
            amount=Value({"total": item.required("total").lstrip("-")}, item.place).amount(
                currency, "total"
            ),
            currency=currency,
            email=email,
            refund=item.required("id"),
        )
        for item in order.items("refunds")
    ]
    if status == "refunded":
        return tuple(refunds) or (Refund((number,), 0, currency, email),)
    purchase = Purchase(
        order=number,
        email=email,
        amount=order.amount(currency, "total"),
        currency=currency,
        products=_lines(order),
    )
    return bought(purchase, event), *refunds


def _woocommerce_subscription(subscription: Value, topic: str) -> Fact:
    status = subscription.required("status")
    if status not in ("cancelled", "expired"):
        return Passed(f"{topic} ({status})", PassedReason.OTHER_EVENT)
    parent = subscription.text("parent_id")
    return SubscriptionEnded(
        subscription=subscription.required("id"),
        email=subscription.text("billing", "email"),
        orders=texts("" if parent == "0" else parent),
        products=_lines(subscription),
    )


def _lines(order: Value) -> tuple[str, ...]:
    """The SKU of each line, or the product's number where it has none."""
    return texts(*(line.first(("sku",), ("product_id",)) for line in order.items("line_items")))


def shopify(call: Call) -> Delivery:
    """`orders/*` and `refunds/create` of its REST Admin API."""
    topic, body = call.header("x-shopify-topic"), call.json()
    refund = topic == "refunds/create" or (not topic and "refund_line_items" in body.members())
    fact: Fact
    if refund:
        fact = _shopify_refund(body, topic or "refunds/create")
    elif topic in ("", "orders/create", "orders/paid", "orders/updated"):
        fact = _shopify_order(body, topic or "orders/paid")
    else:
        fact = Passed(topic, PassedReason.OTHER_EVENT)
    at = body.instant("updated_at") or body.instant("created_at")
    return Delivery(call.digest(topic), at, (fact,))


def _shopify_order(order: Value, topic: str) -> Fact:
    status = order.required("financial_status")
    if status in ("partially_refunded", "refunded"):
        return Passed(f"{topic} ({status})", PassedReason.OTHER_EVENT)
    if status != "paid":
        return Passed(f"{topic} ({status})", PassedReason.NOT_PAID)
    currency = order.currency("currency")
    purchase = Purchase(
        order=order.required("id"),
        email=order.first(("email",), ("contact_email",), ("customer", "email")),
        amount=order.amount(currency, "total_price"),
        currency=currency,
        products=_lines(order),
    )
    return bought(purchase, topic)


def _shopify_refund(refund: Value, topic: str) -> Fact:
    paid_back = [
        payment
        for payment in refund.items("transactions")
        if payment.text("kind") == "refund" and payment.text("status") == "success"
    ]
    if not paid_back:
        return Passed(topic, PassedReason.NOT_PAID)
    currencies = {payment.currency("currency") for payment in paid_back}
    if len(currencies) > 1:
        raise refund.malformed("transactions")
    currency = currencies.pop()
    return Refund(
        orders=(refund.required("order_id"),),
        amount=sum(payment.amount(currency, "amount") for payment in paid_back),
        currency=currency,
        refund=refund.required("id"),
    )


def paypal(call: Call) -> Delivery:
    """Events of its REST API. An order goes by the number of its capture, which a refund names."""
    event = call.json()
    name, resource = event.required("event_type"), event.at("resource")
    fact: Fact
    match name:
        case "CHECKOUT.ORDER.COMPLETED":
            fact = _paypal_order(resource, name)
        case "PAYMENT.CAPTURE.COMPLETED":
            fact = _paypal_capture(resource, resource, name)
        case "PAYMENT.CAPTURE.REFUNDED":
            fact = _paypal_refund(resource)
        case "BILLING.SUBSCRIPTION.CANCELLED" | "BILLING.SUBSCRIPTION.EXPIRED":
            fact = SubscriptionEnded(
                subscription=resource.required("id"),
                email=resource.text("subscriber", "email_address"),
                products=texts(resource.text("plan_id")),
            )
        case _:
            fact = Passed(name, PassedReason.OTHER_EVENT)
    delivery = call.header("paypal-transmission-id") or event.required("id")
    return Delivery(delivery, event.instant("create_time"), (fact,))


def _paypal_order(order: Value, event: str) -> Fact:
    units = order.items("purchase_units")
    captures = [capture for unit in units for capture in unit.items("payments", "captures")]
    done = [capture for capture in captures if capture.text("status") == "COMPLETED"]
    if len(done) != 1:
        # Several payments have several numbers: each is told as a capture of its own.
        return Passed(event, PassedReason.OTHER_EVENT if done else PassedReason.NOT_PAID)
    return _paypal_capture(done[0], order, event)


def _paypal_capture(capture: Value, whole: Value, event: str) -> Fact:
    currency = capture.currency("amount", "currency_code")
    custom = capture.text("custom_id")
    skus = [
        item.text("sku") for unit in whole.items("purchase_units") for item in unit.items("items")
    ]
    purchase = Purchase(
        order=capture.required("id"),
        email=whole.text("payer", "email_address") or (custom if "@" in custom else ""),
        amount=capture.amount(currency, "amount", "value"),
        currency=currency,
        products=texts(*skus),
    )
    return bought(purchase, event)


def _paypal_refund(refund: Value) -> Refund:
    currency = refund.currency("amount", "currency_code")
    above = [link.text("href") for link in refund.items("links") if link.text("rel") == "up"]
    captures = [href.rpartition("/captures/")[2] for href in above if "/captures/" in href]
    orders = texts(*captures)
    if not orders:
        raise refund.missing("links")
    return Refund(
        orders=orders,
        amount=refund.amount(currency, "amount", "value"),
        currency=currency,
        refund=refund.required("id"),
    )
