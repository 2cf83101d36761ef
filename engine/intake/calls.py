"""The JSON body of an API call → a call ready to become a command, or every mistake in it at once.
Pure; see `body_reader`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from engine.frozen import dataclass
from engine.intake.body_reader import BodyReader, CallFault, Member, Mistakes
from engine.intake.ground_requirements import GroundDeclaration
from engine.sequence.model import Plan
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

DOUBLE_OPT_IN = "double-opt-in"
WAYS_IN = (DOUBLE_OPT_IN, *BASES)
CALLED_STARTS = ("welcome", "none")
_EMAIL = Member("email", "address", True, "The address, as it was written.")
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
