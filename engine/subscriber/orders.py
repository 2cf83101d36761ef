"""What a person bought: an order is recorded once, and refunded up to its amount.

An order is the person's own act, and so a contact (C10); it gives no consent and no other ground to
write. Which number stands behind an order's id is for the vault to know.
"""

from __future__ import annotations

from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.consenting import REPEATED
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import ORDERS_KEPT, Person

RECORDED_ALREADY = NothingToDo(Unchanged.ORDER_RECORDED)


def record_order(command: c.RecordOrder, person: Person) -> Outcome:
    """A repeat changes nothing; a repeat with another amount is refused, as one of the two is
    wrong.
    """
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    standing = person.orders.get(command.order)
    if standing is not None:
        same = (standing.amount, standing.currency) == (command.amount, command.currency)
        return RECORDED_ALREADY if same else Refused(Refusal.ORDER_DIFFERS)
    if command.known:
        return RECORDED_ALREADY
    recorded = e.OrderRecorded(
        at=min(command.ordered_at or command.at, command.at),
        order=command.order,
        amount=command.amount,
        currency=command.currency,
        products=command.products,
    )
    return done(command.cause, recorded)


def refund_order(command: c.RefundOrder, person: Person) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    order = person.orders.get(command.order)
    if order is None:
        return Refused(Refusal.ORDER_UNKNOWN, most=ORDERS_KEPT)
    if command.currency not in ("", order.currency):
        return Refused(Refusal.ORDER_IN_ANOTHER_CURRENCY, currency=order.currency)
    if not order.left:
        return NothingToDo(Unchanged.ORDER_REFUNDED)
    amount = command.amount or order.left
    if amount > order.left:
        return Refused(Refusal.REFUND_BEYOND_ORDER)
    honoured = (e.CallHonoured(command.at, command.call),) if command.call else ()
    return done(
        command.cause, e.OrderRefunded(command.at, command.order, amount, order.currency), *honoured
    )
