"""How authors write durations ("2 days", "1 month", "90 minutes") and what they mean: calendar parts and exact parts apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {
    "minute": ("minutes", 1),
    "hour": ("minutes", 60),
    "day": ("days", 1),
    "week": ("days", 7),
    "month": ("months", 1),
    "year": ("months", 12),
}
_PART = re.compile(r"(\d{1,5})\s*(minute|hour|day|week|month|year)s?")
_WHOLE = re.compile(rf"{_PART.pattern}(?:\s*(?:,|and)?\s*{_PART.pattern})*")


@dataclass(frozen=True, slots=True)
class Delay:
    """A duration: `months` and `days` are counted on the reader's calendar, `minutes` on the clock."""

    months: int = 0
    days: int = 0
    minutes: int = 0

    @property
    def is_calendar(self) -> bool:
        return bool(self.months or self.days) and not self.minutes

    @property
    def nominal_ms(self) -> int:
        """Length in milliseconds for comparisons between delays; a month counts as 30 days."""
        return (self.months * 30 + self.days) * DAY + self.minutes * MINUTE

    @property
    def least_ms(self) -> int:
        """No longer than the delay anywhere and at any time: months of 28 days, and a day off for a change of the clock or of the zone."""
        days = self.months * 28 + self.days
        return max(0, days - 1) * DAY + self.minutes * MINUTE

    def __str__(self) -> str:
        parts = [(self.months, "month"), (self.days, "day"), (self.minutes // 60, "hour"), (self.minutes % 60, "minute")]
        said = [f"{n} {unit}{'s' if n > 1 else ''}" for n, unit in parts if n]
        return " ".join(said) or "0 minutes"


NONE = Delay()


def parse_delay(text: str) -> Delay:
    """Read "2 days", "1 month", "1 hour 30 minutes". Raises ValueError with a sentence."""
    folded = text.strip().lower()
    if not _WHOLE.fullmatch(folded):
        raise ValueError(f'"{text}" is not a duration: write for example "0 minutes", "6 hours", "2 days", "1 month"')
    total = {"months": 0, "days": 0, "minutes": 0}
    for count, unit in _PART.findall(folded):
        field, factor = _UNITS[unit]
        total[field] += int(count) * factor
    if total["months"] > 1200 or total["days"] > 36500 or total["minutes"] > 60 * 24 * 3650:
        raise ValueError(f'"{text}" is longer than a hundred years')
    return Delay(**total)


_WAIT = re.compile(r"(\d{1,5})\s*(second|minute|hour)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
LONGEST_WAIT = 3600


def parse_seconds(text: str) -> int:
    """Read how long a program waits, in seconds of the wall clock: "30 seconds", "5 minutes", at most "1 hour". Raises ValueError with a sentence."""
    found = _WAIT.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f'"{text}" is not a time to wait: write for example "30 seconds", "5 minutes"')
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > LONGEST_WAIT:
        raise ValueError(f'"{text}" is longer than an hour')
    return seconds


def parse_patience(text: str) -> int:
    """As `parse_seconds`, and never nothing."""
    seconds = parse_seconds(text)
    if not seconds:
        raise ValueError(f'"{text}" leaves no time at all: write "1 second" or more')
    return seconds


_CLOCK = re.compile(r"([01]?\d|2[0-3])[:h]([0-5]\d)")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))


def parse_clock(text: str) -> int:
    """Read "09:00" as minutes since local midnight. Raises ValueError with a sentence."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError(f'"{text}" is not a time of day: write "09:00"')
    return int(found[1]) * 60 + int(found[2])


def parse_days(text: str) -> frozenset[int]:
    """Read "mon-fri", "sat,sun", "fri-mon": weekdays, Monday is 0. Raises ValueError with a sentence."""
    chosen: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last and last not in WEEKDAYS):
            raise ValueError(f'"{text}" are not days: write "mon-fri" or "mon,wed,sat"')
        day, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        chosen.add(day)
        while day != end:
            day = (day + 1) % 7
            chosen.add(day)
    return frozenset(chosen)


def parse_window(text: str) -> tuple[int, int]:
    """Read "09:00-18:00" or "20:00-02:00" (across midnight) as minutes since midnight. Raises ValueError with a sentence."""
    first, dash, last = text.partition("-")
    if not dash:
        raise ValueError(f'"{text}" is not a window: write "09:00-18:00"')
    start, end = parse_clock(first), parse_clock(last)
    if start == end:
        raise ValueError(f'the window "{text}" is empty')
    return start, end
