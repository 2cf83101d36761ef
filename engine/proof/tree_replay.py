"""The auditor's replay of the tree: from the ledger's bytes, leaf by leaf, held against every
checkpoint ever signed and against the tiles.

Nothing is taken from the tiles to compute a root. A batch of entries, the hashes of one tile a
level and 64 subtrees are all that is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from engine.i18n.language import N_
from engine.installation.state import Origin
from engine.proof import store
from engine.proof.checkpoint import Checkpoint, open_checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.signing import read_vkey
from engine.proof.store import SQL, SignedCheckpoint
from engine.proof.tiles import HEIGHT, WIDTH, Edge, Tile
from engine.proof.tree import HASH_BYTES, Frontier, leaf_hash
from engine.store.database import Database
from engine.words import Value, Words, words

BATCH_ENTRIES = 4096
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint to be held against the ledger: what its row says; where it stands, for the
    sentence that names it.
    """

    checkpoint: SignedCheckpoint
    where: str


FORGED = N_("checkpoint {size} of {origin} ({where}) is not signed as such: {why}")
SHORT = N_(
    "checkpoint {size} of {origin} ({where}) was signed over more entries than the ledger has"
    " ({head}): entries were removed"
)
OTHER_ROOT = N_(
    "checkpoint {size} of {origin} ({where}) has another root than the ledger: an entry at"
    " positions {first} to {last} was changed"
)
NOT_THIS_TREE = N_(
    "checkpoint {size} of {origin} ({where}) has another root than the tree: somebody has changed"
    " the tree, or the ledger beneath it"
)
OTHER_LEAVES = N_(
    "{tile} holds other hashes than the ledger's entries at positions {first} to {last}"
)
OTHER_NODES = N_("{tile}, over positions {first} to {last}, is not what the tiles below it make")
MISSING = N_("{tile}, over positions {first} to {last}, is missing")
AHEAD = N_(
    "the tree holds {size} entries, the ledger {head}: entries were removed, or one was put back"
    " without the other"
)
BEHIND = N_(
    "the tree holds {size} entries, and a checkpoint was signed over {signed}: tiles were removed"
)
UNKNOWN = N_(
    "checkpoint {size} of {origin} ({where}) was signed in a name of which the ledger knows"
    " nothing: it was put back, or is another one"
)
GAP = N_("the ledger has no entry at position {position}")


class Replay:
    """`awaited` is the former origin that the next one will name: of a ledger put back from a copy
    which is older than it, "" for none.
    """

    def __init__(
        self,
        database: Database,
        origins: Sequence[Origin],
        signed: Sequence[Signed],
        awaited: str = "",
    ) -> None:
        self.database = database
        self.origins = {item.name: item for item in origins}
        self.awaited = awaited
        self.signed = sorted(signed, key=lambda item: item.checkpoint.size)
        self.agreed = 0
        # Before anybody asks how long the ledger is: the tree grows beside who reads it.
        self.tiles = _Tiles(database)

    def differences(self, head: int, tell: Tell = lambda done, total: None) -> Iterator[Words]:
        """Every one there is, in the order of the ledger; `head` is the position up to which it is
        read.
        """
        yield from self._unbelievable(head)
        waiting, tiles = self._standing(head), self.tiles
        if tiles.size > head:
            yield words(AHEAD, size=tiles.size, head=head)
        if waiting and tiles.size < waiting[-1].checkpoint.size:
            yield words(BEHIND, size=tiles.size, signed=waiting[-1].checkpoint.size)
        frontier, edge = Frontier(), Edge(0, {})
        if waiting and waiting[0].checkpoint.size == 0:
            yield from self._compare(waiting, frontier)
        for first, states in self._entries(head):
            if first != frontier.size + 1:
                yield words(GAP, position=frontier.size + 1)
                return
            leaves = [leaf_hash(state) for state in states]
            for leaf in leaves:
                frontier.append(leaf)
                if waiting and waiting[0].checkpoint.size == frontier.size:
                    yield from self._compare(waiting, frontier)
            yield from tiles.compare(edge.grow(leaves))
            tell(frontier.size, head)
        yield from tiles.compare_partial()
        if frontier.size != head:
            yield words(GAP, position=frontier.size + 1)

    def signing_times(
        self, head: int, stamped: Mapping[tuple[str, int], int]
    ) -> list[tuple[int, int]]:
        """Of each checkpoint that the ledger continues, how many entries it covers and when it was
        signed at the latest (ms), the smallest first. `stamped` are first stamps, by origin and
        size.
        """
        return [
            (size, min(signed_at, stamped.get((item.checkpoint.origin, size), signed_at)))
            for item in self.signed
            if self._kept(item, head)
            and (size := item.checkpoint.size)
            and (signed_at := item.checkpoint.signed_at)
        ]

    def by_the_tiles(self, head: int) -> tuple[list[Words], int]:
        """What is wrong with a checkpoint as far as the tiles tell, no entry being read; and the
        largest size at which they lead to the root that was signed, 0 for none.
        """
        differences, agreed = [*self._unbelievable(head)], 0
        tiles = store.Tiles(self.database)
        for item in self._standing(head):
            if tiles.lead_to(item.checkpoint.size, item.checkpoint.root):
                agreed = item.checkpoint.size
            else:
                differences.append(_of(NOT_THIS_TREE, item))
        return differences, agreed

    def _standing(self, head: int) -> list[Signed]:
        """Those that were signed as they say, and that the ledger is to continue; the smallest
        first.
        """
        return [
            item for item in self.signed if self._unsigned(item) is None and self._kept(item, head)
        ]

    def _unbelievable(self, head: int) -> Iterator[Words]:
        """What is wrong with a checkpoint before any entry is read."""
        former = {item.previous for item in self.origins.values()} | {self.awaited}
        for item in self.signed:
            origin = self.origins.get(item.checkpoint.origin)
            if origin is None and item.checkpoint.origin not in former:
                yield _of(UNKNOWN, item)
            elif (why := self._unsigned(item)) is not None:
                yield _of(FORGED, item, why=why)
            elif origin is not None and origin.kept is None and item.checkpoint.size > head:
                yield _of(SHORT, item, head=head)

    def _entries(self, head: int) -> Iterator[tuple[int, list[bytes]]]:
        """The position of the first, and the exact bytes of as many as follow it without a gap;
        ends before the first gap.
        """
        after = 0
        while after < head:
            with self.database.connection() as connection, connection.cursor(binary=True) as cursor:
                rows = cursor.execute(
                    SQL["entries"], {"first": after + 1, "last": min(head, after + BATCH_ENTRIES)}
                ).fetchall()
            rows = cast(list[tuple[int, bytes]], rows)
            dense = [state for n, (position, state) in enumerate(rows, after + 1) if position == n]
            if dense:
                yield after + 1, dense
            if len(dense) < min(head, after + BATCH_ENTRIES) - after:
                return
            after += len(dense)

    def _compare(self, waiting: list[Signed], frontier: Frontier) -> Iterator[Words]:
        """Those at this size; a difference lies after the last checkpoint that agreed."""
        root = frontier.root()
        while waiting and waiting[0].checkpoint.size == frontier.size:
            kept = waiting.pop(0)
            if kept.checkpoint.root == root:
                self.agreed = frontier.size
            else:
                yield _of(OTHER_ROOT, kept, first=self.agreed + 1, last=frontier.size)

    def _unsigned(self, kept: Signed) -> str | None:
        """Why a row is not what was signed; None when it is. An origin the ledger has forgotten,
        because it was put back, has no keys to ask.
        """
        checkpoint = kept.checkpoint
        origin = self.origins.get(checkpoint.origin)
        if origin is None:
            return None
        try:
            opened = open_checkpoint(checkpoint.note, [read_vkey(vkey) for vkey in origin.vkeys])
        except ProofRefused as error:
            return str(error)
        return (
            None
            if opened == Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root)
            else "the note says something else than its row"
        )

    def _kept(self, kept: Signed, head: int) -> bool:
        """Whether the ledger still is to have what this checkpoint covers."""
        origin = self.origins.get(kept.checkpoint.origin)
        return origin is not None and kept.checkpoint.size <= min(
            head, head if origin.kept is None else origin.kept
        )


