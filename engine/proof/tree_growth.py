"""The tree follows the ledger: leaf hashes of the exact stored bytes, in batches, each batch a
transaction under an advisory lock.

A crash leaves the tree at the batch it had committed; whoever comes next goes on from there. Each
step first holds the last leaf against the ledger's entry, so that a tree never grows on another
ledger's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from engine.i18n.language import N_
from engine.proof import store
from engine.proof.signing_refused import SigningRefused
from engine.proof.tiles import Edge, edge_places
from engine.proof.tree import HASH_BYTES, leaf_hash
from engine.store.database import Database
from engine.store.sql import AnyCursor

BATCH_ENTRIES = 8192
SQL = store.SQL


NO_ENTRY = N_(
    "the tree holds {size} entries, and the ledger has none at position {size}: entries were"
    " removed, or one of the two was put back without the other. `relance audit replay` names what"
    " differs; if the ledger was put back from a copy, say so with `relance audit restored`"
)
OTHER_ENTRY = N_(
    "the ledger's entry at position {size} is not the one in the tree: somebody has been at one of"
    " them, or one was put back without the other. `relance audit replay` names what differs; if"
    " the ledger was put back from a copy, say so with `relance audit restored`"
)
GAP = N_(
    "the ledger has a gap after position {size}: entries were removed. Keep everything as it is,"
    " and compare with what others hold"
)
SPOILED = N_(
    "the tree's tiles do not fit together ({why}): somebody has been at them. `relance audit"
    " replay` names where; `relance audit restored` makes them anew from the ledger"
)


class TreeContradicted(SigningRefused):
    """The tree holds other entries than the ledger: somebody has been at one of them, or one was
    put back without the other.
    """


class TreeGrowth:
    def __init__(self, database: Database) -> None:
        self.database = database

    def step(self, upto: int) -> bool:
        """One batch, to the position `upto` at most; True when there is more to do. False too when
        another process is at it.

        Raises TreeContradicted.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            if not _first(cursor, "grow_lock"):
                return False
            return self._grown(cursor, upto)

    def anew(self, upto: int, tell: Callable[[int, int], None] = lambda done, total: None) -> None:
        """The whole tree from the ledger, in one transaction: until it is done everybody sees the
        former one.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(SQL["rebuild_lock"])
            cursor.execute(SQL["forget_tiles"])
            while self._grown(cursor, upto):
                tell(store.size(cursor), upto)

    def _grown(self, cursor: AnyCursor, upto: int) -> bool:
        size = store.size(cursor)
        tiles = store.read(cursor, {*edge_places(size), (0, max(0, size - 1) // 256)})
        rows = cursor.execute(
            SQL["entries"],
            {"first": max(1, size), "last": max(size, min(upto, size + BATCH_ENTRIES))},
        ).fetchall()
        entries = cast(list[tuple[int, bytes]], rows)
        if size:
            self._check(size, tiles, entries)
            entries = entries[1:]
        if not entries:
            return False
        if entries[-1][0] != size + len(entries):
            raise TreeContradicted(GAP, size=size)
        try:
            edge = Edge(size, tiles)
        except ValueError as error:
            raise TreeContradicted(SPOILED, why=str(error)) from error
        store.write(cursor, edge.grow([leaf_hash(state) for _, state in entries]))
        return edge.size < upto

    def _check(
        self, size: int, tiles: dict[store.TilePlace, bytes], entries: list[tuple[int, bytes]]
    ) -> None:
        """That the last leaf is the ledger's entry at its position."""
        if not entries or entries[0][0] != size:
            raise TreeContradicted(NO_ENTRY, size=size)
        if tiles[0, (size - 1) // 256][-HASH_BYTES:] != leaf_hash(entries[0][1]):
            raise TreeContradicted(OTHER_ENTRY, size=size)


def _first(cursor: AnyCursor, name: str) -> object:
    row = cursor.execute(SQL[name]).fetchone()
    return row[0] if row is not None else None
