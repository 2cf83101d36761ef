"""One call of each kind and fact, of invented people, and signed as its sender signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from engine.inbound.verdict import FailedRecipient, kind_of
from engine.sequence.webhooks import WebhookKind
from engine.webhooks.body import Headers
from engine.webhooks.delivery import (
    Booking,
    Bounced,
    Complained,
    Fact,
    Passed,
    PassedReason,
    Ping,
    Purchase,
    Refund,
    SubscriptionEnded,
)
from engine.webhooks.signatures import Trust

NOW = 1_790_000_000_000
SECONDS = NOW // 1000
AT = datetime.fromtimestamp(SECONDS, UTC).isoformat()
NAIVE = AT.removesuffix("+00:00")
SECRET = b"invented-secret"
STANDARD_SECRET = b"whsec_" + base64.b64encode(b"thirty-two invented octets of it")
WEBHOOK_ID = b"1JE4291016473214C"
TOPIC = "arn:aws:sns:eu-west-3:123456789012:bounces"
LETTER = "<abcdefghijklmnopqrstuvwxya@news.example.org>"
ANNA = "anna@example.org"
SNS_CERTIFICATE_URL = (
    f"https://sns.eu-west-3.amazonaws.com/SimpleNotificationService-{'a1' * 16}.pem"
)


def mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer.example.org")])
    day = datetime.fromtimestamp(SECONDS, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key().public_key())
        .serial_number(1)
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=1))
        .sign(key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def rsa_signature(message: bytes, digest: hashes.HashAlgorithm) -> str:
    return base64.b64encode(key().sign(message, padding.PKCS1v15(), digest)).decode()


def timed(name: str) -> Callable[[bytes], list[tuple[str, str]]]:
    def sign(raw: bytes) -> list[tuple[str, str]]:
        signature = mac(SECRET, f"{SECONDS}.".encode() + raw).hex()
        return [(name, f"t={SECONDS},v1={signature}")]

    return sign


def in_base64(name: str) -> Callable[[bytes], list[tuple[str, str]]]:
    return lambda raw: [(name, base64.b64encode(mac(SECRET, raw)).decode())]


def in_hex(name: str, prefix: str = "") -> Callable[[bytes], list[tuple[str, str]]]:
    return lambda raw: [(name, prefix + mac(SECRET, raw).hex())]


def carried(raw: bytes) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {SECRET.decode()}")]


def unsigned(raw: bytes) -> list[tuple[str, str]]:
    return []


def paypal(raw: bytes) -> list[tuple[str, str]]:
    message = f"b2384410|{AT}|{WEBHOOK_ID.decode()}|{zlib.crc32(raw)}"
    return [
        ("PAYPAL-TRANSMISSION-ID", "b2384410"),
        ("PAYPAL-TRANSMISSION-TIME", AT),
        ("PAYPAL-AUTH-ALGO", "SHA256withRSA"),
        ("PAYPAL-CERT-URL", "https://api.paypal.com/v1/notifications/certs/CERT-360caa42"),
        ("PAYPAL-TRANSMISSION-SIG", rsa_signature(message.encode(), hashes.SHA256())),
    ]


def standard(raw: bytes) -> list[tuple[str, str]]:
    signature = mac(b"thirty-two invented octets of it", f"msg_1.{SECONDS}.".encode() + raw)
    return [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", str(SECONDS)),
        ("webhook-signature", "v1,c3RhbGU= v1," + base64.b64encode(signature).decode()),
    ]


def sns(message: object, kind: str = "Notification", version: str = "2") -> dict[str, object]:
    """An envelope whose signature is right."""
    envelope: dict[str, object] = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": AT,
        "SignatureVersion": version,
        "SigningCertURL": SNS_CERTIFICATE_URL,
    }
    if kind == "SubscriptionConfirmation":
        envelope["Token"] = "2336412f37"
        envelope["SubscribeURL"] = (
            "https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"
        )
    names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    envelope["Signature"] = rsa_signature(text.encode(), digest)
    return envelope


def mailgun(
    event: Mapping[str, object], seconds: int = SECONDS, token: str = "token"
) -> dict[str, object]:
    signature = mac(SECRET, f"{seconds}{token}".encode()).hex()
    signed = {"timestamp": str(seconds), "token": token, "signature": signature}
    return {"signature": signed, "event-data": {"timestamp": seconds + 0.25, **event}}


Sign = Callable[[bytes], list[tuple[str, str]]]
_SIGN: dict[WebhookKind, Sign] = {
    "stripe": timed("Stripe-Signature"),
    "calendly": timed("Calendly-Webhook-Signature"),
    "woocommerce": in_base64("X-WC-Webhook-Signature"),
    "shopify": in_base64("X-Shopify-Hmac-SHA256"),
    "helloasso": in_hex("x-ha-signature"),
    "systeme-io": in_hex("X-Webhook-Signature"),
    "paypal": paypal,
    "brevo": carried,
    "postmark": carried,
    "generic": standard,
    "mailgun": unsigned,
    "ses": unsigned,
    "thrivecart": unsigned,
    "sumup": unsigned,
}
_SECRETS: dict[WebhookKind, tuple[bytes, ...]] = {
    "paypal": (WEBHOOK_ID,),
    "ses": (TOPIC.encode(),),
    "generic": (STANDARD_SECRET,),
}


@dataclass(frozen=True)
class Sample:
    kind: WebhookKind
    body: object
    fact: Fact | None
    headers: tuple[tuple[str, str], ...] = ()
    trust: Trust = "signed"
    raw: bytes = b""
    more: tuple[Fact, ...] = field(default=())

    @property
    def octets(self) -> bytes:
        if self.body is None:
            return self.raw
        return self.raw or json.dumps(self.body, separators=(",", ":")).encode()

    @property
    def secrets(self) -> tuple[bytes, ...]:
        return _SECRETS.get(self.kind, (SECRET,))

    def signed(self) -> Headers:
        return self.signed_for(self.octets)

    def signed_for(self, raw: bytes) -> Headers:
        return [*self.headers, *_SIGN[self.kind](raw)]


def stripe(kind: str, inner: object, **more: object) -> dict[str, object]:
    data = {"object": inner, **more}
    return {"id": "evt_1", "object": "event", "type": kind, "created": SECONDS, "data": data}


SESSION = {
    "id": "cs_test_1",
    "payment_status": "paid",
    "payment_intent": "pi_1",
    "amount_total": 4990,
    "currency": "eur",
    "customer_details": {"email": ANNA},
    "metadata": {"products": "coffret-printemps, semis"},
    "payment_link": "plink_1",
    "subscription": None,
}
CHARGE = {
    "id": "ch_1",
    "payment_intent": "pi_1",
    "amount_refunded": 2500,
    "currency": "eur",
    "billing_details": {"email": ANNA},
}
WOO = {
    "id": 727,
    "status": "processing",
    "currency": "EUR",
    "total": "49.90",
    "date_modified_gmt": NAIVE,
    "billing": {"email": ANNA},
    "line_items": [{"product_id": 93, "sku": "coffret"}, {"product_id": 94, "sku": ""}],
    "refunds": [],
}
SHOPIFY = {
    "id": 450789469,
    "financial_status": "paid",
    "currency": "EUR",
    "total_price": "49.90",
    "email": ANNA,
    "updated_at": AT,
    "line_items": [{"sku": "coffret", "product_id": 632910392}],
}
SHOPIFY_REFUND = {
    "id": 509562969,
    "order_id": 450789469,
    "created_at": AT,
    "refund_line_items": [],
    "transactions": [
        {"kind": "refund", "status": "success", "amount": "20.00", "currency": "EUR"},
        {"kind": "refund", "status": "failure", "amount": "5.00", "currency": "EUR"},
    ],
}
CAPTURE = {
    "id": "3C679366HH908993F",
    "status": "COMPLETED",
    "amount": {"currency_code": "EUR", "value": "49.90"},
}
PAYPAL_ORDER = {
    "id": "5O190127TN364715T",
    "payer": {"email_address": ANNA},
    "purchase_units": [
        {"items": [{"sku": "coffret"}], "payments": {"captures": [CAPTURE]}},
    ],
}
PAYMENT = {
    "order": {"id": 20499, "formSlug": "adhesion", "formType": "Membership"},
    "payer": {"email": ANNA, "firstName": "Anna"},
    "id": 13790,
    "amount": 2000,
    "date": AT.replace("+00:00", ".7442115+00:00"),
    "installmentNumber": 1,
    "state": "Authorized",
    "refundOperations": [],
}
SYSTEME_IO = {
    "customer": {"email": ANNA, "sourceUrl": "https://anna.systeme.io/466f06b8"},
    "order": {"id": 12768313, "createdAt": AT, "totalPrice": 4990, "vat": 0.0},
    "pricePlan": {"id": 3456303, "type": "one_shot", "amount": 4990, "currency": "eur"},
}
PLAN = {**SYSTEME_IO, "pricePlan": {"id": 7, "type": "subscription", "currency": "eur"}}
THRIVECART = {
    "event": "order.success",
    "thrivecart_secret": SECRET.decode(),
    "date_unix": str(SECONDS),
    "base_product": "7",
    "order_id": "38033257",
    "subscription_id": "null",
    "currency": "EUR",
    "customer": {"email": ANNA},
    "order": {"id": "38033257", "total": "5900"},
}
INVITEE = {
    "event": "invitee.created",
    "created_at": AT,
    "payload": {
        "uri": "https://api.calendly.com/scheduled_events/E1/invitees/I1",
        "email": ANNA,
        "scheduled_event": {
            "event_type": "https://api.calendly.com/event_types/GBGBDCAADAEDCRZ2",
            "start_time": AT,
        },
    },
}
DEAD = "550 5.1.1 <anna@example.org>: user unknown"
FULL = "452 4.2.2 mailbox full"


def _failed(kind: str, status: str, words: str) -> FailedRecipient:
    known, reply = kind_of(status, words)
    assert known == kind
    return FailedRecipient(ANNA, known, reply)


BOUNCED = Bounced(LETTER, _failed("hard", "", DEAD))
SES_MAIL = {"messageId": "0102", "commonHeaders": {"messageId": LETTER}}
SES_BOUNCE = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {"emailAddress": ANNA, "status": "5.1.1", "diagnosticCode": f"smtp; {DEAD}"}
        ],
    },
    "mail": SES_MAIL,
}
SES_COMPLAINT = {
    "eventType": "Complaint",
    "complaint": {
        "complainedRecipients": [{"emailAddress": ANNA}],
        "complaintFeedbackType": "abuse",
    },
    "mail": {"headers": [{"name": "Message-Id", "value": LETTER}]},
}
MAILGUN_FAILED = {
    "event": "failed",
    "severity": "permanent",
    "recipient": ANNA,
    "message": {"headers": {"message-id": LETTER[1:-1]}},
    "delivery-status": {"code": 550, "enhanced-code": "5.1.1", "message": DEAD},
}
POSTMARK_BOUNCE = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "MessageID": "d12c2f1c-60f3-4258-b163-d17052546ae4",
    "Email": ANNA,
    "Details": DEAD,
    "BouncedAt": AT,
    "Content": f"Return-Path: <>\r\n\r\nReceived: x\r\nMessage-ID: {LETTER}\r\n\r\n",
}
PURCHASE = Purchase("pi_1", ANNA, 4990, "EUR", ("coffret-printemps", "semis", "plink_1"))
HA_PURCHASE = Purchase("20499", ANNA, 2000, "EUR", ("adhesion",))
TOPIC_HEADER = (("X-WC-Webhook-Topic", "order.updated"),)


def shop(topic: str) -> tuple[tuple[str, str], ...]:
    return (("X-Shopify-Topic", topic),)


def sale(event: str) -> tuple[tuple[str, str], ...]:
    return ("X-Webhook-Event", event), ("X-Webhook-Event-Timestamp", AT)


SAMPLES: dict[str, Sample] = {
    "stripe purchase": Sample("stripe", stripe("checkout.session.completed", SESSION), PURCHASE),
    "stripe unpaid": Sample(
        "stripe",
        stripe("checkout.session.completed", {**SESSION, "payment_status": "unpaid"}),
        Passed("checkout.session.completed", PassedReason.NOT_PAID),
    ),
    "stripe refund": Sample(
        "stripe",
        stripe("charge.refunded", CHARGE, previous_attributes={"amount_refunded": 1000}),
        Refund(("pi_1", "ch_1"), 1500, "EUR", ANNA),
    ),
    "stripe subscription": Sample(
        "stripe",
        stripe(
            "customer.subscription.deleted",
            {
                "id": "sub_1",
                "latest_invoice": "in_1",
                "items": {"data": [{"price": {"product": "prod_1"}}]},
            },
        ),
        SubscriptionEnded("sub_1", "", ("in_1",), ("prod_1",)),
    ),
    "stripe other": Sample(
        "stripe", stripe("payout.paid", {}), Passed("payout.paid", PassedReason.OTHER_EVENT)
    ),
    "woocommerce purchase": Sample(
        "woocommerce",
        WOO,
        Purchase("727", ANNA, 4990, "EUR", ("coffret", "94")),
        TOPIC_HEADER,
    ),
    "woocommerce refund": Sample(
        "woocommerce",
        {**WOO, "status": "refunded", "refunds": [{"id": 726, "total": "-10.00"}]},
        Refund(("727",), 1000, "EUR", ANNA, "726"),
        TOPIC_HEADER,
    ),
    "woocommerce subscription": Sample(
        "woocommerce",
        {**WOO, "id": 8, "status": "cancelled", "parent_id": 727},
        SubscriptionEnded("8", ANNA, ("727",), ("coffret", "94")),
        (("X-WC-Webhook-Topic", "subscription.updated"),),
    ),
    "woocommerce ping": Sample("woocommerce", None, Ping(), raw=b"webhook_id=9", trust="none"),
    "shopify purchase": Sample(
        "shopify",
        SHOPIFY,
        Purchase("450789469", ANNA, 4990, "EUR", ("coffret",)),
        shop("orders/paid"),
    ),
    "shopify refund": Sample(
        "shopify",
        SHOPIFY_REFUND,
        Refund(("450789469",), 2000, "EUR", "", "509562969"),
        shop("refunds/create"),
    ),
    "paypal purchase": Sample(
        "paypal",
        {
            "id": "WH-1",
            "event_type": "CHECKOUT.ORDER.COMPLETED",
            "create_time": AT,
            "resource": PAYPAL_ORDER,
        },
        Purchase("3C679366HH908993F", ANNA, 4990, "EUR", ("coffret",)),
    ),
    "paypal capture": Sample(
        "paypal",
        {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": CAPTURE},
        Passed("PAYMENT.CAPTURE.COMPLETED", PassedReason.NO_ADDRESS),
    ),
    "paypal refund": Sample(
        "paypal",
        {
            "id": "WH-2",
            "event_type": "PAYMENT.CAPTURE.REFUNDED",
            "resource": {
                "id": "1JU08902781691411",
                "amount": {"currency_code": "EUR", "value": "10.00"},
                "links": [
                    {
                        "rel": "up",
                        "href": "https://api.paypal.com/v2/payments/captures/3C679366HH908993F",
                    }
                ],
            },
        },
        Refund(("3C679366HH908993F",), 1000, "EUR", "", "1JU08902781691411"),
    ),
    "paypal subscription": Sample(
        "paypal",
        {
            "id": "WH-3",
            "event_type": "BILLING.SUBSCRIPTION.CANCELLED",
            "create_time": AT,
            "resource": {"id": "I-1", "plan_id": "P-1", "subscriber": {"email_address": ANNA}},
        },
        SubscriptionEnded("I-1", ANNA, (), ("P-1",)),
    ),
    "helloasso purchase": Sample(
        "helloasso", {"eventType": "Payment", "data": PAYMENT}, HA_PURCHASE
    ),
    "helloasso refund": Sample(
        "helloasso",
        {"eventType": "Payment", "data": {**PAYMENT, "state": "Refunded"}},
        Refund(("20499",), 2000, "EUR", ANNA, "13790"),
    ),
    "systeme-io purchase": Sample(
        "systeme-io",
        SYSTEME_IO,
        Purchase("12768313", ANNA, 4990, "EUR", ("3456303",)),
        sale("SALE_NEW"),
        raw=json.dumps(SYSTEME_IO, separators=(",", ":")).replace("/", "\\/").encode(),
    ),
    "systeme-io refund": Sample(
        "systeme-io", SYSTEME_IO, Refund(("12768313",), 0, "EUR", ANNA), sale("SALE_CANCELED")
    ),
    "systeme-io subscription": Sample(
        "systeme-io",
        PLAN,
        SubscriptionEnded("12768313", ANNA, ("12768313",), ("7",)),
        sale("SALE_CANCELED"),
    ),
    "thrivecart purchase": Sample(
        "thrivecart",
        None,
        Purchase("38033257", ANNA, 5900, "EUR", ("7",)),
        trust="secret-url",
        raw=b"event=order.success&thrivecart_secret=invented-secret&base_product=7&currency=EUR"
        b"&order_id=38033257&customer%5Bemail%5D=anna%40example.org&order%5Btotal%5D=5900"
        b"&subscription_id=null",
    ),
    "thrivecart ping": Sample("thrivecart", None, Ping(), trust="none"),
    "thrivecart refund": Sample(
        "thrivecart",
        {**THRIVECART, "event": "order.refund", "refund": {"id": "7"}},
        Refund(("38033257",), 0, "EUR", ANNA),
        trust="secret-url",
    ),
    "thrivecart subscription": Sample(
        "thrivecart",
        {**THRIVECART, "event": "order.subscription_cancelled", "subscription_id": "5440433"},
        SubscriptionEnded("5440433", ANNA, ("38033257",), ("7",)),
        trust="secret-url",
    ),
    "sumup": Sample(
        "sumup", {"event_type": "CHECKOUT_STATUS_CHANGED", "id": "c1"}, None, trust="re-read"
    ),
    "calendly booking": Sample(
        "calendly",
        INVITEE,
        Booking(
            "https://api.calendly.com/scheduled_events/E1/invitees/I1",
            ANNA,
            NOW,
            ("GBGBDCAADAEDCRZ2",),
        ),
    ),
    "calendly cancelled": Sample(
        "calendly",
        {**INVITEE, "event": "invitee.canceled"},
        Passed("invitee.canceled", PassedReason.OTHER_EVENT),
    ),
    "brevo bounce": Sample(
        "brevo",
        {"event": "hard_bounce", "email": ANNA, "message-id": LETTER, "reason": DEAD, "ts": 1},
        BOUNCED,
        trust="secret-url",
    ),
    "brevo soft": Sample(
        "brevo",
        {"event": "soft_bounce", "email": ANNA, "message-id": LETTER, "reason": FULL},
        Bounced(LETTER, _failed("soft", "", FULL)),
        trust="secret-url",
    ),
    "brevo complaints": Sample(
        "brevo",
        [
            {"event": "spam", "email": ANNA, "message-id": LETTER},
            {"event": "unsubscribed", "email": ANNA, "message-id": LETTER},
        ],
        Complained(LETTER, ANNA, "abuse"),
        trust="secret-url",
        more=(Complained(LETTER, ANNA, "opt-out"),),
    ),
    "mailgun bounce": Sample(
        "mailgun",
        mailgun(MAILGUN_FAILED),
        Bounced(LETTER, _failed("hard", "5.1.1", f"550 5.1.1 {DEAD}")),
    ),
    "mailgun complaint": Sample(
        "mailgun",
        mailgun({**MAILGUN_FAILED, "event": "complained"}),
        Complained(LETTER, ANNA, "abuse"),
    ),
    "ses bounce": Sample(
        "ses", sns(SES_BOUNCE), Bounced(LETTER, _failed("hard", "5.1.1", f"smtp; {DEAD}"))
    ),
    "ses complaint": Sample(
        "ses", sns(SES_COMPLAINT, version="1"), Complained(LETTER, ANNA, "abuse")
    ),
    "ses ping": Sample(
        "ses",
        sns("Confirm.", "SubscriptionConfirmation"),
        Ping("https://sns.eu-west-3.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"),
    ),
    "postmark bounce": Sample("postmark", POSTMARK_BOUNCE, BOUNCED, trust="secret-url"),
    "postmark complaint": Sample(
        "postmark",
        {**POSTMARK_BOUNCE, "RecordType": "SpamComplaint"},
        Complained(LETTER, ANNA, "abuse"),
        trust="secret-url",
    ),
    "generic purchase": Sample(
        "generic",
        {
            "id": "d1",
            "order": "A-1",
            "email": ANNA,
            "amount": 49.9,
            "currency": "EUR",
            "product": ["semis"],
            "at": AT,
        },
        Purchase("A-1", ANNA, 4990, "EUR", ("semis",)),
    ),
    "generic refund": Sample(
        "generic",
        {"id": "d2", "order": "A-1", "state": "Refunded"},
        Refund(("A-1",), 0, "", ""),
    ),
    "generic subscription": Sample(
        "generic",
        {"id": "d3", "order": "A-1", "state": "cancelled", "email": ANNA},
        SubscriptionEnded("A-1", ANNA, ("A-1",)),
    ),
    "generic booking": Sample(
        "generic",
        {"id": "d4", "order": "A-1", "state": "booked", "email": ANNA},
        Booking("A-1", ANNA),
    ),
}
