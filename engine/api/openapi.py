"""The API as an OpenAPI 3.1 document, made from the declarations of its calls."""

from __future__ import annotations

from functools import cache

from engine.api import (
    broadcast_calls,
    connection_calls,
    events_read,
    lists_read,
    order_calls,
    people_calls,
    people_read,
    publication_calls,
    results_calls,
    rights_calls,
)
from engine.api.body_schema import body_schema
from engine.api.examples import example_of_body, example_of_schema
from engine.api.operation import TAGS, Operation, array, integer, object_of, text
from engine.api.parameters import Parameter, Schema
from engine.sequence.model import Plan

VERSION = "1"
OPERATIONS: tuple[Operation, ...] = (
    *lists_read.OPERATIONS,
    *people_calls.OPERATIONS,
    *people_read.OPERATIONS,
    *events_read.OPERATIONS,
    *order_calls.OPERATIONS,
    *rights_calls.OPERATIONS,
    *broadcast_calls.OPERATIONS,
    *results_calls.OPERATIONS,
    *publication_calls.OPERATIONS,
    *connection_calls.OPERATIONS,
)
ABOUT = (
    "One call, one act, answered once it is written. A key (`relance api-key create`) has scopes"
    " and may do nothing else; an address never stands in a URL, so that no log holds it. Refusals"
    " are problems as RFC 9457 has them. Answers to GET carry an ETag and honour If-None-Match."
)
ONCE = (
    "Your name for this call (method, path, body): sent again within 30 days it changes nothing;"
    " another call under the same key is refused (409)."
)
PRINTABLE_KEY = "[!-~]([ -~]{0,253}[!-~])?"
UNHINDERED = (
    " What protects a person is carried out all the same, whatever call the key was used for"
    " before."
)
SCHEMES: Schema = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key made by `relance api-key create`.",
    }
}
PROBLEM = object_of(
    "Problem",
    "A refusal, as RFC 9457 has it.",
    optional=("mistakes",),
    type=text(example="about:blank"),
    title=text(example="Conflict"),
    status=integer(example=409),
    detail=text("A sentence for people."),
    mistakes=array(text(), "Every mistake of the call, where there are some."),
)
RETRY_AFTER: Schema = {"description": "Seconds to wait.", "schema": {"type": "integer"}}


@cache
def document(title: str, url: str) -> Schema:
    """`url` is where the installation is reached. The document is open to all, so it names no list
    and no segment of the installation.
    """
    components: Schema = {}
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        described = _operation(operation)
        paths.setdefault(f"/api/v1/{operation.path}", {})[operation.method.lower()] = described
    used = {operation.tag for operation in OPERATIONS}
    tags = [{"name": tag.value, "description": about} for tag, about in TAGS.items() if tag in used]
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title}: Relance", "version": VERSION, "description": ABOUT},
        "servers": [{"url": url}],
        "tags": tags,
        "paths": _with_references(paths, components),
        "components": {
            "securitySchemes": SCHEMES,
            "schemas": dict(sorted(components.items())),
        },
    }


def _operation(operation: Operation) -> Schema:
    described: Schema = {
        "operationId": operation.id,
        "tags": [operation.tag.value],
        "summary": operation.about.partition(";")[0].partition(". ")[0].rstrip("."),
        "description": operation.about,
        "security": [{"key": [operation.scope]}],
        "parameters": [
            *(_parameter(parameter, "path") for parameter in operation.in_path),
            *(_parameter(parameter, "query") for parameter in operation.in_query),
            *_headers(operation),
        ],
        "responses": _responses(operation),
    }
    if operation.has_body:
        content = {
            "schema": body_schema(operation),
            "example": example_of_body(operation, Plan()),
        }
        body: Schema = {"required": True, "content": {"application/json": content}}
        described["requestBody"] = body
    return described


def _parameter(parameter: Parameter, place: str) -> Schema:
    example: Schema = {"example": parameter.example} if parameter.example else {}
    return {
        "name": parameter.name,
        "in": place,
        "required": place == "path" or parameter.required,
        "description": parameter.about,
        "schema": parameter.schema(),
    } | example


def _headers(operation: Operation) -> list[Schema]:
    headers: dict[str, tuple[str, Schema]] = {}
    if operation.writes:
        about = ONCE + (UNHINDERED if operation.whatever_key else "")
        printable: Schema = {"type": "string", "pattern": f"^{PRINTABLE_KEY}$"}
        headers["Idempotency-Key"] = about, printable
    if operation.method == "GET":
        about = "The ETag of an answer you have: 304 while it is still what would be answered."
        headers["If-None-Match"] = about, {"type": "string"}
    if operation.conditional:
        about = "The ETag of what you read: 412 where it has changed since."
        headers["If-Match"] = about, {"type": "string"}
    return [
        {"name": name, "in": "header", "required": False, "description": about, "schema": schema}
        for name, (about, schema) in headers.items()
    ]


def _responses(operation: Operation) -> Schema:
    media: Schema = {"schema": operation.answer, "example": example_of_schema(operation.answer)}
    good: Schema = {"description": "Answered.", "content": {"application/json": media}}
    responses: Schema = {str(status): good for status in sorted({200, operation.status})}
    if operation.method == "GET":
        etag: Schema = {"description": "Of this answer.", "schema": {"type": "string"}}
        link: Schema = {
            "description": "rel=next, while more follows.",
            "schema": {"type": "string"},
        }
        good["headers"] = {"ETag": etag} | ({"Link": link} if operation.is_paged else {})
        responses["304"] = {"description": "As you have it.", "headers": {"ETag": etag}}
    problem: Schema = {"application/problem+json": {"schema": PROBLEM}}
    for status, meaning in operation.refusals.items():
        headers: Schema = {"headers": {"Retry-After": RETRY_AFTER}} if status in (429, 503) else {}
        responses[str(status)] = {"description": meaning, "content": problem} | headers
    return responses


def _with_references(value: object, components: Schema) -> object:
    """The same with each titled schema among `components` and a reference in its place."""
    if isinstance(value, list | tuple):
        return [_with_references(inner, components) for inner in value]
    if not isinstance(value, dict):
        return value
    inner = {name: _with_references(member, components) for name, member in value.items()}
    title, kind = value.get("title"), value.get("type")
    if not isinstance(title, str) or kind not in ("object", ["object", "null"]):
        return inner
    may_be_null = isinstance(kind, list)
    component = inner | ({"type": "object"} if may_be_null else {})
    assert components.setdefault(title, component) == component, f"two schemas are called {title}"
    reference: Schema = {"$ref": f"#/components/schemas/{title}"}
    return {"oneOf": [reference, {"type": "null"}]} if may_be_null else reference
