"""What came of a call and of each of its facts, as it is logged and in words. A code stands with
its set and its values ("signature:too_old?minutes=5"); values that a sender wrote do not, for they
may name somebody. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto
from types import MappingProxyType
from typing import Final, assert_never
from urllib.parse import parse_qsl, urlencode

from engine.i18n.in_words import REFUSALS, UNCHANGED
from engine.i18n.rejections import ADDRESSES, ORDERS
from engine.intake.address import AddressFault
from engine.intake.orders import OrderFault
from engine.subscriber.outcome import Refusal, Unchanged
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
)
from engine.webhooks.sentences import DELIVERY_FAULTS, REREAD_FAULTS, SIGNATURE_FAULTS, TRUSTS
from engine.webhooks.signatures import SignatureFault
from engine.words import N_, Reason, Words, words


class CallRefusal(StrEnum):
    """Why nothing was done about a call, other than its signature and its body."""

    TOO_LARGE = auto()
    SECRET_UNREADABLE = auto()
    TOKEN_SPENT = auto()


class FactOutcome(StrEnum):
    """What came of a fact, other than what a command says."""

    DONE = auto()
    REPEATED = auto()
    PING = auto()
    OTHER_EVENT = auto()
    NOT_PAID = auto()
    NO_ADDRESS = auto()
    LATER_INSTALMENT = auto()
    PERSON_UNKNOWN = auto()
    ORDER_AWAITED = auto()
    OUTDATED = auto()
    NO_RULE = auto()
    NOTHING_BY_RULE = auto()
    LETTER_UNKNOWN = auto()
    MOVED_SINCE = auto()
    ENDS_NOTHING = auto()


CALL_REFUSALS: Mapping[CallRefusal, str] = MappingProxyType(
    {
        CallRefusal.TOO_LARGE: N_("the body is larger than {kilobytes} kB"),
        CallRefusal.SECRET_UNREADABLE: N_(
            "the secret file of this webhook is not there, or is empty: `relance check` names it"
        ),
        CallRefusal.TOKEN_SPENT: N_("its token came before with another body: somebody wrote it"),
    }
)
FACT_OUTCOMES: Mapping[FactOutcome, str] = MappingProxyType(
    {
        FactOutcome.DONE: N_("it was done"),
        FactOutcome.REPEATED: N_("it was told before"),
        FactOutcome.PING: N_("the sender tried the address"),
        FactOutcome.OTHER_EVENT: N_("no such event changes anything here"),
        FactOutcome.NOT_PAID: N_("nothing was paid"),
        FactOutcome.NO_ADDRESS: N_("it names no address"),
        FactOutcome.LATER_INSTALMENT: N_("a later instalment of an order"),
        FactOutcome.PERSON_UNKNOWN: N_(
            "nobody is known whom it is about, and no [[webhook.do]] lets them join"
        ),
        FactOutcome.ORDER_AWAITED: N_("the purchase it is about has not come yet: it waits for it"),
        FactOutcome.OUTDATED: N_("the person has bought again since"),
        FactOutcome.NO_RULE: N_("no [[webhook.do]] is about it"),
        FactOutcome.NOTHING_BY_RULE: N_("nothing follows, by a [[webhook.do]]"),
        FactOutcome.LETTER_UNKNOWN: N_("it names no letter of this installation"),
        FactOutcome.MOVED_SINCE: N_("the person has given another address since that letter"),
        FactOutcome.ENDS_NOTHING: N_("a report that is no complaint"),
    }
)
OF_PASSED: Mapping[PassedReason, FactOutcome] = MappingProxyType(
    {
        PassedReason.OTHER_EVENT: FactOutcome.OTHER_EVENT,
        PassedReason.NOT_PAID: FactOutcome.NOT_PAID,
        PassedReason.NO_ADDRESS: FactOutcome.NO_ADDRESS,
        PassedReason.LATER_INSTALMENT: FactOutcome.LATER_INSTALMENT,
    }
)
NOT_KNOWN: Final = N_("a reason that this program does not know ({code})")
Outcome = (
    FactOutcome | Reason[Refusal] | Reason[Unchanged] | Reason[OrderFault] | Reason[AddressFault]
)
WhyRefused = (
    Reason[SignatureFault] | Reason[DeliveryFault] | Reason[RereadFault] | Reason[CallRefusal]
)
_SETS: Final[Mapping[str, tuple[type[StrEnum], Mapping[str, str]]]] = MappingProxyType(
    {
        "signature": (SignatureFault, {code.value: t for code, t in SIGNATURE_FAULTS.items()}),
        "body": (DeliveryFault, {code.value: t for code, t in DELIVERY_FAULTS.items()}),
        "api": (RereadFault, {code.value: t for code, t in REREAD_FAULTS.items()}),
        "call": (CallRefusal, {code.value: t for code, t in CALL_REFUSALS.items()}),
        "fact": (FactOutcome, {code.value: t for code, t in FACT_OUTCOMES.items()}),
        "refused": (Refusal, {code.value: t for code, t in REFUSALS.items()}),
        "unchanged": (Unchanged, {code.value: t for code, t in UNCHANGED.items()}),
        "order": (OrderFault, {code.value: t for code, t in ORDERS.items()}),
        "address": (AddressFault, {code.value: t for code, t in ADDRESSES.items()}),
    }
)
_OWN_VALUES: Final = frozenset(
    {"kilobytes", "minutes", "header", "most", "list", "purpose", "group", "other", "time", "why"}
    | {"segment", "currency", "field", "host", "form"}
)
"""Of this program and its installation, but where a body may have written them: see `_is_own`."""
_OF_THE_BODY: Final = frozenset(
    {
        (DeliveryFault.MEMBER_TWICE, "field"),
    }
)


def stored(outcome: Outcome | WhyRefused) -> str:
    if not isinstance(outcome, Reason):
        return f"fact:{outcome}"
    name = next(name for name, (codes, _) in _SETS.items() if isinstance(outcome.code, codes))
    values = {
        key: value.said() if isinstance(value, Words) else str(value)
        for key, value in outcome.values
        if _is_own(outcome.code, key)
    }
    return f"{name}:{outcome.code}" + (f"?{urlencode(values)}" if values else "")


def _is_own(code: StrEnum, name: str) -> bool:
    written = any(code is known and name == value for known, value in _OF_THE_BODY)
    return name in _OWN_VALUES and not written


def outcome_in_words(stored: str) -> Words:
    """Of a fact's outcome, or of why a call was refused."""
    name, _, rest = stored.partition(":")
    code, _, query = rest.partition("?")
    message = _SETS[name][1].get(code) if name in _SETS else None
    if message is None:
        return words(NOT_KNOWN, code=stored)
    values = {key: Words(value) for key, value in parse_qsl(query)}
    unknown = {key: Words("…") for key in _placed(message) if key not in values}
    return words(message, **values, **unknown)


