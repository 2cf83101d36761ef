"""How a sender that nobody knows yet comes to be known: few letters a day to each provider, more
each day on which letters were sent, and fewer again where they were put off or complained of.

Days on which hardly anything was sent do not count: a provider learns nothing from them. As values;
the desk keeps them for all hosts together and computes the same in SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

FIRST_DAY = 100
"""Letters to one provider on the first day."""
GROWTH = 1.5
"""More each sending day by half; what is advised is nowhere more."""
MAX_DAYS = 30
"""Sending days after which a sender is known: 100 × 1.5³⁰ letters a day are more than anybody's."""
STEP_BACK = 2
"""Sending days that count no more, once a day at most."""


@dataclass(frozen=True, slots=True)
class WarmUp:
    """`days`: sending days before `day` (UTC, since 1970-01-01), on which `sent` letters were let
    through so far. `stepped`: it was stepped back that day.
    """

    day: int
    days: int = 0
    sent: int = 0
    stepped: bool = False

    @property
    def limit(self) -> int:
        """Letters of its day."""
        return ceil(FIRST_DAY * GROWTH ** min(self.days, MAX_DAYS))

    def on(self, day: int) -> WarmUp:
        """As it stands at the beginning of a day, or later on the same."""
        if day == self.day:
            return self
        counts = 2 * self.sent >= self.limit
        return WarmUp(day, self.days + counts)

    def take(self, day: int, letters: int) -> tuple[int, WarmUp]:
        """How many of so many letters may leave on a day, and how it stands then."""
        today = self.on(day)
        granted = max(0, min(letters, today.limit - today.sent))
        return granted, replace(today, sent=today.sent + granted)

    def step_back(self, day: int) -> WarmUp:
        today = self.on(day)
        if today.stepped:
            return today
        return replace(today, days=max(0, today.days - STEP_BACK), stepped=True)
