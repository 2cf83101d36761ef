"""One delivery that is believed, with what is kept of it as evidence: the act, which says who told
it and how it is trusted, and beside it, for a shorter time, where it came from and its body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from engine.commands.orders import Kept
from engine.installation.state import Installation
from engine.sequence.model import Plan
from engine.sequence.webhooks import Webhook
from engine.subscriber.events import Cause
from engine.vault.evidence import SALT_BYTES, Evidence, evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`delivery` is its id; `occurred_at`, the time at which it happened, is not after `now`: both
    are the engine's (ms). `apart` is what is kept for a shorter time, None where a body is of
    several people, or the call is over; `body_hash` is SHA-256 in hexadecimal, "" then.
    """

    installation: Installation
    webhook: Webhook
    trust: str
    delivery: str
    now: int
    occurred_at: int
    pepper: bytes
    apart: Evidence | None = None
    body_hash: str = ""

    @property
    def plan(self) -> Plan:
        return self.installation.plan()

    def number(self, number: str) -> str:
        """An order's number as this shop's own."""
        return f"{self.webhook.name}/{number}"

    def subscription(self, number: str) -> str:
        """By which it is known, like an order, whose subscription it is."""
        return f"{self.webhook.name}/subscription/{number}"

    def buyer(self, address: str) -> str:
        """By which what has not been bought yet is known: that it will be this shop's, and whose
        (an address, normalised).
        """
        return f"{self.webhook.name}/buyer/{address}"

    def call(self, what: str, identity: str) -> str:
        """By which the same is known again: a keyed hash of what happened, whichever delivery tells
        it.
        """
        message = f"webhook/v1\0{self.webhook.name}\0{what}\0{identity}".encode()
        return hmac.new(self.pepper, message, hashlib.sha256).hexdigest()[:32]

    def kept(self, particulars: Mapping[str, object], kind: str = "act") -> Kept:
        act: dict[str, object] = {
            "method": "webhook",
            "by": {"webhook": self.webhook.name, "from": self.webhook.kind},
            "trust": self.trust,
            "delivery": self.delivery,
        }
        act |= particulars
        pieces: tuple[Evidence, ...] = ()
        if self.apart is not None:
            act |= {"body_hash": self.body_hash, "visitor": self.apart.commitment.hex()}
            pieces = (self.apart,)
        own = evidence(secrets.token_bytes(SALT_BYTES), act, kind)
        cause = Cause("webhook", self.webhook.name, evidence=own.commitment.hex())
        return cause, (own, *pieces)


def kept_apart(raw: bytes, visitor: str, user_agent: str) -> Evidence:
    """Where a call came from, and its body: as a text where that gives back its very bytes."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and unicodedata.is_normalized("NFC", text):
        body = {"body": text}
    else:
        body = {"body_base64": base64.b64encode(raw).decode("ascii")}
    content = {"ip": visitor, "user_agent": user_agent} | body
    return evidence(secrets.token_bytes(SALT_BYTES), content, "visitor")
