"""A delivery, its facts and a refusal in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from engine.inbound.verdict import BounceKind
from engine.intake.amounts import decimal
from engine.webhooks.delivery import (
    Booking,
    Bounced,
    Complained,
    DeliveryFault,
    Fact,
    Passed,
    PassedReason,
    Ping,
    Purchase,
    Refund,
    RereadFault,
    SubscriptionEnded,
    Undeliverable,
)
from engine.webhooks.signatures import Refusal, SignatureFault, Trust
from engine.words import N_, Reason, Words, words

TRUSTS: Mapping[Trust, str] = MappingProxyType(
    {
        "signed": N_("the signature holds"),
        "re-read": N_("it is not signed: it counts once the sender’s API has said the same"),
        "secret-url": N_("it carries the secret: a weak proof, for nothing ties it to the body"),
        "none": N_("it is a ping, which is not signed"),
    }
)
# A table a set: two codes that are spelled alike are equal as keys.
SIGNATURE_FAULTS: Mapping[SignatureFault, str] = MappingProxyType(
    {
        SignatureFault.SECRET_MISSING: N_("no secret is given: name its file"),
        SignatureFault.SECRET_EMPTY: N_("a secret is empty: anybody could sign with it"),
        SignatureFault.SECRET_MALFORMED: N_("the secret is not as Standard Webhooks write it"),
        SignatureFault.SECRET_NOT_CARRIED: N_(
            "it carries no secret: the sender is to call …?secret=SECRET, or to send it as a"
            " password or a bearer token"
        ),
        SignatureFault.SECRET_WRONG: N_(
            "the secret that it carries is not the one in `secret_file`"
        ),
        SignatureFault.TOO_LARGE: N_("the body is larger than {kilobytes} kB"),
        SignatureFault.BODY_UNREADABLE: N_("the body does not hold what is signed"),
        SignatureFault.HEADER_MISSING: N_("the header {header} is missing"),
        SignatureFault.HEADER_TWICE: N_("the header {header} came twice"),
        SignatureFault.HEADER_MALFORMED: N_("{header} is not written as it should be"),
        SignatureFault.WRONG: N_(
            "the signature is not by this secret, or the body was changed on the way"
        ),
        SignatureFault.TOO_OLD: N_("it was signed more than {minutes} minutes ago"),
        SignatureFault.IN_THE_FUTURE: N_(
            "it is signed more than {minutes} minutes ahead: see to your clock"
        ),
        SignatureFault.WRONG_TOPIC: N_("it is of a topic that is not yours"),
        SignatureFault.CERTIFICATE_ELSEWHERE: N_("its certificate is not on the sender’s own host"),
        SignatureFault.CERTIFICATE_MISSING: N_("the sender’s certificate is not at hand"),
        SignatureFault.CERTIFICATE_UNUSABLE: N_(
            "the certificate is none, is out of date, or its key is weak"
        ),
    }
)
DELIVERY_FAULTS: Mapping[DeliveryFault, str] = MappingProxyType(
    {
        DeliveryFault.TOO_LARGE: N_("it is larger than {kilobytes} kB"),
        DeliveryFault.NOT_JSON: N_("it is not JSON in UTF-8"),
        DeliveryFault.NOT_A_FORM: N_("it is neither JSON nor a form"),
        DeliveryFault.TOO_DEEP: N_("its members lie too deep in each other"),
        DeliveryFault.MEMBER_TWICE: N_("{field} stands in it twice"),
        DeliveryFault.FIELD_MISSING: N_("{field} is missing"),
        DeliveryFault.FIELD_MALFORMED: N_("{field} is not what it should be"),
        DeliveryFault.AMOUNT_MALFORMED: N_("{field} is no amount"),
        DeliveryFault.CURRENCY_UNKNOWN: N_("{field} is no currency, such as EUR"),
        DeliveryFault.TOO_MANY_FACTS: N_("it tells more than {most} things"),
        DeliveryFault.HEADER_TWICE: N_("the header {header} came twice"),
        DeliveryFault.STATE_UNKNOWN: N_(
            "{field} is no state that is known here: docs/connections.md lists them"
        ),
        DeliveryFault.RESOURCE_UNKNOWN: N_("{host} knows of no {resource}"),
    }
)
REREAD_FAULTS: Mapping[RereadFault, str] = MappingProxyType(
    {
        RereadFault.AWAY: N_("{host} gives no answer now"),
        RereadFault.KEY_MISSING: N_(
            "the sender’s API has to be asked: name a key by `api_key_file`"
        ),
        RereadFault.KEY_MALFORMED: N_(
            "`api_key_file` is not written as it should be: one line, {form}"
        ),
        RereadFault.KEY_REFUSED: N_("{host} refuses the key in `api_key_file`"),
        RereadFault.TOO_MANY: N_("more than {most} calls a minute have to be asked about"),
    }
)
PASSED_REASONS: Mapping[PassedReason, str] = MappingProxyType(
    {
        PassedReason.OTHER_EVENT: N_("{event}: no such event changes anything here"),
        PassedReason.NOT_PAID: N_("{event}: nothing was paid"),
        PassedReason.NO_ADDRESS: N_("{event}: it names no address"),
        PassedReason.LATER_INSTALMENT: N_("{event}: a later instalment of an order"),
    }
)
BOUNCED: Mapping[BounceKind, str] = MappingProxyType(
    {
        "hard": N_("a bounce: {address} is dead"),
        "soft": N_("a bounce: {address} did not take the letter this time"),
        "blocked": N_("a bounce: the sender or the letter was refused for {address}"),
    }
)


def why_not_believed(refusal: Refusal) -> Words:
    return words(SIGNATURE_FAULTS[refusal.code], **dict(refusal.values))


def why_not_reread(reason: Reason[RereadFault]) -> Words:
    return words(REREAD_FAULTS[reason.code], **dict(reason.values))


def why_unreadable(reason: Undeliverable) -> Words:
    return words(DELIVERY_FAULTS[reason.code], **dict(reason.values))


def what_it_says(fact: Fact) -> Words:
    match fact:
        case Purchase():
            return words(
                N_("a purchase: order {order}, {amount}, by {address}{products}"),
                order=fact.order,
                amount=_money(fact.amount, fact.currency),
                address=fact.email,
                products=_products(fact.products),
            )
        case Refund() if fact.amount:
            return words(
                N_("a refund: {amount} of order {order}"),
                amount=_money(fact.amount, fact.currency),
                order=fact.orders[0],
            )
        case Refund():
            return words(N_("a refund: all that is left of order {order}"), order=fact.orders[0])
        case SubscriptionEnded():
            return words(
                N_("a subscription has ended: {subscription}{products}"),
                subscription=fact.subscription,
                products=_products(fact.products),
            )
        case Booking():
            return words(
                N_("a booking by {address}{products}"),
                address=fact.email,
                products=_products(fact.products),
            )
        case Bounced():
            return words(BOUNCED[fact.recipient.kind], address=fact.recipient.address or "?")
        case Complained():
            return words(
                N_("a complaint ({feedback}) by {address}"),
                feedback=fact.feedback,
                address=fact.address or "?",
            )
        case Ping(confirm=""):
            return words(N_("a ping: the sender tries the address"))
        case Ping():
            return words(
                N_("a ping: open this address to confirm that you own the topic: {url}"),
                url=fact.confirm,
            )
        case Passed():
            return words(PASSED_REASONS[fact.why], event=fact.event)
        case _:
            assert_never(fact)


def _money(amount: int, currency: str) -> str:
    whole, fraction = decimal(amount, currency)
    return f"{whole}.{fraction} {currency}" if fraction else f"{whole} {currency}"


def _products(codes: tuple[str, ...]) -> str:
    return f" ({', '.join(codes)})" if codes else ""
