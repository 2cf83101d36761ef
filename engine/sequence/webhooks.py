"""Where webhooks come from, as `[[webhook]] from` and `[webhook.fields]` name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

WebhookKind = Literal[
    "stripe",
    "woocommerce",
    "shopify",
    "paypal",
    "helloasso",
    "systeme-io",
    "thrivecart",
    "sumup",
    "calendly",
    "brevo",
    "mailgun",
    "ses",
    "postmark",
    "generic",
]
WEBHOOK_KINDS: Final[tuple[WebhookKind, ...]] = get_args(WebhookKind)


@dataclass(frozen=True, slots=True)
class WebhookFields:
    """Where a body of one's own has what: JSON pointers (RFC 6901), "" where it is not told.
    `state` leads to a word by which a fact is named (`purchase`, `refund`, ...); without it every
    body is a purchase. `amount` leads to a text or number in the currency's own unit, not in cents.
    """

    email: str = "/email"
    order: str = "/order"
    amount: str = "/amount"
    currency: str = "/currency"
    product: str = "/product"
    state: str = "/state"
    at: str = "/at"
    id: str = "/id"
