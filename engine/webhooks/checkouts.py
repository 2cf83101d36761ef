"""Calls of checkouts and calendars: HelloAsso, Systeme.io, ThriveCart, SumUp and Calendly, and what
HelloAsso and SumUp answer when they are asked again. Each reader raises DeliveryRefused alone.

What is from the provider's own documentation and what is second hand stands in docs/connections.md.
"""

from __future__ import annotations

from engine.webhooks.body import Call, Value, read_form, read_json
from engine.webhooks.delivery import (
    Booking,
    Delivery,
    Fact,
    Passed,
    PassedReason,
    Ping,
    Purchase,
    Refund,
    SubscriptionEnded,
)
from engine.webhooks.shops import bought, texts


def helloasso(call: Call) -> Delivery:
    """Of a purchase HelloAsso tells the order and each payment: the payment counts."""
    body = call.json()
    event, data = body.required("eventType"), body.at("data")
    if event != "Payment":
        return Delivery(call.digest(), None, (Passed(event, PassedReason.OTHER_EVENT),))
    resource = f"payments/{data.required('id')}"
    return Delivery(call.digest(), _payment_time(data), (_helloasso_payment(data),), resource)


def helloasso_payment(raw: bytes) -> Delivery:
    """The answer to `GET /v5/payments/ID`."""
    call = Call((), raw)
    payment = call.json()
    return Delivery(call.digest(), _payment_time(payment), (_helloasso_payment(payment),))


def _payment_time(payment: Value) -> int | None:
    return payment.instant("meta", "updatedAt") or payment.instant("date")


def _helloasso_payment(payment: Value) -> Fact:
    """Amounts are in cents of the euro, the only currency there."""
    state, order = payment.required("state"), payment.required("order", "id")
    event, email = f"Payment ({state})", payment.text("payer", "email")
    if state == "Refunded":
        parts = payment.items("refundOperations")
        amount = sum(part.cents("amount") for part in parts) or payment.cents("amount")
        return Refund((order,), amount, "EUR", email, payment.required("id"))
    if state != "Authorized":
        return Passed(event, PassedReason.NOT_PAID)
    if payment.text("installmentNumber") not in ("", "1"):
        return Passed(event, PassedReason.LATER_INSTALMENT)
    purchase = Purchase(
        order=order,
        email=email,
        amount=payment.cents("amount"),
        currency="EUR",
        products=texts(payment.text("order", "formSlug")),
    )
    return bought(purchase, event)


def systeme_io(call: Call) -> Delivery:
    """Amounts are in cents. What happened stands in a header, which no signature covers."""
    event = call.header("x-webhook-event")
    body = call.json()
    if not event:
        raise Value({}).missing("X-Webhook-Event")
    at = Value({"at": call.header("x-webhook-event-timestamp")}).instant("at")
    fact: Fact
    match event:
        case "SALE_NEW":
            fact = _systeme_io_sale(body, event)
        case "SALE_CANCELED":
            fact = _systeme_io_cancelled(body)
        case _:
            fact = Passed(event, PassedReason.OTHER_EVENT)
    return Delivery(call.digest(event), at or body.instant("order", "createdAt"), (fact,))


def _systeme_io_sale(sale: Value, event: str) -> Fact:
    total = ("order", "totalPrice") if sale.text("order", "totalPrice") else ("pricePlan", "amount")
    order = sale.required("order", "id")
    purchase = Purchase(
        order=order,
        email=sale.text("customer", "email"),
        amount=sale.cents(*total),
        currency=sale.currency("pricePlan", "currency"),
        products=texts(sale.text("pricePlan", "id")),
        subscription="" if _once(sale) else order,
    )
    return bought(purchase, event)


def _systeme_io_cancelled(sale: Value) -> Fact:
    order, email = sale.required("order", "id"), sale.text("customer", "email")
    if _once(sale):
        return Refund((order,), 0, sale.currency("pricePlan", "currency"), email)
    products = texts(sale.text("pricePlan", "id"))
    return SubscriptionEnded(order, email, (order,), products)


def _once(sale: Value) -> bool:
    return sale.text("pricePlan", "type") in ("", "one_shot")


def thrivecart(call: Call) -> Delivery:
    """A form, or JSON where that is ticked; amounts in cents. It writes "null" for what is not, and
    tries the address with an empty body.
    """
    if not call.raw:
        return Delivery(call.digest(), None, (Ping(),))
    json = call.raw.lstrip().startswith(b"{")
    body = Value((read_json if json else read_form)(call.raw))
    event = body.required("event")
    number, subscription = _told(body, "order_id"), _told(body, "subscription_id")
    email, products = _told(body, "customer", "email"), texts(_told(body, "base_product"))
    fact: Fact
    match event:
        case "order.success":
            purchase = Purchase(
                order=body.required("order_id"),
                email=email,
                amount=body.cents("order", "total"),
                currency=body.currency("currency"),
                products=products,
                subscription=subscription,
            )
            fact = bought(purchase, event)
        case "order.refund":
            amount = body.cents("refund", "amount") if _told(body, "refund", "amount") else 0
            orders = (body.required("order_id"),)
            fact = Refund(orders, amount, body.currency("currency"), email)
        case "order.subscription_cancelled":
            fact = SubscriptionEnded(
                body.required("subscription_id"), email, texts(number), products
            )
        case _:
            fact = Passed(event, PassedReason.OTHER_EVENT)
    return Delivery(call.digest(), body.instant("date_unix"), (fact,))


def _told(body: Value, *path: str) -> str:
    text = body.text(*path)
    return "" if text == "null" else text


def sumup(call: Call) -> Delivery:
    """A call names a checkout and nothing else that counts; the same bytes come with each of its
    states, so that it has no id.
    """
    body = call.json()
    event = body.required("event_type")
    match event:
        case "CHECKOUT_STATUS_CHANGED":
            checkout = body.required("id")
        case "checkout.status.updated":
            checkout = body.required("payload", "checkout_id")
        case _:
            return Delivery("", None, (Passed(event, PassedReason.OTHER_EVENT),))
    return Delivery("", body.instant("timestamp"), (), f"checkouts/{checkout}")


def sumup_checkout(raw: bytes) -> Delivery:
    """The answer to `GET /v0.1/checkouts/ID`; amounts are in the currency's own unit."""
    call = Call((), raw)
    checkout = call.json()
    status, at = checkout.required("status"), checkout.instant("date")
    event = f"checkout ({status})"
    if status != "PAID":
        return Delivery(call.digest(), at, (Passed(event, PassedReason.NOT_PAID),))
    currency = checkout.currency("currency")
    purchase = Purchase(
        order=checkout.first(("checkout_reference",)) or checkout.required("id"),
        email=checkout.text("personal_details", "email"),
        amount=checkout.amount(currency, "amount"),
        currency=currency,
    )
    return Delivery(call.digest(), at, (bought(purchase, event),))


def calendly(call: Call) -> Delivery:
    body = call.json()
    event, invitee = body.required("event"), body.at("payload")
    at = body.instant("created_at")
    if event != "invitee.created":
        return Delivery(call.digest(), at, (Passed(event, PassedReason.OTHER_EVENT),))
    booking = Booking(
        booking=invitee.required("uri"),
        email=invitee.text("email"),
        starts_at=invitee.instant("scheduled_event", "start_time"),
        products=texts(invitee.text("scheduled_event", "event_type").rpartition("/")[2]),
    )
    fact = booking if booking.email else Passed(event, PassedReason.NO_ADDRESS)
    return Delivery(call.digest(), at, (fact,))
