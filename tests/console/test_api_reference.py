"""The API's pages: each call with what it reads, and a line that is read as it stands."""

from __future__ import annotations

import json
import re

import pytest

from engine.api.openapi import OPERATIONS
from engine.api.operation import Operation
from engine.api.scopes import SCOPES
from engine.console.access import Role
from engine.console.api_reference import SCOPE_WORDS, curl, routes
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.intake import author_calls, calls, orders
from engine.intake.body_reader import Mistakes
from tests.console.visiting import answered, visit, words_of

READERS = {
    "subscriptions": calls.read_subscription,
    "transfers": calls.read_transfer,
    "unsubscriptions": calls.read_unsubscription,
    "people/lookup": calls.read_lookup,
    "orders": orders.read_order,
    "segments/put": calls.read_segment,
    "segments/take": calls.read_segment,
    "broadcasts": author_calls.read_new_broadcast,
    "publication": author_calls.read_publication,
    "hooks/{hook}/replay": author_calls.read_replay,
}


def test_the_example_of_a_call_is_read_without_a_mistake(context: AppContext) -> None:
    plan = context.installation_stream.current().plan()
    for operation in OPERATIONS:
        line = curl("https://example.org", operation, plan)
        if not operation.has_body:
            assert line.startswith("curl ") and " -d " not in line
            continue
        body = json.loads(line.rpartition("-d ")[2].strip("'"))
        needed = {member.name for member in operation.members if member.required}
        assert body.keys() == needed | {*operation.exactly_one[:1]}
        if read := READERS.get(operation.path):
            mistakes = read(body, plan, wall_now())
            assert not isinstance(mistakes, Mistakes), (operation.path, body)


def test_every_scope_has_its_words_and_every_call_a_scope() -> None:
    assert set(SCOPE_WORDS) == set(SCOPES)
    assert {operation.scope for operation in OPERATIONS} <= set(SCOPES)


@pytest.mark.parametrize("role", Role)
def test_everybody_reads_the_calls_and_operators_are_led_to_the_keys(
    context: AppContext, role: Role
) -> None:
    answer = answered(
        tuple(routes(context)), "GET", "/api-reference", visit(role, url="/api-reference")
    )
    page = bytes(answer.body).decode()
    assert set(re.findall(r'href="/api-reference/(\w+)"', page)) == {
        operation.id for operation in OPERATIONS
    }
    assert ('href="/operator/keys"' in page) is (role is Role.OPERATOR)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_call_tells_each_member_in_both_languages(
    context: AppContext, operation: Operation
) -> None:
    for language in ("fr", "en"):
        visitor = visit(language=language, path={"call": operation.id})
        words = words_of(answered(tuple(routes(context)), "GET", "/api-reference/{call}", visitor))
        assert all(member.name in words for member in operation.members)
        assert all(parameter.name in words for parameter in operation.parameters)
        assert operation.scope in words
        assert f"{operation.method} /api/v1/{operation.path}" in words


def test_a_call_that_is_none_is_told_so(context: AppContext) -> None:
    visitor = visit(path={"call": "<b>"})
    answer = answered(tuple(routes(context)), "GET", "/api-reference/{call}", visitor)
    assert answer.status_code == 404 and "There is no such call." in words_of(answer)
