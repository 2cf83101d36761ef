"""What is due, as it is asked for by who sends and answered by a view."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias

from engine.subscriber.person import Person

Row: TypeAlias = tuple[str, str]
"""Of the agenda: subscriber, key."""
BUCKETS: Final = 64
"""Subscribers are in as many, by the last six bits of their ids, which are random."""
Buckets: TypeAlias = bytes
"""Some of them: bit n, counted from the lowest of the first of eight octets, is bucket n."""
EVERY_BUCKET: Final[Buckets] = b"\xff" * (BUCKETS // 8)
Place: TypeAlias = tuple[int, str]
"""In the queue: when a row is due (ms), and its subscriber."""
BEGINNING: Final[Place] = (0, "00000000-0000-0000-0000-000000000000")


def some_buckets(numbers: Collection[int]) -> Buckets:
    return sum(1 << number for number in numbers).to_bytes(BUCKETS // 8, "little")


class DueRow(NamedTuple):
    """`due`: since when (ms, engine time)."""

    row: Row
    due: int


class DuePage(NamedTuple):
    """Rows of one moment, at which the agenda had followed the ledger to `position`."""

    position: int
    rows: Sequence[DueRow]


class DueRows(Protocol):
    """The agenda, as a sender reads it."""

    def due(
        self,
        now: int,
        limit: int,
        buckets: Buckets,
        paused: Collection[int],
        after: Place = BEGINNING,
    ) -> DuePage:
        """Due rows of some buckets behind a place in the queue, the oldest first; none of the
        `paused` lists. `now` is the engine's time in milliseconds.
        """

    def park(self, rows: Sequence[tuple[Row, str, int]]) -> list[Row]:
        """Rows, each with its provider and its rank, wait on the desk until they are `unpark`ed;
        returns those that are no letters, which do not. The lowest rank comes out first, 0 standing
        for when the letter is due (ms).
        """

    def unpark(
        self, now: int, letters: Mapping[str, int], buckets: Buckets, paused: Collection[int]
    ) -> list[tuple[DueRow, str]]:
        """So many of what waits for each provider, of some buckets: rows with the provider."""

    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]: ...

    def in_doubt(self) -> list[tuple[str, str, str, int]]:
        """Letters in doubt: message, subscriber, letter, and since when (ms, engine time)."""

    def next_due(self, now: int) -> int | None:
        """The instant (ms, engine time) at which the next row is due."""

    def next_due_beside(self, paused: Collection[int]) -> int | None:
        """When (ms) the first row is due of those that are on none of these lists, be it that it
        has come already.
        """
