"""The queue of what is due, as it is asked for by who sends and answered by a view."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from engine.subscriber.person import Person


class DueRows(Protocol):
    """The agenda, as a sender reads it."""

    def take(
        self, now: int, limit: int, sender: str, lease: int, paused: Collection[int]
    ) -> list[tuple[str, str]]:
        """Due (subscriber, key) rows, taken for `sender` for `lease` seconds of wall time; none of
        the `paused` lists. `now` is the engine's time in milliseconds.
        """

    def park(
        self, rows: Sequence[tuple[tuple[str, str], str, int]], seconds: int
    ) -> list[tuple[str, str]]:
        """Taken rows, each with its provider and its rank, wait on the desk until they are
        `unpark`ed, or for so many seconds of wall time; returns those that are no letters, which do
        not. The lowest rank comes out first, 0 standing for when the letter is due (ms).
        """

    def unpark(
        self, now: int, letters: Mapping[str, int], sender: str, lease: int, paused: Collection[int]
    ) -> list[tuple[tuple[str, str], str]]:
        """So many of what waits for each provider, taken as by `take`: rows with the provider."""

    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]: ...

    def next_due(self, now: int) -> int | None:
        """The instant (ms, engine time) at which the next row is due."""
