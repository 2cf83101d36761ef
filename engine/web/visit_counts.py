"""How often links of letters were visited, and how often presumably by a person. No one can be told
by it: while a visit waits for its verdict, its address and browser are in this process's memory
alone, and then only the verdict is kept, in a counter; and of who agreed to be measured, what they
did.

Each process judges the visits that come to it. A kill loses what has no verdict yet, a few minutes.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from engine.desk.desk import VisitCell
from engine.ledger.store import LOST
from engine.web.measured_visits import PersonalVisit
from engine.web.robots import VERDICT_SECONDS, LoggedVisit, presumed_human

MAX_LOGGED = 20_000
"""Beyond so many at once, visits are counted and none is presumed to be a person's."""


class Counters(Protocol):
    def count_visits(self, counts: Sequence[tuple[VisitCell, int, int]]) -> None:
        """Add visits, and those presumed to be people's."""


class Measuring(Protocol):
    def keep(self, visits: Sequence[PersonalVisit]) -> None:
        """Keep those of people who agreed to be measured. Raises LOST."""


class _Waiting(NamedTuple):
    """A visit, the counter that it adds to, if any, and whose it was, if its link tells."""

    visit: LoggedVisit
    cell: VisitCell | None
    personal: PersonalVisit | None


@dataclass
class VisitCounts:
    """`now` is wall-clock seconds that never go back. For many threads."""

    desk: Counters
    now: Callable[[], float]
    measuring: Measuring
    _waiting: list[_Waiting] = field(default_factory=list)
    _judged: list[LoggedVisit] = field(default_factory=list)
    _counts: Counter[VisitCell] = field(default_factory=Counter)
    _ripe: Counter[VisitCell] = field(default_factory=Counter)
    _people: Counter[VisitCell] = field(default_factory=Counter)
    _measured: list[PersonalVisit] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _settling: threading.Lock = field(default_factory=threading.Lock)

    def note(
        self, visit: LoggedVisit, cell: VisitCell | None, personal: PersonalVisit | None = None
    ) -> None:
        with self._lock:
            if len(self._waiting) < MAX_LOGGED:
                self._waiting.append(_Waiting(visit, cell, personal))
            elif cell is not None:
                self._counts[cell] += 1

    def settle(self, *, all_of_them: bool = False) -> None:
        """Count the visits whose time for a verdict is over, or all. Raises LOST; what was not
        written is written the next time.
        """
        with self._settling:
            with self._lock:
                waiting, self._waiting = self._waiting, []
            early = self._judge(waiting, self.now(), all_of_them=all_of_them)
            with self._lock:
                self._waiting = early + self._waiting
                counts, self._counts = self._counts, Counter()
            counts.update(self._ripe)
            rows = [(cell, n, self._people[cell]) for cell, n in sorted(counts.items())]
            try:
                if rows:
                    self.desk.count_visits(rows)
            except BaseException:
                self._ripe = counts
                raise
            self._ripe.clear()
            self._people.clear()
            if self._measured:
                self.measuring.keep(self._measured)
                self._measured = []

    def close(self) -> None:
        """Count what has come so far, where the database is there."""
        try:
            self.settle(all_of_them=True)
        except LOST:
            return

    def _judge(self, waiting: list[_Waiting], now: float, *, all_of_them: bool) -> list[_Waiting]:
        """Count those that are ripe; the others."""
        verdicts = presumed_human([*self._judged, *(waits.visit for waits in waiting)])
        early: list[_Waiting] = []
        known = len(self._judged)
        for waits, human in zip(waiting, verdicts[known:], strict=True):
            visit, cell, personal = waits
            if not all_of_them and now - visit.at < VERDICT_SECONDS:
                early.append(waits)
                continue
            if cell is not None:
                self._ripe[cell] += 1
                self._people[cell] += human
            is_kept = personal is not None and (human or personal.act == "relayed")
            if is_kept and personal is not None and len(self._measured) < MAX_LOGGED:
                self._measured.append(personal)
            self._judged.append(visit)
        # They stay for what comes shortly after them.
        kept = [visit for visit in self._judged if now - visit.at < 2 * VERDICT_SECONDS]
        self._judged = kept[-MAX_LOGGED:]
        return early
