"""What the API is told of people's rights, as JSON → a call read, or every mistake in it at once.
Pure; see `calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.intake.address import AddressRefused, normalise
from engine.intake.calls import LANGUAGE, TIMEZONE, YES_NO, CallFault, Member, Mistakes, Reading
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Plan
from engine.subscriber.rights import RIGHTS

ANSWERS = ("done", "refused", "extended")
_EMAIL = Member(
    "email", "text", True, "The address, or one the person had before it was corrected."
)
_NOTE = Member(
    "note", "text", False, "How it came in, or why it was answered so; kept in the vault."
)
EXPORT = (
    _EMAIL,
    Member(
        "right",
        "text",
        False,
        "Which right is answered by it (default: access).",
        ("access", "portability"),
    ),
)
CORRECTION = (
    _EMAIL,
    Member("new_email", "text", False, "The address that is right."),
    Member("fields", "fields", False, "Values of declared fields, by their names."),
    TIMEZONE,
    LANGUAGE,
)
RESTRICTION = (
    _EMAIL,
    Member("lift", "text", False, "yes: go on; the person must have been told before.", YES_NO),
)
OBJECTION = (_EMAIL,)
ERASURE = (
    _EMAIL,
    Member(
        "keep_proof",
        "text",
        False,
        'Seal the proof to [proof] archive_recipient and keep it so long: "5 years".',
    ),
    Member(
        "forget_suppression",
        "text",
        False,
        "yes: do not keep the hash that bars this address from later imports.",
        YES_NO,
    ),
)
REQUEST = (
    _EMAIL,
    Member("right", "text", True, "What the person asked for.", RIGHTS),
    Member(
        "received_at", "moment", False, "When it came in (default: now); the month runs from there."
    ),
    _NOTE,
)
ANSWER = (
    Member("request", "text", True, "The request's id."),
    Member(
        "how",
        "text",
        True,
        "extended: the person was told, within the first month, that it takes up to two months"
        " more.",
        ANSWERS,
    ),
    _NOTE,
)


@dataclass(frozen=True, slots=True)
class Corrected:
    address: str
    new_address: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Erased:
    address: str
    keep_proof: Delay | None = None
    forget_suppression: bool = False


@dataclass(frozen=True, slots=True)
class Requested:
    address: str
    right: str
    received_at: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    request: str
    how: str
    note: str = ""


def read_export(body: object, plan: Plan, now: int) -> tuple[str, str] | Mistakes:
    """The address asked about, and the right."""
    reading = Reading(body, EXPORT, plan, now)
    read = (reading.address(), reading.text("right") or "access")
    return reading.end() or read


def read_correction(body: object, plan: Plan, now: int) -> Corrected | Mistakes:
    reading = Reading(body, CORRECTION, plan, now)
    new_address = reading.text("new_email")
    try:
        new_address = normalise(new_address) if new_address else ""
    except AddressRefused as error:
        reading.because("new_email", error.reason)
    read = Corrected(
        reading.address(),
        new_address,
        reading.fields("fields"),
        reading.zone("timezone"),
        reading.language("language"),
    )
    if not (read.new_address or read.fields or read.timezone or read.language):
        reading.mistake("the body", CallFault.NOTHING_TO_CORRECT)
    return reading.end() or read


def read_restriction(body: object, plan: Plan, now: int) -> tuple[str, bool] | Mistakes:
    """The address, and whether the restriction is lifted."""
    reading = Reading(body, RESTRICTION, plan, now)
    read = (reading.address(), reading.text("lift") == "yes")
    return reading.end() or read


def read_objection(body: object, plan: Plan, now: int) -> str | Mistakes:
    reading = Reading(body, OBJECTION, plan, now)
    address = reading.address()
    return reading.end() or address


def read_erasure(body: object, plan: Plan, now: int) -> Erased | Mistakes:
    reading = Reading(body, ERASURE, plan, now)
    term, span = reading.text("keep_proof"), None
    try:
        span = parse_delay(term) if term else None
    except Unreadable as error:
        reading.because("keep_proof", error.words)
    read = Erased(reading.address(), span, reading.text("forget_suppression") == "yes")
    return reading.end() or read


def read_request(body: object, plan: Plan, now: int) -> Requested | Mistakes:
    reading = Reading(body, REQUEST, plan, now)
    read = Requested(
        reading.address(),
        reading.text("right"),
        reading.moment("received_at"),
        reading.text("note"),
    )
    return reading.end() or read


def read_answer(body: object, plan: Plan, now: int) -> Answered | Mistakes:
    reading = Reading(body, ANSWER, plan, now)
    read = Answered(reading.text("request"), reading.text("how"), reading.text("note"))
    return reading.end() or read
