"""A date or an instant as people and machines write it → milliseconds since 1970: the one reader
for every door. Pure.

RFC 3339 and its relatives (`2026-12-01T09:00:00.123456789Z`, `2026-12-01 09:00 +0100`,
`20261201T090000Z`), day, month and year with slashes, dashes or dots (`20-03-2023 23:41:59`,
`7/4/24 5:59 PM`), and months in words (`1er décembre 2026 à 9h`, `Tue, 1 Dec 2026 09:00:00 +0100`,
`Dec 1, 2026`). What can be read with the day or with the month first is read only where somebody
has said which. A leap second is read as the one before it, and 24:00 as the end of its day.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum, auto
from functools import lru_cache
from typing import Literal, get_args

from engine.sequence.timing import is_zone, to_instant
from engine.words import CodedError

DateOrder = Literal["day-first", "month-first"]
DATE_ORDERS: tuple[DateOrder, ...] = get_args(DateOrder)
AHEAD = 5 * 60_000
"""How far a caller's clock may run ahead of ours, in milliseconds: instants this far in the future
count as now.
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)", re.ASCII)
_CLOCK = re.compile(
    r"(?:[Tt]|,? ?)(\d{1,2})(?:[hH](\d{2})?|:(\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?)"
    r"(?: ?([AaPp])\.?[Mm]\.?)?(?: ?(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?| ?([Zz]|UTC|GMT))?",
    re.ASCII,
)
_YEARLESS = re.compile(r"--?(\d{2})-?(\d{2})", re.ASCII)
_WEEKDAY = r"(?:[^\W\d]{2,12}\.?,? )?"
_DAY_MONTH = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:er|st|nd|rd|th|\.)?(?: |-| de )([^\W\d]{{3,12}})"
    r"\.?,?(?: |-| de )(\d{4}|\d{2})(?![\d:h])"
)
_MONTH_DAY = re.compile(
    rf"{_WEEKDAY}([^\W\d]{{3,12}})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})(?!\d)"
)
_BASIC = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)[Tt](\d\d)(\d\d)(\d\d)?(?!\d)", re.ASCII)
_IN_ZONE = re.compile(
    r"(?:\[([\w+/-]{1,60})\]| ([A-Za-z_]{3,30}/[\w/-]{1,40}))$", re.ASCII
)  # in brackets: RFC 9557
_BESIDE = re.compile(r" \([^()]{1,60}\)$")  # as browsers name the zone
# Each month as English, French, German, Spanish, Italian, Dutch and Portuguese write it, long and
# short, without accents.
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan janv janvier january januar janner enero ene gennaio gen januari janeiro",
            "feb fev fevr fevrier february februar febr febrero febbraio februari fevereiro",
            "mar mars march marz maerz marzo maart mrt marco",
            "apr avr avril april abril abr aprile",
            "mai may mayo maggio mag mei maio",
            "jun juin june juni junio giugno giu junho",
            "jul juil juillet july juli julio luglio lug julho",
            "aug aout august agosto ago augustus",
            "sep sept septembre september septiembre settembre set setembro",
            "oct octobre october okt oktober octubre ottobre ott outubro",
            "nov novembre november noviembre novembro",
            "dec decembre december dez dezember diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}
_CENTURY = 70  # two digits from here on are a year of 19.., as POSIX has it


class DateFault(StrEnum):
    """Why a text is no date."""

    BOTH_WAYS = auto()
    HOUR_TOO = auto()
    NO_DAY = auto()
    NOT_UNDERSTOOD = auto()
    NO_SUCH_DAY = auto()
    YEAR_OF_TWO_FIGURES = auto()
    YEAR_UNLIKELY = auto()


class DateRefused(CodedError[DateFault]):
    """Says why a text is no date, without quoting it."""


def read_instant(text: str, zone: str, order: DateOrder | None = None) -> int:
    """On the clock of `zone` (IANA) where the text brings no zone of its own; a day is its
    midnight. Raises DateRefused.

    Without an `order`, what reads both ways (03/04/2026) is refused. Fractions of a second are cut
    to milliseconds.
    """
    return _read(" ".join(text.split()), zone, order)


def read_day(text: str, order: DateOrder | None = None) -> date:
    """The day of a text that says no hour but midnight, as spreadsheets and databases write a day.
    Raises DateRefused; without an `order`, also for what reads both ways.

    A year of two figures is refused: 55 is 1955 to one reader and 2055 to another.
    """
    text = " ".join(text.split())
    match = _YEAR_LAST.match(text) or _DAY_MONTH.match(text)
    if match is not None and len(match[match.re.groups]) == 2:
        raise DateRefused(DateFault.YEAR_OF_TWO_FIGURES)
    try:
        parts, clock = _day_and_clock(_in_order(text), order)
    except DateRefused as error:
        if error.reason.code is DateFault.NOT_UNDERSTOOD:
            raise DateRefused(DateFault.NO_DAY) from None
        raise
    try:
        day, hour = date(*parts), (0, 0, 0) if clock is None else _time_of_day(clock)
    except ValueError:
        raise DateRefused(DateFault.NO_SUCH_DAY) from None
    if hour != (0, 0, 0):
        raise DateRefused(DateFault.HOUR_TOO)
    return day


def not_after(instant: int, now: int) -> int | None:
    """`instant`, or `now` where another clock runs a little ahead of ours; None for what lies in
    the future.
    """
    return min(instant, now) if instant <= now + AHEAD else None


