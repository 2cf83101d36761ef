"""A person as the API shows them: what the ledger says of them under their random id, and apart
from it what the vault knows; each with its schema. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import assert_never

from engine.api.operation import array, integer, moment, nullable, object_of, text
from engine.intake.amounts import decimal
from engine.ledger.codec import iso
from engine.sequence.field_values import options_of, yes_of
from engine.sequence.model import Field, Plan
from engine.subscriber.eligibility import why_not_at_all
from engine.subscriber.person import Order, Person
from engine.subscriber.terms import FREQUENCIES
from engine.vault.vault import KnownPerson

Answer = dict[str, object]


def person_answer(
    subscriber: str, person: Person, known: KnownPerson, plan: Plan, segments: Collection[str]
) -> Answer:
    """`segments`: those with conditions that they are in."""
    return {
        "subscriber": subscriber,
        **profile_answer(known, plan),
        "language": person.language or None,
        "timezone": person.timezone or None,
        "known_since": iso(person.registered_at),
        "profile_changed_at": _instant(person.profile_at),
        "last_contact": _instant(person.last_contact),
        **standing_answer(person, plan),
        "segments": sorted({*segments, *person.segments}),
        "restricted": person.restricted,
        "objected": person.objected,
        "suppressed": person.suppressed or None,
        "barred": why_not_at_all(person) or None,
        "version": person.version,
    }


def profile_answer(known: KnownPerson, plan: Plan) -> Answer:
    """What names them: only who may read people by name gets to see it."""
    return {
        "email": known.address,
        "fields": fields_answer(known.fields, plan),
        "source": known.source or None,
        "form": known.form or None,
    }


def fields_answer(fields: Mapping[str, str], plan: Plan) -> Answer:
    """The declared fields that are known, as a call may send them back."""
    return {
        name: _value(declared, fields[name])
        for name, declared in plan.fields.items()
        if fields.get(name)
    }


def _value(declared: Field, kept: str) -> object:
    """A number stays a text: no reader may round it."""
    match declared.type:
        case "choices":
            return list(options_of(kept))
        case "yes-no":
            answer = yes_of(kept)
            return kept if answer is None else answer
        case "text" | "number" | "date" | "choice":
            return kept
        case _:
            assert_never(declared.type)


def standing_answer(person: Person, plan: Plan) -> Answer:
    """Where they stand, on what ground, and what they chose to receive."""
    return {
        "memberships": memberships_answer(person, plan),
        "purposes": _purposes(person),
        "preferences": _preferences(person),
        "measured_since": _instant(person.measured_since),
    }


def memberships_answer(person: Person, plan: Plan) -> list[Answer]:
    """By the number of the list."""
    return [
        {
            "list": number,
            "name": plan.lists[number].name if number in plan.lists else "",
            "since": iso(membership.joined_at),
            "run": membership.run,
        }
        for number, membership in sorted(person.memberships.items())
    ]


def _purposes(person: Person) -> list[Answer]:
    given = [
        _purpose(name, ground.status, ground.basis, ground.since)
        for name, ground in person.grounds.items()
    ]
    asked = [
        _purpose(name, "requested", "consent", request.asked_at)
        for name, request in person.requests.items()
    ]
    return given + asked


def _purpose(purpose: str, status: str, basis: str, since: int) -> Answer:
    return {"id": purpose, "status": status, "basis": basis, "since": iso(since)}


def _preferences(person: Person) -> Answer:
    chosen = person.preferences
    return {
        "themes": list(chosen.themes),
        "contents": list(chosen.contents),
        "frequency": chosen.frequency,
        "paused_until": _instant(chosen.paused_until),
    }


def order_answer(order_id: str, order: Order) -> Answer:
    """Amounts as a call writes them, in the currency's own unit."""
    return {
        "id": order_id,
        "ordered_at": iso(order.at),
        "amount": _amount(order.amount, order.currency),
        "refunded": _amount(order.refunded, order.currency),
        "currency": order.currency,
        "products": list(order.products),
    }


def _amount(amount: int, currency: str) -> str:
    whole, fraction = decimal(amount, currency)
    return f"{whole}.{fraction}" if fraction else whole


def _instant(at: int) -> str | None:
    return iso(at) if at else None


MEMBERSHIP = object_of(
    "Membership",
    list=integer("The list's number.", example=10),
    name=text("The list's name."),
    since=moment(),
    run=integer("How often the person has joined it.", example=1),
)
PURPOSE = object_of(
    "PurposeOfPerson",
    id=text("The purpose's id."),
    status=text(choices=("live", "withdrawn", "requested")),
    basis=text("On what ground: consent, soft-optin, b2b, service."),
    since=moment(),
)
CHOSEN = object_of(
    "Preferences",
    themes=array(text(), "Codes; none chosen: all of them."),
    contents=array(text(), "Codes; none chosen: all of them."),
    frequency=text(choices=FREQUENCIES),
    paused_until=nullable(moment("The end of the latest pause.")),
)
STANDING = object_of(
    "",
    memberships=array(MEMBERSHIP),
    purposes=array(PURPOSE),
    preferences=nullable(CHOSEN),
    measured_since=nullable(moment("When they agreed to be measured; null where they do not.")),
)
SUPPRESSED = object_of("", suppressed=nullable(text("Why this address is never written to.")))
