"""Which senders are lost: processes that have begun letters and are not heard of any more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
LOST_SECONDS: Final = 30
"""Seconds without a heartbeat, by the database's clock; machines stall for less."""


class LostSenders:
    def __init__(self, database: Database, judge: str) -> None:
        """`judge` is the process that asks, by its name on the desk."""
        self.database, self.judge = database, judge

    def lost(self, senders: Collection[str]) -> set[str]:
        """Those that were not heard for LOST_SECONDS while the judge was: after an outage of the
        database, which silences everybody, nobody is taken for lost.
        """
        if not senders:
            return set()
        values = {"senders": sorted(senders), "judge": self.judge, "seconds": LOST_SECONDS}
        with self.database.connection() as connection:
            return {str(sender) for (sender,) in connection.execute(SQL["lost"], values)}
