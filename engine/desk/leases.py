"""Which sender takes what is due of whom: subscribers are in 64 buckets, and a sender leases some
of them for seconds, its fair share where others send too.

A lease spares work and keeps nothing single: that a letter is begun once is the ledger's doing. All
times are wall-clock.
"""

from __future__ import annotations

from typing import Final

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
LEASE_SECONDS: Final = 6
"""Seconds after which what a sender no longer renews is free."""


class BucketLeases:
    def __init__(self, database: Database) -> None:
        self.database = database

    def lease(self, sender: str) -> frozenset[int]:
        """The buckets that are `sender`'s for LEASE_SECONDS from now: its own anew, what is free up
        to its share, and none beyond it.
        """
        values = {"sender": sender, "seconds": LEASE_SECONDS}
        with self.database.connection() as connection:
            rows = connection.execute(SQL["lease"], values).fetchall()
            if not rows and connection.execute(SQL["know"]).rowcount:
                rows = connection.execute(SQL["lease"], values).fetchall()
        return frozenset(int(bucket) for bucket, is_held in rows if is_held)

    def give_up(self, sender: str) -> None:
        """It wants none: its buckets are free at once."""
        with self.database.connection() as connection:
            connection.execute(SQL["give_up"], {"sender": sender})
