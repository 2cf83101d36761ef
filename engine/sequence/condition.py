"""Who is meant, as a value: one line of a segment or of a search (`on 10`, `field town is "Lyon"`),
and lines put together by all, any and none. `str` of a condition is its line, which
`condition_grammar` reads back to an equal value.

Lists, groups, segments, letters, purposes and fields named here were declared when the line was
read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, get_args

from engine.frozen import dataclass
from engine.sequence.delay import Delay

_BARE = re.compile(r"[\w-]+")
MAX_TIMES = 20
"""How many times a line may ask for: as many latest instants are kept of each person's acts."""

MeasuredAct = Literal["clicked", "opened"]
MEASURED_ACTS: tuple[MeasuredAct, ...] = get_args(MeasuredAct)
FieldOperator = Literal["is", "is not", "over", "under", "before", "after", "starts with"]
FIELD_OPERATORS: tuple[FieldOperator, ...] = get_args(FieldOperator)


@dataclass(frozen=True, slots=True)
class LetterRef:
    """A letter of a list, or of a broadcast, its reminder included (`list` is 0)."""

    list: int
    broadcast: str
    letter: str

    def __str__(self) -> str:
        return f"{self.list or self.broadcast}/{self.letter}"


@dataclass(frozen=True, slots=True)
class On:
    """Stands on a list."""

    list: int

    def __str__(self) -> str:
        return f"on {self.list}"


@dataclass(frozen=True, slots=True)
class InGroup:
    """Stands on a list of a group."""

    group: str

    def __str__(self) -> str:
        return f"in group {_name(self.group)}"


@dataclass(frozen=True, slots=True)
class InSegment:
    segment: str

    def __str__(self) -> str:
        return f"in segment {_name(self.segment)}"


@dataclass(frozen=True, slots=True)
class Joined:
    """Joined a list within a time, whether still on it or not."""

    list: int
    within: Delay

    def __str__(self) -> str:
        return f"joined {self.list}{_within(self.within)}"


@dataclass(frozen=True, slots=True)
class Answered:
    """Answered a letter (None is any), by the link of that label ("" is any)."""

    letter: LetterRef | None = None
    label: str = ""
    times: int = 1
    within: Delay | None = None

    def __str__(self) -> str:
        label = f" with {quoted(self.label)}" if self.label else ""
        return (
            f"answered {self.letter or 'anything'}{label}{_times(self.times)}{_within(self.within)}"
        )


@dataclass(frozen=True, slots=True)
class Received:
    """Was sent letters of a purpose ("" is any)."""

    within: Delay
    times: int = 1
    purpose: str = ""

    def __str__(self) -> str:
        letters = f"{self.times} letters" if self.times > 1 else "letters"
        purpose = f" of {_name(self.purpose)}" if self.purpose else ""
        return f"received {letters}{purpose}{_within(self.within)}"


@dataclass(frozen=True, slots=True)
class Ordered:
    """Ordered a product by its code ("" is any)."""

    product: str = ""
    times: int = 1
    within: Delay | None = None

    def __str__(self) -> str:
        product = f" {quoted(self.product)}" if self.product else ""
        return f"ordered{product}{_times(self.times)}{_within(self.within)}"


@dataclass(frozen=True, slots=True)
class Silent:
    """Has done nothing themselves for a time (C10)."""

    during: Delay

    def __str__(self) -> str:
        return f"silent for {self.during}"


@dataclass(frozen=True, slots=True)
class SourceIs:
    """The collection source is one of `values`."""

    values: tuple[str, ...]
    or_unknown: bool = False

    def __str__(self) -> str:
        return f"source is {_values(self.values, self.or_unknown)}"


@dataclass(frozen=True, slots=True)
class FieldIs:
    """Compares a field with each of `values`: one has to fit, none for "is not". No value at all
    and `or_unknown` is the line `field F is unknown`.
    """

    field: str
    operator: FieldOperator
    values: tuple[str, ...]
    or_unknown: bool = False

    def __str__(self) -> str:
        values = _values(self.values, self.or_unknown)
        return f"field {_name(self.field)} {self.operator} {values}"


