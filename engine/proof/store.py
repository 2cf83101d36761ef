"""Tiles, checkpoints and what witnesses sign below them in the database, schema `proof`. The
program may add checkpoints and read them; nobody changes or removes one (G22).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from engine.proof.errors import ProofRefused
from engine.proof.tiles import (
    ENTRIES,
    WIDTH,
    Tile,
    TileRange,
    entry_bundle,
    place_of,
    root_of_whole,
)
from engine.proof.tree import HASH_BYTES, Node, ReadNode, Span, nodes_of, span_hash
from engine.store.binary import bigints, byteas, integers
from engine.store.database import Database
from engine.store.sql import AnyCursor, beside

SQL = beside(__file__)
TOP_KEPT = 7
"""The highest level that a tree of fewer than 2**63 leaves has."""
TilePlace = tuple[int, int]
"""Level and number."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """`note` is the signed note, byte for byte; `signed_at` the wall clock (ms) of the machine that
    signed it.
    """

    origin: str
    size: int
    root: bytes
    note: bytes
    signed_at: int


class AttestedCheckpoint(NamedTuple):
    """How many witnesses have `cosigned` it, and when it was first stamped; `signed_at` and
    `stamped_at` (None: not) are wall clock (ms).
    """

    size: int
    signed_at: int
    cosigned: int
    stamped_at: int | None


class Tiles:
    def __init__(self, database: Database) -> None:
        self.database = database

    def size(self) -> int:
        """How many leaves the tree has."""
        with self.database.connection() as connection, connection.cursor() as cursor:
            return size(cursor)

    def root_at(self, leaves: int) -> bytes:
        """The root when the tree had so many leaves. Raises ProofRefused for more than it has."""
        return self.hashes_of([(0, leaves)])[0]

    def lead_to(self, leaves: int, root: bytes) -> bool:
        """Whether the tree had this root when it had so many leaves."""
        try:
            return self.root_at(leaves) == root
        except ProofRefused:
            return False

    def hashes_of(self, spans: Collection[Span]) -> list[bytes]:
        """The hash over each span of leaves, from one query. Raises ProofRefused where the tree
        does not have them.
        """
        nodes = [node for span in spans for node in nodes_of(span)]
        places = {(place.level, place.number) for place in map(place_of, nodes)}
        with self.database.connection() as connection, connection.cursor() as cursor:
            hashes = read(cursor, places)
        return [span_hash(span, _node_in(hashes)) for span in spans]

    def bytes_of(self, tile: Tile) -> bytes:
        """A tile as it is served: hashes one after the other, or entries behind their lengths.
        Raises ProofRefused where the tree has fewer.
        """
        with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
            content = _entries(cursor, tile) if tile.level == ENTRIES else _tile(cursor, tile)
        if content is None:
            raise ProofRefused(f"the tree does not hold {tile.path}")
        return content


def _tile(cursor: AnyCursor, tile: Tile) -> bytes | None:
    if tile.level > TOP_KEPT:
        return None
    wanted = tile.width * HASH_BYTES
    held = read(cursor, [(tile.level, tile.number)]).get((tile.level, tile.number), b"")
    return held[:wanted] if len(held) >= wanted else None


def _entries(cursor: AnyCursor, tile: Tile) -> bytes | None:
    """Only those that the tree holds too, so that each can be proven."""
    first, last = tile.number * WIDTH + 1, tile.number * WIDTH + tile.width
    if last > size(cursor):
        return None
    rows = cast(
        list[tuple[int, bytes]],
        cursor.execute(SQL["entries"], {"first": first, "last": last}).fetchall(),
    )
    return entry_bundle(bytes(state) for _, state in rows) if len(rows) == tile.width else None


def size(cursor: AnyCursor) -> int:
    row = cursor.execute(SQL["size"]).fetchone()
    return int(row[0]) if row is not None else 0


def read(cursor: AnyCursor, places: Iterable[TilePlace]) -> dict[TilePlace, bytes]:
    """The tiles there are among these."""
    wanted = list(places)
    values = {
        "levels": integers([level for level, _ in wanted]),
        "numbers": bigints([number for _, number in wanted]),
    }
    rows = cursor.execute(SQL["tiles"], values, binary=True).fetchall() if wanted else []
    return {(int(level), int(number)): bytes(hashes) for level, number, hashes in rows}


def write(cursor: AnyCursor, tiles: Mapping[TilePlace, bytes]) -> None:
    levels = integers([level for level, _ in tiles])
    numbers = bigints([number for _, number in tiles])
    cursor.execute(
        SQL["write_tiles"], {"levels": levels, "numbers": numbers, "hashes": byteas(tiles.values())}
    )


def _node_in(tiles: Mapping[TilePlace, bytes]) -> ReadNode:
    def node(level: int, index: int) -> bytes:
        wanted: Node = (level, index)
        place: TileRange = place_of(wanted)
        tile = tiles.get((place.level, place.number), b"")
        first, last = place.first * HASH_BYTES, (place.first + place.count) * HASH_BYTES
        if len(tile) < last:
            raise ProofRefused(f"the tree has no leaf {((index + 1) << level) - 1}")
        return root_of_whole([tile[at : at + HASH_BYTES] for at in range(first, last, HASH_BYTES)])

    return node


class Checkpoints:
    def __init__(self, database: Database) -> None:
        self.database = database

    def all(self) -> list[SignedCheckpoint]:
        """Every one ever signed, in the order in which it was."""
        with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
            return list(signed_of(cursor.execute(SQL["checkpoints"]).fetchall()))

    def last(self, origin: str) -> SignedCheckpoint | None:
        with self.database.connection() as connection, connection.cursor() as cursor:
            return last(cursor, origin)

    def recent(self, origin: str, limit: int) -> list[AttestedCheckpoint]:
        """Of an origin, the last first."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["recent"], {"origin": origin, "limit": limit}).fetchall()
        return [AttestedCheckpoint(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's signature `line` below a checkpoint, its newline included; `vkey` is its key."""

    vkey: str
    line: str


class Cosignatures:
    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, signed: SignedCheckpoint, cosignature: Cosignature, at: int) -> None:
        """`at` is the time that the witness states (ms). Harmless when it is there."""
        values = {"origin": signed.origin, "size": signed.size, "cosigned_at": at}
        with self.database.connection() as connection:
            connection.execute(
                SQL["add_cosignature"],
                values | {"vkey": cosignature.vkey, "line": cosignature.line},
            )

    def of(self, origin: str, size: int) -> list[Cosignature]:
        """Those of one checkpoint."""
        with self.database.connection() as connection:
            rows = connection.execute(
                SQL["cosignatures_of"], {"origin": origin, "size": size}
            ).fetchall()
        return [Cosignature(str(vkey), str(line)) for vkey, line in rows]

    def last(self, origin: str, vkey: str) -> int:
        """The size of the last checkpoint of an origin that a witness signed; 0 for none."""
        with self.database.connection() as connection:
            row = connection.execute(
                SQL["last_cosigned"], {"origin": origin, "vkey": vkey}
            ).fetchone()
        return int(row[0] or 0) if row is not None else 0


def last(cursor: AnyCursor, origin: str) -> SignedCheckpoint | None:
    return next(
        signed_of(cursor.execute(SQL["last"], {"origin": origin}, binary=True).fetchall()), None
    )


def add(cursor: AnyCursor, signed: SignedCheckpoint) -> bool:
    """False when there is one of this origin and size."""
    values = {
        "origin": signed.origin,
        "size": signed.size,
        "root": signed.root,
        "note": signed.note,
        "signed_at": signed.signed_at,
    }
    return cursor.execute(SQL["add"], values).rowcount == 1


def signed_of(rows: Iterable[object]) -> Iterator[SignedCheckpoint]:
    for origin, leaves, root, note, signed_at in cast(
        Iterable[tuple[str, int, bytes, bytes, int]], rows
    ):
        yield SignedCheckpoint(origin, leaves, bytes(root), bytes(note), signed_at)


def create(cursor: AnyCursor) -> None:
    """Make what is missing. Harmless when it is there."""
    for name in ("create", "forbid", "guard", "guard_stamps", "guard_cosignatures"):
        cursor.execute(SQL[name].encode())
