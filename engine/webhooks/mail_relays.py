"""Calls of mail services: Brevo, Mailgun, Amazon SES (by SNS) and Postmark. What a server said
of a letter is judged as in a bounce that comes by mail (`engine/inbound/verdict.py`).

What is from the provider's own documentation and what is second hand stands in docs/connections.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from engine.inbound.feedback import FeedbackType
from engine.inbound.verdict import BounceKind, FailedRecipient, kind_of
from engine.webhooks.body import Call, Value, read_json
from engine.webhooks.delivery import (
    Bounced,
    Complained,
    Delivery,
    DeliveryFault,
    DeliveryRefused,
    Fact,
    Passed,
    PassedReason,
    Ping,
)

MAX_RECIPIENTS: Final = 50
_MESSAGE_ID = re.compile(r"^Message-ID:\s{0,20}(<[^<>\s]{1,300}>)", re.IGNORECASE | re.MULTILINE)
MAX_COPY_CHARACTERS: Final = 200_000
_CONFIRM: Final = re.compile(
    r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?/\?[\w.~%&=:-]{1,2000}", re.ASCII
)

BREVO_BOUNCES: Mapping[str, BounceKind] = MappingProxyType(
    {"hard_bounce": "hard", "invalid_email": "hard", "soft_bounce": "soft", "blocked": "blocked"}
)
BREVO_COMPLAINTS: Mapping[str, FeedbackType] = MappingProxyType(
    {"spam": "abuse", "complaint": "abuse", "unsubscribed": "opt-out", "unsubscribe": "opt-out"}
)
POSTMARK_BOUNCES: Mapping[str, BounceKind] = MappingProxyType(
    {
        "HardBounce": "hard",
        "BadEmailAddress": "hard",
        "SoftBounce": "soft",
        "Transient": "soft",
        "DnsError": "soft",
        "Blocked": "blocked",
        "SpamNotification": "blocked",
        "DMARCPolicy": "blocked",
        "ISPMessageRejected": "blocked",
    }
)
SES_BOUNCES: Mapping[str, BounceKind] = MappingProxyType(
    {"Permanent": "hard", "Transient": "soft", "Undetermined": "soft"}
)
SES_COMPLAINTS: Mapping[str, FeedbackType] = MappingProxyType(
    {
        "abuse": "abuse",
        "auth-failure": "auth-failure",
        "fraud": "fraud",
        "not-spam": "not-spam",
        "other": "other",
        "virus": "virus",
    }
)


def failed(address: str, by_service: BounceKind, status: str, words: str) -> FailedRecipient:
    """The server's words decide. Where they are silent, the service's own class does; where the
    service speaks of a moment or of its own refusal, no word makes it a dead address.
    """
    kind, reply = kind_of(status, words)
    silent = reply.code // 100 not in (4, 5)
    if (silent and kind == "soft") or (kind == "hard" and by_service != "hard"):
        kind = by_service
    return FailedRecipient(address, kind, reply)


def brevo(call: Call) -> Delivery:
    """One event, or a list of them where events are batched."""
    root = read_json(call.raw)
    events = Value({"events": root}).items("events") if isinstance(root, list) else [Value(root)]
    if not events:
        raise Value(root).missing("event")
    facts = tuple(_brevo_event(event) for event in events)
    last = events[-1]
    at = last.instant("ts_event") or last.instant("ts_epoch") or last.instant("ts")
    return Delivery(call.digest(), at, facts)


def _brevo_event(event: Value) -> Fact:
    name, message = event.required("event"), event.text("message-id")
    if name in BREVO_BOUNCES:
        words = event.words("reason")
        return Bounced(message, failed(event.text("email"), BREVO_BOUNCES[name], "", words))
    if name in BREVO_COMPLAINTS:
        return Complained(message, event.text("email"), BREVO_COMPLAINTS[name])
    return Passed(name, PassedReason.OTHER_EVENT)


def mailgun(call: Call) -> Delivery:
    """The delivery goes by the token, which is all of its content that the signature covers."""
    body = call.json()
    token, event = body.required("signature", "token"), body.at("event-data")
    name = event.required("event")
    message = event.text("message", "headers", "message-id")
    message = f"<{message}>" if message and not message.startswith("<") else message
    address = event.text("recipient")
    fact: Fact
    if name == "failed" and event.text("severity") == "permanent":
        status = event.at("delivery-status")
        told = status.words("message") or status.words("description")
        words = f"{status.text('code')} {status.text('enhanced-code')} {told}"
        fact = Bounced(message, failed(address, "hard", status.text("enhanced-code"), words))
    elif name in ("complained", "unsubscribed"):
        fact = Complained(message, address, "abuse" if name == "complained" else "opt-out")
    else:
        fact = Passed(name, PassedReason.OTHER_EVENT)
    return Delivery(token, _fractional_seconds(event, "timestamp"), (fact,))


def _fractional_seconds(value: Value, name: str) -> int | None:
    whole = value.text(name).partition(".")[0]
    return Value({name: whole}, value.place).instant(name)


def ses(call: Call) -> Delivery:
    """An envelope of SNS; what SES tells is JSON again, in its member `Message`."""
    envelope = call.json()
    delivery, at = envelope.required("MessageId"), envelope.instant("Timestamp")
    match envelope.required("Type"):
        case "SubscriptionConfirmation":
            url = envelope.words("SubscribeURL")
            return Delivery(delivery, at, (Ping(url if _CONFIRM.fullmatch(url) else ""),))
        case "Notification":
            message = envelope.at("Message").root
            if not isinstance(message, str):
                raise envelope.malformed("Message")
            if not message.lstrip().startswith("{"):
                return Delivery(delivery, at, (Ping(),))
            told = Value(read_json(message.encode("utf-8", "replace")), ("Message",))
            return Delivery(delivery, at, _ses_facts(told))
        case other:
            return Delivery(delivery, at, (Passed(other, PassedReason.OTHER_EVENT),))


def _ses_facts(told: Value) -> tuple[Fact, ...]:
    name, message = told.first(("notificationType",), ("eventType",)), _ses_message_id(told)
    match name:
        case "Bounce":
            bounce = told.at("bounce")
            kind = SES_BOUNCES.get(bounce.text("bounceType"), "soft")
            return tuple(
                Bounced(
                    message,
                    failed(
                        recipient.text("emailAddress"),
                        kind,
                        recipient.text("status"),
                        recipient.words("diagnosticCode"),
                    ),
                )
                for recipient in _recipients(bounce, "bouncedRecipients")
            )
        case "Complaint":
            complaint = told.at("complaint")
            feedback = SES_COMPLAINTS.get(complaint.text("complaintFeedbackType"), "abuse")
            return tuple(
                Complained(message, recipient.text("emailAddress"), feedback)
                for recipient in _recipients(complaint, "complainedRecipients")
            )
        case _:
            return (Passed(name or "Message", PassedReason.OTHER_EVENT),)


def _recipients(told: Value, name: str) -> list[Value]:
    recipients = told.items(name)
    if not recipients:
        raise told.missing(name)
    if len(recipients) > MAX_RECIPIENTS:
        raise DeliveryRefused(DeliveryFault.TOO_MANY_FACTS, most=MAX_RECIPIENTS)
    return recipients


def _ses_message_id(told: Value) -> str:
    """Of the letter as it was handed over: SES writes another into what it sends."""
    known = [
        item.text("value")
        for item in told.items("mail", "headers")
        if item.text("name").lower() == "message-id"
    ]
    return told.text("mail", "commonHeaders", "messageId") or next(iter(known), "")


def postmark(call: Call) -> Delivery:
    """The letter is known by the Message-ID of the copy that a bounce holds where that is ticked;
    `MessageID` is Postmark's own.
    """
    body = call.json()
    record, address = body.required("RecordType"), body.first(("Email",), ("Recipient",))
    at = body.instant("BouncedAt") or body.instant("ChangedAt")
    message = _copied_message_id(body)
    fact: Fact | None = None
    if record == "Bounce":
        name = body.required("Type")
        if name in POSTMARK_BOUNCES:
            words = body.words("Details") or body.words("Description")
            fact = Bounced(message, failed(address, POSTMARK_BOUNCES[name], "", words))
        else:
            record = f"Bounce ({name})"
    elif record == "SpamComplaint":
        fact = Complained(message, address, "abuse")
    elif record == "SubscriptionChange" and body.text("SuppressionReason") == "ManualSuppression":
        fact = Complained(message, address, "opt-out")
    passed = Passed(record, PassedReason.OTHER_EVENT)
    return Delivery(call.digest(), at, (fact or passed,))


def _copied_message_id(body: Value) -> str:
    content = body.at("Content").root
    if not isinstance(content, str):
        return ""
    found = _MESSAGE_ID.search(content[:MAX_COPY_CHARACTERS])
    return found[1] if found else ""
