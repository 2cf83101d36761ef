"""What is done with a call of a shop or mail service that came in: it is believed or not, read, and
each of its facts followed. What is answered stands for what was committed: a 200 comes after the
commit, so that a sender who hears nothing may send the same again, which changes nothing then.

Believed or not is decided on the raw bytes. A call that is not believed, or cannot be read, is
refused by a named reason; so much the log remembers of it (`relance webhook log`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, assert_never

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.config import Config
from engine.desk.awaited_orders import AwaitedOrders
from engine.desk.clock import Clock, wall_now
from engine.desk.desk import Desk
from engine.desk.webhook_calls import CallFact, WebhookCalls
from engine.inbound.feedback import ends_letters
from engine.inbound.handling import letter_domains
from engine.inbound.letter_identity import mark_in_ids
from engine.inbound.own_letters import LetterViews, OwnLetter, OwnLetters, Returned, TryLater
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.sequence.mistakes import Unreadable
from engine.sequence.webhooks import Occasion, Webhook
from engine.subscriber.decide import decide
from engine.subscriber.outcome import Done
from engine.vault.vault import Vault, VaultWrite
from engine.webhooks.body import Headers
from engine.webhooks.call_outcomes import (
    OF_PASSED,
    CallRefusal,
    FactOutcome,
    WhyRefused,
    name_of,
    outcome_in_words,
    stored,
)
from engine.webhooks.delivery import (
    Booking,
    Bounced,
    Complained,
    Delivery,
    DeliveryFault,
    Fact,
    Passed,
    Ping,
    Purchase,
    Refund,
    SubscriptionEnded,
    Unreachable,
)
from engine.webhooks.reading import read_delivery
from engine.webhooks.rules import About, rule_requests
from engine.webhooks.sales import Sales, fact_of, outcome_of
from engine.webhooks.secret_files import secrets_of
from engine.webhooks.signatures import SignatureFault, Trust, verify
from engine.webhooks.told import Told, kept_apart
from engine.words import Reason

MAX_CALL_BYTES: Final = 256 * 1024
RETRY_SECONDS: Final = 10
_STATUS: Final[Mapping[str, HTTPStatus]] = MappingProxyType(
    {
        # What somebody has to mend here: the sender comes again.
        SignatureFault.SECRET_MISSING: HTTPStatus.SERVICE_UNAVAILABLE,
        SignatureFault.SECRET_EMPTY: HTTPStatus.SERVICE_UNAVAILABLE,
        SignatureFault.SECRET_MALFORMED: HTTPStatus.SERVICE_UNAVAILABLE,
        SignatureFault.CERTIFICATE_MISSING: HTTPStatus.SERVICE_UNAVAILABLE,
        CallRefusal.SECRET_UNREADABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookStores:
    """What this room is handed."""

    config: Config
    clock: Clock
    desk: Desk
    ledger: Ledger
    vault: Vault
    installation_stream: InstallationStream
    command_handler: CommandHandler
    letters: LetterViews
    calls: WebhookCalls
    awaited: AwaitedOrders


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCall:
    """`in_url` is the secret that the URL carried, `certificate` what `certificate_url` leads to,
    None where it is not to be had or not needed.
    """

    headers: Headers
    raw: bytes
    visitor: str
    user_agent: str
    in_url: str = ""
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Believed:
    """A call that is from whom it says, and can be read."""

    webhook: Webhook
    call: ReceivedCall
    trust: Trust
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What the sender is answered: `text` is for whoever reads the sender's own log. English."""

    status: HTTPStatus
    text: str = ""
    retry_after: int = 0