class _Tiles:
    """The tree's tiles as they are kept, held against those that the ledger makes. One that is not
    full yet waits until it is, or until the end.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.connection() as connection, connection.cursor() as cursor:
            self.size = store.size(cursor)
        self._partial: dict[int, tuple[int, bytes]] = {}
        self._told: list[tuple[int, int]] = []

    def compare(self, made: dict[store.TilePlace, bytes]) -> Iterator[Words]:
        for (level, number), hashes in made.items():
            if len(hashes) < WIDTH * HASH_BYTES:
                self._partial[level] = number, hashes
        yield from self._compare(
            {place: hashes for place, hashes in made.items() if len(hashes) == WIDTH * HASH_BYTES}
        )

    def compare_partial(self) -> Iterator[Words]:
        yield from self._compare(
            {(level, number): hashes for level, (number, hashes) in sorted(self._partial.items())}
        )

    def _compare(self, made: dict[store.TilePlace, bytes]) -> Iterator[Words]:
        """Those kept may have more hashes, or fewer where the tree is behind the ledger."""
        with self.database.connection() as connection, connection.cursor() as cursor:
            kept = store.read(cursor, made)
        for (level, number), hashes in made.items():
            span, begin = 1 << (HEIGHT * level), number * WIDTH
            width = min(len(hashes) // HASH_BYTES, max(0, self.size // span - begin))
            held = kept.get((level, number), b"")
            differ = [
                n
                for n in range(width)
                if held[n * HASH_BYTES : (n + 1) * HASH_BYTES]
                != hashes[n * HASH_BYTES : (n + 1) * HASH_BYTES]
            ]
            if not differ:
                continue
            first, last = (begin + differ[0]) * span + 1, (begin + differ[-1] + 1) * span
            # What lies over leaves that differ already differs because of them.
            if not any(low >= first and high <= last for low, high in self._told):
                sentence = MISSING if not held else OTHER_NODES if level else OTHER_LEAVES
                path = Tile(level, number).path
                yield words(sentence, tile=path, first=first, last=last)
            self._told.append((first, last))


def _of(sentence: str, kept: Signed, **values: Value) -> Words:
    checkpoint = kept.checkpoint
    where: dict[str, Value] = {
        "size": checkpoint.size,
        "origin": checkpoint.origin,
        "where": kept.where,
    }
    return words(sentence, **where, **values)
