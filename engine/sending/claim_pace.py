"""How many letters a sender claims at a time, by how fast they have lately left."""

from __future__ import annotations

from typing import Final

FIRST_ROWS: Final = 20
MAX_ROWS: Final = 500
CLAIM_SECONDS: Final = 3.0
"""For which a batch is to last. What a sender has claimed when it is lost waits until it is taken
for lost, and nobody else has it meanwhile.
"""


class ClaimPace:
    """`rows`: how many the next batch may have."""

    def __init__(self) -> None:
        self.rows = FIRST_ROWS

    def note(self, letters: int, seconds: float) -> None:
        """A batch of so many letters was delivered in so many seconds."""
        if not letters:
            return
        lasting = int(min(MAX_ROWS, letters * CLAIM_SECONDS / seconds)) if seconds else MAX_ROWS
        if lasting < self.rows:
            self.rows = max(1, lasting)
        elif letters >= self.rows // 2:
            # A small batch says little of a large one.
            self.rows = min(2 * self.rows, lasting)
