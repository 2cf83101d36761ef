"""Webhooks as `[[webhook]]` declares them: where they come from, and what follows from a call."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, assert_never, get_args

from engine.frozen import dataclass

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


Occasion = Literal["purchase", "refund", "subscription-ended", "booking", "bounce", "complaint"]
OCCASIONS: Final[tuple[Occasion, ...]] = get_args(Occasion)
_OF_MAIL: Final[frozenset[Occasion]] = frozenset({"bounce", "complaint"})
_OF_SHOPS: Final[frozenset[Occasion]] = frozenset({"purchase", "refund", "subscription-ended"})


def occasions_of(kind: WebhookKind) -> frozenset[Occasion]:
    """What a sender of this kind tells; a rule for anything else would never be met."""
    match kind:
        case "brevo" | "mailgun" | "ses" | "postmark":
            return _OF_MAIL
        case "calendly":
            return frozenset({"booking"})
        case "sumup" | "helloasso":
            return frozenset({"purchase", "refund"})
        case "generic":
            return _OF_SHOPS | {"booking"}
        case "stripe" | "woocommerce" | "shopify" | "paypal" | "systeme-io" | "thrivecart":
            return _OF_SHOPS
        case _:
            assert_never(kind)


REREAD_KINDS: Final[frozenset[WebhookKind]] = frozenset({"sumup", "helloasso"})
"""Whose calls may come unsigned: their API is then asked with the operator's key."""


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """What happens to the person a fact is about. `products` are codes of which the fact has to
    name one, () where any will do. A move leaves list `source`. `objection` is the notice by which
    a buyer was told that they may object (CPCE L34-5 al. 4); without it whoever joins does so for a
    service, for a purchase is no consent.
    """

    on: Occasion
    then: Literal["join", "move", "leave", "segment", "nothing"]
    products: tuple[str, ...] = ()
    list: int = 0
    source: int = 0
    segment: str = ""
    objection: str = ""

    @property
    def basis(self) -> Literal["soft-optin", "service"]:
        return "soft-optin" if self.objection else "service"

    def is_met(self, on: Occasion, products: Collection[str]) -> bool:
        return on == self.on and (not self.products or any(p in products for p in self.products))


@dataclass(frozen=True, slots=True)
class Webhook:
    """`secret_files` and `api_key_file` are paths, a relative one from the folder of `config.toml`;
    what they hold is published nowhere. `api_key_file` is "" where the sender's API is not asked.
    Of the rules the first that is met counts.
    """

    name: str
    kind: WebhookKind
    secret_files: tuple[str, ...] = ()
    rules: tuple[WebhookRule, ...] = ()
    fields: WebhookFields = WebhookFields()
    file: str = ""
    api_key_file: str = ""

    def rule_for(self, on: Occasion, products: Collection[str]) -> WebhookRule | None:
        return next((rule for rule in self.rules if rule.is_met(on, products)), None)
