"""Whatever the bytes, reading and verifying answer: a delivery or a named refusal."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from engine.sequence.webhooks import WEBHOOK_KINDS, WebhookFields, WebhookKind
from engine.webhooks.body import MAX_BODY_BYTES, MAX_ITEMS
from engine.webhooks.delivery import Delivery, DeliveryFault, Passed, PassedReason, Purchase
from engine.webhooks.reading import read_delivery, read_resource
from engine.webhooks.receiving import MAX_CALL_BYTES
from engine.webhooks.signatures import SignatureFault, certificate_url, verify
from engine.words import Reason
from tests.webhooks.calls import (
    ANNA,
    AT,
    NOW,
    PAYMENT,
    SAMPLES,
    SECONDS,
    SECRET,
    SNS_CERTIFICATE_URL,
    TOPIC,
    certificate,
    sns,
)

WRONG: tuple[object, ...] = (
    None,
    [],
    {},
    True,
    -1,
    10**30,
    1e300,
    "",
    "x" * 600,
    "\ud800",
    "\x00",
    [[1]],
    {"a": {}},
)
BODIES: dict[str, tuple[bytes, DeliveryFault]] = {
    "nothing": (b" ", DeliveryFault.NOT_JSON),
    "no UTF-8": (b"\xff\xfe", DeliveryFault.NOT_JSON),
    "no number": (b'{"a":NaN}', DeliveryFault.NOT_JSON),
    "a number too long": (b'{"a":' + b"1" * 5000 + b"}", DeliveryFault.NOT_JSON),
    "too deep": (b"[" * 100_000, DeliveryFault.TOO_DEEP),
    "too large": (b" " * (MAX_BODY_BYTES + 1), DeliveryFault.TOO_LARGE),
    "a member twice": (b'{"a":1,"a":2}', DeliveryFault.MEMBER_TWICE),
}


def changed(value: object) -> Iterator[object]:
    """The body with one value after another replaced by each that is wrong."""
    yield from WRONG
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: other for key, other in value.items() if key != name}
            yield from ({**value, name: other} for other in changed(inner))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            for other in changed(inner):
                yield [*value[:number], other, *value[number + 1 :]]


@pytest.mark.parametrize("name", [name for name in SAMPLES if SAMPLES[name].body])
def test_no_wrong_value_anywhere_raises(name: str) -> None:
    sample = SAMPLES[name]
    for body in changed(sample.body):
        raw = json.dumps(body).encode()
        assert isinstance(read_delivery(sample.kind, sample.headers, raw), Delivery | Reason)
        read_resource(sample.kind, raw)
        verify(sample.kind, (SECRET, TOPIC.encode()), (), raw, NOW, certificate=certificate())


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("kind", [kind for kind in WEBHOOK_KINDS if kind != "thrivecart"])
def test_a_body_beyond_the_bounds_is_refused_by_name(kind: WebhookKind, name: str) -> None:
    raw, fault = BODIES[name]
    read = read_delivery(kind, (), raw)
    assert isinstance(read, Reason)
    assert read.code is fault


@pytest.mark.parametrize("raw", [b"a", b"a=1&a=2", b"a[b=1", b"a=1&a[b]=2", b"a=%ff", b"a=\xff"])
def test_a_form_that_is_none_is_refused(raw: bytes) -> None:
    read = read_delivery("thrivecart", (), raw)
    assert isinstance(read, Reason)
    assert read.code in (DeliveryFault.NOT_A_FORM, DeliveryFault.MEMBER_TWICE)


def test_more_events_in_one_body_than_the_bound_are_refused() -> None:
    event = {"event": "spam", "email": ANNA}
    read = read_delivery("brevo", (), json.dumps([event] * (MAX_ITEMS + 1)).encode())
    assert read == Reason(DeliveryFault.TOO_MANY_FACTS, most=MAX_ITEMS)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("49.90", "EUR", 4990),
        (49.9, "EUR", 4990),
        (1200, "JPY", 1200),
        ("12.500", "TND", 12500),
        ("49.900", "EUR", 4990),
        ("49.905", "EUR", None),
        ("-1", "EUR", None),
        ("1,50", "EUR", 150),
        ("1 234,50 €", "EUR", 123450),
        ("1,50 £", "EUR", None),
        ("1,234", "EUR", None),
        ("1e3", "EUR", None),
        (1e300, "EUR", None),
    ],
)
def test_amounts_become_minor_units_or_are_refused(
    amount: object, currency: str, minor: int | None
) -> None:
    body = {"order": "A", "email": ANNA, "amount": amount, "currency": currency}
    read = read_delivery("generic", (), json.dumps(body).encode())
    if minor is None:
        assert read == Reason(DeliveryFault.AMOUNT_MALFORMED, field="/amount")
    else:
        assert isinstance(read, Delivery)
        assert read.facts == (Purchase("A", ANNA, minor, currency),)


@pytest.mark.parametrize("order", [{}, ["A"], True, "x" * 501, "\ud800", "A\x00"])
def test_what_is_no_text_is_refused(order: object) -> None:
    body = {"order": order, "email": ANNA, "amount": 1, "currency": "EUR"}
    read = read_delivery("generic", (), json.dumps(body).encode())
    assert read == Reason(DeliveryFault.FIELD_MALFORMED, field="/order")


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "-5", 0, 10**15, "99999-01-01"])
def test_what_is_no_instant_is_refused(at: object) -> None:
    body = {"order": "A", "email": ANNA, "amount": 1, "currency": "EUR", "at": at}
    read = read_delivery("generic", (), json.dumps(body).encode())
    assert read == Reason(DeliveryFault.FIELD_MALFORMED, field="/at")


@pytest.mark.parametrize(
    ("currency", "told", "minor"), [("jpy", 500, 500), ("mga", 500, 50000), ("isk", 500, 5)]
)
def test_stripe_counts_some_currencies_otherwise(currency: str, told: int, minor: int) -> None:
    sample = SAMPLES["stripe purchase"].octets
    raw = sample.replace(b'"eur"', f'"{currency}"'.encode()).replace(b"4990", str(told).encode())
    read = read_delivery("stripe", (), raw)
    assert isinstance(read, Delivery)
    assert isinstance(read.facts[0], Purchase)
    assert read.facts[0].amount == minor


def test_a_generic_body_is_read_where_its_pointers_lead() -> None:
    fields = WebhookFields(order="/o/0/a~1b", email="/who", product="/o/1", amount="/p")
    body = {"o": [{"a/b": 7}, ["x", "y"]], "who": ANNA, "p": 1, "currency": "EUR"}
    read = read_delivery("generic", (), json.dumps(body).encode(), fields)
    assert isinstance(read, Delivery)
    assert read.facts == (Purchase("7", ANNA, 100, "EUR", ("x", "y")),)


def test_what_the_api_answers_is_read_like_a_call() -> None:
    call = read_delivery("helloasso", (), SAMPLES["helloasso purchase"].octets)
    answer = read_resource("helloasso", json.dumps(PAYMENT).encode())
    assert isinstance(call, Delivery)
    assert isinstance(answer, Delivery)
    assert call.resource == "payments/13790"
    assert (answer.facts, answer.occurred_at) == (call.facts, NOW + 744)
    checkout = {
        "id": "c1",
        "checkout_reference": "A-1",
        "status": "PAID",
        "amount": 49.9,
        "currency": "EUR",
        "date": AT,
        "personal_details": {"email": ANNA},
    }
    asked = read_delivery("sumup", (), SAMPLES["sumup"].octets)
    assert asked == Delivery("", None, (), "checkouts/c1")
    paid = read_resource("sumup", json.dumps(checkout).encode())
    assert isinstance(paid, Delivery)
    assert paid.facts == (Purchase("A-1", ANNA, 4990, "EUR"),)
    pending = read_resource("sumup", json.dumps({**checkout, "status": "PENDING"}).encode())
    assert isinstance(pending, Delivery)
    assert pending.facts == (Passed("checkout (PENDING)", PassedReason.NOT_PAID),)


@pytest.mark.parametrize(
    "url",
    [
        SNS_CERTIFICATE_URL.replace("https", "http"),
        SNS_CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example"),
        SNS_CERTIFICATE_URL.replace("sns.eu", "evil@sns.eu"),
        SNS_CERTIFICATE_URL.replace("https://", "https://evil.example/"),
        SNS_CERTIFICATE_URL + "?x",
        "",
    ],
)
def test_a_certificate_is_taken_from_the_senders_own_host_alone(url: str) -> None:
    raw = json.dumps({**sns("x"), "SigningCertURL": url}).encode()
    refusal = Reason(SignatureFault.CERTIFICATE_ELSEWHERE)
    assert certificate_url("ses", (), raw) == refusal
    assert certificate_url("paypal", [("PAYPAL-CERT-URL", url)], b"{}") == refusal


def test_the_certificate_that_is_needed_is_named() -> None:
    paypal = SAMPLES["paypal purchase"]
    url = certificate_url("paypal", paypal.signed(), paypal.octets)
    assert url == "https://api.paypal.com/v1/notifications/certs/CERT-360caa42"
    assert certificate_url("ses", (), SAMPLES["ses bounce"].octets) == SNS_CERTIFICATE_URL
    assert certificate_url("stripe", (), b"{}") is None


def test_without_its_certificate_or_under_another_nothing_is_believed() -> None:
    sample = SAMPLES["paypal purchase"]

    def code(given: bytes | None, now: int = NOW) -> SignatureFault | None:
        answer = verify(
            "paypal", sample.secrets, sample.signed(), sample.octets, now, certificate=given
        )
        return answer.code if isinstance(answer, Reason) else None

    assert code(None) is SignatureFault.CERTIFICATE_MISSING
    assert code(b"no certificate") is SignatureFault.CERTIFICATE_UNUSABLE
    assert code(certificate(), NOW + 90_000_000) is SignatureFault.CERTIFICATE_UNUSABLE


def test_a_topic_of_somebody_elses_is_refused() -> None:
    sample = SAMPLES["ses bounce"]
    answer = verify("ses", (b"arn:other",), (), sample.octets, NOW, certificate=certificate())
    assert answer == Reason(SignatureFault.WRONG_TOPIC)


@pytest.mark.parametrize("value", ["", "t=1", f"t={SECONDS},v1=zz", f"t={SECONDS},t=1,v1=00", "x"])
def test_a_signature_that_is_none_is_refused(value: str) -> None:
    answer = verify("stripe", (SECRET,), [("Stripe-Signature", value)], b"{}", NOW)
    assert isinstance(answer, Reason)
    assert answer.code in (SignatureFault.HEADER_MALFORMED, SignatureFault.HEADER_MISSING)


def test_a_body_of_nothing_but_names_is_read_in_no_time() -> None:
    names = [f'"{number:05}":1' for number in range(MAX_CALL_BYTES // 10)]
    body = f"{{{','.join(names)},{names[-1]}}}".encode()
    begun = time.process_time()
    assert certificate_url("ses", (), body) == Reason(SignatureFault.BODY_UNREADABLE)
    assert time.process_time() - begun < 2
