"""Stamps of others over signed checkpoints, in the database's schema `proof`: added and read, never
changed or removed (F10).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from engine.proof.store import SQL, SignedCheckpoint, signed_of
from engine.store.database import Database


@dataclass(frozen=True, slots=True)
class KeptStamp:
    """`response` is the server's whole answer (DER), `roots` the certificates it was held against
    (PEM). `stamped_at` is the time it states, `holds_until` when the first certificate in it
    expires; both ms since 1970 UTC, by the server's clock.
    """

    origin: str
    size: int
    response: bytes
    roots: bytes
    stamped_at: int
    holds_until: int


class Stamps:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, stamp: KeptStamp) -> None:
        """Harmless when it is there."""
        values = {
            "origin": stamp.origin,
            "size": stamp.size,
            "response": stamp.response,
            "roots": stamp.roots,
        }
        with self.database.connection() as connection:
            connection.execute(
                SQL["add_stamp"],
                values | {"stamped_at": stamp.stamped_at, "holds_until": stamp.holds_until},
            )

    def of(self, origin: str, size: int) -> list[KeptStamp]:
        """Those over one checkpoint, the earliest first."""
        return list(self._asked("stamps_of", origin=origin, size=size))

    def last(self) -> KeptStamp | None:
        return next(self._asked("last_stamp"), None)

    def ending(self, before: int, limit: int) -> list[SignedCheckpoint]:
        """Checkpoints whose every stamp ends before an instant, the most urgent first."""
        with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
            return list(
                signed_of(
                    cursor.execute(SQL["ending"], {"before": before, "limit": limit}).fetchall()
                )
            )

    def _asked(self, statement: str, **values: object) -> Iterator[KeptStamp]:
        with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(SQL[statement], values).fetchall()
        for origin, size, response, roots, stamped_at, holds_until in cast(
            Iterable[tuple[str, int, bytes, bytes, int, int]], rows
        ):
            yield KeptStamp(origin, size, bytes(response), bytes(roots), stamped_at, holds_until)


def best(stamps: Iterable[KeptStamp], now: int) -> KeptStamp | None:
    """What is handed over: of those that still hold the earliest, which bounds best; where none
    does, the last to end. Pure.
    """
    found = sorted(stamps, key=lambda each: each.stamped_at)
    holding = [each for each in found if each.holds_until > now]
    return holding[0] if holding else max(found, key=lambda each: each.holds_until, default=None)
