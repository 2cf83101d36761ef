"""The JSON body of an API call, read member by member: every mistake in it at once. Pure.

The members of each body are declared once, beside its reader: any other member is refused, and the
API's description is made from the same lines. Callers are not strict about JSON: null counts as a
member left out, and a number or a boolean where a text belongs is read as that text.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from enum import StrEnum, auto
from typing import Literal, NamedTuple

from engine.frozen import dataclass
from engine.intake.address import AddressFault, AddressRefused, normalise
from engine.intake.amounts import AmountFault
from engine.intake.field_reader import MAX_VALUE_CHARACTERS, FieldRefused, read_value
from engine.intake.instants import DateRefused, not_after, read_instant
from engine.intake.locales import read_language, read_zone
from engine.sequence.field_values import BETWEEN_OPTIONS
from engine.sequence.model import Field, Plan
from engine.words import Reason, Value, Words

Kind = Literal[
    "text",
    "address",
    "words",
    "number",
    "texts",
    "amount",
    "moment",
    "list",
    "fields",
    "zone",
    "language",
]
YES_NO = ("yes", "no")
MAX_TEXT_CHARACTERS = 2000
MAX_FIELD_CHARACTERS = 500
MAX_WORDS_CHARACTERS = 40_000
_BREAKS = frozenset({"Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a body; `choices`, if there are any, are the only values allowed."""

    name: str
    kind: Kind
    required: bool
    about: str
    choices: tuple[str, ...] = ()


class CallFault(StrEnum):
    """What is wrong with a member of a body, or with the body."""

    AFTER_OR_SINCE = auto()
    AMOUNT_NO_TEXT = auto()
    ANOTHER_START = auto()
    BEFORE_1970 = auto()
    CHOICE_UNKNOWN = auto()
    COLLECTED_REQUIRED = auto()
    CONTROL_CHARACTER = auto()
    FIELDS_NO_OBJECT = auto()
    FIELD_UNDECLARED = auto()
    IN_THE_FUTURE = auto()
    LANGUAGE_UNKNOWN = auto()
    LIST_UNKNOWN = auto()
    MEMBER_UNKNOWN = auto()
    NOTHING_TO_CORRECT = auto()
    NOTHING_TO_REFUND = auto()
    NOT_A_LIST = auto()
    NOT_A_NUMBER = auto()
    NOT_A_TEXT = auto()
    NOT_TEXTS = auto()
    NO_FIELDS_DECLARED = auto()
    NO_OBJECT = auto()
    NO_PURPOSES_PUBLISHED = auto()
    ON_OR_EVERY = auto()
    PURPOSE_UNKNOWN = auto()
    REQUIRED = auto()
    REQUIRED_FOR_BASIS = auto()
    SOURCE_REQUIRED = auto()
    TOO_LONG = auto()
    ZONE_UNKNOWN = auto()


NOT_AS_DESCRIBED = frozenset(
    {
        CallFault.AMOUNT_NO_TEXT,
        CallFault.CHOICE_UNKNOWN,
        CallFault.CONTROL_CHARACTER,
        CallFault.FIELDS_NO_OBJECT,
        CallFault.MEMBER_UNKNOWN,
        CallFault.NOT_A_LIST,
        CallFault.NOT_A_NUMBER,
        CallFault.NOT_A_TEXT,
        CallFault.NOT_TEXTS,
        CallFault.NO_OBJECT,
        CallFault.REQUIRED,
        CallFault.TOO_LONG,
        *AddressFault,
        AmountFault.AMBIGUOUS,
        AmountFault.NOT_AN_AMOUNT,
        AmountFault.TOO_LARGE,
    }
)
"""What the API's description already rules out, whatever is published and whoever is known."""


class Mistake(NamedTuple):
    """`member` is "" where the body as a whole is meant."""

    member: str
    reason: Reason[StrEnum] | Words

    @property
    def is_described(self) -> bool:
        """Whether the body is as the description has it, and what it says fits nothing here."""
        return not (isinstance(self.reason, Reason) and self.reason.code in NOT_AS_DESCRIBED)


@dataclass(frozen=True, slots=True)
class Mistakes:
    found: tuple[Mistake, ...]


