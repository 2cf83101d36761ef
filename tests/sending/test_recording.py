"""Outcomes are recorded whatever else happens: to a person who is busy, or while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import cast

import psycopg
import pytest

from engine.deciding import NOBODY_KNOWN, Decisions, Result, Wish
from engine.house import House
from engine.sending.relay import RelaySettings
from engine.sending.send import Sender
from engine.subscriber.commands import RecordOutcome
from engine.subscriber.events import LetterBegun, LetterSent
from engine.subscriber.outcome import NothingToDo
from engine.subscriber.person import Person
from tests.sending.test_leases import with_readers
from tests.sink import Sink

pytestmark = pytest.mark.postgres


class OthersAreQuicker:
    """The real decisions, except that the first `times` outcomes meet someone quicker, or a database that has gone."""

    def __init__(self, decisions: Decisions, times: int, lost: bool = False) -> None:
        self.decisions, self.times, self.lost = decisions, times, lost
        self.load, self.freshened = decisions.load, decisions.freshened

    def carry_out(self, wishes: Sequence[Wish], known: Mapping[str, Person] = NOBODY_KNOWN) -> list[Result]:
        if self.times and any(isinstance(wish.command, RecordOutcome) for wish in wishes):
            self.times -= 1
            if self.lost:
                raise psycopg.OperationalError("the connection is lost")
            return [Result(NothingToDo("too many changes at once"), conflict=True) for _ in wishes]
        return self.decisions.carry_out(wishes, known)


@pytest.mark.parametrize("lost", [False, True], ids=["others are quicker", "the database is away"])
def test_an_accepted_letter_is_recorded_and_never_sent_again(make_house: Callable[..., House], lost: bool) -> None:
    house = with_readers(make_house, 3)
    troubled = replace(house, decisions=cast(Decisions, OthersAreQuicker(house.decisions, 2, lost)))
    accepted = asyncio.run(_ticks(troubled))
    assert sorted(accepted) == [f"reader-{n}@potager.example" for n in range(3)]
    events = [entry.event for batch in house.ledger.all() for entry in batch]
    assert sum(isinstance(event, LetterBegun) for event in events) == 3
    assert sum(isinstance(event, LetterSent) for event in events) == 3


async def _ticks(house: House) -> list[str]:
    async with Sink() as sink:
        sender = Sender(house, RelaySettings("127.0.0.1", sink.port, "none", connections=1))
        for _ in range(5):
            try:
                await sender.tick()
            except psycopg.OperationalError:
                continue
            await asyncio.to_thread(house.views.catch_up)
        await sender.relay.close()
        sender.marks.close()
        return [address for message in sink.messages for address in message.recipients]
