"""One declaration per call: the route, the reading of its parameters, its place in the OpenAPI
document and its page in the console all follow from it.

To add a call, write its handler and an `Operation` beside it, and put that into the room's
OPERATIONS (engine/api/openapi.py joins them). What a body or a parameter may hold is declared with
it, and its reader refuses everything else. A schema with a `title` becomes a named component.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

from fastapi.responses import Response

from engine.api.api_call import Api, ApiCall
from engine.api.parameters import Parameter, Schema
from engine.intake.body_reader import Member
from engine.web.request import MAX_BODY_OCTETS
from engine.words import N_

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Handler = Callable[[Api, ApiCall], Response]


class Tag(StrEnum):
    """What a call is about, in the order of the document and of the console."""

    LISTS = N_("Lists and purposes")
    PREFERENCES = N_("Preferences and segments")
    ORDERS = N_("Orders")
    PEOPLE = N_("People")
    EVENTS = N_("Events")
    RIGHTS = N_("Rights of people")
    BROADCASTS = N_("Broadcasts")
    RESULTS = N_("Results")
    PUBLICATION = N_("Publication")
    CONNECTIONS = N_("Connections")


TAGS: Mapping[Tag, str] = {
    Tag.LISTS: "People join lists, move between them, and withdraw.",
    Tag.PREFERENCES: "What people choose to receive, and the segments they are in.",
    Tag.ORDERS: "What people bought, and what was paid back.",
    Tag.PEOPLE: "Where people stand.",
    Tag.EVENTS: "What happened, in the order of the ledger, which names nobody.",
    Tag.RIGHTS: "Export, correction, restriction, objection, erasure, and requests.",
    Tag.BROADCASTS: "Mailings: written, tried, and sent at once.",
    Tag.RESULTS: "What came of letters and forms, in numbers that name nobody.",
    Tag.PUBLICATION: "What the folder would change, and putting it in force.",
    Tag.CONNECTIONS: "What shops tell, and what is told to other programs.",
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A call, and what answers it.

    `id` names it in the document, in clients made from it, and in the console's address. `path` is
    below /api/v1/; a parameter whose `{name}` stands in it is of the path, every other one of the
    query. Of the members in `exactly_one`, one is sent. `only_reads`: a POST that changes nothing
    (an address must not stand in a URL). `whatever_key`: a used Idempotency-Key does not hinder it.
    `conditional`: it honours If-Match. `may_lack`: its query names what may not be there (404).
    """

    id: str
    path: str
    scope: str
    tag: Tag
    about: str
    handler: Handler
    answer: Schema
    method: Method = "POST"
    members: tuple[Member, ...] = ()
    max_octets: int = MAX_BODY_OCTETS
    exactly_one: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    status: int = 200
    only_reads: bool = False
    whatever_key: bool = False
    conditional: bool = False
    may_lack: bool = False

    @cached_property
    def in_path(self) -> tuple[Parameter, ...]:
        names = re.findall(r"\{(\w+)\}", self.path)
        return tuple(parameter for parameter in self.parameters if parameter.name in names)

    @cached_property
    def in_query(self) -> tuple[Parameter, ...]:
        return tuple(each for each in self.parameters if each not in self.in_path)

    @property
    def has_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH")

    @property
    def writes(self) -> bool:
        """Whether an Idempotency-Key means anything."""
        return self.method != "GET" and not self.only_reads

    @property
    def is_paged(self) -> bool:
        return {"limit", "after"} <= {parameter.name for parameter in self.in_query}

    @property
    def refusals(self) -> Mapping[int, str]:
        """What it may be refused with, and what that means."""
        left_out: set[int] = set()
        if not (self.has_body or self.parameters):
            left_out |= {400}
        if not (self.in_path or self.members or self.may_lack):
            left_out |= {404}
        if not self.conditional:
            left_out |= {412}
        if not self.has_body:
            left_out |= {409, 413, 415}
        return {status: why for status, why in REFUSALS.items() if status not in left_out}


REFUSALS: Mapping[int, str] = {
    400: N_("The body or a parameter is not as described; every mistake is listed."),
    401: N_("No key, or one that opens nothing, or no longer: the sentence says when it expired."),
    403: N_("The key may not do this."),
    404: N_("There is nothing of this name, or nobody is known, or no longer."),
    406: N_("The answer is JSON, which the Accept header of the call excludes."),
    409: N_(
        "It does not fit what is published, who is known or what day it is (mistakes are listed); a"
        " rule forbids it; or the Idempotency-Key was used for another call. With Retry-After,"
        " others were quicker every time: send the same call again."
    ),
    412: N_("It has changed since it was read: its ETag is not that of If-Match."),
    413: N_("The body is larger than 64 kB, or 512 kB where it holds a letter’s words."),
    415: N_("The body is not application/json."),
    429: N_("More than 600 calls a minute, see Retry-After."),
    503: N_("Too busy, see Retry-After."),
}


def object_of(
    title: str, about: str = "", /, optional: tuple[str, ...] = (), **members: Schema
) -> Schema:
    """The schema of an object; a `title` makes it a component of that name."""
    return _with(object_with(title, members, optional), description=about)


def object_with(
    title: str, members: Mapping[str, Schema], optional: tuple[str, ...] = ()
) -> Schema:
    """The same of members that several share."""
    required = [name for name in members if name not in optional]
    schema: Schema = {"type": "object", "properties": dict(members), "required": required}
    return _with(schema, title=title)


def merged(title: str, *parts: Schema) -> Schema:
    """One object of the members of several, which have no title."""
    members: Schema = {}
    required: list[object] = []
    for part in parts:
        properties, names = part["properties"], part["required"]
        assert isinstance(properties, dict) and isinstance(names, list)
        members |= properties
        required += names
    return {"type": "object", "properties": members, "required": required, "title": title}


def text(about: str = "", *, example: str = "", choices: tuple[str, ...] = ()) -> Schema:
    examples = [example] if example else []
    return _with({"type": "string"}, description=about, enum=list(choices), examples=examples)


def integer(about: str = "", *, example: int = 1) -> Schema:
    return _with({"type": "integer"}, description=about, examples=[example])


def boolean(about: str = "", *, example: bool = True) -> Schema:
    return _with({"type": "boolean"}, description=about, examples=[example])


def moment(about: str = "") -> Schema:
    """An instant as engine/api/api_call.py's `shown` writes it."""
    return text(about, example="2026-11-22T09:15:00.000Z") | {"format": "date-time"}


def array(items: Schema, about: str = "") -> Schema:
    return _with({"type": "array", "items": items}, description=about)


def _with(schema: Schema, **members: object) -> Schema:
    return schema | {name: member for name, member in members.items() if member not in ("", [])}


def nullable(schema: Schema) -> Schema:
    """The same, or null. Of a schema with one type."""
    choices = schema.get("enum")
    return (
        schema
        | {"type": [schema["type"], "null"]}
        | ({"enum": [*choices, None]} if isinstance(choices, list) else {})
    )


SUBSCRIBER = text("The person's random id.", example="5f0c1b7e-9a3d-4c2f-8b6e-0d1a2c3b4d5e")
FIELD_VALUE: Schema = {
    "anyOf": [
        {"type": ["string", "number", "boolean"]},
        {"type": "array", "items": {"type": "string"}},
    ]
}
"""Of a declared field, by its type."""
ANSWER = object_of(
    "Answer",
    "What came of a call.",
    optional=("already",),
    done=boolean("Whether this call changed anything."),
    already=boolean(
        "True when this very call was carried out before under its Idempotency-Key.", example=False
    ),
    said=text(),
    subscriber=nullable(SUBSCRIBER),
)
