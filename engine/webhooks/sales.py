"""What a purchase, a refund, the end of a subscription and a booking lead to: the order's fact, and
by the rule that is met a place on a list or in a segment, in one transaction.

The same told again, by the same delivery or another, leads to nothing: an order is known by its
number, a refund by its own, both for as long as the person is. What comes before its purchase waits
for it. Blocking; for any thread. Each function raises TryLater where other writers were quicker at
every attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.commands.orders import record_requests
from engine.desk.awaited_orders import Awaited, AwaitedOrders
from engine.desk.webhook_calls import CallFact
from engine.inbound.own_letters import TryLater
from engine.intake.address import AddressRefused, normalise
from engine.intake.orders import MAX_PRODUCTS, OrderRefused, PlacedOrder, read_number
from engine.sequence.model import Plan
from engine.sequence.parse_declared import PRODUCT_CODE
from engine.sequence.webhooks import WebhookRule
from engine.subscriber.commands import RefundOrder, Subscribe
from engine.subscriber.decide import decide
from engine.subscriber.outcome import Done, Refusal, Refused
from engine.subscriber.person import NOBODY
from engine.vault.recorded_orders import KnownOrder, NumberedOrder, hash_of_number, known_orders
from engine.vault.vault import Vault, VaultWrite
from engine.webhooks.call_outcomes import FactOutcome, Outcome, stored
from engine.webhooks.delivery import Booking, Purchase, Refund, SubscriptionEnded
from engine.webhooks.rules import About, is_outdated, rule_requests
from engine.webhooks.told import Told
from engine.words import Words

ATTEMPTS: Final = 5
T = TypeVar("T")


class _Conflict(Exception):
    """Another writer was quicker: it is to be looked at anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Of an order's number: the order of this shop's that has it, and the one that has it by a door
    that is no shop's. `taken`: some order has it, of whichever shop: each counts from one.
    """

    own: KnownOrder | None
    plain: KnownOrder | None
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    vault: Vault
    command_handler: CommandHandler
    awaited: AwaitedOrders

    def bought(self, fact: Purchase, told: Told) -> list[CallFact]:
        try:
            address, number = normalise(fact.email), read_number(fact.order)
        except (AddressRefused, OrderRefused) as error:
            return [fact_of("purchase", error.reason)]
        facts = _tried(lambda: self._bought(fact, told, address, number))
        numbers = [told.number(number), told.buyer(address)]
        if fact.subscription:
            numbers.append(told.subscription(fact.subscription))
        for awaited in self.awaited.of([self._hash(number) for number in numbers]):
            facts += self._came(awaited, fact, told, address)
        return facts

    def refunded(self, fact: Refund, told: Told, identity: str) -> list[CallFact]:
        """`identity` is this refund's in its delivery, where it has no number of its own."""
        try:
            numbers = [read_number(number) for number in fact.orders]
        except OrderRefused as error:
            return [fact_of("refund", error.reason)]
        call = told.call("refund", fact.refund or identity)
        facts = _tried(lambda: self._refunded(fact, told, call, numbers))
        if facts is None:
            self._wait(fact, told, call, [told.number(number) for number in numbers])
            # The purchase may have come in between, and looked before this waited.
            facts = _tried(lambda: self._refunded(fact, told, call, numbers))
        return facts or [fact_of("refund", FactOutcome.ORDER_AWAITED)]

    def ended(self, fact: SubscriptionEnded, told: Told) -> list[CallFact]:
        """Where the purchase with which it began has not come, it waits for it, whatever follows
        now: that purchase may be on its way.
        """
        rule = told.webhook.rule_for("subscription-ended", fact.products)
        if rule is None:
            return [fact_of("subscription-ended", FactOutcome.NO_RULE)]
        call, began = told.call("subscription-ended", fact.subscription), self._began(fact, told)
        if began is None:
            numbers = [told.subscription(fact.subscription), *map(told.number, fact.orders)]
            if address := _normalised(fact.email):
                numbers.append(told.buyer(address))
            self._wait(fact, told, call, numbers)
            began = self._began(fact, told)
        facts = _tried(lambda: self._ended(fact, told, call, began))
        if began is not None:
            self.awaited.settle(call)
        return facts or [fact_of("subscription-ended", FactOutcome.ORDER_AWAITED)]

    def booked(self, fact: Booking, told: Told) -> list[CallFact]:
        rule = told.webhook.rule_for("booking", fact.products)
        if rule is None:
            return [fact_of("booking", FactOutcome.NO_RULE)]
        try:
            address = normalise(fact.email)
        except AddressRefused as error:
            return [fact_of("booking", error.reason)]
        particulars: dict[str, object] = {"what": "booking", "booking": fact.booking}

        def once() -> CallFact:
            about = self._about(address)
            return self._ruled(rule, told, about, fact.booking, particulars)

        return [_tried(once)]

    # One attempt of each: raises _Conflict.

    def _bought(self, fact: Purchase, told: Told, address: str, number: str) -> list[CallFact]:
        about = self._about(address)
        own, known = self._numbered(number, about, told)
        particulars: dict[str, object] = {"what": "order", "order": number}
        rule = None if known else told.webhook.rule_for("purchase", fact.products)
        ruled = rule_requests(rule, told, about, number, particulars) if rule else []
        barred = self._barred(ruled, address)
        order = PlacedOrder(
            address=address,
            number=own,
            amount=fact.amount,
            currency=fact.currency,
            products=_declared(fact.products, told.plan),
            placed_at=told.occurred_at,
        )
        [request] = record_requests(
            self.vault,
            [order],
            told.now,
            lambda order: told.kept(particulars),
            arriving=[address] if ruled and not barred else (),
            other_numbers=[] if known else self._other_numbers(fact, told, own),
        )
        if isinstance(request, Refused):
            return [fact_of("purchase", _why_not(request, barred, known), about.stream)]
        *of_rule, of_order = self._execute([*(() if barred else ruled), request])
        facts = [_of_result("purchase", of_order)]
        if rule is not None and (of_rule or barred):
            facts.append(_of_rule(rule, of_rule, barred))
        return facts

    def _refunded(
        self, fact: Refund, told: Told, call: str, numbers: Sequence[str]
    ) -> list[CallFact] | None:
        """None where its order is not known."""
        standing, seen = self._order(numbers, fact.email, told), self._hash(f"refund/{call}")
        if standing is None:
            return None
        if known_orders(self.vault.database, [seen]):
            return [fact_of("refund", FactOutcome.REPEATED, standing.subscriber)]
        about = self._about_stream(standing.subscriber)
        particulars: dict[str, object] = {"what": "refund", "order": numbers[0]}
        cause, pieces = told.kept(particulars)
        command = RefundOrder(
            at=told.now,
            cause=cause,
            order=standing.order,
            amount=fact.amount,
            currency=fact.currency,
            call=call,
        )
        named = (NumberedOrder(seen, standing.order),)
        write = VaultWrite("", told.now, evidence=pieces, orders=named)
        requests = [CommandRequest(command, stream=about.stream, vault_write=write)]
        order = about.person.orders.get(standing.order)
        rule = told.webhook.rule_for("refund", order.products if order else ())
        outdated = False
        if rule is not None and isinstance(decide(command, about.person, told.plan), Done):
            outdated = is_outdated(rule, about, told.occurred_at, standing.order)
            if not outdated:
                requests += rule_requests(rule, told, about, call, particulars)
        of_refund, *of_rule = self._execute(requests)
        facts = [_of_result("refund", of_refund)]
        if rule is not None and outdated:
            facts.append(fact_of(rule.then, FactOutcome.OUTDATED, about.stream))
        elif rule is not None and of_rule:
            facts.append(_of_rule(rule, of_rule))
        return facts

    def _ended(
        self, fact: SubscriptionEnded, told: Told, call: str, began: KnownOrder | None
    ) -> list[CallFact] | None:
        """None where nobody is known whose subscription it is, or no rule is about it. Whoever
        bought it has it: the address may have been changed since, to somebody else's.
        """
        stream = began.subscriber if began is not None else self._whose(fact.email)
        rule = told.webhook.rule_for("subscription-ended", fact.products)
        if rule is None or not stream:
            return None
        about = self._about_stream(stream)
        if is_outdated(rule, about, told.occurred_at, began.order if began else ""):
            return [fact_of("subscription-ended", FactOutcome.OUTDATED, stream)]
        particulars: dict[str, object] = {"what": "subscription-ended"}
        if fact.subscription:
            particulars["subscription"] = fact.subscription
        return [self._ruled(rule, told, about, call, particulars)]

    def _ruled(
        self,
        rule: WebhookRule,
        told: Told,
        about: About,
        identity: str,
        particulars: dict[str, object],
    ) -> CallFact:
        """Of a fact of which nothing is recorded but what its rule leads to."""
        if rule.then == "nothing":
            return fact_of(rule.on, FactOutcome.NOTHING_BY_RULE, about.stream)
        requests = rule_requests(rule, told, about, identity, particulars)
        if not requests:
            return fact_of(rule.on, FactOutcome.PERSON_UNKNOWN)
        barred = self._barred(requests, about.address)
        results = [] if barred else self._execute(requests)
        return replace(_of_rule(rule, results, barred), name=rule.on)

    # What was told before its purchase

    def _wait(
        self,
        fact: Refund | SubscriptionEnded,
        told: Told,
        call: str,
        numbers: Sequence[str],
    ) -> None:
        refund = fact if isinstance(fact, Refund) else None
        for number in numbers:
            self.awaited.wait(
                Awaited(
                    number=self._hash(number),
                    identity=call,
                    kind="refund" if refund else "subscription-ended",
                    trust=told.trust,
                    amount=refund.amount if refund else 0,
                    currency=refund.currency if refund else "",
                    products=() if isinstance(fact, Refund) else fact.products,
                    occurred_at=told.occurred_at,
                )
            )

    def _came(
        self, awaited: Awaited, purchase: Purchase, told: Told, address: str
    ) -> list[CallFact]:
        """A purchase has come for which this has waited; of its own call nothing was kept."""
        earlier = replace(
            told,
            trust=awaited.trust,
            delivery="",
            occurred_at=awaited.occurred_at,
            apart=None,
            body_hash="",
        )
        call, numbers = awaited.identity, (read_number(purchase.order),)
        match awaited.kind:
            case "refund":
                refund = Refund(numbers, awaited.amount, awaited.currency)
                facts = _tried(lambda: self._refunded(refund, earlier, call, numbers))
            case "subscription-ended":
                # By the buyer alone it may be another subscription's purchase.
                of_buyer = awaited.number == self._hash(told.buyer(address))
                ended = SubscriptionEnded(
                    subscription=purchase.subscription,
                    email=address,
                    orders=() if of_buyer else numbers,
                    products=awaited.products,
                )
                began = None if of_buyer else self._began(ended, told)
                facts = _tried(lambda: self._ended(ended, earlier, call, began))
        if facts is not None:
            self.awaited.settle(call)
        return facts or []

    # Who and which

    def _hash(self, number: str) -> bytes:
        return hash_of_number(self.vault.pepper, number)

    def _whose(self, address: str) -> str:
        """Nobody's, "", where nobody is known, or there is no address."""
        known = _normalised(address)
        return (self.vault.find(known) or self.vault.formerly(known) or "") if known else ""

    def _began(self, fact: SubscriptionEnded, told: Told) -> KnownOrder | None:
        """The order with which a subscription began, or by which it is known."""
        number = self._hash(told.subscription(fact.subscription))
        known = known_orders(self.vault.database, [number]) if fact.subscription else {}
        return known.get(number) or self._order(fact.orders, fact.email, told)

    def _about(self, address: str) -> About:
        stream = self._whose(address)
        if not stream:
            return About(stream="", person=NOBODY, address=address)
        return replace(self._about_stream(stream), address=address)

    def _about_stream(self, stream: str) -> About:
        return About(stream=stream, person=self.command_handler.load([stream])[stream])

    def _numbered(self, number: str, about: About, told: Told) -> tuple[str, bool]:
        """Under which number the order stands here, and whether it is known. It is the shop's own
        number, by which every door knows it, unless another order has that one.
        """
        standing = self._standing([number], told)[number]
        if standing.own is not None:
            return told.number(number), True
        if standing.plain is None:
            return (told.number(number) if standing.taken else number), False
        of_buyer = standing.plain.subscriber == about.stream
        return (number, True) if of_buyer else (told.number(number), False)

    def _order(self, numbers: Sequence[str], email: str, told: Told) -> KnownOrder | None:
        """The order that has one of these numbers, and is not somebody else's than who is named."""
        named, whose = _normalised(email), self._whose(email)
        for standing in self._standing(numbers, told).values():
            if standing.own is not None:
                return standing.own
            plain = standing.plain
            if plain is not None and (not named or whose == plain.subscriber):
                return plain
        return None

    def _standing(self, numbers: Sequence[str], told: Told) -> dict[str, _Standing]:
        """By number, in their order."""
        others = [name for name in told.plan.webhooks if name != told.webhook.name]
        elsewhere = {n: [self._hash(f"{name}/{n}") for name in others] for n in numbers}
        hashes = [self._hash(n) for number in numbers for n in (number, told.number(number))]
        hashes += [hashed for of_others in elsewhere.values() for hashed in of_others]
        known = known_orders(self.vault.database, hashes)
        standing = dict[str, _Standing]()
        for number in numbers:
            plain = known.get(self._hash(number))
            of_others = [known[hashed] for hashed in elsewhere[number] if hashed in known]
            standing[number] = _Standing(
                own=known.get(self._hash(told.number(number))),
                plain=None if plain in of_others else plain,
                taken=plain is not None,
            )
        return standing

    def _other_numbers(self, fact: Purchase, told: Told, number: str) -> list[bytes]:
        """By which an order that stands under `number` is known besides: as this shop's, and as the
        one with which a subscription began.
        """
        own = told.number(read_number(fact.order))
        hashes = [self._hash(own)] if own != number else []
        if fact.subscription:
            hashed = self._hash(told.subscription(fact.subscription))
            hashes += [] if known_orders(self.vault.database, [hashed]) else [hashed]
        return hashes

    def _barred(self, requests: Sequence[CommandRequest], address: str) -> Refused | None:
        """Whoever may not be written to is not put on a list, known or unknown."""
        if not any(isinstance(request.command, Subscribe) for request in requests):
            return None
        hashed = self.vault.hash(address)
        why = self.vault.suppressed([hashed]).get(hashed, "") if address else ""
        return Refused(Refusal.ADDRESS_SUPPRESSED, why=Words(why)) if why else None

    def _execute(self, requests: Sequence[CommandRequest]) -> list[Result]:
        results = self.command_handler.execute(requests)
        if any(result.conflict for result in results):
            raise _Conflict
        return results


