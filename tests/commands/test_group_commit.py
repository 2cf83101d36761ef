"""Requests of the same moment are executed together, and one about whom nothing can be
decided stops nobody else.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from engine.commands import group_commit as module
from engine.commands.command_handler import CommandRequest, Result
from engine.commands.group_commit import CommandGroupCommit, GroupCommit, TooBusy, bisect_failures
from engine.context import AppContext
from engine.ledger.codec import EntryRefused
from engine.ledger.store import LOST
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.vault import VaultWrite
from tests.cli.asking import FILES
from tests.conftest import MakeContext


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


def together(
    group_commit: CommandGroupCommit, requests: Sequence[CommandRequest]
) -> list[Future[Result]]:
    return [group_commit.submit(each) for each in requests]


@pytest.mark.postgres
def test_each_is_answered_with_what_became_of_their_own_wish(context: AppContext) -> None:
    group_commit = CommandGroupCommit(context.command_handler.execute)
    asked = together(group_commit, [request(context, f"lectrice{n}") for n in range(20)])
    assert all(isinstance(each.result(timeout=30).outcome, Done) for each in asked)
    assert len({each.result().stream for each in asked}) == 20
    group_commit.close()


@pytest.mark.postgres
def test_one_about_whom_nothing_can_be_decided_fails_alone(context: AppContext) -> None:
    bad = context.command_handler.execute_one(request(context, "illisible")).stream

    def refuse(people: object) -> object:
        if bad in people:  # type: ignore[operator]
            raise EntryRefused("this history cannot be read")
        return read(people)  # type: ignore[arg-type]

    read, context.command_handler.folds = context.command_handler.folds, refuse  # type: ignore[assignment]
    group_commit = CommandGroupCommit(context.command_handler.execute)
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


def test_requests_that_arrive_while_a_batch_is_executed_form_the_next_one_of_limited_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 10)
    going, batches = threading.Event(), list[int]()

    def execute(numbers: Sequence[int]) -> Sequence[int | Exception]:
        batches.append(len(numbers))
        going.wait(20)
        return [ValueError("odd") if number % 2 else number for number in numbers]

    async def ask() -> list[int | BaseException]:
        group_commit = GroupCommit(execute)
        first = asyncio.ensure_future(group_commit.answer(0))
        await asyncio.sleep(0.05)
        others = [asyncio.ensure_future(group_commit.answer(n)) for n in range(1, 13)]
        await asyncio.sleep(0.05)
        going.set()
        return list(await asyncio.gather(first, *others, return_exceptions=True))

    answers = asyncio.run(ask())
    assert batches == [1, 10] and [type(answer) for answer in answers[:11:2]] == [int] * 6
    assert all(isinstance(answer, ValueError) for answer in answers[1:11:2])
    assert [type(answer) for answer in answers[11:]] == [TooBusy, TooBusy]


def test_threads_and_an_event_loop_are_answered_by_the_same_group_commit() -> None:
    executed = list[int]()

    def execute(numbers: Sequence[int]) -> Sequence[int]:
        executed.extend(numbers)
        return [10 * number for number in numbers]

    group_commit = GroupCommit(execute)

    async def ask() -> int:
        of_a_thread = asyncio.to_thread(lambda: group_commit.submit(1).result(20))
        return sum(
            await asyncio.gather(of_a_thread, group_commit.answer(2), group_commit.answer(3))
        )

    assert asyncio.run(ask()) == 60 and sorted(executed) == [1, 2, 3]
    group_commit.close()
    with pytest.raises(RuntimeError):
        group_commit.submit(4)


def test_whatever_is_raised_is_answered_and_the_next_request_is_executed() -> None:
    def execute(numbers: Sequence[int]) -> Sequence[int]:
        if 1 in numbers:
            raise SystemExit
        return numbers

    group_commit = GroupCommit(execute)
    with pytest.raises(SystemExit):
        group_commit.submit(1).result(20)
    assert group_commit.submit(2).result(20) == 2
    group_commit.close()


def test_halves_are_tried_until_the_bad_ones_alone_have_failed() -> None:
    tried = list[list[int]]()

    def execute(numbers: Sequence[int]) -> Sequence[str]:
        tried.append(list(numbers))
        if 3 in numbers:
            raise ValueError("three")
        return [str(number) for number in numbers]

    answers = bisect_failures(execute, range(8))
    assert [str(answer) for answer in answers] == ["0", "1", "2", "three", "4", "5", "6", "7"]
    assert isinstance(answers[3], ValueError)
    assert tried == [[*range(8)], [0, 1, 2, 3], [0, 1], [2, 3], [2], [3], [4, 5, 6, 7]]


@pytest.mark.parametrize(("lost_at", "answered", "sizes"), [(0, 0, [4, 2]), (2, 2, [4, 2, 2])])
def test_a_lost_database_is_not_asked_again_for_each_half(
    lost_at: int, answered: int, sizes: list[int]
) -> None:
    tried = list[int]()

    def execute(numbers: Sequence[int]) -> Sequence[int]:
        tried.append(len(numbers))
        if len(numbers) == 4:
            raise ValueError("too many")
        if lost_at in numbers:
            raise LOST[0]("gone")
        return numbers

    answers = bisect_failures(execute, range(4))
    assert answers[:answered] == [0, 1][:answered]
    assert [type(answer) for answer in answers[answered:]] == [LOST[0]] * (4 - answered)
    assert tried == sizes
