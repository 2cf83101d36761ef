"""The right edge of the tree, tile by tile: what is all that is needed to let it grow by any number
of leaves. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from engine.proof.tiles import HEIGHT, WIDTH, hashes_of
from engine.proof.tree import HASH_BYTES


def root_of_whole(hashes: Sequence[bytes]) -> bytes:
    """The root over a whole subtree's hashes: 1, 2, 4 … of them."""
    found = list(hashes)
    while len(found) > 1:
        found = [sha256(b"\1" + found[n] + found[n + 1]).digest() for n in range(0, len(found), 2)]
    return found[0]


def edge_places(size: int) -> list[tuple[int, int]]:
    """Level and number of the partial tiles of a tree of `size` leaves."""
    places, level = [], 0
    while size >> (HEIGHT * level):
        within = size >> (HEIGHT * level)
        if within % WIDTH:
            places.append((level, within // WIDTH))
        level += 1
    return places


class Edge:
    """A tree of `size` leaves, of which only the partial tiles are known."""

    def __init__(self, size: int, tiles: Mapping[tuple[int, int], bytes]) -> None:
        """`tiles` are those of `edge_places(size)`, as they are kept. Raises ValueError where one
        is missing or of another width.
        """
        self.size = size
        self._partial: dict[int, list[bytes]] = {}
        for level, number in edge_places(size):
            tile, width = tiles.get((level, number), b""), (size >> (HEIGHT * level)) % WIDTH
            if len(tile) != width * HASH_BYTES:
                raise ValueError(
                    f"tile {number} of level {level} has {len(tile) // HASH_BYTES} hashes instead"
                    f" of {width}"
                )
            self._partial[level] = hashes_of(tile)

    def grow(self, leaves: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """The tiles that are new or wider with these leaf hashes."""
        written: dict[tuple[int, int], bytes] = {}
        level, more, before = 0, list(leaves), self.size
        self.size += len(more)
        while more:
            number = (before >> (HEIGHT * level)) // WIDTH
            hashes = self._partial.pop(level, []) + more
            more = []
            for begin in range(0, len(hashes), WIDTH):
                tile = hashes[begin : begin + WIDTH]
                written[level, number] = b"".join(tile)
                if len(tile) == WIDTH:
                    more.append(root_of_whole(tile))
                else:
                    self._partial[level] = tile
                number += 1
            level += 1
        return written
