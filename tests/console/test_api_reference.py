"""The API's pages: each call with what it reads, and a line that is read as it stands."""

from __future__ import annotations

import json
import re

import pytest

from engine.api.openapi import CALLS, Described
from engine.api.scopes import SCOPES
from engine.console.access import Role
from engine.console.api_reference import GROUPS, SCOPE_WORDS, curl, routes
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.intake import calls, orders
from tests.console.visiting import answered, visit, words_of

READERS = {
    "subscriptions": calls.read_subscription,
    "transfers": calls.read_transfer,
    "unsubscriptions": calls.read_unsubscription,
    "people/lookup": calls.read_lookup,
    "orders": orders.read_order,
    "segments/put": calls.read_segment,
    "segments/take": calls.read_segment,
}


def test_the_example_of_a_call_is_read_without_a_mistake(context: AppContext) -> None:
    plan = context.installation_stream.current().plan()
    for call in CALLS:
        body = json.loads(curl("https://example.org", call, plan).rpartition("-d ")[2].strip("'"))
        assert list(body) == [member.name for member in call.members if member.required]
        if read := READERS.get(call.path):
            assert not isinstance(read(body, plan, wall_now()), calls.Mistakes), (call.path, body)


def test_every_scope_has_its_words_and_every_call_its_group() -> None:
    assert set(SCOPE_WORDS) == set(SCOPES)
    grouped = [scope for scopes in GROUPS.values() for scope in scopes]
    assert len(grouped) == len(set(grouped))
    assert {call.scope for call in CALLS} == set(grouped)


@pytest.mark.parametrize("role", Role)
def test_everybody_reads_the_calls_and_operators_are_led_to_the_keys(
    context: AppContext, role: Role
) -> None:
    answer = answered(
        tuple(routes(context)), "GET", "/api-reference", visit(role, url="/api-reference")
    )
    page = bytes(answer.body).decode()
    assert set(re.findall(r'href="/api-reference/(\w+)"', page)) == {
        call.operation_id for call in CALLS
    }
    assert ('href="/operator/keys"' in page) is (role is Role.OPERATOR)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation_id)
def test_a_call_tells_each_member_in_both_languages(context: AppContext, call: Described) -> None:
    for language in ("fr", "en"):
        visitor = visit(language=language, path={"call": call.operation_id})
        words = words_of(answered(tuple(routes(context)), "GET", "/api-reference/{call}", visitor))
        assert all(member.name in words for member in call.members)
        assert call.scope in words and f"/api/v1/{call.path}" in words


def test_a_call_that_is_none_is_told_so(context: AppContext) -> None:
    visitor = visit(path={"call": "<b>"})
    answer = answered(tuple(routes(context)), "GET", "/api-reference/{call}", visitor)
    assert answer.status_code == 404 and "There is no such call." in words_of(answer)
