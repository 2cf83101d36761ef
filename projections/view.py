"""What a view is: a name, a version, its own schema, and how a batch of entries changes it. Free of
personal data; dropped and replayed at will.

Each version of a view lives in a schema of its own (`view_agenda_4`), so a new version is built
beside the old one and older programs keep theirs. Its statements name that schema, so that to ask a
view is one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import psycopg

from engine.ledger.codec import Entry
from engine.store.sql import Queries

Cursor = psycopg.Cursor[tuple[object, ...]]
LIVE = "view"


class View(Protocol):
    """`apply` runs in one transaction with the view's position; `tidy` does a bounded piece of
    deferred work and says whether some is left.
    """

    name: str
    version: int
    schema: str
    sql: Queries
    tables: tuple[str, ...]

    def begin(self, position: int) -> None:
        """Take up whatever is kept in memory, as of `position`."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None: ...

    def tidy(self, cursor: Cursor) -> bool: ...

    def whole(self, entries: Sequence[Entry]) -> Mapping[str, Sequence[bytes]]:
        """Of people whose whole history this is, one after the other: their rows by table, as COPY
        takes them. After `begin`; touches no table.
        """


def schema_of(view: type[View], prefix: str) -> str:
    return f"{prefix}_{view.name}_{view.version}"
