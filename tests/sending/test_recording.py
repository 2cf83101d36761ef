"""Outcomes are recorded whatever else happens: to a person who is busy, or while the database is
away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import cast

import psycopg
import pytest

from engine.commands.command_handler import NOBODY_KNOWN, CommandHandler, CommandRequest, Result
from engine.context import AppContext
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.subscriber.commands import RecordOutcome
from engine.subscriber.events import LetterBegun, LetterSent
from engine.subscriber.outcome import NothingToDo, Unchanged
from engine.subscriber.person import Person
from tests.sending.readers import with_readers
from tests.sink import Sink

pytestmark = pytest.mark.postgres


class OthersAreQuicker:
    """The real decisions, except that the first `times` outcomes meet someone quicker, or a
    database that has gone.
    """

    def __init__(self, command_handler: CommandHandler, times: int, lost: bool = False) -> None:
        self.command_handler, self.times, self.lost = command_handler, times, lost
        self.load, self.present = command_handler.load, command_handler.present

    def execute(
        self, requests: Sequence[CommandRequest], known: Mapping[str, Person] = NOBODY_KNOWN
    ) -> list[Result]:
        if self.times and any(isinstance(request.command, RecordOutcome) for request in requests):
            self.times -= 1
            if self.lost:
                raise psycopg.OperationalError("the connection is lost")
            return [Result(NothingToDo(Unchanged.CONFLICT), conflict=True) for _ in requests]
        return self.command_handler.execute(requests, known)


class AwayOnce:
    """The engine's clock, except that the first time it is read once `begun` is true its database
    has gone.
    """

    def __init__(self, clock: Clock, begun: Callable[[], bool]) -> None:
        self.clock, self.begun, self.rate = clock, begun, clock.rate
        self.times = 1

    def now(self) -> int:
        if self.times and self.begun():
            self.times -= 1
            raise psycopg.OperationalError("the connection is lost")
        return self.clock.now()


class GoneAfterwards(OthersAreQuicker):
    """The real decisions; the first outcomes are written, and then the database is gone before
    anybody is told, or their rows are let go.
    """

    def execute(
        self, requests: Sequence[CommandRequest], known: Mapping[str, Person] = NOBODY_KNOWN
    ) -> list[Result]:
        done = self.command_handler.execute(requests, known)
        if self.times and any(isinstance(request.command, RecordOutcome) for request in requests):
            self.times -= 1
            raise psycopg.OperationalError("the connection is lost")
        return done


@pytest.mark.parametrize("lost", [False, True], ids=["others are quicker", "the database is away"])
def test_an_accepted_letter_is_recorded_and_never_sent_again(
    make_context: Callable[..., AppContext], lost: bool
) -> None:
    context = with_readers(make_context, 3)
    troubled = replace(
        context,
        command_handler=cast(CommandHandler, OthersAreQuicker(context.command_handler, 2, lost)),
    )
    _each_is_taken_and_recorded_once(context, asyncio.run(_ticks(troubled, Sink())))


def test_an_accepted_letter_is_recorded_though_the_time_of_it_could_not_be_asked(
    make_context: Callable[..., AppContext],
) -> None:
    context, sink = with_readers(make_context, 3), Sink()
    troubled = replace(
        context, clock=cast(Clock, AwayOnce(context.clock, lambda: bool(sink.messages)))
    )
    _each_is_taken_and_recorded_once(context, asyncio.run(_ticks(troubled, sink)))


def test_an_outcome_that_was_written_when_the_database_went_is_not_written_again(
    make_context: Callable[..., AppContext],
) -> None:
    context = with_readers(make_context, 3)
    troubled = replace(
        context, command_handler=cast(CommandHandler, GoneAfterwards(context.command_handler, 1))
    )
    _each_is_taken_and_recorded_once(context, asyncio.run(_ticks(troubled, Sink())))


def test_an_outcome_is_recorded_once_though_the_desk_could_not_hear_of_it(
    make_context: Callable[..., AppContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, lost = with_readers(make_context, 3), [True]

    def unstick(desk: Desk, pairs: Collection[tuple[str, str]]) -> None:
        if pairs and lost:
            lost.clear()
            raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(Desk, "unstick", unstick)
    _each_is_taken_and_recorded_once(context, asyncio.run(_ticks(context, Sink())))


def _each_is_taken_and_recorded_once(context: AppContext, accepted: list[str]) -> None:
    assert sorted(accepted) == [f"reader-{n}@potager.example" for n in range(3)]
    events = [entry.event for batch in context.ledger.all() for entry in batch]
    assert sum(isinstance(event, LetterBegun) for event in events) == 3
    assert sum(isinstance(event, LetterSent) for event in events) == 3


async def _ticks(context: AppContext, sink: Sink) -> list[str]:
    async with sink:
        sender = Sender(
            context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1)
        )
        for _ in range(5):
            try:
                await sender.tick()
            except psycopg.OperationalError:
                continue
            await asyncio.to_thread(context.views.catch_up)
        await sender.route.close()
        sender.journal.close()
        return [address for message in sink.messages for address in message.recipients]