def is_no_day(text: str) -> bool:
    """Whether a text has the form of a date and names no day: `00/00/00` as Outlook leaves it,
    `--02-29` as address books write a birthday.
    """
    if _YEARLESS.fullmatch(text):
        return True
    parts = _parts(text, "day-first")
    return parts is not None and parts[3] == len(text) and 0 in parts[1:3]


def in_figures(text: str) -> str:
    """A date with its month in words or without separators, rewritten as year, month and day in
    figures; any other text unchanged.
    """
    if basic := _BASIC.match(text):
        year, month, day, hour, minute, second = basic.groups()
        return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{text[basic.end() :]}"
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        if (match := pattern.match(text)) is not None:
            day, name = (match[1], match[2]) if pattern is _DAY_MONTH else (match[2], match[1])
            if month_in_figures := _MONTHS.get(_unaccented(name)):
                return f"{_year(match[3])}-{month_in_figures:02}-{day}{text[match.end() :]}"
    return text


def _year(figures: str) -> int:
    year = int(figures)
    return year if len(figures) == 4 else year + (1900 if year >= _CENTURY else 2000)


def _unaccented(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in apart if not unicodedata.combining(character))


@lru_cache(maxsize=8192)
def _read(text: str, zone: str, order: DateOrder | None) -> int:
    text = _in_order(text)
    if (named := _IN_ZONE.search(text)) and is_zone(named[1] or named[2]):
        text, zone = text[: named.start()], named[1] or named[2]
    parts, clock = _day_and_clock(text, order)
    try:
        day = date(*parts)
        if clock is None:
            return to_instant(datetime(day.year, day.month, day.day), zone)
        return _at(day, clock, zone)
    except (ValueError, OverflowError):
        raise DateRefused(DateFault.NO_SUCH_DAY) from None


def _in_order(text: str) -> str:
    """A date in figures, and nothing between it and its hour but a blank."""
    text = in_figures(_BESIDE.sub("", text.replace("\u2212", "-")))
    return re.sub(r"(?<=\d),? (?:à|at|-) (?=\d)", " ", text)


def _day_and_clock(
    text: str, order: DateOrder | None
) -> tuple[tuple[int, int, int], re.Match[str] | None]:
    """Year, month and day, which may be of no calendar, and the hour, if one is said. Raises
    DateRefused.
    """
    if order is None and _order_of(text) == "either":
        raise DateRefused(DateFault.BOTH_WAYS)
    parts = _parts(
        text, order or ("month-first" if _order_of(text) == "month-first" else "day-first")
    )
    clock = _CLOCK.fullmatch(text, parts[3]) if parts is not None and parts[3] < len(text) else None
    if parts is None or (clock is None and parts[3] < len(text)):
        raise DateRefused(DateFault.NOT_UNDERSTOOD)
    return parts[:3], clock


def _at(day: date, clock: re.Match[str], zone: str) -> int:
    fraction, _half, sign, hours, minutes, universal = clock.groups()[4:]
    read = _time_of_day(clock)
    ended = read == (24, 0, 0)
    local = datetime(day.year, day.month, day.day, *((0, 0, 0) if ended else read)) + timedelta(
        days=ended
    )
    milliseconds = 0 if ended else int((fraction or "")[:3].ljust(3, "0"))
    if not (universal or sign):
        return to_instant(local, zone) + milliseconds
    if int(minutes or 0) > 59:
        raise ValueError
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    aware = local.replace(tzinfo=timezone(-offset if sign == "-" else offset))
    return (aware - _EPOCH) // timedelta(milliseconds=1) + milliseconds


def _time_of_day(clock: re.Match[str]) -> tuple[int, int, int]:
    hour, after_h, minute, second, _fraction, half = clock.groups()[:6]
    return (
        _hour(int(hour), half),
        int(minute or after_h or 0),
        59 if second == "60" else int(second or 0),
    )


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if half in "Pp" else 0)


def _parts(text: str, order: DateOrder) -> tuple[int, int, int, int] | None:
    """Year, month, day, and where in the text they end."""
    if match := _YEAR_FIRST.match(text):
        return int(match[1]), int(match[3]), int(match[4]), match.end()
    if match := _YEAR_LAST.match(text):
        first, second, year = int(match[1]), int(match[3]), _year(match[4])
        return (
            (year, second, first, match.end())
            if order == "day-first"
            else (year, first, second, match.end())
        )
    return None


def _order_of(text: str) -> DateOrder | Literal["either", ""]:
    """The order that the numbers of one date prove; "" where they prove none: year first, the same
    number twice, or no day at all.
    """
    match = _YEAR_LAST.match(text)
    if match is None:
        return ""
    first, second = int(match[1]), int(match[3])
    if first == second or 0 in (first, second) or (first > 12 and second > 12):
        return ""
    if first > 12:
        return "day-first"
    return "month-first" if second > 12 else "either"


@dataclass(slots=True)
class DatesOfColumn:
    """The order of day and month in the dates of one column: for each order, the first line (from
    1; 0 for none) that proves it.
    """

    day_first: int = 0
    month_first: int = 0
    either: int = 0

    def see(self, text: str, line: int) -> None:
        match _order_of(text.strip()):
            case "day-first":
                self.day_first = self.day_first or line
            case "month-first":
                self.month_first = self.month_first or line
            case "either":
                self.either = self.either or line

    @property
    def order(self) -> DateOrder | None:
        """None where no date decides the order, or where two dates contradict each other."""
        if self.day_first and self.month_first:
            return None
        if self.month_first:
            return "month-first"
        return None if self.either and not self.day_first else "day-first"
