"""How far `later` carries an instant, as a table: what SQL needs to say of millions of people at
once, to the millisecond, when something leaves a window of calendar days. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from engine.frozen import dataclass
from engine.sequence.delay import DAY, MINUTE, Delay
from engine.sequence.timing import later, to_local

_STEP = DAY
_TABLES_KEPT = 64
_BEFORE = 2 * DAY
"""A change of the clock or of the calendar moves the beginning of a window by less than this."""


@dataclass(frozen=True, slots=True)
class Piece:
    """For every instant from `starts` up to, not including, `ends` (ms), `later` by the delay is
    `shift` ms after it.
    """

    starts: int
    ends: int
    shift: int


@lru_cache(maxsize=1024)
def pieces(now: int, delay: Delay, zone_name: str) -> tuple[Piece, ...]:
    """Every instant that can lie within `delay` of `now` (ms) in a zone, in pieces that do not
    overlap. An instant t is within it while `now` is before `later(t, delay, zone)`.
    """
    longest = (delay.months * 31 + delay.days) * DAY + delay.minutes * MINUTE
    start = (now - longest - _BEFORE) // _STEP * _STEP
    found: list[Piece] = []
    while start <= now:
        for piece in _between(start, start + _STEP, delay, zone_name):
            if found and found[-1].shift == piece.shift:
                piece = Piece(found.pop().starts, piece.ends, piece.shift)
            found.append(piece)
        start += _STEP
    return tuple(found)


def _between(start: int, end: int, delay: Delay, zone_name: str) -> Iterator[Piece]:
    """The pieces of a day at most: halved until nothing changes within them, which clocks do on
    whole minutes.
    """
    shift = later(start, delay, zone_name) - start
    if end - start <= MINUTE or _is_even(start, end, shift, delay, zone_name):
        yield Piece(start, end, shift)
        return
    middle = (start + end) // 2 // MINUTE * MINUTE
    yield from _between(start, middle, delay, zone_name)
    yield from _between(middle, end, delay, zone_name)


def _is_even(start: int, end: int, shift: int, delay: Delay, zone_name: str) -> bool:
    """Whether every instant is carried equally far: they are where both ends are and no clock
    changes. Where one does, here or at the other end of the delay, each quarter of an hour is asked
    about, which is the least by which a clock changes.
    """
    last = end - 1
    if later(last, delay, zone_name) - last != shift:
        return False
    if all(
        to_local(a, zone_name).utcoffset() == to_local(b, zone_name).utcoffset()
        for a, b in ((start, last), (start + shift, last + shift))
    ):
        return True
    quarter = 15 * MINUTE
    return all(
        later(t, delay, zone_name) - t == shift for t in range(start + quarter, end, quarter)
    )


class Window:
    """A time within which something happened, ready to be asked about very many instants: looked up
    rather than computed, which takes a tenth of the time.
    """

    def __init__(self, delay: Delay) -> None:
        self.delay = delay
        self._tables: dict[tuple[str, int], tuple[list[int], list[int]]] = {}

    def leaves(self, instant: int, zone_name: str, now: int) -> int:
        """`later(instant, delay, zone_name)`, for an instant that may be within the delay of `now`
        (ms); 0 where it left long before.
        """
        today = (now // _STEP + 1) * _STEP
        starts, shifts = self._tables.get((zone_name, today)) or self._table(zone_name, today)
        if instant >= today:
            return later(instant, self.delay, zone_name)
        place = bisect_right(starts, instant)
        return instant + shifts[place - 1] if place else 0

    def _table(self, zone_name: str, today: int) -> tuple[list[int], list[int]]:
        table = pieces(today, self.delay, zone_name)
        if len(self._tables) >= _TABLES_KEPT:
            self._tables.clear()
        made = [piece.starts for piece in table], [piece.shift for piece in table]
        self._tables[zone_name, today] = made
        return made