class BodyReader:
    """One pass over a body: each value is read by its member's name, and mistakes are collected."""

    def __init__(self, body: object, members: Sequence[Member], plan: Plan, now: int) -> None:
        self.plan, self.now = plan, now
        self.mistakes: dict[Mistake, None] = {}
        self.members = {member.name: member for member in members}
        self.values: dict[str, object] = body if isinstance(body, dict) else {}
        if not isinstance(body, dict):
            self.mistake("", CallFault.NO_OBJECT)
            return
        for name in list(body)[:20]:
            if name not in self.members:
                known = ", ".join(self.members)
                self.mistake(_short(str(name)), CallFault.MEMBER_UNKNOWN, known=known)
        for member in members:
            if member.required and self.values.get(member.name) in (None, ""):
                self.mistake(member.name, CallFault.REQUIRED)

    def mistake(self, name: str, code: CallFault, /, **values: Value) -> None:
        self.mistake_for(name, Reason(code, **values))

    def mistake_for(self, name: str, reason: Reason[StrEnum] | Words) -> None:
        """Note a mistake that another reader has found in the value of a member."""
        self.mistakes[Mistake(name, reason)] = None

    def end(self) -> Mistakes | None:
        return Mistakes(tuple(self.mistakes)) if self.mistakes else None

    def lacks(self, name: str) -> bool:
        return self.values.get(name) in (None, "")

    def text(self, name: str) -> str:
        value, member = self.values.get(name), self.members[name]
        if isinstance(value, bool) and member.choices == YES_NO:
            value = "yes" if value else "no"
        text = self._clean(name, value, MAX_TEXT_CHARACTERS)
        text = text.lower() if member.choices else text
        if text and member.choices and text not in member.choices:
            self.mistake(name, CallFault.CHOICE_UNKNOWN, known=", ".join(member.choices))
        return text

    def _clean(self, name: str, value: object, longest: int, *, lines: bool = True) -> str:
        text = _as_text(value)
        if text is None:
            self.mistake(name, CallFault.NOT_A_TEXT)
            return ""
        if len(text) > longest:
            self.mistake(name, CallFault.TOO_LONG, most=longest)
            return ""
        categories = {unicodedata.category(character) for character in text}
        if categories & _BREAKS or any(
            unicodedata.category(c) == "Cc" and not (lines and c == "\n") for c in text
        ):
            self.mistake(name, CallFault.CONTROL_CHARACTER)
            return ""
        return unicodedata.normalize("NFC", text).strip()

    def words(self, name: str) -> str:
        """A letter's words, as they were sent but for their Unicode form."""
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.mistake(name, CallFault.NOT_A_TEXT)
            return ""
        value = value.replace("\r\n", "\n").replace("\t", "    ")
        return self._clean(name, value, MAX_WORDS_CHARACTERS)

    def number(self, name: str) -> int:
        """A whole number, 2.0 too, as JSON Schema has it; 0 where the member is absent."""
        value = self.values.get(name)
        written = value.strip() if isinstance(value, str) else ""
        if written.isascii() and written.isdigit():
            value = int(written) if len(written) < 17 else -1
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        if value in (None, ""):
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
            self.mistake(name, CallFault.NOT_A_NUMBER)
            return 0
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        if value in (None, ""):
            return ()
        if not (isinstance(value, list) and all(isinstance(text, str) for text in value)):
            self.mistake(name, CallFault.NOT_TEXTS)
            return ()
        return tuple(value)

    def zone(self, name: str) -> str:
        text = self.text(name)
        zone = read_zone(text)
        if text and not zone:
            self.mistake(name, CallFault.ZONE_UNKNOWN)
        return zone

    def language(self, name: str) -> str:
        text = self.text(name)
        language = read_language(text)
        if text and not language:
            self.mistake(name, CallFault.LANGUAGE_UNKNOWN)
        return language

    def address(self, name: str = "email") -> str:
        text = _as_text(self.values.get(name))
        if text is None:
            self.mistake(name, CallFault.NOT_A_TEXT)
            return ""
        try:
            return normalise(text) if text else ""
        except AddressRefused as error:
            self.mistake_for(name, error.reason)
            return ""

    def listed(self, name: str) -> int:
        value = self.values.get(name)
        if value in (None, ""):
            return 0
        if isinstance(value, str):
            value = value.strip()
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | str)
            or (isinstance(value, int) and not 0 < value < 2**53)
        ):
            self.mistake(name, CallFault.NOT_A_LIST)
            return 0
        listed = self.plan.list_named(value) if len(str(value)) <= 100 else None
        if listed is None:
            self.mistake(name, CallFault.LIST_UNKNOWN, list=_short(str(value)))
        return listed.id if listed else 0

    def moment(self, name: str) -> int:
        """Milliseconds since 1970, 0 where the member is absent."""
        text = self.text(name)
        try:
            instant = read_instant(text, self.plan.timezone) if text else 0
        except DateRefused as error:
            self.mistake_for(name, error.reason)
            return 0
        past = not_after(instant, self.now)
        if past is None:
            self.mistake(name, CallFault.IN_THE_FUTURE)
        elif text and past <= 0:
            self.mistake(name, CallFault.BEFORE_1970)
        return past or 0

    def fields(self, name: str) -> dict[str, str]:
        value = self.values.get(name)
        if value in (None, "", []):  # PHP writes an empty object as []
            return {}
        if not isinstance(value, dict):
            self.mistake(name, CallFault.FIELDS_NO_OBJECT)
            return {}
        read = {}
        for key in list(value)[:50]:
            if value[key] is None:
                continue
            if key in self.plan.fields:
                read[key] = self._field_value(f"{name}.{key}", self.plan.fields[key], value[key])
            elif self.plan.fields:
                known = ", ".join(self.plan.fields)
                self.mistake(f"{name}.{_short(str(key))}", CallFault.FIELD_UNDECLARED, known=known)
            else:
                self.mistake(f"{name}.{_short(str(key))}", CallFault.NO_FIELDS_DECLARED)
        return read

    def _field_value(self, name: str, declared: Field, value: object) -> str:
        if declared.type == "choices" and isinstance(value, list):
            if not all(isinstance(option, str) for option in value):
                self.mistake(name, CallFault.NOT_A_TEXT)
                return ""
            value = BETWEEN_OPTIONS.join(value)
        longest = MAX_VALUE_CHARACTERS if declared.type == "choices" else MAX_FIELD_CHARACTERS
        text = self._clean(name, value, longest, lines=False)
        try:
            return read_value(declared, text)
        except (DateRefused, FieldRefused) as error:
            self.mistake_for(name, error.reason)
            return ""


def _as_text(value: object) -> str | None:
    """ "" for an absent member; None for a value that is no text: an object, an array, an infinite
    number.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _short(text: str) -> str:
    shown = text.encode("utf-8", "replace").decode()
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
