"""When complaints and bounces say that something is wrong with what is sent, or to whom (A50):
first it is said, then letters that nobody asked for stop.

Shares are of letters that came to an end. Below MIN_LETTERS of them a share says nothing: one
complaint among ten letters is a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIN_LETTERS = 200
Level = Literal["", "few", "warn", "over"]
"""few: of too few letters to tell."""
PASSED: frozenset[Level] = frozenset({"warn", "over"})
Reason = Literal["complaints", "bounces"]


@dataclass(frozen=True, slots=True)
class Guard:
    """Shares, of 1,000 letters: from `warn` on a provider begins to think badly of the sender, from
    `over` on it stops taking the letters.
    """

    warn: int
    over: int

    def level(self, count: int, letters: int) -> Level:
        if letters < MIN_LETTERS:
            return "few"
        share = 1000 * count
        if share >= self.over * letters:
            return "over"
        return "warn" if share >= self.warn * letters else ""


COMPLAINTS = Guard(warn=1, over=3)
BOUNCES = Guard(warn=20, over=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Letters of some days: `accepted`, `tried` (accepted or given up), and what came of them."""

    accepted: int
    tried: int
    complained: int
    bounced: int


def reason_to_pause(
    ended: Ended, complaints: Guard = COMPLAINTS, bounces: Guard = BOUNCES
) -> Reason | None:
    """Why letters that nobody asked for are to stop, None where nothing speaks against them."""
    if complaints.level(ended.complained, ended.accepted) == "over":
        return "complaints"
    return "bounces" if bounces.level(ended.bounced, ended.tried) == "over" else None
