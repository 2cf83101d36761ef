"""The ledger person by person, for whoever folds it from its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from engine.ledger.codec import Entry
from engine.ledger.store import entry_of
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)


def histories(
    database: Database, first: str, last: str, upto: int, batch: int = 5000
) -> Iterator[list[Entry]]:
    """Streams from `first` to `last`, each whole up to a position and one after the other; about
    `batch` entries at a time.

    Raises EntryRefused where a column and the entry disagree.
    """
    kept: list[Entry] = []
    with (
        database.transaction(long=True) as connection,
        connection.cursor("histories", binary=True) as cursor,
    ):
        cursor.execute(SQL["span"], {"first": first, "last": last, "upto": upto})
        while rows := cast(list[tuple[int, str, int, str, bytes]], cursor.fetchmany(batch)):
            kept += [entry_of(*row) for row in rows]
            open_stream = kept[-1].stream
            cut = (
                next((n for n in range(len(kept) - 1, -1, -1) if kept[n].stream != open_stream), -1)
                + 1
            )
            if cut:
                yield kept[:cut]
                del kept[:cut]
    if kept:
        yield kept
