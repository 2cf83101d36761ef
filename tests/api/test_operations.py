"""A call is declared once: its route, its parameters, its place in the document follow from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from fastapi.responses import JSONResponse

from engine.api.openapi import OPERATIONS, document
from engine.api.operation import TAGS, Operation
from engine.api.parameters import AFTER, LIMIT, Parameter, read_parameters
from engine.api.problems import Problem
from engine.api.routes import acceptable, by_specificity, validated

SUBSCRIBER = Parameter(name="subscriber", about="", pattern="[0-9a-f]{4}")
KINDS = Parameter(name="type", about="", kind="texts", choices=("list-joined", "list-left"))
DAY = Parameter(name="day", about="", pattern="[0-9-]{10}", example="2026-11-02")
DECLARED = (SUBSCRIBER, LIMIT, AFTER, KINDS, Parameter(name="q", about="", required=True), DAY)
DOCUMENT = document("Le Potager", "https://lettres.example.org")


def read(query: str, subscriber: str = "00ff") -> object:
    pairs = [tuple(pair.split("=")) for pair in query.split("&") if pair]
    return read_parameters(DECLARED, {"subscriber": subscriber}, [(n, v) for n, v in pairs])


def test_parameters_are_read_by_their_declarations_and_have_their_defaults() -> None:
    assert read("q=x") == {"subscriber": "00ff", "limit": 50, "q": "x", "type": ()}
    assert read("q=x&limit=200&after=abc&type=list-joined&type=list-left") == {
        "subscriber": "00ff",
        "limit": 200,
        "after": "abc",
        "type": ("list-joined", "list-left"),
        "q": "x",
    }


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("", "q: is required"),
        ("q=x&limit=0", "limit: is a whole number from 1 to 200"),
        ("q=x&limit=201", "limit: is a whole number from 1 to 200"),
        ("q=x&limit=1e2", "limit: is a whole number from 1 to 200"),
        ("q=x&limit=١", "limit: is a whole number from 1 to 200"),
        ("q=x&after=a b", "after: is written as [A-Za-z0-9_-]{0,300}"),
        ("q=x&day=soon", "day: is written like 2026-11-02"),
        ("q=x&type=list-moved", "type: is one of list-joined, list-left"),
        ("q=x&q=y", "q: is said twice"),
        ("q=" + "x" * 501, "q: is a text of at most 500 printable characters"),
        ("q=x&limt=5", "limt: is no parameter of this call; there are: limit, after, type, q, day"),
        ("q=x&subscriber=00ff", "subscriber: is no parameter"),
    ],
)
def test_a_mistake_in_a_parameter_is_told(query: str, mistake: str) -> None:
    with pytest.raises(Problem) as refusal:
        read(query)
    assert refusal.value.status == 400
    assert [told for told in refusal.value.mistakes if told.startswith(mistake)]


def test_what_cannot_be_the_name_of_anything_is_not_there() -> None:
    with pytest.raises(Problem) as refusal:
        read("q=x", "lookup")
    assert refusal.value.status == 404


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("", 200),
        ("*/*", 200),
        ("text/html, application/json;q=0.5", 200),
        ("application/problem+json", 200),
        ("text/html", 406),
        ("application/json;q=0, text/html", 406),
    ],
)
def test_who_excludes_json_is_answered_by_no_other(accept: str, status: int) -> None:
    if status == 200:
        acceptable(accept)
        return
    with pytest.raises(Problem) as refusal:
        acceptable(accept)
    assert refusal.value.status == status


def test_an_answer_has_an_etag_and_who_has_it_is_sent_nothing_more() -> None:
    first = validated(JSONResponse({"a": 1}), "")
    etag = first.headers["etag"]
    assert re.fullmatch('"[0-9a-f]{32}"', etag) and first.status_code == 200
    assert validated(JSONResponse({"a": 2}), etag).status_code == 200
    for had in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = validated(JSONResponse({"a": 1}), had)
        assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", etag)


def test_a_word_comes_before_a_parameter_that_could_be_it() -> None:
    paths = ["people/{subscriber}/events", "people/{subscriber}", "people", "people/lookup"]
    ordered = sorted(paths, key=by_specificity)
    assert ordered.index("people/lookup") < ordered.index("people/{subscriber}")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_declaration_is_whole(operation: Operation) -> None:
    names = [parameter.name for parameter in operation.parameters]
    in_path = re.findall(r"\{(\w+)\}", operation.path)
    assert set(in_path) <= set(names) and len(set(names)) == len(names)
    assert operation.has_body or not operation.members
    for parameter in operation.parameters:
        example = parameter.example_value
        path = {parameter.name: str(example)} if parameter.name in in_path else {}
        query = [] if path or example == "" else [(parameter.name, str(example))]
        read_parameters((parameter,), path, query)


def test_each_call_has_a_name_and_an_address_of_its_own() -> None:
    ids = Counter(operation.id for operation in OPERATIONS)
    addresses = Counter((operation.method, operation.path) for operation in OPERATIONS)
    assert max(ids.values()) == max(addresses.values()) == 1
    assert {operation.tag for operation in OPERATIONS} <= set(TAGS)


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.removeprefix("#/components/schemas/")
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_says_where_the_installation_is_and_refers_to_what_it_has() -> None:
    assert DOCUMENT["servers"] == [{"url": "https://lettres.example.org"}]
    components = DOCUMENT["components"]
    assert isinstance(components, dict)
    assert set(references(DOCUMENT)) == set(components["schemas"])


def test_each_call_is_described_with_an_example_and_every_refusal_as_a_problem() -> None:
    paths = DOCUMENT["paths"]
    assert isinstance(paths, dict)
    for operation in OPERATIONS:
        described = paths[f"/api/v1/{operation.path}"][operation.method.lower()]
        assert described["tags"] == [operation.tag] and described["summary"]
        for status, answer in described["responses"].items():
            if int(status) >= 400:
                assert "application/problem+json" in answer["content"]
            elif int(status) < 300:
                assert "example" in answer["content"]["application/json"]
        assert ("requestBody" in described) is operation.has_body
