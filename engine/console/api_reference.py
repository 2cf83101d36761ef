"""The calls of the API as pages, from the lines that its readers refuse by and that its OpenAPI
document is made of: what each reads, what it answers, and a line to try it with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, assert_never

from fastapi.responses import Response

from engine.api.openapi import CALLS, REFUSALS, Described, Schema
from engine.config import Config
from engine.console.access import Right
from engine.console.visit import Route, Visit
from engine.i18n.language import N_
from engine.installation.stream import InstallationStream
from engine.intake.calls import Kind, Member
from engine.sequence.model import Plan

GROUPS: Mapping[str, tuple[str, ...]] = {
    N_("Lists and purposes"): ("subscribe", "transfer", "unsubscribe"),
    N_("Preferences and segments"): ("preferences", "segments"),
    N_("Orders"): ("orders",),
    N_("Looking up"): ("read",),
    N_("Rights of people"): ("rights",),
}
SCOPE_WORDS: Mapping[str, str] = {
    "subscribe": N_("puts people on lists, on a ground that the caller declares"),
    "transfer": N_("moves people from one list to another"),
    "unsubscribe": N_("withdraws people from a purpose, or from everything"),
    "segments": N_("puts people into segments without conditions, and takes them out"),
    "orders": N_("records orders and refunds"),
    "preferences": N_("sets what people chose to receive"),
    "read": N_("looks up where a person stands"),
    "rights": N_("exports, corrects, freezes and erases people, and answers their requests"),
    "metrics": N_("reads the counts for monitoring"),
    "audit": N_("reads the signed ledger, which names nobody"),
    "calendar": N_("shows the programme in a calendar, by an address that holds the key"),
}
KIND_WORDS: Mapping[Kind, str] = {
    "text": N_("text"),
    "texts": N_("array of texts"),
    "amount": N_("amount, as text"),
    "moment": N_("day or moment"),
    "list": N_("number or name of a list"),
    "fields": N_("object of values"),
    "zone": N_("time zone"),
    "language": N_("language"),
}
TEXTS: Mapping[str, str] = {
    "email": "fanny@example.org",
    "new_email": "fanny.martin@example.org",
    "currency": "EUR",
    "order": "77421",
    "source": "boutique",
    "proof": "commande 77421",
    "keep_proof": "5 years",
}
"""Examples for members of this name."""
ELLIPSIS = "…"


class ReferenceStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


class Row(NamedTuple):
    """A member of a body: `example` as it stands in JSON."""

    name: str
    kind: str
    required: bool
    about: str
    choices: tuple[str, ...]
    example: str


def routes(stores: ReferenceStores) -> Sequence[Route]:
    return (
        Route("GET", "/api-reference", Right.SEE, lambda visit: _overview(stores, visit)),
        Route("GET", "/api-reference/{call}", Right.SEE, lambda visit: _call(stores, visit)),
    )


def _overview(stores: ReferenceStores, visit: Visit) -> Response:
    return visit.page(
        "api_reference.html",
        groups=[
            (heading, [call for call in CALLS if call.scope in scopes])
            for heading, scopes in GROUPS.items()
        ],
        start=f"{stores.config.site.url}/api/v1/",
        scopes=SCOPE_WORDS,
        refusals=REFUSALS,
        document=f"{stores.config.site.url}/openapi.json",
        first=curl(stores.config.site.url, CALLS[0], stores.installation_stream.current().plan()),
    )


def _call(stores: ReferenceStores, visit: Visit) -> Response:
    call = next((call for call in CALLS if call.operation_id == visit.path["call"]), None)
    if call is None:
        _ = visit.say
        return visit.not_found(_("There is no such call."))
    plan = stores.installation_stream.current().plan()
    return visit.page(
        "api_call.html",
        call=call,
        rows=list(_rows(call, plan, visit)),
        curl=curl(stores.config.site.url, call, plan),
        answer=_written(answer_of(call.answer)),
        statuses=sorted({200, call.status}),
        refusals=REFUSALS,
    )


def _rows(call: Described, plan: Plan, visit: Visit) -> Iterator[Row]:
    for member in call.members:
        yield Row(
            name=member.name,
            kind=visit.say(KIND_WORDS[member.kind]),
            required=member.required,
            about=member.about,
            choices=member.choices,
            example=json.dumps(example(member, plan), ensure_ascii=False),
        )


def curl(site: str, call: Described, plan: Plan) -> str:
    """A call that is read as it stands, once the key is put in."""
    body = {member.name: example(member, plan) for member in call.members if member.required}
    key = f'  -H "Idempotency-Key: {call.operation_id}-1" \\\n' if call.writes else ""
    return (
        f"curl {site}/api/v1/{call.path} \\\n"
        f'  -H "Authorization: Bearer relance_{ELLIPSIS}" \\\n'
        f'{key}  -H "Content-Type: application/json" \\\n'
        f"  -d '{json.dumps(body, ensure_ascii=False)}'"
    )


def example(member: Member, plan: Plan) -> object:
    """A value that the member's reader takes, of this very installation where it can be."""
    lists = list(plan.lists) or [10]
    if member.choices:
        return member.choices[0]
    match member.kind:
        case "list":
            return lists[min(1, len(lists) - 1)] if member.name == "to" else lists[0]
        case "fields":
            return {}
        case "texts":
            return []
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


def answer_of(schema: Schema) -> object:
    """An answer of this shape: nothing in it is anybody's."""
    examples = schema.get("examples")
    if isinstance(examples, list):
        return examples[0]
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    members, items = schema.get("properties"), schema.get("items")
    if isinstance(members, dict):
        return {name: answer_of(member) for name, member in members.items()}
    if isinstance(items, dict):
        return [answer_of(items)]
    return {"boolean": True, "integer": 1, "object": {}}.get(str(kind), ELLIPSIS)


def _written(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2)
