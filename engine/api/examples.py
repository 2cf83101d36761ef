"""Examples of what is sent and what is answered: nothing in them is anybody's. The OpenAPI document
and the console's pages show the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import assert_never

from engine.api.operation import Operation
from engine.api.parameters import Schema
from engine.intake.body_reader import Member
from engine.sequence.model import Plan

TEXTS: Mapping[str, str] = {
    "email": "fanny@example.org",
    "on": "2027-02-01 09:00",
    "new_email": "fanny.martin@example.org",
    "currency": "EUR",
    "order": "77421",
    "source": "boutique",
    "proof": "commande 77421",
    "keep_proof": "5 years",
}
"""For members of this name."""
TEXT_ARRAYS: Mapping[str, list[str]] = {"to": ["everyone"]}
ELLIPSIS = "…"


def example_of_body(operation: Operation, plan: Plan) -> dict[str, object]:
    """What has to be sent, and no more."""
    first = operation.exactly_one[:1]
    return {
        member.name: example(member, plan)
        for member in operation.members
        if member.required or member.name in first
    }


def example(member: Member, plan: Plan) -> object:
    """A value that the member's reader takes, of this very installation where it can be."""
    lists = list(plan.lists) or [10]
    if member.choices:
        return member.choices[0]
    match member.kind:
        case "list":
            return lists[min(1, len(lists) - 1)] if member.name == "to" else lists[0]
        case "fields":
            texts = (name for name, declared in plan.fields.items() if declared.type == "text")
            return dict.fromkeys(islice(texts, 1), "Fanny")
        case "address":
            return TEXTS.get(member.name, "fanny@example.org")
        case "number":
            return 4711
        case "words":
            return "Bonjour,\n\nVoulez-vous [la suite](===12===) ?\n"
        case "texts":
            return TEXT_ARRAYS.get(member.name, [])
        case "amount":
            return "49.90"
        case "moment":
            return "2026-11-22T10:15:00+01:00"
        case "zone":
            return "Europe/Paris"
        case "language":
            return "fr"
        case "text":
            return TEXTS.get(member.name) or _named(member.name, plan)
        case _:
            assert_never(member.kind)


def _named(name: str, plan: Plan) -> str:
    if name == "purpose":
        return next(iter(plan.purposes), "*")
    if name == "segment":
        return next(iter(plan.segments), "fidele")
    return ELLIPSIS


def example_of_schema(schema: Schema) -> object:
    examples, choices = schema.get("examples"), schema.get("enum")
    if isinstance(examples, list):
        return examples[0]
    if isinstance(choices, list):
        return choices[0]
    members, items = schema.get("properties"), schema.get("items")
    if isinstance(members, dict):
        return {name: example_of_schema(member) for name, member in members.items()}
    if isinstance(items, dict):
        return [example_of_schema(items)]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    return {"boolean": True, "integer": 1, "object": {}}.get(str(kind), ELLIPSIS)
