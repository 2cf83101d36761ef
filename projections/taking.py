"""The queue of what is due, as senders take from it: rows taken, letters that wait for a mailbox
provider and that come out again. It stands on the desk, beside the agenda.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import cast

from engine.store.binary import bigints, integers, texts, uuids
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
FROM_THE_BEGINNING = (0, "00000000-0000-0000-0000-000000000000")
BEGIN_AGAIN_SECONDS = 1.0
"""Wall-clock seconds after which the queue is read from its beginning again, so that what falls due
late, as a retry does, waits no longer.
"""
LONG_SECONDS, BEGIN_AGAIN_SHARE = 0.1, 20
"""Where letters wait for their providers by the hundred thousand, walking past them takes long: it
is done after a pause this many times as long.
"""


class DueQueue:
    """Implements what engine.sending.stores.DueRows says of rows."""

    def __init__(self, database: Database, schema: str) -> None:
        """`schema`: the agenda's."""
        self.database = database
        self.taking = SQL.within(schema=schema)
        self._passed: tuple[int, str] = FROM_THE_BEGINNING
        self._began = self._pause = 0.0

    def take(
        self, now: int, limit: int, sender: str, lease: int, paused: Collection[int]
    ) -> list[tuple[str, str]]:
        """Continues after the rows of the last call: those are taken but the view has not followed
        yet, so they would be skipped one by one. Starts over every second, and before it answers
        that nothing is due.
        """
        values: dict[str, object] = {"now": now, "limit": limit, "sender": sender}
        values |= {"lease": lease, "paused": list(paused)}
        since = time.monotonic() - self._began
        if since > max(BEGIN_AGAIN_SECONDS, self._pause):
            self._begin_again()
        rows = self._take(values)
        if not rows and self._passed != FROM_THE_BEGINNING:
            if since < self._pause:
                return []
            self._begin_again()
            rows = self._take(values)
        if rows:
            self._passed = rows[0][2:]
        return [row[:2] for row in rows]

    def _begin_again(self) -> None:
        self._began, self._passed = time.monotonic(), FROM_THE_BEGINNING

    def _take(self, values: dict[str, object]) -> list[tuple[str, str, int, str]]:
        due, subscriber = self._passed
        statement = self.taking["take_beside_pauses" if values["paused"] else "take"]
        began = time.monotonic()
        rows = self._ask(statement, passed=due, passed_subscriber=subscriber, **values)
        if self._passed == FROM_THE_BEGINNING:
            took = time.monotonic() - began
            self._pause = BEGIN_AGAIN_SHARE * took if took > LONG_SECONDS else 0.0
        return cast(list[tuple[str, str, int, str]], rows)

    def park(
        self, rows: Sequence[tuple[tuple[str, str], str, int]], seconds: int
    ) -> list[tuple[str, str]]:
        values = {
            "subscribers": uuids([subscriber for (subscriber, _), _, _ in rows]),
            "keys": texts([key for (_, key), _, _ in rows]),
            "providers": texts([provider for _, provider, _ in rows]),
            "ranks": bigints([rank for _, _, rank in rows]),
            "seconds": seconds,
        }
        return cast(list[tuple[str, str]], self._ask(self.taking["park"], **values))

    def unpark(
        self, now: int, letters: Mapping[str, int], sender: str, lease: int, paused: Collection[int]
    ) -> list[tuple[tuple[str, str], str]]:
        values: dict[str, object] = {"now": now, "sender": sender, "lease": lease}
        values |= {"paused": list(paused), "providers": texts(letters)}
        rows = self._ask(self.taking["unpark"], **values, letters=integers([*letters.values()]))
        return [((str(row[0]), str(row[1])), str(row[2])) for row in rows]

    def _ask(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """One statement without an explicit transaction."""
        with self.database.connection() as connection:
            return cast(list[tuple[object, ...]], connection.execute(query, values).fetchall())
