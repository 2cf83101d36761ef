"""Counts over everybody, which no page waits for: they are made beside the pages, one at a time,
and kept for a while.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Generic, Protocol, TypeVar

from engine.desk.clock import Clock
from engine.status.gather import CountingViews, Due, letters_due
from engine.views import SegmentViews

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LASTS_SECONDS, DUE_LASTS_SECONDS = 600, 60
PATIENCE_SECONDS = 0.1
MOST_KEPT = 64


LIVE_UP_TO = 200_000
"""Up to so many people, what is counted over everybody is counted for each page; of more, beside
it, every few minutes.
"""


@dataclass(slots=True)
class _Kept(Generic[V]):
    """`future` is being made, or was; `before` is what it takes the place of."""

    future: Future[V]
    until: float
    before: V | None = None


@dataclass(slots=True)
class SlowCounts(Generic[K, V]):
    """`count` is called in a thread of its own, at most once at a time."""

    count: Callable[[K], V]
    patience: float = PATIENCE_SECONDS
    lasts: float = LASTS_SECONDS
    now: Callable[[], float] = time.monotonic
    _kept: OrderedDict[K, _Kept[V]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)
    _one_at_a_time: Lock = field(default_factory=Lock)

    def ask(self, key: K) -> V | None:
        """None while it is being counted for the first time; an older count while it is made anew.
        Raises what the count raised, once.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or (kept.future.done() and self.now() >= kept.until):
                kept = self._kept[key] = self._begun(key, kept)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        try:
            return kept.future.result(0 if kept.before is not None else self.patience)
        except TimeoutError:
            if kept.future.done():
                self._forget(key)
                raise
            return kept.before
        except BaseException:
            self._forget(key)
            raise

    def _begun(self, key: K, old: _Kept[V] | None) -> _Kept[V]:
        future: Future[V] = Future()
        Thread(target=self._make, args=(key, future), name="count", daemon=True).start()
        return _Kept(future, self.now() + self.lasts, old.future.result() if old else None)

    def _make(self, key: K, future: Future[V]) -> None:
        with self._one_at_a_time:
            try:
                future.set_result(self.count(key))
            except BaseException as error:
                future.set_exception(error)

    def _forget(self, key: K) -> None:
        with self._lock:
            self._kept.pop(key, None)


class StandingViews(Protocol):
    def standing(self) -> dict[int, int]:
        """How many people stand on each list."""


class CountsOfMany(Generic[K, V]):
    """`count` is called for each page while few people are there, else beside the pages."""

    def __init__(
        self, views: StandingViews, count: Callable[[K], V], lasts: float = LASTS_SECONDS
    ) -> None:
        self._views, self._count = views, count
        self._slow = SlowCounts(count, lasts=lasts)

    def ask(self, key: K, people: int | None = None) -> V | None:
        """None while it is being counted for the first time. `people`: how many stand on lists,
        where that is known.
        """
        if people is None:
            people = sum(self._views.standing().values())
        return self._count(key) if people <= LIVE_UP_TO else self._slow.ask(key)


class HasSegments(Protocol):
    @property
    def segments(self) -> SegmentViews: ...


class SegmentedViews(StandingViews, HasSegments, Protocol): ...


class DueViews(CountingViews, StandingViews, Protocol): ...


class DueStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def views(self) -> DueViews: ...


DueLetters = CountsOfMany[None, Due]


def due_of(stores: DueStores) -> DueLetters:
    return CountsOfMany(
        stores.views, lambda _: letters_due(stores.views, stores.clock.now()), DUE_LASTS_SECONDS
    )


Members = CountsOfMany[None, Mapping[str, int]]
"""How many are in each segment that is built."""


def members_of_segments(views: SegmentedViews) -> Members:
    return CountsOfMany(views, lambda _: views.segments.counts())
