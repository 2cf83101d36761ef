"""How fast a provider is written to: tokens, a letter each, and connections, as values.

The desk keeps both for all hosts together and computes them in SQL; here is what it computes, and
the numbers it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.shaping.providers import Provider

MINUTE = 60.0
TOKEN_SECONDS = 10
"""Seconds of wall time for which a letter's token holds: it is sent within them, or not at all."""
BURST_PART = 10
"""Of what a minute takes, the part that may leave at once."""
LETTERS_BEFORE_ANOTHER = 50
"""Letters that one connection more has to be earned with: what a provider takes before it turns
connections away is mostly written nowhere, so one begins with one.
"""

LETTERS_A_CONNECTION = 5
"""Letters that are worth a connection: opening one costs several exchanges."""


class Bucket(NamedTuple):
    """`burst`: the most tokens that are ever there. `per_second`: how fast they come."""

    burst: int
    per_second: float


def bucket_of(per_minute: int) -> Bucket:
    """A bucket that keeps within `per_minute` letters in any minute, whenever that minute begins
    and however late, within TOKEN_SECONDS, a letter leaves after it got its token.
    """
    burst = max(1, per_minute // BURST_PART)
    return Bucket(burst, (per_minute + 1 - burst) / (MINUTE + TOKEN_SECONDS))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was in the bucket at an instant (wall-clock seconds)."""

    left: float
    at: float

    def there(self, bucket: Bucket, at: float, slowed: bool = False) -> float:
        gained = max(0.0, at - self.at) * bucket.per_second / (2 if slowed else 1)
        return min(bucket.burst, self.left + gained)

    def take(
        self, bucket: Bucket, at: float, letters: int, slowed: bool = False
    ) -> tuple[int, Tokens]:
        """How many of so many letters may leave, and what is left."""
        left = self.there(bucket, at, slowed)
        granted = min(letters, int(left))
        return granted, Tokens(left - granted, max(at, self.at))


def connections_earned(provider: Provider, letters: int, slowed: bool = False) -> int:
    """How many connections all hosts may have open after so many letters were let through since
    connections were last turned away.
    """
    earned = min(provider.connections, 1 + letters // LETTERS_BEFORE_ANOTHER)
    return max(1, earned - slowed)


def connections_wanted(letters: int) -> int:
    """How many connections so many letters are worth."""
    return -(-letters // LETTERS_A_CONNECTION)
