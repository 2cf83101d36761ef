"""Reading a person is a fact on their stream: who it was stands in the vault, once a session."""

from __future__ import annotations

import pytest
from fastapi.responses import Response

from engine.console.access import Right, Role
from engine.console.reading import note_reading
from engine.console.visit import Route, Visit
from engine.context import AppContext
from engine.ledger.codec import entry_as_json
from engine.subscriber.events import ProfileRead
from tests.console.serving import console_of


def readings(context: AppContext, subscriber: str) -> list[dict[str, object]]:
    """What the vault has of each time somebody read this person."""
    evidence = context.vault.evidence_of(subscriber)
    return [
        evidence[entry.cause.evidence]
        for entry in context.ledger.stream(subscriber)
        if isinstance(entry.event, ProfileRead)
    ]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.RIGHTS])
def test_it_is_recorded_once_for_each_session(
    context: AppContext, people: list[str], role: Role
) -> None:
    def read(visit: Visit) -> Response:
        assert note_reading(context, visit, visit.path["person"])
        return Response("read")

    routes = [Route("GET", "/read/{person}", Right.READ_PEOPLE, read)]
    person = people[0 if role is Role.OPERATOR else 1]
    with console_of(context, routes) as console:
        account = console.account(role)
        with console.as_role(role) as browser, console.as_role(role) as another:
            for client in (browser, browser, another):
                assert client.get(f"/read/{person}").status_code == 200
            assert browser.get(f"/read/{people[2]}").status_code == 200
    read_by = readings(context, person)
    assert len(read_by) == 2 and readings(context, people[2])
    by = {"operator": account.name, "account": account.id}
    assert all((one["by"], one["door"]) == (by, "console") for one in read_by)
    stored = repr([entry_as_json(entry, {}) for entry in context.ledger.stream(person)])
    assert account.name not in stored and account.id not in stored
