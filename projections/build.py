"""A view built from the whole ledger beside the live one: person by person, so that each is folded
once and every row is written once, by COPY.

Until it is put in the live one's place nobody reads it. A crash leaves a schema that the next
building drops.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.ledger.histories import histories
from engine.ledger.store import Ledger
from engine.store.binary import copy_rows
from engine.store.database import Database
from engine.store.sql import queries
from projections.every import every_view
from projections.parts import PARTS, dealt_out
from projections.view import View

SQL = queries(Path(__file__).with_name("build.sql"))
LOWEST, HIGHEST = "0000000-0000-0000-0000-000000000000", "fffffff-ffff-ffff-ffff-ffffffffffff"
FEW = 100_000
"""Events that one process has folded before a second one has started."""


@dataclass(frozen=True)
class Building:
    """What is being built: these views below `prefix`, up to `position`. Their tables are there,
    empty and without their indexes.
    """

    prefix: str
    names: Collection[str]
    position: int

    def fill(self, ledger: Ledger, database: Database, tell: Callable[[int, int], None]) -> None:
        processes = min(os.cpu_count() or 1, len(PARTS))
        alone = self.position < FEW or processes == 1
        done = 0
        for each in (
            map(self._part(ledger, database), PARTS)
            if alone
            else dealt_out(self.begin, database.conninfo, processes)
        ):
            done += each
            tell(done, self.position)

    def begin(self, conninfo: str) -> Callable[[str], int]:
        """In a process of its own, with connections of its own until it ends."""
        return self._part(Ledger(conninfo), Database(conninfo, size=2).open())

    def _part(self, ledger: Ledger, database: Database) -> Callable[[str], int]:
        views = every_view(ledger, self.prefix, self.names)
        for view in views:
            view.begin(self.position)
        return partial(self._fill, database, views)

    def _fill(self, database: Database, views: Collection[View], part: str) -> int:
        done = 0
        with database.transaction(long=True) as connection, connection.cursor() as cursor:
            for entries in histories(database, part + LOWEST, part + HIGHEST, self.position):
                for view in views:
                    for table, rows in view.whole(entries).items():
                        if rows:
                            copy_rows(
                                cursor, SQL.within(schema=view.schema, table=table)["copy"], rows
                            )
                done += len(entries)
        return done
