"""Pressure: how many letters a person may get in a period, and which of them may wait. Caps as
values, how they are written, and where they are read.

A window is counted on the calendar of the person's zone: a letter begun at t is within it while
now < later(t, window, zone).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, get_args

from engine.frozen import dataclass
from engine.sequence.delay import DAY, Delay, parse_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.table import Table
from engine.sequence.timing import later
from engine.words import N_, WordedError, Words, words

WhenFull = Literal["wait", "skip"]
"""What becomes of a letter for which there is no room: it is due again later, or left out."""
WHEN_FULL: tuple[WhenFull, ...] = get_args(WhenFull)
DEFAULT_WEIGHT = 5
MAX_WEIGHT = 9
MAX_COUNT = 20
"""As many instants as are kept of the letters a person received for a purpose."""
MAX_WINDOW_DAYS = 366


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` letters within `window`."""

    count: int
    window: Delay

    def __str__(self) -> str:
        """As it is published, and as a fact names it: "3 per 7 days"."""
        return f"{self.count} per {self.window}"

    @property
    def words(self) -> Words:
        """The same in the language of whoever reads it."""
        return words(N_("{n} per {window}"), n=self.count, window=self.window.words)

    def covers(self, begun_at: int, now: int, zone: str) -> bool:
        """Whether a letter begun at `begun_at` (ms) still counts at `now` (ms)."""
        passed = now - begun_at
        if passed < self.window.least_ms:
            return True
        return passed < self.window.most_ms and now < later(begun_at, self.window, zone)


Caps = tuple[Cap, ...]
ScopedCap = tuple[str, Cap]
"""A cap and the purpose whose letters it counts, "" for those of all purposes."""
_CAP = re.compile(r"\s*(\d{1,9}|une?)\s*(?:\bper\b|\bpar\b|\bin\b|\ben\b|/)\s*(.+?)\s*", re.I)


def parse_cap(text: str) -> Cap:
    """Read "3 per 1 week", "1 per day", "2 par semaine". Raises Unreadable."""
    written = _CAP.fullmatch(text)
    window = _window(written[2]) if written else None
    if written is None or window is None:
        raise Unreadable(
            N_(
                '"{text}" is not a cap: write for example "3 per 1 week", "1 per 2 days" (how many'
                " letters in how long)"
            ),
            text=text,
        )
    count = int(written[1]) if written[1].isdecimal() else 1
    if count == 0:
        raise Unreadable(
            N_('"{text}" would let no letter leave at all: `relance pause` stops sending'),
            text=text,
        )
    if count > MAX_COUNT:
        raise Unreadable(
            N_('"{text}": at most {most} letters are counted, so no cap is above'),
            text=text,
            most=MAX_COUNT,
        )
    if not window.nominal_ms:
        raise Unreadable(N_('"{text}" counts in no time at all: write "1 day" or more'), text=text)
    if window.nominal_ms > MAX_WINDOW_DAYS * DAY:
        raise Unreadable(N_('"{text}" counts over more than a year'), text=text)
    return Cap(count, window)


def _window(text: str) -> Delay | None:
    for written in (text, f"1 {text}"):
        try:
            return parse_delay(written)
        except Unreadable:
            continue
    return None


def read_caps(table: Table) -> Caps:
    """The `max` of a table: one cap in quotes, or several in a list."""
    table.known.add("max")
    value = table.values.get("max", [])
    written = value if isinstance(value, list) else [value]
    caps: list[Cap] = []
    for entry in written:
        if not isinstance(entry, str):
            table.mistake(
                "max", N_('`max` is a cap in quotes, "3 per 1 week", or several in a list')
            )
            return ()
        try:
            cap = parse_cap(entry)
        except WordedError as error:
            table.mistake("max", N_("`{key}`: {why}"), key="max", why=error.words)
            continue
        same = [other for other in caps if other.window == cap.window]
        if same:
            table.mistake(
                "max",
                N_('"{text}" is there beside another cap of the same time: only the least counts'),
                text=entry,
            )
        caps.append(cap)
    return tuple(caps)


def read_weight(table: Table, default: int = DEFAULT_WEIGHT) -> int:
    weight = table.get("weight", int, default)
    if not 0 <= weight <= MAX_WEIGHT:
        table.mistake(
            "weight", N_("`weight` is a number from 0 (yields to all) to 9 (yields to none)")
        )
        return default
    return weight


def as_published(caps: Iterable[Cap]) -> list[str]:
    return [str(cap) for cap in caps]


def from_published(texts: Iterable[object]) -> Caps:
    """What `as_published` wrote. Raises Unreadable."""
    return tuple(parse_cap(str(text)) for text in texts)
