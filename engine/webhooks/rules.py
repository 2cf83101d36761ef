"""What a `[[webhook.do]]` asks of the person a fact is about, as requests that are executed with
the fact itself, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.commands.command_handler import CommandRequest
from engine.sequence.webhooks import Occasion, WebhookRule
from engine.subscriber.commands import AnyCommand, LeaveList, PutIntoSegment, Subscribe, Transfer
from engine.subscriber.decide import decide
from engine.subscriber.eligibility import live_ground
from engine.subscriber.outcome import Refused
from engine.subscriber.person import Person
from engine.vault.evidence import of_ground
from engine.vault.vault import VaultWrite
from engine.webhooks.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom a fact is about: `stream` is "" for somebody unknown, who is then registered under
    `address` where a rule lets them join.
    """

    stream: str
    person: Person
    address: str = ""


def rule_requests(
    rule: WebhookRule,
    told: Told,
    about: About,
    identity: str,
    particulars: Mapping[str, object],
) -> list[CommandRequest]:
    """None where it asks for nothing, or for what can be asked of somebody known alone."""
    match rule.then:
        case "nothing":
            return []
        case "join":
            return [_joining(rule, told, about, identity, particulars)]
        case "move":
            return _moving(rule, told, about, identity, particulars)
        case "leave" | "segment" if not about.stream:
            return []
        case "leave":
            return [_leaving(rule.list, rule.on, told, about, identity, particulars)]
        case "segment":
            cause, pieces = told.kept(dict(particulars) | {"segment": rule.segment})
            command = PutIntoSegment(
                at=told.now,
                cause=cause,
                segment=rule.segment,
                call=told.call(f"{rule.on}/segment", identity),
            )
            return [_request(command, about, VaultWrite("", told.now, evidence=pieces))]


def is_outdated(rule: WebhookRule, about: About, occurred_at: int, order: str) -> bool:
    """Whether the person has bought since what a refund or an end of a subscription tells of, so
    that it may not take them off a list any more: an older state overrules no newer one. `order` is
    the id of the order it is about, "" for none.
    """
    if rule.then not in ("leave", "move"):
        return False
    return any(
        number != order
        and bought.at > occurred_at
        and (bought.left > 0 or bought.amount == 0)
        and rule.is_met(rule.on, bought.products)
        for number, bought in about.person.orders.items()
    )


def _joining(
    rule: WebhookRule, told: Told, about: About, identity: str, particulars: Mapping[str, object]
) -> CommandRequest:
    """Never the person's own act: it undoes no withdrawal, even for an order."""
    plan = told.plan
    listed = plan.lists.get(rule.list)
    ground = of_ground(told.installation, listed.purpose if listed else "", rule.basis, "webhook")
    own: dict[str, object] = {"lists": [rule.list], "language": plan.language}
    if about.address:
        own["email"] = about.address
    if rule.objection:
        own["objection"] = rule.objection
    cause, pieces = told.kept(ground | dict(particulars) | own)
    command = Subscribe(
        at=told.now,
        cause=cause,
        list=rule.list,
        basis=rule.basis,
        proof="declared" if told.trust == "secret-url" else "declared-with-proof",
        declared_at=told.occurred_at,
        call=told.call(f"{rule.on}/join", identity),
    )
    source = "" if about.stream else told.webhook.name
    write = VaultWrite("", told.now, evidence=pieces, source=source)
    return _request(command, about, write)


def _moving(
    rule: WebhookRule, told: Told, about: About, identity: str, particulars: Mapping[str, object]
) -> list[CommandRequest]:
    """Whoever bought or booked comes to the list, whether or not they stood on the other: without a
    ground to be transferred on, what they bought gives it, as for somebody who joins. Where the new
    list refuses them, they keep the place they had.
    """
    target, stands = told.plan.lists.get(rule.list), rule.source in about.person.memberships
    grounded = target is not None and live_ground(about.person, target.purpose) is not None
    if rule.on in ("purchase", "booking") and not (stands and grounded):
        joining = _joining(rule, told, about, identity, particulars)
        accepted = not isinstance(decide(joining.command, about.person, told.plan), Refused)
        if not (stands and accepted):
            return [joining]
        return [joining, _leaving(rule.source, rule.on, told, about, identity, particulars)]
    if not about.stream:
        return []
    cause, pieces = told.kept(dict(particulars) | {"lists": [rule.source, rule.list]})
    command = Transfer(
        at=told.now,
        cause=cause,
        source=rule.source,
        target=rule.list,
        call=told.call(f"{rule.on}/move", identity),
    )
    return [_request(command, about, VaultWrite("", told.now, evidence=pieces))]


def _leaving(
    number: int,
    on: Occasion,
    told: Told,
    about: About,
    identity: str,
    particulars: Mapping[str, object],
) -> CommandRequest:
    cause, pieces = told.kept(dict(particulars) | {"lists": [number]})
    command = LeaveList(
        at=told.now,
        cause=cause,
        list=number,
        why="webhook",
        call=told.call(f"{on}/leave", identity),
    )
    return _request(command, about, VaultWrite("", told.now, evidence=pieces))


def _request(command: AnyCommand, about: About, vault_write: VaultWrite) -> CommandRequest:
    return CommandRequest(
        command, stream=about.stream, address=about.address, vault_write=vault_write
    )
