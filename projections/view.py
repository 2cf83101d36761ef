"""What a view is: a name, a version, a schema of its own, and how a batch of entries changes it.
Free of personal data; dropped and replayed at will.

Each version of a view has its own schema (`view_agenda_7`), so a new version is built beside the
old one and older programs keep theirs. Its statements name that schema, so a query needs no `SET
search_path`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import psycopg

from engine.ledger.codec import Entry
from engine.store.sql import Queries
from engine.subscriber.own_robot import is_own_robot

Cursor = psycopg.Cursor[tuple[object, ...]]
LIVE = "view"


class View(Protocol):
    """`apply` runs in one transaction with the view's position; `tidy` does a bounded piece of
    deferred work and says whether some is left. `of_everybody`: it is fed with what the
    installation's own robot does, too.
    """

    name: str
    version: int
    schema: str
    sql: Queries
    tables: tuple[str, ...]
    of_everybody: bool

    def begin(self, position: int) -> None:
        """Load what is cached in memory, as of `position`."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None: ...

    def tidy(self, cursor: Cursor) -> bool: ...

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> Mapping[str, Sequence[bytes]]:
        """Rows by table, as COPY takes them, for people whose whole history this is, one after the
        other. Called after `begin`; writes nothing.
        """


def of_people(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Without what the installation's own robot did."""
    if not any(map(is_own_robot, {entry.stream for entry in entries})):
        return entries
    return [entry for entry in entries if not is_own_robot(entry.stream)]


def schema_of(view: type[View], prefix: str) -> str:
    return f"{prefix}_{view.name}_{view.version}"
