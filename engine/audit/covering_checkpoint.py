"""By when a fact must have been there: the first signed checkpoint over its entry (F16). Its own
dates are claims; this one others can hold.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from engine.installation.state import Origin
from engine.proof.store import SignedCheckpoint


class Covering:
    """`origins` are all there have been: of one that ended when the ledger was put back, only
    checkpoints of what is still there count.
    """

    def __init__(self, origins: Sequence[Origin], checkpoints: Iterable[SignedCheckpoint]) -> None:
        kept = {origin.name: origin.kept for origin in origins}
        standing = [
            each
            for each in checkpoints
            if each.origin in kept and ((end := kept[each.origin]) is None or each.size <= end)
        ]
        self._checkpoints = sorted(standing, key=lambda each: (each.size, each.signed_at))

    def of(self, position: int) -> SignedCheckpoint | None:
        """None while no checkpoint covers the entry at this position."""
        place = bisect_left(self._checkpoints, position, key=lambda each: each.size)
        return self._checkpoints[place] if place < len(self._checkpoints) else None
