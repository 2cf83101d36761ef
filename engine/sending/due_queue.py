"""One sender's part of what is due: the buckets of subscribers that it leases, and the rows it has
taken there, which it remembers until the agenda has followed to their outcomes.

Nothing of it keeps a letter single, which is the ledger's doing: whoever takes a row that another
has taken is refused its claim, and looks again later.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from engine.desk.leases import LEASE_SECONDS, BucketLeases
from engine.subscriber.due_rows import (
    BEGINNING,
    EVERY_BUCKET,
    Buckets,
    DueRows,
    Place,
    Row,
    some_buckets,
)

BEGIN_AGAIN_SECONDS = 1.0
"""Wall-clock seconds after which the queue is read from its beginning again, so that what falls due
late, as a retry does, waits no longer.
"""
LONG_SECONDS, BEGIN_AGAIN_SHARE = 0.1, 20
"""Where letters wait for their providers by the hundred thousand, walking past them takes long: it
is done after a pause this many times as long.
"""
RENEW_SECONDS = LEASE_SECONDS / 2
ASK_SECONDS = 0.5
"""After which a sender that has got no bucket asks again."""
BUSY_SECONDS = 2 * LEASE_SECONDS
"""A sender that has not come back for more within so many seconds renews nothing: its server is
slow, or it hangs, and others take what is due.
"""
FIRST_PUT_OFF, LAST_PUT_OFF = 1.0, 4.0
"""Seconds for which a row that another sender has claimed is left alone, doubled each time."""
MAX_PUT_OFF = 10_000
"""Rows of which it is remembered how often they were put off."""


class _Taken(NamedTuple):
    """`position`: where its outcome stands in the ledger, None while it is under way. `until`: it
    is left alone as long, by `time.monotonic`.
    """

    due: int
    position: int | None = None
    until: float = 0.0


class DueQueue:
    """Its methods may be called in any thread. What asks the database raises LOST."""

    def __init__(self, agenda: DueRows, leases: BucketLeases, sender: str) -> None:
        self.agenda, self.leases, self.sender = agenda, leases, sender
        self._taken: dict[Row, _Taken] = {}
        self._recorded: deque[tuple[Row, _Taken]] = deque()
        self._put_off: list[tuple[Row, _Taken]] = []
        self._times: dict[Row, int] = {}
        self._lock = threading.Lock()
        self._leasing = threading.Lock()
        self._held: frozenset[int] = frozenset()
        self._wants = False
        self._until = self._renew_at = -math.inf
        self._took_at = self._unparked_at = -math.inf
        self._place: Place = BEGINNING
        self._followed = 0
        self._began = self._pause = 0.0

    def take(self, now: int, limit: int, paused: Collection[int]) -> list[Row]:
        """Due rows of the leased buckets that are not taken yet, oldest first; none of the `paused`
        lists. `now` is the engine's time in milliseconds.

        Continues behind the rows of the last call. Starts over every second, and before it answers
        that nothing is due; then the buckets are given up.
        """
        self._took_at = time.monotonic()
        buckets = self._leased(now, paused)
        if buckets is None:
            return []
        since = time.monotonic() - self._began
        if since > max(BEGIN_AGAIN_SECONDS, self._pause):
            self._begin_again()
        rows = self._some(now, limit, buckets, paused)
        if not rows and self._place != BEGINNING and since >= self._pause:
            self._begin_again()
            rows = self._some(now, limit, buckets, paused)
        if not rows and self._is_quiet():
            self.give_up()
        return rows

    def park(self, rows: Sequence[tuple[Row, str, int]]) -> list[Row]:
        """Taken rows, each with its provider and its rank (engine.subscriber.due_rows.DueRows),
        wait on the desk; returns those that are no letters and stay taken.
        """
        stay = self.agenda.park(rows)
        with self._lock:
            for row in {row for row, _, _ in rows}.difference(stay):
                self._taken.pop(row, None)
        return stay

    def unpark(
        self, now: int, letters: Mapping[str, int], paused: Collection[int]
    ) -> list[tuple[Row, str]]:
        """So many of what waits for each provider, taken as by `take`: rows with the provider."""
        with self._leasing:
            self._unparked_at = time.monotonic()
            if time.monotonic() >= self._renew_at:
                self._lease()
            buckets = self._buckets()
        if buckets is None:
            return []
        rows = self.agenda.unpark(now, letters, buckets, paused)
        with self._lock:
            fresh = [(found, name) for found, name in rows if found.row not in self._taken]
            self._taken |= {found.row: _Taken(found.due) for found, _ in fresh}
        return [(found.row, name) for found, name in fresh]

    def release(self, rows: Collection[Row], position: int) -> list[int]:
        """The outcomes of taken rows stand in the ledger, up to `position`: they may be taken anew
        once the agenda has followed to it. Returns when they were due (ms, engine time).
        """
        with self._lock:
            taken = [(row, entry) for row in rows if (entry := self._taken.get(row)) is not None]
            for row, entry in taken:
                self._times.pop(row, None)
                self._taken[row] = over = _Taken(entry.due, position)
                self._recorded.append((row, over))
        return [entry.due for _, entry in taken]

    def put_off(self, rows: Collection[Row], position: int) -> None:
        """The same where nothing came of it: another sender has claimed them. They are looked at
        again after a moment.
        """
        moment = time.monotonic()
        with self._lock:
            if len(self._times) > MAX_PUT_OFF:
                self._times.clear()
            for row in rows:
                if (entry := self._taken.get(row)) is None:
                    continue
                times = self._times[row] = self._times.get(row, -1) + 1
                until = moment + min(LAST_PUT_OFF, FIRST_PUT_OFF * 2**times)
                self._taken[row] = over = _Taken(entry.due, position, until)
                self._put_off.append((row, over))

    def forget(self, kept: Collection[Row]) -> None:
        """What is under way is not known any more, but for the rows that are `kept`: the database
        was lost, and with it whether they were claimed.
        """
        with self._lock:
            under_way = {row for row, entry in self._taken.items() if entry.position is None}
            for row in under_way.difference(kept):
                del self._taken[row]
        self._begin_again()

    def renew(self) -> None:
        """Keep the buckets while there is work."""
        busy = time.monotonic() - self._took_at < BUSY_SECONDS
        with self._leasing:
            if self._wants and busy and time.monotonic() >= self._renew_at:
                self._lease()

    def give_up(self) -> None:
        """Nothing is due or nothing can be sent: others may have the buckets."""
        with self._leasing:
            self._give_up()

    @property
    def patience(self) -> float:
        """After how many seconds it is to be looked at again though nothing has fallen due;
        infinity where it need not be.
        """
        if self._wants and not self._held:
            return ASK_SECONDS
        return BEGIN_AGAIN_SECONDS if self._wants or self._taken else math.inf

    def _leased(self, now: int, paused: Collection[int]) -> Buckets | None:
        """The buckets that are held at this moment. Where none are, they are asked for only if
        anything is due in any.
        """
        with self._leasing:
            if self._buckets() is None and not self._is_due(now, paused):
                if self._is_quiet():
                    self._give_up()
                return None
            if time.monotonic() >= self._renew_at:
                self._lease()
            return self._buckets()

    def _buckets(self) -> Buckets | None:
        """None once the lease is over by this machine's own clock."""
        is_held = self._held and time.monotonic() < self._until
        return some_buckets(self._held) if is_held else None

    def _is_due(self, now: int, paused: Collection[int]) -> bool:
        return bool(self.agenda.due(now, 1, EVERY_BUCKET, paused).rows)

    def _is_quiet(self) -> bool:
        """Nothing is under way, and nothing waits for its provider."""
        return not self._taken and time.monotonic() - self._unparked_at > RENEW_SECONDS

    def _give_up(self) -> None:
        if self._wants:
            self.leases.give_up(self.sender)
            self._wants, self._held, self._renew_at = False, frozenset(), -math.inf

    def _lease(self) -> None:
        before, began = self._held, time.monotonic()
        self._wants = True
        self._held = self.leases.lease(self.sender)
        self._until = began + LEASE_SECONDS
        self._renew_at = began + (RENEW_SECONDS if self._held else ASK_SECONDS)
        if not self._held <= before:
            self._begin_again()

    def _begin_again(self) -> None:
        self._began, self._place = time.monotonic(), BEGINNING

    def _some(self, now: int, limit: int, buckets: Buckets, paused: Collection[int]) -> list[Row]:
        """What is taken already stands at the beginning of the queue, and is read past there."""
        from_beginning, began = self._place == BEGINNING, time.monotonic()
        with self._lock:
            self._forget_followed(self._followed)
            passed = len(self._taken) if from_beginning else 0
        page = self.agenda.due(now, limit + passed, buckets, paused, self._place)
        if from_beginning:
            took = time.monotonic() - began
            self._pause = BEGIN_AGAIN_SHARE * took if took > LONG_SECONDS else 0.0
        with self._lock:
            self._followed = page.position
            self._forget_followed(page.position)
            fresh = [found for found in page.rows if found.row not in self._taken][:limit]
            self._taken |= {found.row: _Taken(found.due) for found in fresh}
        if page.rows:
            last = fresh[-1] if len(fresh) == limit else page.rows[-1]
            self._place = (last.due, last.row[0])
        return [found.row for found in fresh]

    def _forget_followed(self, position: int) -> None:
        over: list[tuple[Row, _Taken]] = []
        while self._recorded and (self._recorded[0][1].position or 0) <= position:
            over.append(self._recorded.popleft())
        if self._put_off:
            moment = time.monotonic()
            left = [off for off in self._put_off if not _is_over(off[1], position, moment)]
            over += [off for off in self._put_off if _is_over(off[1], position, moment)]
            self._put_off = left
        for row, entry in over:
            if self._taken.get(row) is entry:
                del self._taken[row]


def _is_over(entry: _Taken, position: int, moment: float) -> bool:
    return (entry.position or 0) <= position and entry.until <= moment
