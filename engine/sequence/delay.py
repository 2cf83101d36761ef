"""How authors write durations ("2 days", "1 month", "90 minutes", "2 jours", "1h30") and what they
mean: calendar parts and exact parts apart.
"""

from __future__ import annotations

import re
from unicodedata import combining, normalize

from engine.frozen import dataclass
from engine.sequence.mistakes import Unreadable
from engine.sequence.nearest import nearest
from engine.words import N_, Words

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
# As they are written in English and in French, without accents and plurals.
_UNIT_WORDS = {
    **{unit: unit for unit in (*_UNITS, "second")},
    "seconde": "second",
    "sec": "second",
    "s": "second",
    "min": "minute",
    "mn": "minute",
    "heure": "hour",
    "h": "hour",
    "jour": "day",
    "j": "day",
    "semaine": "week",
    "mois": "month",
    "an": "year",
    "annee": "year",
}
_PART = re.compile(
    r"(\d{1,5}|une?\b)\s*(" + "|".join(sorted(_UNIT_WORDS, key=len, reverse=True)) + r")s?(?![a-z])"
)
_WHOLE = re.compile(rf"{_PART.pattern}(?:\s*(?:,|and\b|et\b)?\s*{_PART.pattern})*")
_HOURS_AND_MINUTES = re.compile(r"(\d{1,5})\s*h(?:eures?)?\s*(\d{2})(?=\D|$)(?!\s*(?:min|mn))")


def _plain(text: str) -> str:
    """Lower case, without accents."""
    return "".join(
        letter for letter in normalize("NFD", text.strip().lower()) if not combining(letter)
    )


def _parts(text: str) -> list[tuple[int, str]]:
    """How many of which unit, in the order written: "1 day 6 hours", "2 jours", "1h30"; nothing
    when it is something else.
    """
    plain = _HOURS_AND_MINUTES.sub(r"\1 h \2 min", _plain(text))
    if not _WHOLE.fullmatch(plain):
        return []
    return [
        (int(count) if count.isdecimal() else 1, _UNIT_WORDS[unit])
        for count, unit in _PART.findall(plain)
    ]


@dataclass(frozen=True, slots=True)
class Delay:
    """A duration: `months` and `days` are counted on the reader's calendar, `minutes` on the
    clock.
    """

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
        """A lower bound (ms) of the delay, anywhere and at any time: months of 28 days, and a day
        off for a change of the clock or of the zone.
        """
        days = self.months * 28 + self.days
        return max(0, days - 1) * DAY + self.minutes * MINUTE

    @property
    def most_ms(self) -> int:
        """An upper bound (ms) of the delay, as `least_ms` is a lower one: months of 31 days, and a
        day more.
        """
        days = self.months * 31 + self.days
        return (days + bool(days)) * DAY + self.minutes * MINUTE

    def __str__(self) -> str:
        parts = [
            (self.months, "month"),
            (self.days, "day"),
            (self.minutes // 60, "hour"),
            (self.minutes % 60, "minute"),
        ]
        words = [f"{n} {unit}{'s' if n > 1 else ''}" for n, unit in parts if n]
        return " ".join(words) or "0 minutes"

    @property
    def words(self) -> Words:
        """The same in the language of whoever reads it."""
        parts = str(self).split(" ")
        places = " ".join(f"{{part{n}}}" for n in range(len(parts)))
        return Words(places, tuple((f"part{n}", Words(part)) for n, part in enumerate(parts)))


NONE = Delay()


def parse_delay(text: str) -> Delay:
    """Read "2 days", "1 month", "1 hour 30 minutes", "2 jours", "1h30". Raises Unreadable."""
    parts = _parts(text)
    if not parts or any(unit not in _UNITS for _, unit in parts):
        raise Unreadable(
            N_(
                '"{text}" is not a duration: write for example "0 minutes", "6 hours", "2 days", "1'
                ' month"'
            ),
            text=text,
        )
    total = {"months": 0, "days": 0, "minutes": 0}
    for count, unit in parts:
        field, factor = _UNITS[unit]
        total[field] += count * factor
    if total["months"] > 1200 or total["days"] > 36500 or total["minutes"] > 60 * 24 * 3650:
        raise Unreadable(N_('"{text}" is longer than a hundred years'), text=text)
    return Delay(**total)


def written_parts(text: str) -> list[tuple[int, str]]:
    """What a duration is made of, in the order written, by English units: "1 semaine" is [(1,
    "week")]. Raises Unreadable.
    """
    parse_delay(text)
    return _parts(text)


def written_delay(text: str) -> str:
    """A duration as files have it: "1 semaine" is "1 week". Raises Unreadable."""
    return " ".join(f"{n} {unit}{'s' if n != 1 else ''}" for n, unit in written_parts(text))


_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
MAX_DELAY_DAYS = 3600


def parse_seconds(text: str) -> int:
    """Read a timeout in wall-clock seconds: "30 seconds", "5 minutes", at most "1 hour". Raises
    Unreadable.
    """
    parts = _parts(text)
    if len(parts) != 1 or parts[0][1] not in _SECONDS:
        raise Unreadable(
            N_('"{text}" is not a time to wait: write for example "30 seconds", "5 minutes"'),
            text=text,
        )
    seconds = parts[0][0] * _SECONDS[parts[0][1]]
    if seconds > MAX_DELAY_DAYS:
        raise Unreadable(N_('"{text}" is longer than an hour'), text=text)
    return seconds


def parse_positive_seconds(text: str) -> int:
    """As `parse_seconds`, but zero is refused too."""
    seconds = parse_seconds(text)
    if not seconds:
        raise Unreadable(N_('"{text}" leaves no time at all: write "1 second" or more'), text=text)
    return seconds


_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2})|\s*h(?:eures?)?\s*(\d{2})?)")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))
_DAY_NAMES = (
    ("mon", "monday", "lun", "lundi"),
    ("tue", "tuesday", "mar", "mardi", "tues"),
    ("wed", "wednesday", "mer", "mercredi"),
    ("thu", "thursday", "jeu", "jeudi", "thur", "thurs"),
    ("fri", "friday", "ven", "vendredi"),
    ("sat", "saturday", "sam", "samedi"),
    ("sun", "sunday", "dim", "dimanche"),
)
_DAYS = {
    name + plural: day
    for day, names in enumerate(_DAY_NAMES)
    for name in names
    for plural in ("", "s")
}
_ALL_DAYS = frozenset({"every day", "daily", "tous les jours", "chaque jour"})
_TO = re.compile(r"\s*(?:[-\u2010-\u2015]|\b(?:to|au?)\b)\s*")
_FROM = re.compile(r"\b(?:from|on|du|de|le|les)\b")