def _tried(attempt: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except _Conflict:
            continue
    raise TryLater


def _why_not(request: Refused, barred: Refused | None, known: bool) -> Outcome:
    """Why an order is not recorded: of somebody unknown, unless it is known, and so another's."""
    if request.code is not Refusal.PERSON_UNKNOWN:
        return request
    return barred or (Refused(Refusal.ORDER_OF_ANOTHER) if known else FactOutcome.PERSON_UNKNOWN)


def _normalised(address: str) -> str:
    """ "" for what is no address."""
    try:
        return normalise(address)
    except AddressRefused:
        return ""


def _declared(codes: Sequence[str], plan: Plan) -> tuple[str, ...]:
    """Those of a shop's codes that are products here: its payment links and price plans are not."""
    declared = {product.code for product in plan.declared.products} if plan.declared else set()
    fit = [code for code in codes if PRODUCT_CODE.fullmatch(code)]
    return tuple(code for code in fit if not declared or code in declared)[:MAX_PRODUCTS]


def fact_of(name: str, outcome: Outcome, subscriber: str = "") -> CallFact:
    return CallFact(name=name, outcome=stored(outcome), subscriber=subscriber)


def outcome_of(result: Result) -> Outcome:
    return FactOutcome.DONE if isinstance(result.outcome, Done) else result.outcome


def _of_result(name: str, result: Result) -> CallFact:
    return fact_of(name, outcome_of(result), result.stream)


def _of_rule(
    rule: WebhookRule, results: Sequence[Result], barred: Refused | None = None
) -> CallFact:
    """What became of the rule: of several requests, what became of the first that was not done."""
    if barred is not None:
        return fact_of(rule.then, barred)
    undone = [result for result in results if not isinstance(result.outcome, Done)]
    return _of_result(rule.then, (undone or [*results])[0])
