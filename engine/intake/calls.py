"""The JSON body of an API call → a call ready to become a command, or every mistake in it at once.
Pure.

The members of each body are declared once, here: the reader refuses any other member, and the API's
description is made from the same lines. Callers are not strict about JSON: null counts as a member
left out, and a number or a boolean where a text belongs is read as that text.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Literal, NamedTuple

from engine.intake.address import AddressRefused, normalise
from engine.intake.field_reader import MAX_VALUE_CHARACTERS, FieldRefused, read_value
from engine.intake.ground_requirements import GroundDeclaration
from engine.intake.instants import DateRefused, not_after, read_instant
from engine.intake.locales import read_language, read_zone
from engine.sequence.field_values import BETWEEN_OPTIONS
from engine.sequence.model import Field, Plan
from engine.subscriber.commands import (
    RequestConsent,
    Subscribe,
    Transfer,
    Withdraw,
    WithdrawEverything,
    withdrawal,
)
from engine.subscriber.events import Cause
from engine.subscriber.terms import BASES, STARTS, one_of
from engine.words import Reason, Value, Words

Kind = Literal["text", "texts", "amount", "moment", "list", "fields", "zone", "language"]
DOUBLE_OPT_IN = "double-opt-in"
WAYS_IN = (DOUBLE_OPT_IN, *BASES)
YES_NO = ("yes", "no")
CALLED_STARTS = ("welcome", "none")
MAX_TEXT_CHARACTERS = 2000
MAX_FIELD_CHARACTERS = 500
_BREAKS = frozenset({"Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a body; `choices`, if there are any, are the only values allowed."""

    name: str
    kind: Kind
    required: bool
    about: str
    choices: tuple[str, ...] = ()


_EMAIL = Member("email", "text", True, "The address, as it was written.")
TIMEZONE = Member(
    "timezone",
    "zone",
    False,
    "A time zone, for example Europe/Paris, in any case; names of Windows are known too.",
)
LANGUAGE = Member(
    "language",
    "language",
    False,
    "The person's language: a code (fr, en-GB) or a name (Français, french).",
)
SUBSCRIPTION = (
    _EMAIL,
    Member("list", "list", True, "Number or name of the list to join."),
    Member(
        "basis",
        "text",
        True,
        "The ground. double-opt-in asks the person by mail; the others are declared by you.",
        WAYS_IN,
    ),
    Member(
        "source",
        "text",
        False,
        "How the address was collected; required for every basis but double-opt-in.",
    ),
    Member(
        "collected_at",
        "moment",
        False,
        "When; required for consent. ISO 8601; without a zone, local time of the installation.",
    ),
    Member("proof", "text", False, "What proves it: a reference, a sentence."),
    Member(
        "order", "text", False, "Order or sale the address was given with; required for soft-optin."
    ),
    Member(
        "function",
        "text",
        False,
        "The person's profession; required for b2b, unless the address is a generic one"
        " (contact@).",
    ),
    Member(
        "objection",
        "text",
        False,
        "How they could object when the address was collected; required for soft-optin and b2b.",
    ),
    Member("fields", "fields", False, "Values of declared fields, by their names."),
    TIMEZONE,
    LANGUAGE,
    Member(
        "start",
        "text",
        False,
        "welcome: every letter from now. none: stand on the list, get no letter of it.",
        CALLED_STARTS,
    ),
    Member("last_contact", "moment", False, "When the person was last in touch."),
)
TRANSFER = (
    _EMAIL,
    Member("from", "list", True, "Number or name of the list to leave."),
    Member("to", "list", True, "Number or name of the list to join."),
)
UNSUBSCRIPTION = (
    _EMAIL,
    Member("purpose", "text", True, "The id of a purpose, or * for everything."),
)
SEGMENT = (_EMAIL, Member("segment", "text", True, "The id of a segment without conditions."))
LOOKUP = (_EMAIL,)


class CallFault(StrEnum):
    """What is wrong with a member of a body, or with the body."""

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
    NOT_A_TEXT = auto()
    NOT_TEXTS = auto()
    NO_FIELDS_DECLARED = auto()
    NO_OBJECT = auto()
    NO_PURPOSES_PUBLISHED = auto()
    PURPOSE_UNKNOWN = auto()
    REQUIRED = auto()
    REQUIRED_FOR_BASIS = auto()
    SOURCE_REQUIRED = auto()
    TOO_LONG = auto()
    ZONE_UNKNOWN = auto()


class Mistake(NamedTuple):
    """`member` is "" where the body as a whole is meant."""

    member: str
    reason: Reason[StrEnum] | Words


