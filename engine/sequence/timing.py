"""When a letter falls due: pure arithmetic between instants and the reader's calendar.

Instants are integers: milliseconds since 1970-01-01T00:00:00Z. A zone is an IANA name. A local time
that a clock change skips is taken later by the length of the gap; one that occurs twice is taken
the first time.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from engine.frozen import dataclass
from engine.sequence.delay import EVERY_DAY, MINUTE, Delay

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 1000, 9000


@dataclass(frozen=True, slots=True)
class Hours:
    """When on the reader's clock a letter may leave: at a time of day, or within a window; on some
    weekdays (Monday is 0).
    """

    at: int | None = None
    between: tuple[int, int] | None = None
    days: frozenset[int] = EVERY_DAY


ANY_HOUR = Hours()


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """The names of the IANA time zone database."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """True for a name of the IANA time zone database."""
    return name in known_zones()


def to_local(instant: int, zone_name: str) -> datetime:
    return (_EPOCH + instant * _MS).astimezone(zone(zone_name))


def read_local_minute(text: str) -> datetime:
    """The day and minute of "2026-12-01 09:00", on no zone's clock. Raises ValueError, also for a
    year at an end of the calendar, where no zone and no delay could be reckoned with.
    """
    local = datetime.strptime(text, "%Y-%m-%d %H:%M")
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise ValueError(f"{text} lies at an end of the calendar")
    return local


def to_instant(local: datetime, zone_name: str) -> int:
    """The instant of a naive local date and time in a zone (see the head of this file for gaps and
    folds).
    """
    aware = local.replace(tzinfo=zone(zone_name), fold=0)
    return (aware.astimezone(UTC) - _EPOCH) // _MS


def later(start: int, delay: Delay, zone_name: str) -> int:
    """`start` plus `delay`: months and days keep the local time of day, minutes are exact; the 31st
    plus a month is the month's last day.
    """
    if not (delay.months or delay.days):
        return start + delay.minutes * MINUTE
    local = to_local(start, zone_name)
    moved = datetime.combine(_days_later(local.date(), delay), local.time())
    return to_instant(moved.replace(tzinfo=None), zone_name) + delay.minutes * MINUTE


def earlier(end: int, delay: Delay, zone_name: str) -> int:
    """`end` less `delay`, on the calendar of a zone: from there `later` comes to `end`, or to the
    last day of that month.
    """
    back = Delay(-delay.months, -delay.days, -delay.minutes)
    return later(end, back, zone_name)


def due(start: int, delay: Delay, hours: Hours, zone_name: str) -> int:
    """The instant at which something that comes `delay` after `start`, within `hours`, falls due.

    A delay of whole days with a time of day means that time on that calendar day ("2 days at 09:00"
    after Monday 15:00 is Wednesday 09:00); any other delay means the first permitted moment after
    it has passed.
    """
    if hours is ANY_HOUR:
        return later(start, delay, zone_name)
    if hours.at is not None and delay.is_calendar:
        day = _days_later(to_local(start, zone_name).date(), delay)
        return _on_allowed_day(day, hours.at, hours.days, zone_name)
    return first_permitted(later(start, delay, zone_name), hours, zone_name)


def first_permitted(instant: int, hours: Hours, zone_name: str) -> int:
    """The first instant not before `instant` that `hours` permits."""
    if hours.at is None and hours.between is None and len(hours.days) == len(EVERY_DAY):
        return instant
    local = to_local(instant, zone_name)
    if hours.at is not None:
        candidate = _on_allowed_day(local.date(), hours.at, hours.days, zone_name)
        return (
            candidate
            if candidate >= instant
            else _on_allowed_day(_next(local.date()), hours.at, hours.days, zone_name)
        )
    if hours.between is None:
        return (
            instant
            if local.weekday() in hours.days
            else _on_allowed_day(_next(local.date()), 0, hours.days, zone_name)
        )
    start, end = hours.between
    minute = local.hour * 60 + local.minute
    opened = local.date() if minute >= start else local.date() - _DAY
    inside = (start <= minute < end) if start < end else (minute >= start or minute < end)
    if inside and opened.weekday() in hours.days:
        return instant
    today = _on_allowed_day(local.date(), start, hours.days, zone_name)
    return (
        today
        if today >= instant
        else _on_allowed_day(_next(local.date()), start, hours.days, zone_name)
    )


def due_before(end: int, delay: Delay, hours: Hours, zone_name: str) -> int:
    """The instant at which something that comes `delay` before `end`, within `hours`, falls due:
    as `due`, but where the hours do not permit that moment, the last one before it that they do.
    """
    if hours.at is not None and delay.is_calendar:
        day = to_local(earlier(end, delay, zone_name), zone_name).date()
        return _on_day_allowed_before(day, hours.at, hours.days, zone_name)
    return last_permitted(earlier(end, delay, zone_name), hours, zone_name)


def last_permitted(instant: int, hours: Hours, zone_name: str) -> int:
    """The last instant not after `instant` that `hours` permits, to the minute."""
    if first_permitted(instant, hours, zone_name) == instant:
        return instant
    local = to_local(instant, zone_name)
    if hours.at is not None:
        minute, days_on = hours.at, 0
    elif hours.between is not None:
        start, end = hours.between
        minute, days_on = (end - 1) % (24 * 60), 1 if 0 < end <= start else 0
    else:
        minute, days_on = 24 * 60 - 1, 0
    opened = local.date()
    while True:
        moment = to_instant(
            datetime.combine(opened + days_on * _DAY, time(minute // 60, minute % 60)), zone_name
        )
        if opened.weekday() in hours.days and moment <= instant:
            return moment
        opened -= _DAY


def _on_day_allowed_before(day: date, minute: int, days: frozenset[int], zone_name: str) -> int:
    while day.weekday() not in days:
        day -= _DAY
    return to_instant(datetime.combine(day, time(minute // 60, minute % 60)), zone_name)


def _on_allowed_day(day: date, minute: int, days: frozenset[int], zone_name: str) -> int:
    while day.weekday() not in days:
        day = _next(day)
    return to_instant(datetime.combine(day, time(minute // 60, minute % 60)), zone_name)


def _next(day: date) -> date:
    return day + _DAY


def _days_later(day: date, delay: Delay) -> date:
    if delay.months:
        index = day.year * 12 + day.month - 1 + delay.months
        year, month = divmod(index, 12)
        day = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return day + timedelta(days=delay.days)
