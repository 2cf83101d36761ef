"""Which addresses of a file, or of several, have been met, by their keyed hashes: 24 octets each,
so that those of millions are kept.
"""

from __future__ import annotations

from array import array

FULL = 0.8
"""Of the places, at most, before there are twice as many: some always stay empty, which is where a
search ends.
"""


class Seen:
    """A table of 24 octets a place: the first sixteen of a hash, and a number. Two addresses share
    those once in 10^24 files of a million rows.

    Hashes are keyed, so nobody can bring about that two of them are alike, or that they crowd
    together.
    """

    def __init__(self, places: int = 1024) -> None:
        """`places` is a power of two."""
        self._count = 0
        self._clear(places)

    def __len__(self) -> int:
        return self._count

    def __contains__(self, hashed: bytes) -> bool:
        high, low = _halves(hashed)
        return self._low[self._place(high, low)] != 0

    def first(self, hashed: bytes, content: int = 0) -> int | None:
        """What was said when this was met first (a signed number of 64 bits); None when that is
        now, and `content` is remembered.
        """
        high, low = _halves(hashed)
        place = self._place(high, low)
        if self._low[place]:
            return self._content[place]
        if self._count + 1 > FULL * (self._mask + 1):
            self._widen()
            place = self._place(high, low)
        self._put(place, high, low, content)
        self._count += 1
        return None

    def _put(self, place: int, high: int, low: int, content: int) -> None:
        self._high[place], self._low[place], self._content[place] = high, low, content

    def _place(self, high: int, low: int) -> int:
        """Where it stands, or the empty place where it would."""
        place = high & self._mask
        while self._low[place] and not (self._low[place] == low and self._high[place] == high):
            place = (place + 1) & self._mask
        return place

    def _widen(self) -> None:
        stood = zip(self._high, self._low, self._content, strict=True)
        self._clear(2 * (self._mask + 1))
        for high, low, content in stood:
            if low:
                self._put(self._place(high, low), high, low, content)

    def _clear(self, places: int) -> None:
        empty = bytes(8 * places)
        self._mask = places - 1
        self._high = array("Q", empty)
        self._low = array("Q", empty)
        self._content = array("q", empty)


def _halves(hashed: bytes) -> tuple[int, int]:
    """The second is never 0, which stands for an empty place."""
    return int.from_bytes(hashed[:8], "big"), int.from_bytes(hashed[8:16], "big") or 1
