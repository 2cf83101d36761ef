"""The calls of the API as pages, from the declarations that its readers refuse by and that its
OpenAPI document is made of: what each reads, what it answers, and a line to try it with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, assert_never
from urllib.parse import urlencode

from fastapi.responses import Response

from engine.api.examples import ELLIPSIS, example, example_of_body, example_of_schema
from engine.api.openapi import OPERATIONS
from engine.api.operation import REFUSALS, TAGS, Operation
from engine.api.parameters import Parameter
from engine.config import Config
from engine.console.access import Right
from engine.console.visit import Route, Visit
from engine.i18n.language import N_, Say
from engine.installation.stream import InstallationStream
from engine.intake.body_reader import Kind
from engine.sequence.model import Plan

SCOPE_WORDS: Mapping[str, str] = {
    "subscribe": N_("puts people on lists, on a ground that the caller declares"),
    "transfer": N_("moves people from one list to another"),
    "unsubscribe": N_("withdraws people from a purpose, or from everything"),
    "segments": N_("puts people into segments without conditions, and takes them out"),
    "orders": N_("records orders and refunds"),
    "preferences": N_("sets what people chose to receive"),
    "fields": N_("sets fields of people"),
    "read": N_("reads lists, segments and events, where people stand, and no address"),
    "people": N_("reads people with their addresses and fields"),
    "rights": N_("exports, corrects, freezes and erases people, and answers their requests"),
    "broadcasts": N_("writes mailings, sends a test of one, and sends one at once"),
    "results": N_("reads what came of letters and forms, which names nobody"),
    "publish": N_("looks at what publishing would change, and puts it in force"),
    "hooks": N_("lists what shops told and what is told to other programs, and tells it again"),
    "metrics": N_("reads the counts for monitoring"),
    "audit": N_("reads the signed ledger, which names nobody"),
    "calendar": N_("shows the programme in a calendar, by an address that holds the key"),
}
KIND_WORDS: Mapping[Kind, str] = {
    "text": N_("text"),
    "number": N_("whole number"),
    "address": N_("e-mail address"),
    "words": N_("a letter’s words, in Markdown"),
    "texts": N_("array of texts"),
    "amount": N_("amount, as text"),
    "moment": N_("day or moment"),
    "list": N_("number or name of a list"),
    "fields": N_("object of values"),
    "zone": N_("time zone"),
    "language": N_("language"),
}


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
            (tag.value, [operation for operation in OPERATIONS if operation.tag == tag])
            for tag in TAGS
        ],
        start=f"{stores.config.site.url}/api/v1/",
        scopes=SCOPE_WORDS,
        refusals=REFUSALS,
        document=f"{stores.config.site.url}/openapi.json",
        first=curl(
            stores.config.site.url, OPERATIONS[0], stores.installation_stream.current().plan()
        ),
    )


def _call(stores: ReferenceStores, visit: Visit) -> Response:
    operation = next((each for each in OPERATIONS if each.id == visit.path["call"]), None)
    if operation is None:
        _ = visit.say
        return visit.not_found(_("There is no such call."))
    plan = stores.installation_stream.current().plan()
    return visit.page(
        "api_call.html",
        call=operation,
        parameters=[_parameter(parameter, visit.say) for parameter in operation.parameters],
        rows=list(_rows(operation, plan, visit.say)),
        curl=curl(stores.config.site.url, operation, plan),
        answer=json.dumps(example_of_schema(operation.answer), ensure_ascii=False, indent=2),
        statuses=sorted({200, operation.status}),
        refusals=operation.refusals,
    )


def _rows(operation: Operation, plan: Plan, say: Say) -> Iterator[Row]:
    for member in operation.members:
        yield Row(
            name=member.name,
            kind=say(KIND_WORDS[member.kind]),
            required=member.required,
            about=member.about,
            choices=member.choices,
            example=json.dumps(example(member, plan), ensure_ascii=False),
        )


def _parameter(parameter: Parameter, say: Say) -> Row:
    return Row(
        name=parameter.name,
        kind=_kind_of(parameter, say),
        required=parameter.required,
        about=parameter.about,
        choices=parameter.choices,
        example=str(parameter.example_value),
    )


def _kind_of(parameter: Parameter, say: Say) -> str:
    match parameter.kind:
        case "text":
            return say(KIND_WORDS["text"])
        case "texts":
            return say(N_("text, several times if need be"))
        case "day":
            return say(N_("a day"))
        case "integer":
            words = say(N_("whole number from {least} to {most}"))
            return words.format(least=parameter.minimum, most=parameter.maximum)
        case _:
            assert_never(parameter.kind)


def curl(site: str, operation: Operation, plan: Plan) -> str:
    """A call that is read as it stands, once the key is put in."""
    path = operation.path
    for parameter in operation.in_path:
        path = path.replace(f"{{{parameter.name}}}", str(parameter.example_value))
    query = urlencode({
        parameter.name: parameter.example_value
        for parameter in operation.in_query
        if parameter.required
    })  # fmt: skip
    address = f"{site}/api/v1/{path}" + (f"?{query}" if query else "")
    lines = [f"curl {address}" if not query else f"curl '{address}'"]
    if operation.method not in ("GET", "POST"):
        lines.append(f"-X {operation.method}")
    lines.append(f'-H "Authorization: Bearer relance_{ELLIPSIS}"')
    if operation.writes:
        lines.append(f'-H "Idempotency-Key: {operation.id}-1"')
    if operation.has_body:
        body = json.dumps(example_of_body(operation, plan), ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    return " \\\n  ".join(lines)
