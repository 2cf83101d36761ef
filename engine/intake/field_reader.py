"""A value of a typed field as people, files and programs write it → the text that the vault keeps
(see `engine.sequence.field_values`): the one reader for every door. Pure.

Nothing is guessed and nothing is kept as it came: what does not fit its field's type is refused,
without quoting it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum, auto
from types import MappingProxyType
from typing import assert_never

from engine.intake.instants import DateFault, DateOrder, DateRefused, read_day
from engine.sequence.field_values import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_DECIMALS,
    MAX_WHOLE_FIGURES,
    NO,
    YES,
    kept_number,
    kept_options,
)
from engine.sequence.model import Field
from engine.sequence.parse_fields import folded
from engine.words import CodedError

MAX_VALUE_CHARACTERS = 20_000
"""Of a text that is read: all the options of a field fit in it."""
_YES = frozenset(["oui", "o", "yes", "y", "1", "x", "true", "vrai", "on", "ja", "si", "sim"])
_NO = frozenset(["non", "n", "no", "0", "false", "faux", "off", "nein", "nao"])
_FIGURES = re.compile(r"\d+", re.ASCII)
_GROUPED = re.compile(r"[1-9]\d{0,2}([ '.,])\d{3}(?:\1\d{3})*", re.ASCII)
_BETWEEN = re.compile(r"[;\r\n]")
_ALSO_BETWEEN = re.compile(r"[|,]")


ORDER_OF_DATES: Mapping[str, DateOrder] = MappingProxyType({"fr": "day-first"})
"""How who reads a language writes a date in figures: an English reader may write either way."""


class FieldFault(StrEnum):
    """Why a text is no value of its field; of dates, `DateFault` says so."""

    NUMBER_BOTH_WAYS = auto()
    NUMBER_NOT_UNDERSTOOD = auto()
    NUMBER_TOO_LONG = auto()
    OPTION_UNKNOWN = auto()
    YES_OR_NO = auto()


class FieldRefused(CodedError[FieldFault]):
    """Says why a text is no value of its field, without quoting it."""


def read_value(field: Field, text: str, order: DateOrder | None = None) -> str:
    """As the vault keeps it; "" stays "", which is not known. Raises FieldRefused or DateRefused.

    `order` says how a date in figures is read; without one, 03/04/1980 is refused.
    """
    if field.type == "text":
        return text
    text = text.strip()
    if not text:
        return ""
    match field.type:
        case "number":
            return _number(text)
        case "date":
            return _day(text, order)
        case "choice":
            return _option(field, text)
        case "choices":
            return _options(field, text)
        case "yes-no":
            word = folded(text)
            if word not in _YES | _NO:
                raise FieldRefused(FieldFault.YES_OR_NO)
            return YES if word in _YES else NO
        case _:
            assert_never(field.type)


def _day(text: str, order: DateOrder | None) -> str:
    day = read_day(text, order)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise DateRefused(DateFault.YEAR_UNLIKELY, first=FIRST_YEAR, last=LAST_YEAR)
    return day.isoformat()


def _number(text: str) -> str:
    """A point alone parts decimals, as programs write them; a comma too, unless the three figures
    after it could be thousands. Of both, the last parts decimals; what stands there several times
    parts thousands.
    """
    spaced = " ".join(text.replace("\u2212", "-").replace("\u2019", "'").split())
    sign, whole = ("-", spaced[1:]) if spaced[0] == "-" else ("", spaced.removeprefix("+"))
    mark = _decimal_mark(whole.strip())
    before, _, after = whole.strip().rpartition(mark) if mark else (whole.strip(), "", "")
    figures = re.sub(r"\D", "", before) if _GROUPED.fullmatch(before) else before or (after and "0")
    if not (_FIGURES.fullmatch(figures) and (not mark or _FIGURES.fullmatch(after))):
        raise FieldRefused(FieldFault.NUMBER_NOT_UNDERSTOOD)
    figures, after = figures.lstrip("0") or "0", after.rstrip("0")
    if len(figures) > MAX_WHOLE_FIGURES or len(after) > MAX_DECIMALS:
        raise FieldRefused(
            FieldFault.NUMBER_TOO_LONG, whole=MAX_WHOLE_FIGURES, decimals=MAX_DECIMALS
        )
    return kept_number(Decimal(f"{sign}{figures}.{after or 0}"))


def _decimal_mark(whole: str) -> str:
    points, commas = whole.count("."), whole.count(",")
    if points and commas:
        mark = max(".,", key=whole.rfind)
        return mark if whole.count(mark) == 1 else ""
    if commas == 1 and _GROUPED.fullmatch(whole):
        raise FieldRefused(FieldFault.NUMBER_BOTH_WAYS)
    return "." if points == 1 else "," if commas == 1 else ""


def _option(field: Field, text: str) -> str:
    option = _found(field, text)
    if not option:
        raise FieldRefused(FieldFault.OPTION_UNKNOWN, known=", ".join(field.options))
    return option


def _options(field: Field, text: str) -> str:
    """Parted by semicolons or line ends; where a piece is no option, also by commas and bars."""
    chosen = []
    for piece in filter(str.strip, _BETWEEN.split(text)):
        option = _found(field, piece)
        pieces = [piece] if option else [p for p in _ALSO_BETWEEN.split(piece) if p.strip()]
        chosen += [_option(field, within) for within in pieces]
    return kept_options(field, chosen)


def _found(field: Field, text: str) -> str:
    """The option that a text means, whatever its case and accents; "" for none."""
    if text in field.options:
        return text
    wanted = folded(text)
    return next((option for option in field.options if folded(option) == wanted), "")
