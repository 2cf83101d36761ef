"""Why a mail is kept and listed, as it is stored beside it ("report:too_large:megabytes=25") and in
words: it was not understood, or nobody is known whom it is about. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto
from types import MappingProxyType
from typing import Final

from engine.inbound.aggregate_report import ReportFault
from engine.inbound.mail import InboundFault
from engine.inbound.reading import NotUnderstood, Obscurity
from engine.inbound.reading_sentences import INBOUND_FAULTS, OBSCURITIES, REPORT_FAULTS
from engine.words import N_, Words, words


class Unplaced(StrEnum):
    """It is understood, and nobody is known whom it is about."""

    LETTER_UNKNOWN = auto()
    TOKEN_FORGED = auto()
    COMPLAINT_OF_NO_LETTER = auto()
    SENDER_UNKNOWN = auto()


UNPLACED: Mapping[Unplaced, str] = MappingProxyType(
    {
        Unplaced.LETTER_UNKNOWN: N_("the letter it names is not in the ledger"),
        Unplaced.TOKEN_FORGED: N_("it came to an address that looks like one of ours and is none"),
        Unplaced.COMPLAINT_OF_NO_LETTER: N_("a complaint that names no letter of ours"),
        Unplaced.SENDER_UNKNOWN: N_("somebody wants no more letters whose address nobody has here"),
    }
)
NOT_KNOWN: Final = N_("a reason that this program does not know ({code})")
_SETS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "mail": {code.value: text for code, text in INBOUND_FAULTS.items()},
        "report": {code.value: text for code, text in REPORT_FAULTS.items()},
        "form": {code.value: text for code, text in OBSCURITIES.items()},
        "about": {code.value: text for code, text in UNPLACED.items()},
    }
)


def stored_unplaced(code: Unplaced) -> str:
    return f"about:{code}"


def stored_reason(reading: NotUnderstood) -> str:
    code = reading.why.code
    kind = {InboundFault: "mail", ReportFault: "report", Obscurity: "form"}[type(code)]
    return ":".join([kind, code, *(f"{name}={value}" for name, value in reading.why.values)])


TOO_LARGE: Final = f"mail:{InboundFault.TOO_LARGE}"


def in_words(stored: str) -> Words:
    kind, _, rest = stored.partition(":")
    code, *values = rest.split(":")
    message = _SETS.get(kind, {}).get(code)
    if message is None:
        return words(NOT_KNOWN, code=stored)
    return words(message, **dict(value.partition("=")[::2] for value in values))
