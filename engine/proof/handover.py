"""The whole ledger as an auditor gets it (entry tiles, a checkpoint of each hour in which one was
signed), and the tools that lie beside every proof.

Written tile by tile, so that memory does not grow with the ledger; SHA256SUMS comes last: without
it the folder is not whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import cast

from engine.proof import store
from engine.proof.bundle import CHECKPOINT, Head, head_files
from engine.proof.store import SignedCheckpoint
from engine.proof.tiles import ENTRIES, WIDTH, Tile, entry_bundle
from engine.sequence.delay import HOUR
from engine.store.database import Database
from engine.words import N_, WordedError

TOOLS = ("verify.py", "VERIFIER.md")
TILES_AT_ONCE = 16
Tell = Callable[[int, int], None]


class HandoverBroken(WordedError):
    """The ledger does not hold what its checkpoint covers."""


def ledger_tools() -> dict[str, bytes]:
    """The verifier, and how to do by hand what it does: handed over with every bundle and every
    ledger.
    """
    return {name: Path(__file__).with_name(name).read_bytes() for name in TOOLS}


def hand_over(
    database: Database,
    head: Head,
    signed: Sequence[SignedCheckpoint],
    target: Path,
    tell: Tell = lambda done, total: None,
) -> None:
    """Write the ledger up to the checkpoint into `target`, an empty folder; `signed` is every
    checkpoint, in order. Raises HandoverBroken.
    """
    sums: dict[str, str] = {}

    def write(name: str, data: bytes) -> None:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if name != CHECKPOINT:
            sums[name] = hashlib.sha256(data).hexdigest()

    for name, data in (head_files(head, ledger_tools()) | earlier(head, signed)).items():
        write(name, data)
    for tile, entries in tiles_of_entries(database, head.size):
        write(tile.path, entry_bundle(entries))
        tell(tile.number * WIDTH + tile.width, head.size)
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    (target / "SHA256SUMS").write_text(listed, encoding="utf-8")


_BY_SIZE = attrgetter("size")


def earlier(head: Head, signed: Sequence[SignedCheckpoint]) -> dict[str, bytes]:
    """The largest checkpoint that each origin signed in an hour, up to this one, by its file: the
    origins numbered in the order in which they signed. What others sign meanwhile is left. Those in
    between add nothing: every root is recomputed from the entries.
    """
    numbers: dict[str, int] = {}
    largest: dict[tuple[int, int], SignedCheckpoint] = {}
    for checkpoint in signed:
        number = numbers.setdefault(checkpoint.origin, len(numbers) + 1)
        if checkpoint.origin != head.origin or checkpoint.size <= head.size:
            hour = number, checkpoint.signed_at // HOUR
            largest[hour] = max(checkpoint, largest.get(hour, checkpoint), key=_BY_SIZE)
    return {
        f"checkpoints/{number}-{checkpoint.size}": checkpoint.note
        for (number, _), checkpoint in largest.items()
    }


def tiles_of_entries(database: Database, size: int) -> Iterator[tuple[Tile, list[bytes]]]:
    """The exact bytes of the first `size` entries, 256 at a time. Raises HandoverBroken where one
    is missing.
    """
    for first in range(1, size + 1, WIDTH * TILES_AT_ONCE):
        last = min(size, first + WIDTH * TILES_AT_ONCE - 1)
        with database.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cast(
                list[tuple[int, bytes]],
                cursor.execute(store.SQL["entries"], {"first": first, "last": last}).fetchall(),
            )
        if [position for position, _ in rows] != list(range(first, last + 1)):
            raise HandoverBroken(
                N_("the ledger has a gap between positions {first} and {last}"),
                first=first,
                last=last,
            )
        for begin in range(0, len(rows), WIDTH):
            states = [bytes(state) for _, state in rows[begin : begin + WIDTH]]
            yield Tile(ENTRIES, (first - 1 + begin) // WIDTH, len(states)), states