def believed_in_words(trust: str, refusal: str) -> Words:
    """Of a call: how it was believed, or why it was refused."""
    if refusal:
        return words(N_("refused: {why}"), why=outcome_in_words(refusal))
    return words(next((text for known, text in TRUSTS.items() if known == trust), trust))


def _placed(message: str) -> list[str]:
    return [part.partition("}")[0] for part in message.split("{")[1:]]


FACT_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "purchase": N_("a purchase"),
        "refund": N_("a refund"),
        "subscription-ended": N_("the end of a subscription"),
        "booking": N_("a booking"),
        "bounce": N_("a bounce"),
        "complaint": N_("a complaint"),
        "ping": N_("a ping"),
        "event": N_("another event"),
        "join": N_("joining a list"),
        "move": N_("moving to a list"),
        "leave": N_("leaving a list"),
        "segment": N_("being put into a segment"),
    }
)
"""What a call told, and after it what its rule led to, as `CallFact.name` has them."""


def name_of(fact: Fact) -> str:
    match fact:
        case Purchase():
            return "purchase"
        case Refund():
            return "refund"
        case SubscriptionEnded():
            return "subscription-ended"
        case Booking():
            return "booking"
        case Bounced():
            return "bounce"
        case Complained():
            return "complaint"
        case Ping():
            return "ping"
        case Passed():
            return "event"
        case _:
            assert_never(fact)
