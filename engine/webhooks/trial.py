"""What a saved call would lead to: its facts, which `[[webhook.do]]` each meets, and which letter a
bounce is about. Changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import NamedTuple, assert_never

from engine.dns.settings import Dns
from engine.inbound.letter_identity import mark_in_ids
from engine.inbound.reading_sentences import MARKS, NO_LETTER
from engine.sequence.model import Plan
from engine.sequence.plan_source import named
from engine.sequence.webhooks import Webhook, WebhookRule
from engine.webhooks.delivery import (
    Booking,
    Bounced,
    Complained,
    Delivery,
    Fact,
    Passed,
    Ping,
    Purchase,
    Refund,
    SubscriptionEnded,
    Undeliverable,
)
from engine.webhooks.sentences import what_it_says, why_unreadable
from engine.webhooks.signatures import Refusal
from engine.words import N_, Reason, Words, words


class Declared(NamedTuple):
    """A webhook and the plan it stands in."""

    webhook: Webhook
    plan: Plan


def certificate_at(url: str | Refusal | None, dns: Dns) -> bytes | None:
    """From the sender's own host, where `certificate_url` names such a one. Blocks."""
    if not isinstance(url, str):
        return None
    import ssl

    from engine.dns.resolver import DnsResolver
    from engine.webhooks.fetching import Certificates, https

    async def fetched(url: str) -> bytes | None:
        resolver = DnsResolver(dns.servers, dns.port)
        return await Certificates(resolver, https(ssl.create_default_context())).at(url)

    return asyncio.run(fetched(url))


def what_follows(
    delivery: Delivery | Undeliverable, declared: Declared | None, domains: frozenset[str]
) -> Iterator[Words]:
    """`domains` are those of this installation's letters."""
    if isinstance(delivery, Reason):
        yield words(N_("it cannot be read: {why}"), why=why_unreadable(delivery))
        return
    for fact in delivery.facts:
        yield what_it_says(fact)
        if declared and (rule := _rule_met(fact, declared)):
            yield rule
    letters = [line for fact in delivery.facts if (line := _letter(fact, domains))]
    yield from dict.fromkeys(letters)
    if delivery.resource:
        yield words(N_("asked of the sender’s API: {resource}"), resource=delivery.resource)


def _rule_met(fact: Fact, declared: Declared) -> Words | None:
    """None for what no rule can be about."""
    match fact:
        case Purchase(products=products):
            rule = declared.webhook.rule_for("purchase", products)
        case Refund() if any(r.on == "refund" and r.products for r in declared.webhook.rules):
            return words(N_("which [[webhook.do]] is about it, the products of its order decide"))
        case Refund():
            rule = declared.webhook.rule_for("refund", ())
        case SubscriptionEnded(products=products):
            rule = declared.webhook.rule_for("subscription-ended", products)
        case Booking(products=products):
            rule = declared.webhook.rule_for("booking", products)
        case Bounced():
            rule = declared.webhook.rule_for("bounce", ())
        case Complained():
            rule = declared.webhook.rule_for("complaint", ())
        case Ping() | Passed():
            return None
        case _:
            assert_never(fact)
    if rule is None:
        return words(N_("no [[webhook.do]] is about it"))
    return rule_in_words(rule, declared.plan)


def rule_in_words(rule: WebhookRule, plan: Plan) -> Words:
    """What would become of the person by a rule that is met."""
    lists = plan.lists
    match rule.then:
        case "join":
            message = N_("the person would join {list}, on the ground “{basis}”")
            return words(message, list=named(lists[rule.list]), basis=rule.basis)
        case "move":
            message = N_("the person would move from {source} to {list}, on the ground “{basis}”")
            source, target = named(lists[rule.source]), named(lists[rule.list])
            return words(message, source=source, list=target, basis=rule.basis)
        case "leave":
            return words(N_("the person would leave {list}"), list=named(lists[rule.list]))
        case "segment":
            segment = plan.segments[rule.segment].name
            return words(
                N_("the person would be put into the segment “{segment}”"), segment=segment
            )
        case "nothing":
            return words(N_("nothing more would follow, by a [[webhook.do]]"))
        case _:
            assert_never(rule.then)


def _letter(fact: Fact, domains: frozenset[str]) -> Words | None:
    if not isinstance(fact, Bounced | Complained):
        return None
    mark = mark_in_ids(fact.message_id, domains)
    return words(MARKS[mark.kind], message=mark.message) if mark else words(NO_LETTER)
