"""Where a hash of the tree is kept: tiles of 256 hashes, eight levels of the tree each. C2SP
tlog-tiles v0.1.0. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from engine.proof.errors import ProofRefused
from engine.proof.tree import HASH_BYTES, Node

HEIGHT, WIDTH = 8, 256
TOP_LEVEL = 63
ENTRIES = -1
"""The level of the tiles that hold entries instead of hashes."""
MAX_ENTRY_BYTES = 65_535
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The first `width` hashes of tile `number` of a level: the hash i is the root over the leaves
    (number * 256 + i) * 256**level and on.
    """

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """As it is served: `tile/0/x001/x234/067`, `.p/W` behind one that is not full."""
        digits = f"{self.number:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[n : n + 3] for n in range(0, len(digits), 3)]
        folder = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return (
            f"tile/{folder}/"
            + "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
            + partial
        )


def parse_path(path: str) -> Tile:
    """Raises ProofRefused for what is not exactly the path of a tile."""
    match = _PATH.fullmatch(path)
    if match is None or len(path) > 64:
        raise ProofRefused("this is not the path of a tile")
    level = ENTRIES if match[1] == "entries" else int(match[1])
    tile = Tile(
        level, int(match[2].replace("x", "").replace("/", "") + match[3]), int(match[4] or WIDTH)
    )
    # One path for each tile: neither x000/067 nor .p/256.
    if level > TOP_LEVEL or tile.number >= 2**63 or tile.path != path:
        raise ProofRefused("this is not the path of a tile")
    return tile


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes of a tree of `size` leaves, the level of the leaves first."""
    return tiles_grown(0, size)


def tiles_grown(old: int, size: int) -> Iterator[Tile]:
    """Every tile that has more hashes at `size` leaves than it had at `old`."""
    level, before, after = 0, old, size
    while after:
        for number in range(before // WIDTH, -(-after // WIDTH)):
            if after > before:
                yield Tile(level, number, min(WIDTH, after - number * WIDTH))
        level, before, after = level + 1, before // WIDTH, after // WIDTH


@dataclass(frozen=True, slots=True)
class TileRange:
    """Where a node comes from: `count` hashes of a tile from the `first` on, joined two by two."""

    level: int
    number: int
    first: int
    count: int


def place_of(node: Node) -> TileRange:
    level, index = node
    inner = level % HEIGHT
    begin = index << inner
    return TileRange(level // HEIGHT, begin // WIDTH, begin % WIDTH, 1 << inner)


def hashes_of(tile: bytes) -> list[bytes]:
    """The hashes of a tile's bytes. Raises ProofRefused for bytes that are none."""
    if not tile or len(tile) % HASH_BYTES or len(tile) > WIDTH * HASH_BYTES:
        raise ProofRefused(f"a tile of {len(tile)} bytes is not one of 1 to {WIDTH} hashes")
    return [tile[n : n + HASH_BYTES] for n in range(0, len(tile), HASH_BYTES)]


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries as a tile of entries has them: each behind its length, two bytes, the high one first.
    Raises ProofRefused for one that is too long.
    """
    pieces = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ProofRefused(f"an entry of {len(entry)} bytes is longer than {MAX_ENTRY_BYTES}")
        pieces += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(pieces)


def parse_bundle(raw: bytes) -> list[bytes]:
    """The entries of a bundle, 256 at most. Raises ProofRefused."""
    entries, at = [], 0
    while at < len(raw):
        begin = at + 2
        end = begin + int.from_bytes(raw[at:begin], "big")
        if begin > len(raw) or end > len(raw):
            raise ProofRefused("the bundle of entries is cut off")
        entries.append(raw[begin:end])
        at = end
    if not 1 <= len(entries) <= WIDTH:
        raise ProofRefused(f"a bundle of {len(entries)} entries is not one of 1 to {WIDTH}")
    return entries


def root_of_whole(hashes: Sequence[bytes]) -> bytes:
    """The root over a whole subtree's hashes: 1, 2, 4 … of them."""
    level = list(hashes)
    while len(level) > 1:
        level = [sha256(b"\1" + level[n] + level[n + 1]).digest() for n in range(0, len(level), 2)]
    return level[0]


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
