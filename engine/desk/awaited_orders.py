"""Refunds and ends of subscriptions whose purchase has not come yet: a shop's calls overtake each
other. Each waits, by the keyed hash of the number that the purchase will have, for ninety days of
wall clock. It names nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from engine.frozen import dataclass
from engine.store.binary import byteas
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """`number` is the keyed hash of the order's number, of the subscription's or of the buyer's
    address; `identity` names the refund or the end, the same each time it is told. `amount` is in
    minor units of `currency`, 0 for all that is left; `occurred_at` is in milliseconds.
    """

    number: bytes
    identity: str
    kind: Literal["refund", "subscription-ended"]
    trust: str
    amount: int
    currency: str
    products: tuple[str, ...]
    occurred_at: int


class AwaitedOrders:
    def __init__(self, database: Database) -> None:
        self.database = database

    def wait(self, awaited: Awaited) -> None:
        """The same again changes nothing."""
        values = {
            "number": awaited.number,
            "identity": awaited.identity,
            "kind": awaited.kind,
            "trust": awaited.trust,
            "amount": awaited.amount,
            "currency": awaited.currency,
            "products": list(awaited.products),
            "occurred_at": awaited.occurred_at,
        }
        with self.database.connection() as connection:
            connection.execute(SQL["wait"], values)

    def of(self, numbers: Collection[bytes]) -> list[Awaited]:
        """What waits for these numbers, in the order in which it happened."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["of"], {"numbers": byteas(list(numbers))}).fetchall()
        return [
            Awaited(
                number=bytes(row[0]),
                identity=str(row[1]),
                kind=row[2],
                trust=str(row[3]),
                amount=int(row[4]),
                currency=str(row[5]),
                products=tuple(row[6]),
                occurred_at=int(row[7]),
            )
            for row in rows
        ]

    def settle(self, identity: str) -> None:
        """What waited was followed, under whichever of its numbers."""
        with self.database.connection() as connection:
            connection.execute(SQL["settle"], {"identity": identity})

    def forget(self) -> None:
        """Delete what is past its time to live."""
        with self.database.connection() as connection:
            connection.execute(SQL["forget"])
