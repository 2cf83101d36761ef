"""What somebody reads in the ledger, held against its tree before it is told or signed: the
entries' exact bytes against the leaves, the leaves against the newest signed checkpoint, and a
person's facts against how many there were known to be.

It finds what was altered, moved or removed among what is read. What nobody reads it does not look
at: that is `tree_replay`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from engine.i18n.language import N_
from engine.ledger.codec import Entry
from engine.proof import store
from engine.proof.tiles import HEIGHT, WIDTH, Tile, root_of_whole
from engine.proof.tree import HASH_BYTES, leaf_hash, nodes_of
from engine.store.sql import AnyCursor
from engine.words import Words, words

BATCH_ENTRIES = 2048
"""Entries whose tiles (8 KiB each) are in memory at a time."""

Code = Literal[
    "put-back",
    "position-forgotten",
    "checkpoint",
    "entry-altered",
    "tile-altered",
    "facts-missing",
    "facts-moved",
    "words-altered",
]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not what was written, signed or remembered. `positions` are those of the
    entries it concerns, () where it is the ledger as a whole.
    """

    code: Code
    words: Words
    positions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldReading:
    """The `differences` in what was read. `beyond`: positions that the tree does not hold yet.
    `signed`: how many entries the checkpoint covers that the others were held against, 0 where
    there is none.
    """

    differences: tuple[Difference, ...] = ()
    beyond: tuple[int, ...] = ()
    signed: int = 0

    def altered(self, position: int) -> bool:
        """Whether the entry at a position cannot be shown to be what was written."""
        return any(
            item.code in ("entry-altered", "tile-altered") and position in item.positions
            for item in self.differences
        )

    def with_more(self, *more: Difference) -> HeldReading:
        return HeldReading((*self.differences, *more), self.beyond, self.signed)


ALTERED = N_(
    "the entry at position {position} is not the one that the tree holds: its bytes were changed"
    " after they were written"
)
UNPROVEN = N_(
    "{tile}, over positions {first} to {last}, does not lead to the signed checkpoint of {size}"
    " entries: it was changed, and nothing that is read there ({read}) can be shown to be what was"
    " signed"
)
NUMBERS_MISSING = N_(
    "before position {position} {count} facts of {stream} are missing, by their numbers: entries"
    " were moved or removed"
)
FACTS_MISSING = N_(
    "{known} facts of {stream} were known when their state was last computed, and the ledger gives"
    " {given}: entries were moved or removed"
)
MOVED = N_(
    "the entry at position {position} stands in the ledger's table as another's, or as another"
    " fact, than its bytes say: its row was altered, so that nobody finds it"
)


def differing_entries(
    cursor: AnyCursor, entries: Mapping[int, bytes], size: int, signed: int
) -> Iterator[Difference]:
    """`entries` are exact bytes by position; the tree holds `size`, and a checkpoint covers the
    first `signed` of them, whose root is the tree's. Entries beyond the tree are passed over.
    """
    levels = _Levels(signed)
    positions = sorted(position for position in entries if position <= size)
    for start in range(0, len(positions), BATCH_ENTRIES):
        batch = positions[start : start + BATCH_ENTRIES]
        tiles = store.read(
            cursor, {place for position in batch for place in levels.places(position - 1)}
        )
        altered = [
            position
            for position in batch
            if _hash_in(tiles, 0, position - 1) != leaf_hash(entries[position])
        ]
        for position in altered:
            yield Difference("entry-altered", words(ALTERED, position=position), (position,))
        unproven: dict[store.TilePlace, list[int]] = {}
        for position in batch:
            place = levels.broken(tiles, position - 1)
            if place is not None and position not in altered:
                unproven.setdefault(place, []).append(position)
        for (level, number), read in unproven.items():
            span = WIDTH << (HEIGHT * level)
            sentence = words(
                UNPROVEN,
                tile=Tile(level, number).path,
                first=number * span + 1,
                last=(number + 1) * span,
                size=signed,
                read=", ".join(map(str, read)),
            )
            yield Difference("tile-altered", sentence, tuple(read))


class _Levels:
    """Which tiles lead from a leaf to the root over the first `signed` leaves. That root is made of
    whole subtrees, each read from the highest tile that holds it: below, each tile must make the
    hash that the one above it holds.
    """

    def __init__(self, signed: int) -> None:
        self._subtrees = [
            ((index + 1) << level, level // HEIGHT) for level, index in nodes_of((0, signed))
        ]
        self._broken: dict[store.TilePlace, bool] = {}

    def _top(self, leaf: int) -> int:
        return next((top for end, top in self._subtrees if leaf < end), 0)

    def places(self, leaf: int) -> Iterator[store.TilePlace]:
        for level in range(self._top(leaf) + 1):
            yield level, leaf >> (HEIGHT * (level + 1))

    def broken(self, tiles: Mapping[store.TilePlace, bytes], leaf: int) -> store.TilePlace | None:
        """The lowest tile over a leaf that does not make the hash above it; None where all do."""
        for level, number in list(self.places(leaf))[:-1]:
            place = level, number
            if place not in self._broken:
                tile = tiles.get(place, b"")
                hashes = [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
                self._broken[place] = len(hashes) != WIDTH or root_of_whole(hashes) != _hash_in(
                    tiles, level + 1, number
                )
            if self._broken[place]:
                return place
        return None


def _hash_in(tiles: Mapping[store.TilePlace, bytes], level: int, index: int) -> bytes:
    """The hash at an index of a level of tiles, b"" where none is kept."""
    first = index % WIDTH * HASH_BYTES
    return tiles.get((level, index // WIDTH), b"")[first : first + HASH_BYTES]


def misplaced_entries(positions: Iterable[int]) -> Iterator[Difference]:
    """`positions` are those of entries whose columns are not what their bytes say."""
    for position in positions:
        yield Difference("facts-moved", words(MOVED, position=position), (position,))


def missing_facts(stream: str, entries: Sequence[Entry], known: int) -> Iterator[Difference]:
    """What shows that a stream is not whole. `entries` are what the ledger's index gives of it,
    `known` is the version it had when somebody last folded it.
    """
    numbered = [(0, 0), *((entry.version, entry.position) for entry in entries)]
    for (before, _), (version, position) in pairwise(numbered):
        if version > before + 1:
            count = version - before - 1
            sentence = words(NUMBERS_MISSING, position=position, count=count, stream=stream)
            yield Difference("facts-missing", sentence, (position,))
    last = numbered[-1][0]
    if known > last:
        yield Difference(
            "facts-missing", words(FACTS_MISSING, known=known, given=last, stream=stream)
        )
