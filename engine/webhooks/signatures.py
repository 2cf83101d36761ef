"""Whether a call is from whom it says: decided on its raw bytes and headers, before anybody
believes a word of it. Pure; never raises.

Signatures are compared in constant time, with every secret that is given, so that one can be
replaced while calls are under way. Where a scheme signs a time, five minutes are allowed on either
side: Stripe signs each attempt anew. Amazon signs once and tries for an hour, hence its hour; its
signature covers the whole message, whose id is known again. An empty secret is refused everywhere:
HMAC would take it, and whoever knows the scheme could sign.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import zlib
from collections.abc import Sequence
from enum import StrEnum, auto
from typing import Final, Literal, assert_never

from engine.sequence.webhooks import WebhookKind
from engine.webhooks.body import MAX_BODY_BYTES, Call, Headers, Value, read_form, read_json
from engine.webhooks.certificates import CertificateFault, signed_under
from engine.webhooks.delivery import DeliveryFault, DeliveryRefused
from engine.words import CodedError, Reason

Trust = Literal["signed", "re-read", "secret-url", "none"]
"""`signed`: the sender's signature holds. `re-read`: what it says counts once the sender's API has
said the same. `secret-url`: whoever called knows a secret that each call carries; weak, for nothing
ties it to the body. `none`: a ping that no shop signs, from which nothing follows.
"""
TOLERANCE_MS: Final = 300_000
SNS_TOLERANCE_MS: Final = 3_600_000
PING: Final = re.compile(rb"webhook_id=[0-9]{1,20}")
"""All that WooCommerce sends when a webhook is saved: a form, unsigned."""
_SECONDS = re.compile(r"[0-9]{1,11}")
_HEX = re.compile(r"[0-9a-f]{64}")
_PAYPAL_CERTIFICATE = re.compile(
    r"https://(?:api|api-m)(?:\.sandbox)?\.paypal\.com/v1/notifications/certs/[\w.-]{1,200}",
    re.ASCII,
)
_SNS_CERTIFICATE = re.compile(
    r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?"
    r"/SimpleNotificationService-[0-9a-f]{32}\.pem"
)


class SignatureFault(StrEnum):
    """Why a call is not believed."""

    SECRET_MISSING = auto()
    SECRET_EMPTY = auto()
    SECRET_MALFORMED = auto()
    SECRET_NOT_CARRIED = auto()
    SECRET_WRONG = auto()
    TOO_LARGE = auto()
    BODY_UNREADABLE = auto()
    HEADER_MISSING = auto()
    HEADER_TWICE = auto()
    HEADER_MALFORMED = auto()
    WRONG = auto()
    TOO_OLD = auto()
    IN_THE_FUTURE = auto()
    WRONG_TOPIC = auto()
    CERTIFICATE_ELSEWHERE = auto()
    CERTIFICATE_MISSING = auto()
    CERTIFICATE_UNUSABLE = auto()


Refusal = Reason[SignatureFault]


class _SignatureRefused(CodedError[SignatureFault]):
    pass


def verify(
    kind: WebhookKind,
    secrets: Sequence[bytes],
    headers: Headers,
    raw: bytes,
    now: int,
    *,
    in_url: str = "",
    certificate: bytes | None = None,
) -> Trust | Refusal:
    """`secrets` are without the line's end of their files; for `paypal` they are ids of the
    webhook, for `ses` ARNs of the topic, which both stand in what is signed. `now` is wall time in
    milliseconds. `in_url` is the secret that the URL carried. `certificate` is in PEM, fetched from
    `certificate_url`.
    """
    try:
        if len(raw) > MAX_BODY_BYTES:
            raise _SignatureRefused(SignatureFault.TOO_LARGE, kilobytes=MAX_BODY_BYTES // 1000)
        if not all(secret.strip() for secret in secrets):
            raise _SignatureRefused(SignatureFault.SECRET_EMPTY)
        return _verify(kind, secrets, Call(headers, raw), now, in_url, certificate)
    except _SignatureRefused as error:
        return error.reason
    except DeliveryRefused as error:
        if error.reason.code is DeliveryFault.HEADER_TWICE:
            return Reason(SignatureFault.HEADER_TWICE, **dict(error.reason.values))
        return Reason(SignatureFault.BODY_UNREADABLE)


def _verify(
    kind: WebhookKind,
    secrets: Sequence[bytes],
    call: Call,
    now: int,
    in_url: str,
    certificate: bytes | None,
) -> Trust:
    match kind:
        case "sumup":
            return "re-read"
        case "helloasso" if not (secrets and call.header("x-ha-signature")):
            return "re-read"
        case "woocommerce" if PING.fullmatch(call.raw):
            return "none"
        case "thrivecart" if not call.raw:
            return "none"
    if not secrets:
        raise _SignatureRefused(SignatureFault.SECRET_MISSING)
    match kind:
        case "stripe":
            _timed(call, "stripe-signature", secrets, now)
        case "calendly":
            _timed(call, "calendly-webhook-signature", secrets, now)
        case "woocommerce":
            _body_in_base64(call, "x-wc-webhook-signature", secrets)
        case "shopify":
            _body_in_base64(call, "x-shopify-hmac-sha256", secrets)
        case "helloasso":
            _body_in_hex(call, "x-ha-signature", secrets)
        case "systeme-io":
            _body_in_hex(call, "x-webhook-signature", secrets)
        case "mailgun":
            _mailgun(call, secrets, now)
        case "paypal":
            _paypal(call, secrets, now, certificate)
        case "ses":
            _sns(call, secrets, now, certificate)
        case "thrivecart":
            _carried(secrets, in_url, _in_thrivecart_body(call))
            return "secret-url"
        case "brevo" | "postmark":
            _carried(secrets, in_url, _authorization(call))
            return "secret-url"
        case "generic":
            return _generic(call, secrets, now, in_url)
        case _:
            assert_never(kind)
    return "signed"


def certificate_url(kind: WebhookKind, headers: Headers, raw: bytes) -> str | Refusal | None:
    """Where the certificate is that `verify` needs; None for a kind that needs none. Only HTTPS to
    the sender's own host is ever answered, so that nobody can name one of his own.
    """
    call = Call(headers, raw)
    try:
        match kind:
            case "paypal":
                url, own = call.header("paypal-cert-url"), _PAYPAL_CERTIFICATE
            case "ses":
                url, own = Value(read_json(raw)).text("SigningCertURL"), _SNS_CERTIFICATE
            case _:
                return None
    except DeliveryRefused:
        return Reason(SignatureFault.BODY_UNREADABLE)
    return url if own.fullmatch(url) else Reason(SignatureFault.CERTIFICATE_ELSEWHERE)


def _needed(call: Call, name: str) -> str:
    if value := call.header(name):
        return value
    raise _SignatureRefused(SignatureFault.HEADER_MISSING, header=name)


def _agree(
    expected: Sequence[bytes],
    given: Sequence[bytes],
    fault: SignatureFault = SignatureFault.WRONG,
) -> None:
    """Every pair is compared, and none ends the comparing."""
    results = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(results):
        raise _SignatureRefused(fault)


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def _in_time(instant: int, now: int, tolerance: int = TOLERANCE_MS) -> None:
    if now - instant > tolerance:
        minutes = tolerance // 60_000
        raise _SignatureRefused(SignatureFault.TOO_OLD, minutes=minutes)
    if instant - now > TOLERANCE_MS:
        raise _SignatureRefused(SignatureFault.IN_THE_FUTURE, minutes=TOLERANCE_MS // 60_000)


def _hexadecimal(text: str, name: str) -> bytes:
    if _HEX.fullmatch(text.lower()) is None:
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header=name)
    return bytes.fromhex(text)


def _base64(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header=name) from None


def _timed(call: Call, name: str, secrets: Sequence[bytes], now: int) -> None:
    """`t=SECONDS,v1=HEX[,v1=HEX...]`: the MAC of the time, a full stop and the body."""
    pairs = [part.strip().partition("=") for part in _needed(call, name).split(",")]
    times = [value for key, _, value in pairs if key == "t"]
    given = [_hexadecimal(value, name) for key, _, value in pairs if key == "v1"]
    if len(times) != 1 or not given or len(given) > 10 or _SECONDS.fullmatch(times[0]) is None:
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header=name)
    signed = times[0].encode() + b"." + call.raw
    _agree([_mac(secret, signed) for secret in secrets], given)
    _in_time(int(times[0]) * 1000, now)


def _body_in_base64(call: Call, name: str, secrets: Sequence[bytes]) -> None:
    given = _base64(_needed(call, name), name)
    _agree([_mac(secret, call.raw) for secret in secrets], [given])


def _body_in_hex(call: Call, name: str, secrets: Sequence[bytes], prefix: str = "") -> None:
    given = _hexadecimal(_needed(call, name).removeprefix(prefix), name)
    _agree([_mac(secret, call.raw) for secret in secrets], [given])


def _mailgun(call: Call, secrets: Sequence[bytes], now: int) -> None:
    """The signature stands in the body and covers a time and a token alone: nothing ties the
    rest of the body to it. Only its age and the token, which is the delivery's id, bound its
    use.
    """
    signature = call.json().at("signature")
    seconds, token = signature.required("timestamp"), signature.required("token")
    given = _hexadecimal(signature.required("signature"), "signature")
    if _SECONDS.fullmatch(seconds) is None:
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header="timestamp")
    _agree([_mac(secret, (seconds + token).encode()) for secret in secrets], [given])
    _in_time(int(seconds) * 1000, now)


def _paypal(call: Call, webhook_ids: Sequence[bytes], now: int, certificate: bytes | None) -> None:
    """RSA over the transmission's id and time, the webhook's id and the CRC-32 of the body."""
    transmission = _needed(call, "paypal-transmission-id")
    time = _needed(call, "paypal-transmission-time")
    name = "paypal-transmission-sig"
    given = _base64(_needed(call, name), name)
    if _needed(call, "paypal-auth-algo") != "SHA256withRSA":
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header="paypal-auth-algo")
    instant = Value({"time": time}).instant("time")
    if instant is None:
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header="paypal-transmission-time")
    checksum = str(zlib.crc32(call.raw)).encode()
    before = f"{transmission}|{time}|".encode("latin-1", "replace")
    messages = [before + webhook_id + b"|" + checksum for webhook_id in webhook_ids]
    _under_certificate(certificate, given, messages, "sha256", now)
    _in_time(instant, now)


_SNS_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SNS_CONFIRMATION = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)


def _sns(call: Call, topics: Sequence[bytes], now: int, certificate: bytes | None) -> None:
    """RSA over some members of the envelope, by name, each with its name before it."""
    envelope = call.json()
    topic = envelope.required("TopicArn").encode()
    if not any(hmac.compare_digest(topic, own) for own in topics):
        raise _SignatureRefused(SignatureFault.WRONG_TOPIC)
    notification = envelope.required("Type") == "Notification"
    names = _SNS_NOTIFICATION if notification else _SNS_CONFIRMATION
    lines: list[str] = []
    for name in names:
        value = envelope.at(name).root
        if isinstance(value, str):
            lines += [name, value]
        elif value is not None or name != "Subject":
            raise _SignatureRefused(SignatureFault.BODY_UNREADABLE)
    message = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
    version = envelope.required("SignatureVersion")
    if version not in ("1", "2"):
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header="SignatureVersion")
    given = _base64(envelope.at("Signature").words(), "Signature")
    instant = envelope.instant("Timestamp")
    _under_certificate(certificate, given, [message], "sha1" if version == "1" else "sha256", now)
    _in_time(instant or 0, now, SNS_TOLERANCE_MS)


def _under_certificate(
    certificate: bytes | None,
    signature: bytes,
    messages: Sequence[bytes],
    digest: Literal["sha1", "sha256"],
    now: int,
) -> None:
    if certificate is None:
        raise _SignatureRefused(SignatureFault.CERTIFICATE_MISSING)
    results = [signed_under(certificate, signature, message, digest, now) for message in messages]
    if CertificateFault.UNUSABLE in results:
        raise _SignatureRefused(SignatureFault.CERTIFICATE_UNUSABLE)
    if None not in results:
        raise _SignatureRefused(SignatureFault.WRONG)


def _carried(secrets: Sequence[bytes], *places: str) -> None:
    given = [place.encode("utf-8", "surrogateescape") for place in places if place]
    if not given:
        raise _SignatureRefused(SignatureFault.SECRET_NOT_CARRIED)
    _agree(secrets, given, SignatureFault.SECRET_WRONG)


def _authorization(call: Call) -> str:
    """The secret of `Bearer SECRET`, or the password of `Basic`."""
    scheme, _, rest = call.header("authorization").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise _SignatureRefused(
                SignatureFault.HEADER_MALFORMED, header="authorization"
            ) from None
        return pair.partition(":")[2]
    return ""


def _in_thrivecart_body(call: Call) -> str:
    json = call.raw.lstrip().startswith(b"{")
    return Value((read_json if json else read_form)(call.raw)).text("thrivecart_secret")


def _generic(call: Call, secrets: Sequence[bytes], now: int, in_url: str) -> Trust:
    """Standard Webhooks (https://www.standardwebhooks.com), or a MAC of the body in
    `X-Hub-Signature-256` (WebSub as GitHub has it), or a secret that each call carries.
    """
    if call.header("webhook-signature"):
        _standard(call, secrets, now)
        return "signed"
    if call.header("x-hub-signature-256"):
        _body_in_hex(call, "x-hub-signature-256", secrets, "sha256=")
        return "signed"
    _carried(secrets, in_url, _authorization(call))
    return "secret-url"


def _standard(call: Call, secrets: Sequence[bytes], now: int) -> None:
    name = "webhook-signature"
    message, seconds = _needed(call, "webhook-id"), _needed(call, "webhook-timestamp")
    given = [
        _base64(signature.removeprefix("v1,"), name)
        for signature in _needed(call, name).split()[:10]
        if signature.startswith("v1,")
    ]
    if _SECONDS.fullmatch(seconds) is None:
        raise _SignatureRefused(SignatureFault.HEADER_MALFORMED, header="webhook-timestamp")
    signed = f"{message}.{seconds}.".encode("latin-1", "replace") + call.raw
    _agree([_mac(_standard_key(secret), signed) for secret in secrets], given)
    _in_time(int(seconds) * 1000, now)


def _standard_key(secret: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise _SignatureRefused(SignatureFault.SECRET_MALFORMED)
    return key
