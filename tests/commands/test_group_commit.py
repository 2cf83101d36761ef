"""Requests of the same moment are executed together, and one about whom nothing can be
decided stops nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from engine.commands.command_handler import CommandRequest, Result
from engine.commands.group_commit import GroupCommit
from engine.context import AppContext
from engine.ledger.codec import EntryRefused
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


def request(context: AppContext, name: str, number: int = 10) -> CommandRequest:
    now = context.clock.now()
    return CommandRequest(
        Subscribe(now, Cause("form"), number, "consent", "single", own_act=True),
        address=f"{name}@exemple.fr",
        vault_write=VaultWrite("", now),
    )


def together(group_commit: GroupCommit, requests: Sequence[CommandRequest]) -> list[Future[Result]]:
    return [group_commit.submit(each) for each in requests]


def test_each_is_answered_with_what_became_of_their_own_wish(context: AppContext) -> None:
    group_commit = GroupCommit(context.command_handler)
    asked = together(group_commit, [request(context, f"lectrice{n}") for n in range(20)])
    assert all(isinstance(each.result(timeout=30).outcome, Done) for each in asked)
    assert len({each.result().stream for each in asked}) == 20
    group_commit.close()


def test_one_about_whom_nothing_can_be_decided_fails_alone(context: AppContext) -> None:
    bad = context.command_handler.execute_one(request(context, "illisible")).stream

    def refuse(people: object) -> object:
        if bad in people:  # type: ignore[operator]
            raise EntryRefused("this history cannot be read")
        return read(people)  # type: ignore[arg-type]

    read, context.command_handler.folds = context.command_handler.folds, refuse  # type: ignore[assignment]
    group_commit = GroupCommit(context.command_handler)
    asked = together(
        group_commit,
        [request(context, f"lectrice{n}") for n in range(9)]
        + [request(context, "illisible", 11)]
        + [request(context, "derniere")],
    )
    ended = [each.exception(timeout=30) for each in asked]
    assert [type(error) for error in ended if error is not None] == [EntryRefused] and ended[
        9
    ] is not None
    assert all(
        isinstance(each.result().outcome, Done) for each in asked if each.exception() is None
    )
    group_commit.close()
