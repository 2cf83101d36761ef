"""A reason in words: each closed set of codes has a table of its messages."""

from __future__ import annotations

from enum import StrEnum
from typing import overload

from engine.i18n.call_mistakes import CALLS
from engine.i18n.refusals import REFUSALS, UNCHANGED
from engine.i18n.rejections import (
    ADDRESSES,
    DATE_KINDS,
    DATES,
    FILE_KINDS,
    MAILS,
    REQUIREMENTS,
    ROWS,
    TABLES,
)
from engine.imports.refusals import DateKind, FileKind, RowFault, TableFault
from engine.intake.address import AddressFault
from engine.intake.calls import CallFault
from engine.intake.contested import MailFault
from engine.intake.ground_requirements import Requirement
from engine.intake.instants import DateFault
from engine.subscriber.outcome import Refusal, Unchanged
from engine.words import N_, Reason, Say, Value, Values, Words


def in_words(value: Value, _: Say) -> str:
    """A reason, or one of its values, in the language of `_`. A code of no table is shown as it
    is.
    """
    worded = as_words(value)
    return worded.said(_) if isinstance(worded, Words) else str(worded)


def in_english(value: Value) -> str:
    return in_words(value, N_)


@overload
def as_words(value: Reason[StrEnum]) -> Words: ...


@overload
def as_words(value: Value) -> Value: ...


def as_words(value: Value) -> Value:
    """A reason as the message of its code, and so each of its values."""
    match value:
        case Reason(code, values):
            return _filled(_message_of(code) or code, values)
        case Words(text, values):
            return _filled(text, values)
        case StrEnum():
            message = _message_of(value)
            return value if message is None else Words(message)
        case _:
            return value


def _filled(message: str, values: Values) -> Words:
    return Words(message, tuple((name, as_words(value)) for name, value in values))


def _message_of(code: StrEnum) -> str | None:
    match code:
        case Refusal():
            return REFUSALS[code]
        case Unchanged():
            return UNCHANGED[code]
        case AddressFault():
            return ADDRESSES[code]
        case CallFault():
            return CALLS[code]
        case DateFault():
            return DATES[code]
        case DateKind():
            return DATE_KINDS[code]
        case FileKind():
            return FILE_KINDS[code]
        case MailFault():
            return MAILS[code]
        case Requirement():
            return REQUIREMENTS[code]
        case RowFault():
            return ROWS[code]
        case TableFault():
            return TABLES[code]
        case _:
            return None
