"""A view built from the whole ledger beside the live one: person by person, so that each is folded once and every row is written once, by COPY.

Until it is put in the live one's place nobody reads it. A crash leaves a schema that the next building drops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.ledger.histories import histories
from engine.store.binary import copy_rows
from engine.store.database import Database
from engine.store.sql import queries
from projections.view import Cursor, View

SQL = queries(Path(__file__).with_name("build.sql"))
PARTS = "0123456789abcdef"
"""People by the first digit of their stream, which is random: a part is read in order without sorting the whole ledger."""
LOWEST, HIGHEST = "0000000-0000-0000-0000-000000000000", "fffffff-ffff-ffff-ffff-ffffffffffff"


def fill(database: Database, views: Sequence[View], position: int, tell: Callable[[int, int], None]) -> None:
    """What the ledger says up to `position`, into the tables of `views`, which are there, empty and without their indexes."""
    done = 0
    for part in PARTS:
        with database.transaction() as connection, connection.cursor() as cursor:
            done += _fill(cursor, database, views, position, part)
        tell(done, position)


def _fill(cursor: Cursor, database: Database, views: Sequence[View], position: int, part: str) -> int:
    done = 0
    for view in views:
        view.begin(cursor, position)
    for entries in histories(database, part + LOWEST, part + HIGHEST, position):
        for view in views:
            for table, rows in view.whole(entries).items():
                if rows:
                    copy_rows(cursor, SQL.within(schema=view.schema, table=table)["copy"], rows)
        done += len(entries)
    return done
