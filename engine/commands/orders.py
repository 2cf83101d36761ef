"""An order or a refund that a door was told becomes a request: whose order has its number, and
under which id the ledger has it.

The number stands in no event. What a number is known by is a keyed hash beside the person it is of,
which goes when they are erased; two who record one number at once conflict on it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence

from engine.commands.command_handler import CommandRequest
from engine.intake.orders import PlacedOrder, Refund
from engine.subscriber.commands import RecordOrder, RefundOrder
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Refusal, Refused
from engine.subscriber.person import ORDERS_KEPT
from engine.vault.evidence import Evidence
from engine.vault.recorded_orders import KnownOrder, NumberedOrder, hash_of_number, known_orders
from engine.vault.vault import Vault, VaultWrite

Kept = tuple[Cause, tuple[Evidence, ...]]
"""The cause of what is recorded, and the evidence it commits to."""


def record_requests(
    vault: Vault,
    orders: Sequence[PlacedOrder],
    at: int,
    kept: Callable[[PlacedOrder], Kept],
    *,
    arriving: Collection[str] = (),
    other_numbers: Collection[bytes] = (),
) -> list[CommandRequest | Refused]:
    """A request for each order; refused of whoever is unknown under the address, and where the
    number is of somebody else's order. `at` is the engine's time (ms). `arriving` are addresses
    whose people a request before these registers; `other_numbers` are hashes by which the orders
    are known too.
    """
    hashes = {order.address: vault.hash(order.address) for order in orders}
    people = vault.formerly_all(hashes.values()) | vault.find_all(hashes.values())
    numbers = {order.number: hash_of_number(vault.pepper, order.number) for order in orders}
    known = known_orders(vault.database, numbers.values())
    recorded = set(known)
    requests: list[CommandRequest | Refused] = []
    for order in orders:
        stream, number = people.get(hashes[order.address]), numbers[order.number]
        if stream is None and order.address not in arriving:
            requests.append(Refused(Refusal.PERSON_UNKNOWN))
            continue
        standing = known.setdefault(number, KnownOrder(secrets.token_hex(16), stream or ""))
        if standing.subscriber != (stream or ""):
            requests.append(Refused(Refusal.ORDER_OF_ANOTHER))
            continue
        cause, evidence = kept(order)
        command = RecordOrder(
            at=at,
            cause=cause,
            order=standing.order,
            amount=order.amount,
            currency=order.currency,
            products=order.products,
            ordered_at=order.placed_at,
            known=number in recorded,
        )
        named = tuple(
            NumberedOrder(known_by, standing.order) for known_by in (number, *other_numbers)
        )
        vault_write = VaultWrite("", at, evidence=evidence, orders=named)
        requests.append(
            CommandRequest(
                command, stream=stream or "", address=order.address, vault_write=vault_write
            )
        )
    return requests


def refund_request(
    vault: Vault, refund: Refund, at: int, kept: Kept, call: str = ""
) -> CommandRequest | Refused:
    hashed = hash_of_number(vault.pepper, refund.number)
    known = known_orders(vault.database, [hashed]).get(hashed)
    if known is None:
        return Refused(Refusal.ORDER_UNKNOWN, most=ORDERS_KEPT)
    cause, evidence = kept
    command = RefundOrder(
        at=at,
        cause=cause,
        order=known.order,
        amount=refund.amount,
        currency=refund.currency,
        call=call,
    )
    vault_write = VaultWrite("", at, evidence=evidence)
    return CommandRequest(command, stream=known.subscriber, vault_write=vault_write)
