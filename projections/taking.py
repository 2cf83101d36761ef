"""What is due, as senders read it: the rows of some buckets, letters that wait for a mailbox
provider and that come out again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from engine.store.binary import bigints, integers, texts, uuids
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.due_rows import BEGINNING, Buckets, DuePage, DueRow, Place

SQL = beside(__file__)


class DueReading:
    """Implements what engine.subscriber.due_rows.DueRows says of rows."""

    def __init__(self, database: Database, schema: str) -> None:
        """`schema`: the agenda's."""
        self.database = database
        self.taking = SQL.within(schema=schema)

    def due(
        self,
        now: int,
        limit: int,
        buckets: Buckets,
        paused: Collection[int],
        after: Place = BEGINNING,
    ) -> DuePage:
        values = {"now": now, "limit": limit, "buckets": buckets, "paused": list(paused)}
        values |= {"passed": after[0], "passed_subscriber": after[1]}
        statement = self.taking["due_beside_pauses" if paused else "due"]
        rows = cast(list[tuple[int, str | None, str, int]], self._ask(statement, **values))
        position = rows[0][0] if rows else 0
        return DuePage(
            position, [DueRow((who, key), due) for _, who, key, due in rows if who is not None]
        )

    def park(self, rows: Sequence[tuple[tuple[str, str], str, int]]) -> list[tuple[str, str]]:
        values = {
            "subscribers": uuids([subscriber for (subscriber, _), _, _ in rows]),
            "keys": texts([key for (_, key), _, _ in rows]),
            "providers": texts([provider for _, provider, _ in rows]),
            "ranks": bigints([rank for _, _, rank in rows]),
        }
        return cast(list[tuple[str, str]], self._ask(self.taking["park"], **values))

    def unpark(
        self, now: int, letters: Mapping[str, int], buckets: Buckets, paused: Collection[int]
    ) -> list[tuple[DueRow, str]]:
        values: dict[str, object] = {"now": now, "buckets": buckets, "paused": list(paused)}
        values |= {"providers": texts(letters), "letters": integers([*letters.values()])}
        rows = cast(list[tuple[str, str, int, str]], self._ask(self.taking["unpark"], **values))
        return [(DueRow((who, key), due), provider) for who, key, due, provider in rows]

    def _ask(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """One statement without an explicit transaction."""
        with self.database.connection() as connection:
            return cast(list[tuple[object, ...]], connection.execute(query, values).fetchall())