@dataclass(frozen=True, slots=True)
class Mistakes:
    found: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """`asks`: the person is asked to confirm by mail; `ground` is then what they are asked for."""

    address: str
    list: int
    ground: GroundDeclaration
    asks: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    language: str = ""
    start: str = "welcome"
    last_contact: int = 0

    def command(
        self, now: int, cause: Cause, call: str, request: str, fields: tuple[str, ...]
    ) -> Subscribe | RequestConsent:
        """`fields` names the fields whose values change; `request` is a fresh random id."""
        if self.asks:
            return RequestConsent(
                at=now,
                cause=cause,
                lists=(self.list,),
                request=request,
                notice="",
                form="",
                timezone=self.timezone,
                language=self.language,
                fields=fields,
                call=call,
            )
        return Subscribe(
            at=now,
            cause=cause,
            list=self.list,
            basis=self.ground.basis,
            proof=self.ground.proof_kind,
            declared_at=self.ground.collected,
            start=one_of(self.start, STARTS),
            timezone=self.timezone,
            language=self.language,
            fields=fields,
            last_contact=self.last_contact,
            call=call,
        )


@dataclass(frozen=True, slots=True)
class Transferral:
    address: str
    source: int
    target: int

    def command(self, now: int, cause: Cause, call: str) -> Transfer:
        return Transfer(at=now, cause=cause, source=self.source, target=self.target, call=call)


@dataclass(frozen=True, slots=True)
class Unsubscription:
    address: str
    purpose: str

    def command(self, now: int, cause: Cause, call: str) -> Withdraw | WithdrawEverything:
        return withdrawal(now, cause, self.purpose, call=call)


def read_subscription(body: object, plan: Plan, now: int) -> Subscription | Mistakes:
    """`now` is the engine's time (ms): later instants are refused."""
    reader = BodyReader(body, SUBSCRIPTION, plan, now)
    basis = reader.text("basis")
    if basis in BASES and reader.lacks("source"):
        reader.mistake("source", CallFault.SOURCE_REQUIRED)
    if basis == "consent" and reader.lacks("collected_at"):
        reader.mistake("collected_at", CallFault.COLLECTED_REQUIRED)
    if basis == DOUBLE_OPT_IN and reader.text("start") == "none":
        reader.mistake("start", CallFault.ANOTHER_START)
    zone, address, number = reader.zone("timezone"), reader.address(), reader.listed("list")
    source, collected = reader.text("source"), reader.moment("collected_at")
    proof, fields = reader.text("proof"), reader.fields("fields")
    language, start = reader.language("language"), reader.text("start") or "welcome"
    last_contact = reader.moment("last_contact")
    ground = GroundDeclaration(
        basis=one_of(basis, BASES) if basis in BASES else "consent",
        source=source,
        collected=collected,
        proof=proof,
        order=reader.text("order"),
        function=reader.text("function"),
        objection=reader.text("objection"),
    )
    for name in ground.missing(address):
        reader.mistake(name, CallFault.REQUIRED_FOR_BASIS, basis=basis, why=name)
    read = Subscription(
        address=address,
        list=number,
        ground=ground,
        asks=basis == DOUBLE_OPT_IN,
        fields=fields,
        timezone=zone,
        language=language,
        start=start,
        last_contact=last_contact,
    )
    return reader.end() or read


def read_transfer(body: object, plan: Plan, now: int) -> Transferral | Mistakes:
    reader = BodyReader(body, TRANSFER, plan, now)
    read = Transferral(reader.address(), reader.listed("from"), reader.listed("to"))
    return reader.end() or read


def read_segment(body: object, plan: Plan, now: int) -> tuple[str, str] | Mistakes:
    """The address, and the segment's id."""
    reader = BodyReader(body, SEGMENT, plan, now)
    read = reader.address(), reader.text("segment").removeprefix("segment:")
    return reader.end() or read


def read_unsubscription(body: object, plan: Plan, now: int) -> Unsubscription | Mistakes:
    reader = BodyReader(body, UNSUBSCRIPTION, plan, now)
    purpose = reader.text("purpose")
    if purpose and purpose != "*" and plan.agreed_to(purpose) is None:
        if plan.purposes:
            known = ", ".join(plan.purposes)
            reader.mistake("purpose", CallFault.PURPOSE_UNKNOWN, known=known)
        else:
            reader.mistake("purpose", CallFault.NO_PURPOSES_PUBLISHED)
    read = Unsubscription(reader.address(), purpose)
    return reader.end() or read


def read_lookup(body: object, plan: Plan, now: int) -> str | Mistakes:
    """The normalised address asked about."""
    reader = BodyReader(body, LOOKUP, plan, now)
    address = reader.address()
    return reader.end() or address


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

    def address(self) -> str:
        text = _as_text(self.values.get("email"))
        if text is None:
            self.mistake("email", CallFault.NOT_A_TEXT)
            return ""
        try:
            return normalise(text) if text else ""
        except AddressRefused as error:
            self.mistake_for("email", error.reason)
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
