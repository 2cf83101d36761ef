"""What one call of a webhook says: a delivery and its facts, of a closed set, or why it cannot be
read. Texts stand as the sender wrote them, without blanks around them, each at most 500 characters;
an address is not yet checked to be one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from engine.inbound.feedback import FeedbackType
from engine.inbound.verdict import FailedRecipient
from engine.words import CodedError, Reason


class DeliveryFault(StrEnum):
    """Why a body cannot be read."""

    TOO_LARGE = auto()
    NOT_JSON = auto()
    NOT_A_FORM = auto()
    TOO_DEEP = auto()
    MEMBER_TWICE = auto()
    FIELD_MISSING = auto()
    FIELD_MALFORMED = auto()
    AMOUNT_MALFORMED = auto()
    CURRENCY_UNKNOWN = auto()
    TOO_MANY_FACTS = auto()
    HEADER_TWICE = auto()
    STATE_UNKNOWN = auto()
    RESOURCE_UNKNOWN = auto()


class DeliveryRefused(CodedError[DeliveryFault]):
    """`reason` says why."""


class PassedReason(StrEnum):
    """Why nothing follows from a delivery that was understood."""

    OTHER_EVENT = auto()
    NOT_PAID = auto()
    NO_ADDRESS = auto()
    LATER_INSTALMENT = auto()


@dataclass(frozen=True, slots=True)
class Purchase:
    """Paid. `amount` is in minor units of `currency` (ISO 4217, capitals). `order` is the number
    under which a refund names it too. `subscription` is "" for a purchase that is none.
    """

    order: str
    email: str
    amount: int
    currency: str
    products: tuple[str, ...] = ()
    subscription: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """Paid back by this act: `amount` in minor units, 0 for all that is left. `orders` are the
    numbers under which the order may be known, the likeliest first; `refund` is the act's own
    number, "" where it has none.
    """

    orders: tuple[str, ...]
    amount: int
    currency: str
    email: str = ""
    refund: str = ""


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """No more is paid. `email` is "" where the sender tells the subscription alone, as Stripe does;
    `orders` are then those by which the person may be known.
    """

    subscription: str
    email: str = ""
    orders: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Booking:
    """A meeting was booked. `starts_at` is in milliseconds of Unix time, None where it is not told;
    `products` the kind of meeting.
    """

    booking: str
    email: str
    starts_at: int | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bounced:
    """A letter that a mail service could not deliver. `message_id` is its Message-ID as the service
    has it, with its brackets; "" where it tells none. The address alone names nobody (B01).
    """

    message_id: str
    recipient: FailedRecipient


@dataclass(frozen=True, slots=True)
class Complained:
    """Somebody told their provider, or the mail service itself (`opt-out`), that a letter is not
    wanted. Ids as in `Bounced`.
    """

    message_id: str
    address: str
    feedback: FeedbackType


@dataclass(frozen=True, slots=True)
class Ping:
    """The sender tries the address. `confirm` is a URL of Amazon's that whoever owns the topic has
    to open before anything is sent, "" elsewhere.
    """

    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """Understood, and nothing follows. `event` is what the sender calls it."""

    event: str
    why: PassedReason


Fact = Purchase | Refund | SubscriptionEnded | Booking | Bounced | Complained | Ping | Passed


@dataclass(frozen=True, slots=True)
class Delivery:
    """`id` is the same each time the same is delivered, and taken from what the signature covers.
    `occurred_at` is in milliseconds of Unix time, None where the body does not tell: it is then the
    time at which it came. `resource`: what has to be asked of the sender's API before any fact
    counts, where trust is "re-read"; "" elsewhere.
    """

    id: str
    occurred_at: int | None
    facts: tuple[Fact, ...]
    resource: str = ""


Undeliverable = Reason[DeliveryFault]


class RereadFault(StrEnum):
    """Why the sender's API could not be asked now."""

    AWAY = auto()
    KEY_MISSING = auto()
    KEY_MALFORMED = auto()
    KEY_REFUSED = auto()
    TOO_MANY = auto()


@dataclass(frozen=True, slots=True)
class Unreachable:
    """What a delivery counts for is not known yet: the sender is answered 503 and comes again."""

    reason: Reason[RereadFault]
