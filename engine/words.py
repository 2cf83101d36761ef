"""What is told later, where it is shown and in the language of whoever reads it: a message of the
catalogue, or a code of a closed set, each with its values. Pure; knows no other room.

A code is for what is compared or mapped; a message alone is for what is only ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

_PLACE = re.compile(r"\{(\w+)(:,)?\}")

Say = Callable[[str], str]
Code = TypeVar("Code", bound=StrEnum, covariant=True)


def N_(message: str) -> str:
    """Marks a message for the catalogue; it is said where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Words:
    """A message of the catalogue and what stands in its places: `{name}`, or `{name:,}` for a
    number whose thousands are apart, and nothing else in braces.
    """

    message: str
    values: Values = ()

    def said(self, say: Say = N_) -> str:
        """In words; `say` translates, and without it they are English."""
        return told(self, say)


@dataclass(frozen=True, slots=True, init=False)
class Reason(Generic[Code]):
    """Why not: a code, and what its words need. Two are equal if they are of one class, code and
    values.
    """

    code: Code
    values: Values

    def __init__(self, code: Code, /, **values: Value) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", tuple(sorted(values.items())))


Value = str | int | Words | Reason[StrEnum]
Values = tuple[tuple[str, Value], ...]


class CodedError(ValueError, Generic[Code]):
    """An error of which it matters which one it is."""

    def __init__(self, code: Code, /, **values: Value) -> None:
        self.reason = Reason(code, **values)
        super().__init__(str(self.reason))


class WordedError(Exception):
    """An error that is only ever shown; as a `str` it is English."""

    def __init__(self, message: str, /, **values: Value) -> None:
        self.words = words(message, **values)
        super().__init__(self.words.said())


def words(message: str, /, **values: Value) -> Words:
    return Words(message, tuple(values.items()))


def no_codes(code: StrEnum) -> str | None:
    return None


def told(value: Value, say: Say, message_of: Callable[[StrEnum], str | None] = no_codes) -> str:
    """In words: `message_of` a code is its message, None where the code itself is shown."""
    if isinstance(value, Words):
        message, values = value.message, value.values
    elif isinstance(value, Reason):
        message, values = message_of(value.code) or value.code, value.values
    elif isinstance(value, StrEnum):
        message, values = message_of(value) or "", ()
        return say(message) if message else str(value)
    else:
        return str(value)
    known = dict(values)

    def shown(place: re.Match[str]) -> str:
        name, apart = place.groups()
        if name not in known:
            return place[0]
        held = known[name]
        if apart and isinstance(held, int):
            return f"{held:,}".replace(",", say(","))
        return told(held, say, message_of)

    return _PLACE.sub(shown, say(message))
