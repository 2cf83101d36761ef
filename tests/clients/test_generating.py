"""A client is written of whatever an OpenAPI document says: any method, arguments in path, query,
header and body, pages, refusals. The same calls are made of both languages, against a server that
answers what it is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from clients.description import Description, Unsupported
from clients.generate import python_client, typescript_client
from tests.clients.driving import Outcomes, Reply, Step, Stub, TypeScript, in_python, stub

THING = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer"},
        "from": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
    },
}
ONCE = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def answered(schema: object) -> dict[str, object]:
    return {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}


DOCUMENT: dict[str, object] = {
    "openapi": "3.1.0",
    "info": {"title": "things", "version": "1"},
    "components": {"schemas": {"Thing": THING}},
    "paths": {
        "/things": {
            "get": {
                "operationId": "things",
                "description": 'All of them; "" is none, \\d is no digit, */ ends nothing.',
                "parameters": [
                    {"name": "after", "in": "query", "schema": {"type": "string"}},
                    {"name": "open", "in": "query", "schema": {"type": "boolean"}},
                    {
                        "name": "type",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                    {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": answered(
                    {
                        "type": "object",
                        "required": ["things"],
                        "properties": {
                            "things": {
                                "type": "array",
                                "items": {"$ref": "#/components/schemas/Thing"},
                            },
                            "next": {"type": ["string", "null"]},
                        },
                    }
                ),
            },
            "post": {
                "operationId": "things/look",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"q": {"type": "string"}}}
                        }
                    }
                },
                "responses": answered({"type": "object"}),
            },
        },
        "/things/{id}": {
            "parameters": [ID],
            "put": {
                "operationId": "things/set",
                "parameters": [
                    ONCE,
                    {"name": "If-Match", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["from"],
                                "properties": {
                                    "from": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
                                    "kind": {"type": "string", "enum": ["a", "b"]},
                                    "fields": {
                                        "type": "object",
                                        "additionalProperties": {"type": ["string", "number"]},
                                    },
                                },
                            }
                        }
                    }
                },
                "responses": answered({"type": "object", "additionalProperties": True}),
            },
            "delete": {
                "operationId": "things/drop",
                "parameters": [ONCE],
                "responses": {"204": {"description": "Gone."}},
            },
        },
    },
}
DONE = Reply(200, {"done": True})
Run = Callable[..., Outcomes]


@pytest.fixture(scope="module")
def server() -> Iterator[Stub]:
    with stub() as served:
        yield served


@pytest.fixture(scope="module", params=["Python", "TypeScript"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder, described = tmp_path_factory.mktemp("client"), Description(DOCUMENT)
    if request.param == "Python":
        yield partial(in_python, _written(folder / "things.py", python_client(described)))
    else:
        with TypeScript() as typescript:
            yield partial(typescript, _written(folder / "t.ts", typescript_client(described)))


def _written(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


def told(run: Run, server: Stub, *steps: Step, retries: int = 4) -> Outcomes:
    return run(server.url, "relance_k", steps, retries)


def test_arguments_go_where_the_description_has_them(run: Run, server: Stub) -> None:
    server.answers(DONE, Reply(204))
    given = {"id": "a/b ?é", "from": 3, "fields": {"n": 1}, "If-Match": '"7"'}
    set_, dropped = told(
        run, server, Step("things_set", given), Step("things_drop", {"id": 9})
    ).outcomes
    assert (set_, dropped) == ({"answer": {"done": True}}, {"answer": None})
    put, delete = server.requests
    assert (put.method, put.target) == ("PUT", "/things/a%2Fb%20%3F%C3%A9")
    assert put.body == {"from": 3, "fields": {"n": 1}}
    assert put.headers["if-match"] == '"7"'
    assert put.headers["authorization"] == "Bearer relance_k"
    assert put.headers["content-type"] == "application/json"
    assert (delete.method, delete.target, delete.body) == ("DELETE", "/things/9", None)


def test_a_query_holds_what_was_given_and_no_more(run: Run, server: Stub) -> None:
    page = Reply(200, {"things": []})
    server.answers(page, page)
    told(run, server, Step("things", {"open": False, "type": ["a&b", "c"]}), Step("things"))
    filtered, plain = server.requests
    assert filtered.target == "/things?open=false&type=a%26b&type=c"
    assert plain.target == "/things"
    assert "if-none-match" not in plain.headers and "idempotency-key" not in plain.headers


def test_each_item_comes_page_after_page(run: Run, server: Stub) -> None:
    server.answers(
        Reply(200, {"things": [{"id": 1}, {"id": 2}], "next": "c/2"}),
        Reply(200, {"things": [{"id": 3}], "next": None}),
        Reply(200, {"things": [], "next": "c/2"}),
    )
    whole, stood = told(
        run,
        server,
        Step("all_things", {"open": True}),
        Step("all_things", {"after": "c/2"}),
    ).outcomes
    assert whole == {"items": [{"id": 1}, {"id": 2}, {"id": 3}]}
    assert stood == {"items": []}
    assert [request.target for request in server.requests] == [
        "/things?open=true",
        "/things?after=c%2F2&open=true",
        "/things?after=c%2F2",
    ]


def test_each_write_has_a_key_of_its_own_unless_it_is_given_one(run: Run, server: Stub) -> None:
    server.answers(DONE, DONE, DONE)
    write = {"id": "1", "from": "x"}
    told(
        run,
        server,
        Step("things_set", write),
        Step("things_set", write),
        Step("things_set", write, "mine"),
    )
    first, second, given = (request.headers["idempotency-key"] for request in server.requests)
    assert given == "mine" and first != second
    assert all(re.fullmatch(r"[0-9a-f-]{36}", minted) for minted in (first, second))


def test_a_lost_answer_is_asked_for_again_under_the_same_key(run: Run, server: Stub) -> None:
    server.answers(Reply(0), Reply(502, b"<html>", kind="text/html"), DONE)
    outcomes, waits = told(run, server, Step("things_set", {"id": "1", "from": "x"}))
    assert outcomes == [{"answer": {"done": True}}]
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1
    assert len(server.requests) == 3
    assert 0.5 <= waits[0] <= 1 <= waits[1] <= 2


def test_a_call_without_a_key_is_not_sent_twice_when_it_may_have_been_done(
    run: Run, server: Stub
) -> None:
    server.answers(Reply(0), Reply(502, b"<html>", kind="text/html"))
    silent, broken = told(run, server, Step("things_look"), Step("things_look")).outcomes
    assert silent == {"no_answer": None}
    assert broken["problem"] == {
        "status": 502,
        "title": "Bad Gateway",
        "detail": "",
        "mistakes": [],
        "retry_after": None,
        "message": "502 Bad Gateway",
    }
    assert len(server.requests) == 2


def test_who_is_told_when_to_come_back_comes_back_then(run: Run, server: Stub) -> None:
    busy = {"title": "busy", "detail": "later"}
    server.answers(
        Reply(429, busy, {"Retry-After": "7"}, "application/problem+json"),
        Reply(503, busy, {"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}),
        Reply(409, busy, {"Retry-After": "1"}),
        DONE,
        Reply(429, busy, {"Retry-After": "3600"}),
    )
    outcomes, waits = told(run, server, Step("things_look"), Step("things_look"))
    assert waits == [7, 0, 1]
    assert outcomes[0] == {"answer": {"done": True}}
    assert outcomes[1]["problem"] == {
        "status": 429,
        "title": "busy",
        "detail": "later",
        "mistakes": [],
        "retry_after": 3600,
        "message": "429 busy: later",
    }


def test_the_last_attempt_says_what_came_of_it(run: Run, server: Stub) -> None:
    server.answers(*[Reply(0)] * 3)
    (outcome,), waits = told(
        run, server, Step("things_set", {"id": "1", "from": "x"}, "mine"), retries=2
    )
    assert outcome == {"no_answer": "mine"}
    assert (len(server.requests), len(waits)) == (3, 2)


def test_a_refusal_is_a_problem_with_its_mistakes(run: Run, server: Stub) -> None:
    refusal = {"title": "Bad Request", "status": 400, "detail": "no", "mistakes": ["q: no", "r"]}
    server.answers(
        Reply(400, refusal, kind="application/problem+json"),
        Reply(200, b"{", kind="application/json"),
    )
    refused, garbled = told(run, server, Step("things_look", {"q": "x"}), Step("things_look"))[0]
    assert refused["problem"] == {
        "status": 400,
        "title": "Bad Request",
        "detail": "no",
        "mistakes": ["q: no", "r"],
        "retry_after": None,
        "message": "400 Bad Request: no",
    }
    assert garbled == {"no_answer": None}


def test_an_answer_is_of_a_version_that_can_be_asked_for(run: Run, server: Stub) -> None:
    server.answers(Reply(200, {"things": []}, {"ETag": '"7-a"'}), Reply(200, {"things": []}))
    versioned, plain = told(run, server, Step("things"), Step("things")).outcomes
    assert versioned == {"answer": {"things": []}, "etag": '"7-a"'}
    assert plain == {"answer": {"things": []}}


def test_a_key_follows_no_redirect_to_another_server(run: Run, server: Stub) -> None:
    server.answers(Reply(307, None, {"Location": f"{server.url}/elsewhere"}))
    (outcome,) = told(run, server, Step("things")).outcomes
    assert isinstance(outcome["problem"], dict) and outcome["problem"]["status"] == 307
    assert len(server.requests) == 1


def operation(**more: object) -> dict[str, object]:
    described = {"operationId": "x", "responses": answered({"type": "object"})} | more
    return {"info": {}, "paths": {"/x": {"post": described}}}


def body(schema: object, kind: str = "application/json") -> dict[str, object]:
    return {"content": {kind: {"schema": schema}}}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (operation(requestBody=body({"type": "array"})), "no object of named members"),
        (operation(requestBody=body({}, "text/csv")), "none of JSON"),
        (operation(responses={"404": {"description": ""}}), "no answer of success"),
        (operation(responses=answered({"allOf": [{}, {}]})), "joins several"),
        (operation(responses=answered({"type": "tuple"})), "a type 'tuple'"),
        (operation(responses=answered({"enum": [1.5]})), "no text, number or boolean"),
        (
            operation(
                parameters=[{"name": "q", "in": "query", "schema": {}}],
                requestBody=body({"type": "object", "properties": {"q": {}}}),
            ),
            "two arguments have the same name",
        ),
    ],
)
def test_what_no_client_can_express_is_refused(document: dict[str, object], why: str) -> None:
    with pytest.raises(Unsupported, match=re.escape(why)):
        Description(document)


def test_no_method_takes_a_name_that_the_client_needs() -> None:
    with pytest.raises(Unsupported, match="no method may be called list"):
        python_client(Description(operation(operationId="list")))


def lines(text: str, *starts: str) -> Sequence[str]:
    """Each line that begins with one of `starts`, once."""
    stripped = dict.fromkeys(line.strip() for line in text.splitlines())
    return [line for line in stripped if line.startswith(starts)]


def test_types_are_those_of_the_description() -> None:
    described = Description(DOCUMENT)
    python, typescript = python_client(described), typescript_client(described)
    assert lines(python, "kind:", "from_:", "fields:", "type:") == [
        "type: Sequence[str] | None = None,",
        "from_: int | str,",
        'kind: Literal["a", "b"] | None = None,',
        "fields: Mapping[str, str | float] | None = None,",
    ]
    assert lines(python, '"parts":', '"from": "') == [
        '"from": "NotRequired[str]",',
        '"parts": "NotRequired[list[Thing]]",',
    ]
    assert lines(typescript, "readonly kind", "readonly from", "readonly fields", "parts?") == [
        "parts?: Thing[];",
        "readonly from: number | string;",
        'readonly kind?: "a" | "b" | undefined;',
        "readonly fields?: { [name: string]: string | number } | undefined;",
    ]