class Receiving:
    """Blocking; for any thread. What the database raises when it is away is not caught. `wall` is
    the wall clock (ms), by which signatures grow old.
    """

    def __init__(self, stores: WebhookStores, wall: Callable[[], int] = wall_now) -> None:
        self.stores, self.wall = stores, wall
        self.letters = OwnLetters(stores)
        self.sales = Sales(
            vault=stores.vault, command_handler=stores.command_handler, awaited=stores.awaited
        )
        self.domains = letter_domains(stores.config)

    def webhook(self, name: str) -> Webhook | None:
        """As it is published."""
        return self.stores.installation_stream.current().plan().webhooks.get(name)

    def believe(self, webhook: Webhook, call: ReceivedCall) -> Believed | CallAnswer:
        try:
            secrets = secrets_of(webhook, self.stores.config.folder)
        except Unreadable:
            return self.refused(webhook, Reason(CallRefusal.SECRET_UNREADABLE))
        trust = verify(
            webhook.kind,
            secrets,
            call.headers,
            call.raw,
            self.wall(),
            in_url=call.in_url,
            certificate=call.certificate,
        )
        if isinstance(trust, Reason):
            return self.refused(webhook, trust)
        delivery = read_delivery(webhook.kind, call.headers, call.raw, webhook.fields)
        if isinstance(delivery, Reason):
            return self.refused(webhook, delivery, trust)
        if webhook.kind == "mailgun" and not self._is_first(webhook, delivery, call):
            return self.refused(webhook, Reason(CallRefusal.TOKEN_SPENT))
        return Believed(webhook, call, trust, delivery)

    def reread(
        self, believed: Believed, answered: Delivery | Reason[DeliveryFault] | Unreachable
    ) -> Believed | CallAnswer:
        """With what the sender's API has answered in the place of what the call said."""
        match answered:
            case Delivery():
                return replace(believed, delivery=answered)
            case Unreachable():
                return self.refused(believed.webhook, answered.reason, believed.trust)
            case Reason():
                return self.refused(believed.webhook, answered, believed.trust)
            case _:
                assert_never(answered)

    def follow(self, believed: Believed) -> CallAnswer:
        """The facts of a call, each of them committed when this returns."""
        told, facts = self._told(believed), list[CallFact]()
        try:
            for number, fact in enumerate(believed.delivery.facts):
                facts += self._follow(fact, told, f"{told.delivery}/{number}")
        except TryLater:
            return CallAnswer(HTTPStatus.SERVICE_UNAVAILABLE, "try again", RETRY_SECONDS)
        self.stores.calls.keep(believed.webhook.name, believed.trust, facts=facts)
        return CallAnswer(HTTPStatus.OK, "ok")

    def refused(self, webhook: Webhook, why: WhyRefused, trust: str = "") -> CallAnswer:
        """Noted in the log, and answered."""
        code = stored(why)
        self.stores.calls.keep(webhook.name, trust, code)
        status = _status(why)
        away = status is HTTPStatus.SERVICE_UNAVAILABLE
        return CallAnswer(status, outcome_in_words(code).said(), RETRY_SECONDS if away else 0)

    def _is_first(self, webhook: Webhook, delivery: Delivery, call: ReceivedCall) -> bool:
        """Whether a token comes for the first time, or again with the same body. It is all that
        Mailgun signs, so that whoever has seen one could write another body beside it.
        """
        key = self._keyed("token", f"{webhook.name}\0{delivery.id}".encode())
        body = self._keyed("body", call.raw)
        return self.stores.desk.bind_call(key, body)[0] == body

    def _keyed(self, what: str, message: bytes) -> str:
        pepper = self.stores.vault.pepper
        return hmac.new(
            pepper, f"webhook-{what}/v1\0".encode() + message, hashlib.sha256
        ).hexdigest()

    def _told(self, believed: Believed) -> Told:
        now, call, delivery = self.stores.clock.now(), believed.call, believed.delivery
        digest = hashlib.sha256(call.raw).hexdigest()
        of_one = call.raw and len({_address(fact) for fact in delivery.facts}) == 1
        return Told(
            installation=self.stores.installation_stream.current(),
            webhook=believed.webhook,
            trust=believed.trust,
            delivery=delivery.id or digest,
            now=now,
            occurred_at=min(delivery.occurred_at or now, now),
            pepper=self.stores.vault.pepper,
            apart=kept_apart(call.raw, call.visitor, call.user_agent) if of_one else None,
            body_hash=digest if of_one else "",
        )

    def _follow(self, fact: Fact, told: Told, identity: str) -> list[CallFact]:
        """`identity` is the fact's place in its delivery."""
        match fact:
            case Purchase():
                return self.sales.bought(fact, told)
            case Refund():
                return self.sales.refunded(fact, told, identity)
            case SubscriptionEnded():
                return self.sales.ended(fact, told)
            case Booking():
                return self.sales.booked(fact, told)
            case Bounced():
                return self._bounced(fact, told)
            case Complained():
                return self._complained(fact, told)
            case Ping():
                return [fact_of(name_of(fact), FactOutcome.PING)]
            case Passed():
                return [fact_of(name_of(fact), OF_PASSED[fact.why])]
            case _:
                assert_never(fact)

    # Of letters: by the same commands as when it comes by mail.

    def _bounced(self, fact: Bounced, told: Told) -> list[CallFact]:
        letter = self._letter(fact.message_id)
        if letter is None:
            return [fact_of("bounce", FactOutcome.LETTER_UNKNOWN)]
        if self.letters.has_moved_since(letter):
            return [fact_of("bounce", FactOutcome.MOVED_SINCE, letter.stream)]
        kind, reply = fact.recipient.kind, fact.recipient.reply
        return self._returned(
            "bounce", letter, self.letters.bounced(letter, kind, reply, told.kept), told
        )

    def _complained(self, fact: Complained, told: Told) -> list[CallFact]:
        if not ends_letters(fact.feedback):
            return [fact_of("complaint", FactOutcome.ENDS_NOTHING)]
        letter = self._letter(fact.message_id)
        if letter is None:
            return [fact_of("complaint", FactOutcome.LETTER_UNKNOWN)]
        source = told.webhook.kind
        returned = self.letters.complained(letter, fact.feedback, source, told.kept)
        return self._returned("complaint", letter, returned, told)

    def _letter(self, message_id: str) -> OwnLetter | None:
        mark = mark_in_ids(message_id, self.domains)
        return self.letters.find(mark) if mark else None

    def _returned(
        self, on: Occasion, letter: OwnLetter, returned: Returned, told: Told
    ) -> list[CallFact]:
        """A rule is followed once: where the letter's fate is news."""
        stream = letter.stream
        person = self.stores.command_handler.load([stream])[stream]
        write = VaultWrite("", told.now, evidence=returned.evidence, suppress=returned.suppress)
        requests = [CommandRequest(returned.command, stream=stream, vault_write=write)]
        rule = told.webhook.rule_for(on, ())
        if rule is not None and isinstance(decide(returned.command, person, told.plan), Done):
            about = About(stream=stream, person=person)
            particulars = {"what": on, "message": letter.begun.message}
            requests += rule_requests(rule, told, about, letter.begun.message, particulars)
        results = self.stores.command_handler.execute(requests)
        if any(result.conflict for result in results):
            raise TryLater
        facts = [fact_of(on, outcome_of(results[0]), stream)]
        if rule is not None and len(results) > 1:
            facts.append(fact_of(rule.then, outcome_of(results[-1]), stream))
        return facts


def _address(fact: Fact) -> str:
    match fact:
        case Purchase(email=address) | Booking(email=address) | Complained(address=address):
            return address
        case Refund(email=address) | SubscriptionEnded(email=address):
            return address
        case Bounced():
            return fact.recipient.address
        case Ping() | Passed():
            return ""
        case _:
            assert_never(fact)


def _status(why: WhyRefused) -> HTTPStatus:
    match why.code:
        case SignatureFault() | CallRefusal():
            if why.code.value == "too_large":
                return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return _STATUS.get(why.code, HTTPStatus.FORBIDDEN)
        case DeliveryFault():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case _:
            return HTTPStatus.SERVICE_UNAVAILABLE
