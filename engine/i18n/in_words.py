"""A reason in words: each closed set of codes has a table of its messages."""

from __future__ import annotations

from enum import StrEnum

from engine.i18n.refusals import REFUSALS, UNCHANGED
from engine.subscriber.outcome import Refusal, Unchanged
from engine.words import N_, Say, Value, told


def in_words(value: Value, _: Say) -> str:
    """A reason, or one of its values, in the language of `_`. A code of no table is shown as it
    is.
    """
    return told(value, _, _message_of)


def in_english(value: Value) -> str:
    return in_words(value, N_)


def _message_of(code: StrEnum) -> str | None:
    match code:
        case Refusal():
            return REFUSALS[code]
        case Unchanged():
            return UNCHANGED[code]
        case _:
            return None
