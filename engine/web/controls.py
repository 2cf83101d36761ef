"""The control for a value of a typed field, on hosted forms and on the page of one's own data: what
fits the finger and the keyboard of a phone, and shows what does not fit as it was typed or is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, assert_never

from engine.i18n.language import N_, Language, translator
from engine.sequence.field_values import (
    NO,
    YES,
    day_of,
    number_of,
    options_of,
)
from engine.sequence.model import Field

Kind = Literal["day", "words", "number", "radios", "select", "boxes"]
MAX_RADIOS = 6
UNFIT: Mapping[str, str] = {
    "date": N_("Please write a date, such as 3 September 1980."),
    "two-days": N_(
        "This could be two different days: please write the month as a word, as in 3 September"
        " 1980."
    ),
    "no-day": N_("There is no such day in any calendar."),
    "year": N_("Please write the year with four figures, as in 3 September 1980."),
    "number": N_("Please write a number in figures."),
    "comma": N_("Please write this number without a comma between thousands."),
}
_COULD_BE_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


class Offered(NamedTuple):
    """One radio button, line or box to choose. `name` is that of its input."""

    id: str
    name: str
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Control:
    """`wrong` says what is wrong with the `value`, "" for nothing."""

    id: str
    name: str
    label: str
    kind: Kind
    value: str
    offers: tuple[Offered, ...] = ()
    required: bool = False
    wrong: str = ""

    @classmethod
    def of(
        cls,
        field: Field,
        value: str,
        language: Language,
        *,
        id: str,
        name: str,
        required: bool = False,
        wrong: str = "",
    ) -> Control:
        """`value` is what is kept, or what was typed and may not fit."""
        offers = tuple(_offers(field, value, language, id, name))
        return cls(
            id=id,
            name=name,
            label=field.label,
            kind=_kind(field, value, len(offers)),
            value=_shown(value, language) if field.type == "number" else value,
            offers=offers,
            required=required,
            wrong=wrong,
        )


def _kind(field: Field, value: str, offers: int) -> Kind:
    match field.type:
        case "text":
            return "words"
        case "date":
            return "day" if not value or day_of(value) else "words"
        case "number":
            return "number"
        case "choice" | "yes-no":
            return "radios" if offers <= MAX_RADIOS else "select"
        case "choices":
            return "boxes"
        case _:
            assert_never(field.type)


def _offers(field: Field, value: str, language: Language, id: str, name: str) -> Iterator[Offered]:
    """What there is to choose, and what was chosen while there was more."""
    boxes, _ = field.type == "choices", translator(language)
    labels = {YES: _("Yes"), NO: _("No")} if field.type == "yes-no" else {}
    declared = tuple(labels) or field.options
    if not declared:
        return
    chosen = options_of(value) if boxes else (value,) if value else ()
    for place, option in enumerate(dict.fromkeys((*declared, *chosen))):
        yield Offered(
            f"{id}.{place}" if place else id,
            f"{name}.{place}" if boxes else name,
            option,
            labels.get(option, option),
            option in chosen,
        )


def _shown(number: str, language: Language) -> str:
    """As its reader would type it, where that reads as the same number."""
    if language != "fr" or number_of(number) is None or _COULD_BE_THOUSANDS.fullmatch(number):
        return number
    return number.replace(".", ",")
