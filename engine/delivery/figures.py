"""What became of letters by receiving provider and day, as the views count it. Pure.

`provider` is a name out of engine/shaping/providers.toml, or "" of letters sent before it was
recorded. A day is one in UTC, counted from 1970-01-01.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

from engine.frozen import dataclass

What = Literal["sent", "deferred", "failed", "hard", "soft", "blocked", "complained"]
"""sent: accepted. deferred: put off, each time. failed: given up or refused for good, which counts
beside the bounce that it may be. hard, soft, blocked: bounces by kind, at once or by mail later.
complained: somebody called it unwanted.
"""


class DayCount(NamedTuple):
    provider: str
    day: int
    what: What
    n: int


class PutOff(NamedTuple):
    """`n` letters that wait to be tried again, for the same answer: `code` and `enhanced` as the
    server gave them (0 and "" for none), `why` as in letter-deferred. `latest` is when it was last
    given, `retry_at` when the first of them is due (ms).
    """

    provider: str
    code: int
    enhanced: str
    why: str
    n: int
    latest: int
    retry_at: int

    @property
    def reply(self) -> str:
        """ "421 4.7.0"; "" where none was given."""
        return f"{self.code} {self.enhanced}".strip() if self.code else ""


class DeliveryViews(Protocol):
    def by_day(self, since: int) -> list[DayCount]:
        """From a day on, by provider and day; nothing that is 0."""

    def ever(self) -> list[tuple[str, What, int]]:
        """Since the first letter: provider, what became of them, how many."""

    def suppressed(self) -> dict[str, int]:
        """How many people are suppressed, by reason; most first."""

    def put_off(self, since: int) -> list[PutOff]:
        """What waits to be tried again at `since` (ms) or later; the answer given last first."""


@dataclass(frozen=True, slots=True)
class Sums:
    sent: int = 0
    deferred: int = 0
    failed: int = 0
    hard: int = 0
    soft: int = 0
    blocked: int = 0
    complained: int = 0

    @property
    def tried(self) -> int:
        """Letters that had an end: accepted, or given up."""
        return self.sent + self.failed

    @property
    def bounced(self) -> int:
        """Those that count against addresses; a block counts against the sender."""
        return self.hard + self.soft


def summed(counts: Iterable[DayCount]) -> Mapping[str, Sums]:
    """By provider; who was sent most first."""
    by: dict[str, Counter[str]] = {}
    for provider, _day, what, n in counts:
        by.setdefault(provider, Counter())[what] += n
    sums = {provider: Sums(**counter) for provider, counter in by.items()}
    return dict(sorted(sums.items(), key=lambda item: (-item[1].tried, item[0])))
