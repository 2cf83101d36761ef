"""The JSON body of an API call about people's rights, or what is known of them → a call, or every
mistake in it at once. Pure; see `calls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.intake.address import AddressRefused, normalise
from engine.intake.body_reader import YES_NO, BodyReader, CallFault, Member, Mistakes
from engine.intake.calls import LANGUAGE, TIMEZONE
from engine.sequence.delay import Delay, parse_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Plan
from engine.subscriber.rights import RIGHTS

ANSWERS = ("done", "refused", "extended")
_EMAIL = Member(
    "email", "address", True, "The address, or one the person had before it was corrected."
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
    Member("new_email", "address", False, "The address that is right."),
    Member("fields", "fields", False, "Values of declared fields, by their names."),
    TIMEZONE,
    LANGUAGE,
)
FIELDS = (
    Member(
        "fields", "fields", True, 'Values of declared fields, by their names; "" takes one away.'
    ),
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
class CorrectionCall:
    address: str
    new_address: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class ErasureCall:
    address: str
    keep_proof: Delay | None = None
    forget_suppression: bool = False


@dataclass(frozen=True, slots=True)
class RightRequestCall:
    address: str
    right: str
    received_at: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class RightAnswerCall:
    request: str
    how: str
    note: str = ""


def read_export(body: object, plan: Plan, now: int) -> tuple[str, str] | Mistakes:
    """The address asked about, and the right."""
    reader = BodyReader(body, EXPORT, plan, now)
    read = (reader.address(), reader.text("right") or "access")
    return reader.end() or read


def read_fields(body: object, plan: Plan, now: int) -> dict[str, str] | Mistakes:
    """The values by their fields; "" takes one away."""
    reader = BodyReader(body, FIELDS, plan, now)
    fields = reader.fields("fields")
    return reader.end() or fields


def read_correction(body: object, plan: Plan, now: int) -> CorrectionCall | Mistakes:
    reader = BodyReader(body, CORRECTION, plan, now)
    new_address = reader.text("new_email")
    try:
        new_address = normalise(new_address) if new_address else ""
    except AddressRefused as error:
        reader.mistake_for("new_email", error.reason)
    read = CorrectionCall(
        reader.address(),
        new_address,
        reader.fields("fields"),
        reader.zone("timezone"),
        reader.language("language"),
    )
    if not (read.new_address or read.fields or read.timezone or read.language):
        reader.mistake("the body", CallFault.NOTHING_TO_CORRECT)
    return reader.end() or read


def read_restriction(body: object, plan: Plan, now: int) -> tuple[str, bool] | Mistakes:
    """The address, and whether the restriction is lifted."""
    reader = BodyReader(body, RESTRICTION, plan, now)
    read = (reader.address(), reader.text("lift") == "yes")
    return reader.end() or read


def read_objection(body: object, plan: Plan, now: int) -> str | Mistakes:
    reader = BodyReader(body, OBJECTION, plan, now)
    address = reader.address()
    return reader.end() or address


def read_erasure(body: object, plan: Plan, now: int) -> ErasureCall | Mistakes:
    reader = BodyReader(body, ERASURE, plan, now)
    term, span = reader.text("keep_proof"), None
    try:
        span = parse_delay(term) if term else None
    except Unreadable as error:
        reader.mistake_for("keep_proof", error.words)
    read = ErasureCall(reader.address(), span, reader.text("forget_suppression") == "yes")
    return reader.end() or read


def read_request(body: object, plan: Plan, now: int) -> RightRequestCall | Mistakes:
    reader = BodyReader(body, REQUEST, plan, now)
    read = RightRequestCall(
        reader.address(),
        reader.text("right"),
        reader.moment("received_at"),
        reader.text("note"),
    )
    return reader.end() or read


def read_answer(body: object, plan: Plan, now: int) -> RightAnswerCall | Mistakes:
    reader = BodyReader(body, ANSWER, plan, now)
    read = RightAnswerCall(reader.text("request"), reader.text("how"), reader.text("note"))
    return reader.end() or read
