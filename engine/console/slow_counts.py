"""Counts over everybody, which no page waits for: they are made beside the pages, one at a time,
and kept for a while.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LASTS_SECONDS = 600
PATIENCE_SECONDS = 0.1
MOST_KEPT = 64


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
        return _Kept(future, self.now() + LASTS_SECONDS, old.future.result() if old else None)

    def _make(self, key: K, future: Future[V]) -> None:
        with self._one_at_a_time:
            try:
                future.set_result(self.count(key))
            except BaseException as error:
                future.set_exception(error)

    def _forget(self, key: K) -> None:
        with self._lock:
            self._kept.pop(key, None)
