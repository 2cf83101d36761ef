"""What is told later, where it is shown and in the language of whoever reads it: a message of the
catalogue, or a code of a closed set, each with its values. Pure; knows no other room.

A code is for what is compared or mapped; a message alone is for what is only ever shown.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Generic, Literal, TypeVar, get_args

_PLACE = re.compile(r"\{(\w+)(:,)?\}")

Language = Literal["en", "fr"]
"""What Relance speaks."""
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

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
        known = dict(self.values)

        def shown(place: re.Match[str]) -> str:
            name, apart = place.groups()
            value = known.get(name, place[0])
            if isinstance(value, Words):
                return value.said(say)
            if apart and isinstance(value, int):
                return f"{value:,}".replace(",", say(","))
            return str(value)

        return _PLACE.sub(shown, say(self.message))


_FILE_ERRORS: Final[Mapping[int | None, str]] = MappingProxyType(
    {
        errno.ENOENT: N_("No such file or directory"),
        errno.EACCES: N_("Permission denied"),
        errno.EISDIR: N_("Is a directory"),
        errno.ENOTDIR: N_("Not a directory"),
        errno.ENOSPC: N_("No space left on device"),
    }
)
"""What the operating system says in English alone."""


def words_of_file_error(error: OSError | UnicodeDecodeError) -> Words:
    """Why a file cannot be used."""
    if isinstance(error, OSError):
        return Words(_FILE_ERRORS.get(error.errno) or error.strerror or str(error))
    return Words(N_("it is not a text in UTF-8"))


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Reason(Generic[Code]):
    """Why not: a code, and what its words need. Two are equal if they are of one class, code and
    values; codes of two sets never are, though they be spelled alike.
    """

    code: Code
    values: Values

    def __init__(self, code: Code, /, **values: Value) -> None:
        given = tuple(values.items())
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "values", given if len(given) < 2 else tuple(sorted(given)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Reason)
            and type(other) is type(self)
            and other.code is self.code
            and other.values == self.values
        )

    def __hash__(self) -> int:
        return hash((self.code, self.values))


Value = str | int | Words | Reason[StrEnum]
Values = tuple[tuple[str, Value], ...]


class CodedError(ValueError, Generic[Code]):
    """An error of which it matters which one it is."""

    def __init__(self, code: Code, /, **values: Value) -> None:
        super().__init__(code)
        self.reason = Reason(code, **values)


class WordedError(Exception):
    """An error that is only ever shown; as a `str` it is English."""

    def __init__(self, message: str, /, **values: Value) -> None:
        self.words = words(message, **values)
        super().__init__(self.words.said())


def words(message: str, /, **values: Value) -> Words:
    return Words(message, tuple(values.items()))


def capitalised(text: str) -> str:
    """With a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def full_sentence(text: str) -> str:
    """With a capital, and a full stop where nothing ends it."""
    return capitalised(text) + ("" if text.endswith((".", "!", "?")) else ".")
