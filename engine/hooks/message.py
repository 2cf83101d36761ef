"""A fact as it is told to a target, and its signatures: Standard Webhooks 1.0.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

The body holds ids alone: whoever gets it asks the API for the rest, with a key that may be taken
back.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.installation.events import STREAM
from engine.ledger.codec import Entry, canonical, iso

IDS: Final = (
    *("list", "lists", "source", "target", "letter", "question", "message", "purpose"),
    *("segment", "order", "form", "request", "broadcast", "occurrence", "edition"),
)
"""What of an event is told, where it has it."""
TEST: Final = "test"


class Message(NamedTuple):
    """`id` is the same however often it is tried."""

    id: str
    body: bytes


def message_of(entry: Entry, restored: int) -> Message:
    """`restored` (engine time, ms; 0: never) is when the ledger was last put back from an older
    copy: positions have been given anew since then, and receivers remember what they had.
    """
    again = f"_{restored}" if restored and entry.recorded_at >= restored else ""
    data: dict[str, object] = {"position": entry.position, "door": entry.cause.door}
    if entry.stream != STREAM:
        data["subscriber"] = entry.stream
    data |= {name: value for name in IDS if (value := getattr(entry.event, name, None))}
    return _message(f"msg_{entry.position}{again}", entry.name, entry.at, data)


def test_message(random: str, at: int) -> Message:
    """A message that tells of nothing, to see whether one arrives. `at`: wall clock, ms."""
    return _message(f"msg_test_{random}", TEST, at, {})


def _message(identifier: str, kind: str, at: int, data: dict[str, object]) -> Message:
    return Message(identifier, canonical({"type": kind, "timestamp": iso(at), "data": data}))


def headers(message: Message, secrets: Sequence[bytes], now: int) -> dict[str, str]:
    """Signed by each secret, the first first. `now`: wall clock, ms."""
    seconds = str(now // 1000)
    signed = b".".join((message.id.encode(), seconds.encode(), message.body))
    signatures = (hmac.digest(secret, signed, "sha256") for secret in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(signature).decode()}" for signature in signatures
        ),
    }