def parse_clock(text: str) -> int:
    """Read "09:00", "9h" or "9h30" as minutes since local midnight. Raises Unreadable."""
    written = _CLOCK.fullmatch(text.strip().lower())
    if not written:
        raise Unreadable(N_('"{text}" is not a time of day: write "09:00"'), text=text)
    hour, minute = int(written[1]), int(written[2] or written[3] or 0)
    if hour > 23 or minute > 59:
        raise Unreadable(
            N_('"{text}" is not a time of day: hours go from 0 to 23, minutes from 0 to 59'),
            text=text,
        )
    return hour * 60 + minute


def parse_days(text: str) -> frozenset[int]:
    """Read "mon-fri", "sat,sun", "fri-mon", "lun-ven", "lundi et jeudi": weekdays, Monday is 0.
    Raises Unreadable.
    """
    plain = _plain(text)
    if plain in _ALL_DAYS:
        return EVERY_DAY
    chosen: set[int] = set()
    for part in re.split(r"[,;\s]+(?:and\s+|et\s+)?", _TO.sub("-", _FROM.sub("", plain)).strip()):
        first, dash, last = part.partition("-")
        day, end = _weekday(first, text), _weekday(last if dash else first, text)
        chosen.add(day)
        while day != end:
            day = (day + 1) % 7
            chosen.add(day)
    return frozenset(chosen)


def _weekday(name: str, text: str) -> int:
    if name not in _DAYS:
        close = nearest(name, (names for names in _DAYS if len(names) <= len(name))) or nearest(
            name, _DAYS
        )
        if close and name:
            raise Unreadable(
                N_('in "{text}", "{name}" is no day: did you mean "{close}"?'),
                text=text,
                name=name,
                close=close,
            )
        raise Unreadable(N_('"{text}" are not days: write "mon-fri" or "mon,wed,sat"'), text=text)
    return _DAYS[name]


def parse_window(text: str) -> tuple[int, int]:
    """Read "09:00-18:00", "9h-18h" or "20:00-02:00" (across midnight) as minutes since midnight.
    Raises Unreadable.
    """
    first, dash, last = _TO.sub("-", _FROM.sub("", _plain(text))).strip().partition("-")
    if not dash:
        raise Unreadable(N_('"{text}" is not a window: write "09:00-18:00"'), text=text)
    start, end = parse_clock(first), parse_clock(last)
    if start == end:
        raise Unreadable(N_('the window "{text}" is empty'), text=text)
    return start, end


def written_clock(minute: int) -> str:
    """Minutes since midnight as files have them: "09:00"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def written_window(text: str) -> str:
    """A window as files have it: "9h-18h" is "09:00-18:00". Raises Unreadable."""
    return "-".join(map(written_clock, parse_window(text)))