@dataclass(frozen=True, slots=True)
class Measured:
    """Clicked or opened a letter (None is any), among people who agreed to be measured."""

    act: MeasuredAct
    within: Delay
    letter: LetterRef | None = None

    def __str__(self) -> str:
        letter = f" {self.letter}" if self.letter else ""
        return f"measured {self.act}{letter}{_within(self.within)}"


@dataclass(frozen=True, slots=True)
class Combined:
    """All of `all`, at least one of `any` if there are some, none of `none`. Is several lines, so
    it has no line of its own.
    """

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    none: tuple[Condition, ...] = ()


Line = (
    On
    | InGroup
    | InSegment
    | Joined
    | Answered
    | Received
    | Ordered
    | Silent
    | SourceIs
    | FieldIs
    | Measured
)
Condition = Line | Combined


def lines_of(condition: Condition) -> Iterator[Line]:
    """Every line of a condition, in the order written."""
    if not isinstance(condition, Combined):
        yield condition
        return
    for part in (*condition.all, *condition.any, *condition.none):
        yield from lines_of(part)


def can_fall(condition: Condition) -> bool:
    """Whether time alone can make it hold no more, or false where it was not known."""
    match condition:
        case Combined(every, some, none):
            return any(map(can_fall, (*every, *some))) or any(map(can_rise, none))
        case Joined() | Received() | Measured():
            return True
        case Answered() | Ordered():
            return condition.within is not None
        case _:
            return False


def can_rise(condition: Condition) -> bool:
    """Whether time alone can make it hold."""
    if isinstance(condition, Combined):
        some = any(map(can_rise, (*condition.all, *condition.any)))
        return some or any(map(can_fall, condition.none))
    return isinstance(condition, Silent)


def is_timed(condition: Condition) -> bool:
    """Whether time alone can change it."""
    return can_fall(condition) or can_rise(condition)


def certain_part(condition: Condition) -> Combined:
    """What has to hold in any case and time alone cannot bring about; nothing where there is no
    such.
    """
    if not isinstance(condition, Combined):
        return Combined()
    some = Combined(any=condition.any)
    return Combined(
        all=(
            *(part for part in condition.all if not can_rise(part)),
            *((some,) if condition.any and not can_rise(some) else ()),
        ),
        none=tuple(part for part in condition.none if not can_fall(part)),
    )


def necessary_lines(condition: Condition) -> list[Condition]:
    """What has to hold in any case, whatever the time: conditions without durations, one of which
    not holding, or not being known, says that neither does the whole nor can time bring it about.
    """
    lines = map(_ever, certain_part(condition).all)
    return [line for line in lines if not is_timed(line)]


def _ever(condition: Condition) -> Condition:
    match condition:
        case Answered() | Ordered():
            return replace(condition, within=None)
        case Combined((), some, ()):
            return Combined(any=tuple(map(_ever, some)))
        case _:
            return condition


def reads_vault(condition: Condition) -> bool:
    """Whether it asks about what only the vault knows: who satisfies it says something personal."""
    return any(isinstance(line, FieldIs | SourceIs | Measured) for line in lines_of(condition))


def asks_what_was_measured(condition: Condition) -> bool:
    return any(isinstance(line, Measured) for line in lines_of(condition))


def quoted(text: str) -> str:
    """As a text stands in a line: `"Lyon"`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else quoted(name)


def _times(times: int) -> str:
    return f" {times} times" if times > 1 else ""


def _within(delay: Delay | None) -> str:
    return "" if delay is None else f" within {delay}"


def _values(values: tuple[str, ...], or_unknown: bool) -> str:
    return " or ".join((*map(quoted, values), *(("unknown",) if or_unknown else ())))
