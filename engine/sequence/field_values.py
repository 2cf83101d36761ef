"""What is known of a person in a typed field, as the vault keeps it: one text, in one form for each
type, and what that text means. Pure.

| type | kept as |
|---|---|
| text | what was given |
| number | a decimal point, no needless zero, no sign but a minus: `1234.5`, `-3`, `0` |
| date | ISO 8601: `1980-09-03` |
| choice | the option, as it is declared |
| choices | the options in the order of their declaration, `Lyon; Nice`: none holds a semicolon |
| yes-no | `yes` or `no` |

"" is not known. A text of another form was kept while the field had another type, or an option
since taken away: it stays as it is, and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final, assert_never

from engine.sequence.model import Field

BETWEEN_OPTIONS: Final = ";"
YES, NO = "yes", "no"
FIRST_YEAR, LAST_YEAR = 1800, 2199
MAX_WHOLE_FIGURES, MAX_DECIMALS = 15, 6

_NUMBER = re.compile(
    rf"0|-?(?:0\.\d{{0,{MAX_DECIMALS - 1}}}[1-9]"
    rf"|[1-9]\d{{0,{MAX_WHOLE_FIGURES - 1}}}(?:\.\d{{0,{MAX_DECIMALS - 1}}}[1-9])?)",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

FieldValue = str | Decimal | date | bool | tuple[str, ...]
"""A text or an option, a number, a day, a yes, or options."""


def value_of(field: Field, kept: str) -> FieldValue | None:
    """What a kept text means; None for "" and for what does not fit the field's type."""
    if not kept:
        return None
    match field.type:
        case "text":
            return kept
        case "number":
            return number_of(kept)
        case "date":
            return day_of(kept)
        case "choice":
            return kept if kept in field.options else None
        case "choices":
            chosen = options_of(kept)
            return chosen if all(option in field.options for option in chosen) else None
        case "yes-no":
            return yes_of(kept)
        case _:
            assert_never(field.type)


def fits(field: Field, kept: str) -> bool:
    """Whether a kept text has the form of the field's type; "" fits everywhere."""
    return not kept or value_of(field, kept) is not None


def number_of(kept: str) -> Decimal | None:
    return Decimal(kept) if _NUMBER.fullmatch(kept) else None


def day_of(kept: str) -> date | None:
    if not _DAY.fullmatch(kept):
        return None
    try:
        day = date.fromisoformat(kept)
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def options_of(kept: str) -> tuple[str, ...]:
    """The options of a kept text of the type choices, whether they are declared or not."""
    return tuple(option for piece in kept.split(BETWEEN_OPTIONS) if (option := piece.strip()))


def yes_of(kept: str) -> bool | None:
    return {YES: True, NO: False}.get(kept)


def kept_number(number: Decimal) -> str:
    """A number as it is kept; what is longer than MAX_DECIMALS is not for this function."""
    written = f"{number:f}"
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def kept_options(field: Field, chosen: Iterable[str]) -> str:
    """Declared options as they are kept."""
    wanted = frozenset(chosen)
    return f"{BETWEEN_OPTIONS} ".join(option for option in field.options if option in wanted)
