"""Live views held against rebuilt ones, row for row, both in one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from psycopg import sql

from engine.store.database import Database
from engine.store.sql import beside
from engine.views import RowDifference
from projections.follow import Follower
from projections.view import View

SQL = beside(__file__)
SHOWN = 50
MAY_HAVE_MORE = {"segment_look": "looked_at_later", "zone": "only_in"}
"""Tables that may say more than a replay: people are then looked at once for nothing, and zones
looked up in which nobody lives any more. What says that one says less.
"""


def differences_at(
    position: int,
    database: Database,
    follower: Follower,
    views: Sequence[View],
    twins: Sequence[View],
) -> list[RowDifference] | None:
    """None when the live views, which `follower` follows, moved on meanwhile: the caller tries
    again.
    """
    differences: list[RowDifference] = []
    with database.transaction(long=True) as connection:
        connection.execute(SQL["snapshot"])
        (head,) = connection.execute(SQL["head"]).fetchone() or (0,)
        for view, twin in zip(views, twins, strict=True):
            statement = follower.sql[view.name]["position"]
            (followed,) = connection.execute(statement).fetchone() or (0,)
            ahead = cast(int, followed) > cast(int, head)
            if ahead:
                differences.append(RowDifference(view.name, "ahead", str(followed)))
            for table in (*view.tables, *(() if ahead else ("position",))):
                for where, one, other in (
                    ("live only", view, twin),
                    ("rebuilt only", twin, view),
                ):
                    names = [sql.Identifier(side.schema, table) for side in (one, other)]
                    if table in MAY_HAVE_MORE and one is view:
                        continue
                    statement = SQL[MAY_HAVE_MORE.get(table, "only_in")]
                    rows = connection.execute(
                        sql.SQL(statement).format(
                            one=names[0], other=names[1], most=sql.Literal(SHOWN)
                        )
                    ).fetchall()
                    if rows and table == "position":
                        return None
                    differences += [
                        RowDifference(f"{view.name}.{table}", where, _shown(row)) for row in rows
                    ]
    return differences


def _shown(row: tuple[object, ...]) -> str:
    return " | ".join(
        f"<{len(value)} bytes>" if isinstance(value, bytes) else str(value) for value in row
    )
