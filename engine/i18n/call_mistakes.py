"""What is wrong with a call, for whoever writes the program that makes it, in English alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.intake.calls import CallFault

CALLS: Mapping[CallFault, str] = MappingProxyType(
    {
        CallFault.ANOTHER_START: "a double opt-in begins with the welcome",
        CallFault.BEFORE_1970: "lies before 1970",
        CallFault.CHOICE_UNKNOWN: "is one of: {known}",
        CallFault.COLLECTED_REQUIRED: "is required: when was this consent given?",
        CallFault.CONTROL_CHARACTER: "holds a line break or a control character",
        CallFault.FIELDS_NO_OBJECT: "is not an object of names and texts",
        CallFault.FIELD_UNDECLARED: "is not declared; there are: {known}",
        CallFault.IN_THE_FUTURE: "lies in the future, by more than clocks differ",
        CallFault.LANGUAGE_UNKNOWN: "is no language: write a code such as fr or en",
        CallFault.LIST_UNKNOWN: "there is no published list {list}",
        CallFault.MEMBER_UNKNOWN: "is not known here; there are: {known}",
        CallFault.NOTHING_TO_CORRECT: "says nothing that is to be corrected",
        CallFault.NOT_A_LIST: "is neither the number nor the name of a list",
        CallFault.NOT_A_TEXT: "is not a text",
        CallFault.NO_FIELDS_DECLARED: "is not declared; there are: none",
        CallFault.NO_OBJECT: "the body is not a JSON object",
        CallFault.NO_PURPOSES_PUBLISHED: (
            "is none of this installation's: nothing is published yet"
        ),
        CallFault.PURPOSE_UNKNOWN: "is none of this installation's: {known}",
        CallFault.REQUIRED: "is required",
        CallFault.REQUIRED_FOR_BASIS: "is required for {basis}: {why}",
        CallFault.SOURCE_REQUIRED: "is required: where does this ground come from?",
        CallFault.TOO_LONG: "is longer than {most} characters",
        CallFault.ZONE_UNKNOWN: "is no IANA time zone: write for example Europe/Paris",
    }
)
