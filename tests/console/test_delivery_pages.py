"""What arrives by provider, as a page; and addresses never to be written to again: one that is
asked about is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.responses import Response

from engine.commands.command_handler import CommandRequest
from engine.console.access import Role
from engine.console.delivery_pages import routes
from engine.console.today import routes as today_routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.subscriber.commands import Suppress
from engine.subscriber.events import Cause, SubscriberReachable
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES, join
from tests.console.delivering import delivered, reported
from tests.console.visiting import answered, counted, visit, words_of
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
DELIVERY, LIST = "/operator/delivery", "/operator/suppressions"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES) as made:
        yield made


@pytest.fixture(scope="module")
def full(context: AppContext) -> AppContext:
    delivered(context)
    reported(context)
    return context


def read(context: AppContext, at: str, role: Role = Role.OPERATOR, **query: str) -> str:
    visitor = visit(role, url=at, query=query)
    return words_of(answered(tuple(routes(context)), "GET", at, visitor))


def post(context: AppContext, at: str, **inputs: str) -> Response:
    return answered(tuple(routes(context)), "POST", at, visit(url=at, inputs=inputs))


def test_before_anything_was_sent_it_says_what_will_stand_there(context: AppContext) -> None:
    page = read(context, DELIVERY)
    assert "Nothing was sent in these days" in page
    assert "No DMARC report has come in these days" in page
    answer = counted(tuple(routes(context)), LIST, visit(url=LIST))
    assert "Nobody is suppressed" in words_of(answer)


def test_each_provider_has_its_row_its_rates_and_why_the_rest_waits(full: AppContext) -> None:
    page = read(full, DELIVERY, Role.AUTHOR)
    assert "Gmail 1,507 0 0 0 0 7 0 too many Complaints 0.46 %" in page
    assert "SFR 270 0 12 12 0 0 0 worth a look Bounces 4.26 %" in page
    assert "12 letters wait (421 4.7.0), tried again from" in page
    assert "4 letters wait (550 5.7.1, our mail is refused as such)" in page
    assert "198.51.100.7 potager.example 0 31 look 1" in page


def test_today_leads_to_it_while_a_guard_is_passed(full: AppContext) -> None:
    today = answered(tuple(today_routes(full)), "GET", "/", visit())
    assert "Of 1,507 letters to Gmail in seven days 7 were complained of: too many" in words_of(
        today
    )
    assert b'href="/operator/delivery"' in today.body


def test_one_provider_and_a_longer_period_are_chosen_by_the_address(full: AppContext) -> None:
    page = read(full, DELIVERY, days="30", provider="orange")
    assert "Orange 2,025 159" in page and "Gmail 1,507" not in page
    assert "Gmail 1,507" in read(full, DELIVERY, days="9999", provider="<b>")


def test_a_view_that_stopped_is_said_to_have(
    full: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    positions = [("delivery", 7, "delivery: the entry at position 8 cannot be read")]
    monkeypatch.setattr("projections.reading.ReadViews.positions", lambda views: positions)
    page = read(full, DELIVERY)
    assert "These counts have stopped" in page and "position 8 cannot be read" in page


def test_an_address_is_asked_about_and_lifted_with_a_reason(context: AppContext) -> None:
    (stream,) = join(context, 1)
    now = context.clock.now()
    command = Suppress(now, Cause("import"), "bounced")
    context.command_handler.execute_one(
        CommandRequest(command, stream=stream, vault_write=VaultWrite("", now))
    )
    address = context.vault.people([stream])[stream].address
    asked = post(context, LIST, address=address)
    assert asked.status_code == 200 and "suppressed Bounced" in words_of(asked)
    without = post(context, f"{LIST}/lift", address=address, note=" ")
    assert without.status_code == 422 and "Say why" in words_of(without)
    lifted = post(context, f"{LIST}/lift", address=address, note="by phone")
    assert isinstance(lifted, Redirect) and lifted.headers["Location"] == LIST
    last = context.ledger.stream(stream)[-1]
    assert isinstance(last.event, SubscriberReachable) and last.cause.door == "operator"
    kept = context.vault.evidence_of(stream)[last.cause.evidence]
    assert (kept["note"], kept["door"]) == ("by phone", "console")
    assert "not suppressed" in words_of(post(context, LIST, address=address))


def test_a_wish_of_their_own_offers_no_button_and_refuses_a_post(context: AppContext) -> None:
    address = "opposee@potager.example"
    context.vault.suppress({context.vault.hash(address): "objected"}, context.clock.now())
    page = words_of(post(context, LIST, address=address))
    assert "Only their own act lifts it" in page and "Let it be written to again" not in page
    refused = post(context, f"{LIST}/lift", address=address, note="x")
    assert refused.status_code == 409 and "only their own act" in words_of(refused)


def test_half_an_address_is_a_mistake_beside_its_field(context: AppContext) -> None:
    answer = post(context, LIST, address="anna")
    assert answer.status_code == 422 and "one @ sign" in words_of(answer)
