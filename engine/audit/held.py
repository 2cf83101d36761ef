"""What an auditor is told is read once, with its exact bytes, and held before a word of it is said:
against the tree, against the columns it was found by, and against how many facts there were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from engine.commands.command_handler import CommandHandler
from engine.installation.events import STREAM
from engine.ledger.codec import Entry
from engine.ledger.store import Ledger
from engine.proof.held_reading import HeldReading, misplaced_entries, missing_facts
from engine.proof.ledger_tree import LedgerTree
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
Read = Mapping[int, tuple[Entry, bytes]]
"""Entries by position, each with the bytes it was decoded from (`Ledger.stored`)."""


class HoldingStores(Protocol):
    """`command_handler` knows how many facts a person's state was computed from."""

    @property
    def database(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def command_handler(self) -> CommandHandler: ...


def held_reading(
    stores: HoldingStores, installation: Read, own: Read, subscriber: str
) -> HeldReading:
    """`installation` is its whole stream, `own` the person's. Reads the columns of the whole
    ledger, and the leaves of what was read. Raises SigningRefused where what this machine signed
    last cannot be read.
    """
    octets = {position: state for position, (_, state) in (*installation.items(), *own.items())}
    entries = [entry for entry, _ in own.values()]
    known = stores.command_handler.load([subscriber])[subscriber].version
    # What came while it was read is known by now: it is no fact that is missing.
    entries += stores.ledger.after({subscriber: entries[-1].version})[subscriber]
    return stores.tree.held(octets).with_more(
        *misplaced_entries(misplaced(stores.database)),
        *missing_facts(STREAM, [entry for entry, _ in installation.values()], 0),
        *missing_facts(subscriber, entries, known),
    )


def misplaced(database: Database) -> list[int]:
    """Positions of entries whose columns are not what their bytes say: no look-up of their stream
    finds them.
    """
    with database.transaction(long=True) as connection:
        return [int(row[0]) for row in connection.execute(SQL["misplaced"]).fetchall()]
