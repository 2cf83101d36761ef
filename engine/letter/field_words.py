"""A kept value of a typed field in words, as a reader of French or English says it. Pure.

What does not fit its field's type (the type has changed since, an option was taken away) is said as
it was kept.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final, Literal, assert_never, get_args

from engine.sequence.field_values import day_of, number_of, options_of, yes_of
from engine.sequence.model import Field, FieldType
from engine.words import Language

DateStyle = Literal["long", "day", "figures"]
"""3 September 1980, 3 September, 03/09/1980."""
DATE_STYLES: tuple[DateStyle, ...] = get_args(DateStyle)
_MONTHS: Final[dict[Language, tuple[str, ...]]] = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_THOUSANDS: Final[dict[Language, str]] = {"fr": "\u202f", "en": ","}
_DECIMALS: Final[dict[Language, str]] = {"fr": ",", "en": "."}
_AND: Final[dict[Language, str]] = {"fr": " et ", "en": " and "}
_YES: Final[dict[Language, tuple[str, str]]] = {"fr": ("oui", "non"), "en": ("yes", "no")}


def in_words(field: Field, kept: str, language: Language) -> str:
    return typed_in_words(field.type, kept, language)


def typed_in_words(kind: FieldType, kept: str, language: Language) -> str:
    match kind:
        case "text" | "choice":
            return kept
        case "number":
            return number_in_words(kept, language)
        case "date":
            return date_in_words(kept, language)
        case "choices":
            return options_in_words(kept, language)
        case "yes-no":
            answer = yes_of(kept)
            return kept if answer is None else _YES[language][0 if answer else 1]
        case _:
            assert_never(kind)


def date_in_words(kept: str, language: Language, style: DateStyle = "long") -> str:
    day = day_of(kept)
    return kept if day is None else _day(day, language, style)


def _day(day: date, language: Language, style: DateStyle) -> str:
    if style == "figures":
        return f"{day:%d/%m/}{day.year}"
    number = "1er" if day.day == 1 and language == "fr" else str(day.day)
    text = f"{number} {_MONTHS[language][day.month - 1]}"
    return text if style == "day" else f"{text} {day.year}"


def number_in_words(kept: str, language: Language) -> str:
    number = number_of(kept)
    return kept if number is None else _figures(number, language)


def _figures(number: Decimal, language: Language) -> str:
    whole, _, after = f"{number:,f}".partition(".")
    figures = whole.replace(",", _THOUSANDS[language])
    return f"{figures}{_DECIMALS[language]}{after}" if after else figures


def options_in_words(kept: str, language: Language) -> str:
    """ "Argile, Sable et Limon" """
    *first, last = options_of(kept) or ("",)
    return f"{', '.join(first)}{_AND[language]}{last}" if first else last
