"""The five parts of a cron line, as `crontab(5)` means them, checked and spelled out so that no
reader of them can mean something else.

Weekdays come out as names: some schedulers begin the week on Monday, cron on Sunday. Cron's "day or
weekday", when both are given, is refused.
"""

from __future__ import annotations

import re

from engine.sequence.mistakes import Unreadable
from engine.words import N_, words

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = (
    (N_("minute"), 0, 59, ()),
    (N_("hour"), 0, 23, ()),
    (N_("day of the month"), 1, 31, ()),
    (N_("month"), 1, 12, MONTHS),
    (N_("weekday"), 0, 7, WEEKDAYS),
)
_LONGEST = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NO_PART = N_('"{part}" is no {what} of a cron line')
_ITEM = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]{1,3}))?")


def read_cron(text: str) -> tuple[str, str, str, str, str]:
    """ "0 9 1 * *" as (minute, hour, day, month, weekday), each "*" or numbers (weekdays: names)
    with commas. Raises Unreadable.
    """
    parts = text.lower().split()
    if len(parts) != len(_PARTS):
        raise Unreadable(
            N_('"{text}" is not a cron line of five parts: minute hour day month weekday'),
            text=text,
        )
    minute, hour, day, month, weekday = (
        _spelled(part, *meant) for part, meant in zip(parts, _PARTS, strict=True)
    )
    if day != "*" and weekday != "*":
        raise Unreadable(
            N_(
                '"{text}" names both days of the month and weekdays: give one of them, and * for'
                " the other"
            ),
            text=text,
        )
    if weekday != "*":
        names = {WEEKDAYS[int(number)] for number in weekday.split(",")}
        weekday = ",".join(name for name in WEEKDAYS[1:] if name in names)
    return minute, hour, day, month, weekday


def falls_due(every: str) -> bool:
    """Whether a cron line that reads well names a day that some month has."""
    _, _, day, month, _ = read_cron(every)
    return "*" in (day, month) or min(map(int, day.split(","))) <= max(
        _LONGEST[int(number)] for number in month.split(",")
    )


def _spelled(part: str, what: str, first: int, last: int, names: tuple[str, ...]) -> str:
    if part == "*":
        return part
    chosen: set[int] = set()
    for item in part.split(","):
        match = _ITEM.fullmatch(item)
        if match is None or (match[1] == "*" and match[2]):
            raise Unreadable(_NO_PART, part=part, what=words(what))
        low = first if match[1] == "*" else _number(match[1], what, first, last, names)
        high = _number(match[2], what, first, last, names) if match[2] else low
        if not match[2] and (match[1] == "*" or match[3]):
            high = last
        if high < low and names is WEEKDAYS:
            high += 7
        step = int(match[3] or 1)
        if high < low or not step:
            raise Unreadable(_NO_PART, part=part, what=words(what))
        chosen |= {
            number % 7 if names is WEEKDAYS else number for number in range(low, high + 1, step)
        }
    return ",".join(str(value) for value in sorted(chosen))


def _number(text: str, what: str, first: int, last: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text)
    if not text.isdecimal() or not first <= int(text) <= last:
        raise Unreadable(
            N_('"{part}" is no {what} of a cron line: {first} to {last}'),
            part=text,
            what=words(what),
            first=first,
            last=last,
        )
    return int(text)
