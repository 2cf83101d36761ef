"""A decision may rest on a person as they were a moment ago: it ends as if they had been read anew,
whatever has happened meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.subscriber.commands import Subscribe, Withdraw
from engine.subscriber.events import Cause, ConsentWithdrawn
from engine.subscriber.outcome import Done, NothingToDo
from engine.subscriber.person import Person
from engine.vault.vault import VaultWrite

pytestmark = pytest.mark.postgres
OPERATOR = Cause("operator")
FILES = {"one.toml": 'title = "Un"\npurpose = "conseils"\n[[list]]\nid = 1\nname = "un"\n'}


def _join(context: AppContext) -> tuple[str, Person]:
    now = context.clock.now()
    result = context.command_handler.execute_one(
        CommandRequest(
            Subscribe(now, OPERATOR, 1, "consent", "declared"),
            address="anna@lecteurs.example",
            vault_write=VaultWrite("", now),
        )
    )
    return result.stream, result.person


def _withdraw(context: AppContext, stream: str) -> CommandRequest:
    return CommandRequest(
        Withdraw(context.clock.now(), OPERATOR, "conseils", "operator"), stream=stream
    )


def test_an_outcome_says_how_it_leaves_the_person(make_context: Callable[..., AppContext]) -> None:
    context = make_context(FILES)
    stream, person = _join(context)
    assert person == context.command_handler.load([stream])[stream]
    assert context.command_handler.freshened({stream: person}) == {stream: person}


def test_who_is_known_as_they_are_is_decided_about_at_once(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context(FILES)
    stream, person = _join(context)
    result = context.command_handler.execute([_withdraw(context, stream)], {stream: person})[0]
    assert isinstance(result.outcome, Done)
    assert result.person == context.command_handler.load([stream])[stream]


def test_a_withdrawal_is_written_though_the_clock_steps_back_before_it_is(
    make_context: Callable[..., AppContext],
) -> None:
    """What was read at one moment is recorded no earlier than that."""
    context = make_context(FILES)
    stream, _ = _join(context)
    request = _withdraw(context, stream)
    context.clock.jump(-90)
    assert isinstance(context.command_handler.execute_one(request).outcome, Done)
    withdrawn = context.ledger.stream(stream)[-2]
    assert isinstance(withdrawn.event, ConsentWithdrawn)
    assert withdrawn.recorded_at >= withdrawn.event.at == request.command.at


def test_who_has_moved_on_is_read_again(make_context: Callable[..., AppContext]) -> None:
    context = make_context(FILES)
    stream, person = _join(context)
    assert isinstance(context.command_handler.execute_one(_withdraw(context, stream)).outcome, Done)
    result = context.command_handler.execute([_withdraw(context, stream)], {stream: person})[0]
    assert isinstance(result.outcome, NothingToDo)
    assert (
        len([e for e in context.ledger.stream(stream) if isinstance(e.event, ConsentWithdrawn)])
        == 1
    )


def test_that_nothing_is_to_be_done_never_rests_on_what_was_known(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context(FILES)
    stream, before = _join(context)
    withdrawn = context.command_handler.execute_one(_withdraw(context, stream)).person
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            Subscribe(now, OPERATOR, 1, "consent", "declared", own_act=True), stream=stream
        )
    )
    assert withdrawn.version > before.version
    result = context.command_handler.execute([_withdraw(context, stream)], {stream: withdrawn})[0]
    assert isinstance(result.outcome, Done), (
        "known as withdrawn already, but by now subscribed again"
    )
