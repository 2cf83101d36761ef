"""Days of the year that move or that everybody knows: Easter and what is counted from it, and
feasts on "the last Sunday of May". Pure, so that every host computes the same day from a
published plan, on any version of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

SUNDAY = 6
_DAY = timedelta(days=1)


@lru_cache(maxsize=512)
def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    golden, century, rest = year % 19, year // 100, year % 100
    correction = century - (century + 8) // 25 + 1
    epact = (19 * golden + century - century // 4 - correction // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    """The n-th such weekday of a month, 1 being the first; -1 is the last."""
    if nth > 0:
        first = date(year, month, 1)
        return first + (weekday - first.weekday()) % 7 * _DAY + 7 * (nth - 1) * _DAY
    last = date(year + month // 12, month % 12 + 1, 1) - _DAY
    return last - (last.weekday() - weekday) % 7 * _DAY


def _mothers_day(year: int) -> date:
    """The last Sunday of May, or the first of June where that is Whit Sunday (code de l'action
    sociale et des familles, D. 215-1).
    """
    last = _nth(year, 5, SUNDAY, -1)
    return _nth(year, 6, SUNDAY, 1) if last == easter(year) + 49 * _DAY else last


def _epiphany(year: int) -> date:
    """In France the first Sunday after the first of January (decree of the Holy See, 1966)."""
    return _nth(year, 1, SUNDAY, 2 if date(year, 1, 1).weekday() == SUNDAY else 1)


def _advent(year: int) -> date:
    """The fourth Sunday before Christmas."""
    christmas = date(year, 12, 25)
    return christmas - (christmas.weekday() + 1 or 7) * _DAY - 21 * _DAY


def _from_easter(days: int) -> Callable[[int], date]:
    return lambda year: easter(year) + days * _DAY


def _on(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _each(month: int, weekday: int, nth: int) -> Callable[[int], date]:
    return lambda year: _nth(year, month, weekday, nth)


FEASTS: dict[str, Callable[[int], date]] = {
    "jour-de-l-an": _on(1, 1),
    "epiphanie": _epiphany,
    "chandeleur": _on(2, 2),
    "saint-valentin": _on(2, 14),
    "fete-des-grands-meres": _each(3, SUNDAY, 1),
    "mardi-gras": _from_easter(-47),
    "cendres": _from_easter(-46),
    "rameaux": _from_easter(-7),
    "vendredi-saint": _from_easter(-2),
    "paques": _from_easter(0),
    "lundi-de-paques": _from_easter(1),
    "fete-du-travail": _on(5, 1),
    "victoire-1945": _on(5, 8),
    "saints-de-glace": _on(5, 13),
    "ascension": _from_easter(39),
    "pentecote": _from_easter(49),
    "lundi-de-pentecote": _from_easter(50),
    "fete-des-meres": _mothers_day,
    "fete-des-peres": _each(6, SUNDAY, 3),
    "fete-de-la-musique": _on(6, 21),
    "fete-nationale": _on(7, 14),
    "assomption": _on(8, 15),
    "fete-des-grands-peres": _each(10, SUNDAY, 1),
    "halloween": _on(10, 31),
    "toussaint": _on(11, 1),
    "armistice-1918": _on(11, 11),
    "beaujolais-nouveau": _each(11, 3, 3),
    "black-friday": lambda year: _nth(year, 11, 3, 4) + _DAY,
    "avent": _advent,
    "saint-nicolas": _on(12, 6),
    "noel": _on(12, 25),
    "saint-sylvestre": _on(12, 31),
}
"""By their French name as an author's key has it: "Fête des mères" is "fete-des-meres"."""

NAMES: dict[str, str] = {
    "jour-de-l-an": "Jour de l’an",
    "epiphanie": "Épiphanie",
    "chandeleur": "Chandeleur",
    "saint-valentin": "Saint-Valentin",
    "fete-des-grands-meres": "Fête des grands-mères",
    "mardi-gras": "Mardi gras",
    "cendres": "Mercredi des Cendres",
    "rameaux": "Rameaux",
    "vendredi-saint": "Vendredi saint",
    "paques": "Pâques",
    "lundi-de-paques": "Lundi de Pâques",
    "fete-du-travail": "Fête du Travail",
    "victoire-1945": "Victoire de 1945",
    "saints-de-glace": "Saints de glace",
    "ascension": "Ascension",
    "pentecote": "Pentecôte",
    "lundi-de-pentecote": "Lundi de Pentecôte",
    "fete-des-meres": "Fête des mères",
    "fete-des-peres": "Fête des pères",
    "fete-de-la-musique": "Fête de la musique",
    "fete-nationale": "Fête nationale",
    "assomption": "Assomption",
    "fete-des-grands-peres": "Fête des grands-pères",
    "halloween": "Halloween",
    "toussaint": "Toussaint",
    "armistice-1918": "Armistice de 1918",
    "beaujolais-nouveau": "Beaujolais nouveau",
    "black-friday": "Black Friday",
    "avent": "Premier dimanche de l’avent",
    "saint-nicolas": "Saint-Nicolas",
    "noel": "Noël",
    "saint-sylvestre": "Saint-Sylvestre",
}
"""As a French calendar writes them."""

ENGLISH: dict[str, str] = {
    "new-year": "jour-de-l-an",
    "epiphany": "epiphanie",
    "candlemas": "chandeleur",
    "valentine-s-day": "saint-valentin",
    "grandmother-s-day": "fete-des-grands-meres",
    "shrove-tuesday": "mardi-gras",
    "ash-wednesday": "cendres",
    "palm-sunday": "rameaux",
    "good-friday": "vendredi-saint",
    "easter": "paques",
    "easter-monday": "lundi-de-paques",
    "labour-day": "fete-du-travail",
    "whit-sunday": "pentecote",
    "pentecost": "pentecote",
    "whit-monday": "lundi-de-pentecote",
    "mother-s-day": "fete-des-meres",
    "father-s-day": "fete-des-peres",
    "bastille-day": "fete-nationale",
    "assumption": "assomption",
    "grandfather-s-day": "fete-des-grands-peres",
    "all-saints": "toussaint",
    "advent": "avent",
    "christmas": "noel",
    "new-year-s-eve": "saint-sylvestre",
}


def feast_day(feast: str, year: int) -> date:
    """The day of a feast in a year. Raises KeyError for a name that is not in FEASTS."""
    return FEASTS[feast](year)
