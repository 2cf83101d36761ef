"""Which order has which number: the ledger has a random id alone, and the vault its number as a
keyed hash. Apart from vault.py, which is long, and writes these rows with its own.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection

from engine.frozen import dataclass
from engine.store.binary import byteas
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)


@dataclass(frozen=True, slots=True)
class NumberedOrder:
    """`number` is the hash of an order's number, `order` its random id in the ledger."""

    number: bytes
    order: str


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """`order` is the random id that the ledger has of it."""

    order: str
    subscriber: str


def hash_of_number(pepper: bytes, number: str) -> bytes:
    """The keyed hash under which the number of an order is known."""
    return hmac.digest(pepper, f"order-number/v1\0{number}".encode(), "sha256")


def known_orders(database: Database, hashes: Collection[bytes]) -> dict[bytes, KnownOrder]:
    with database.connection() as connection:
        rows = connection.execute(SQL["orders"], {"hashes": byteas(list(hashes))}).fetchall()
    return {bytes(row[0]): KnownOrder(str(row[1]), str(row[2])) for row in rows}


def keep_order(cursor: AnyCursor, subscriber: str, order: NumberedOrder, at: int) -> None:
    values = {"subscriber": subscriber, "hash": order.number, "order": order.order, "at": at}
    cursor.execute(SQL["keep_order"], values)
