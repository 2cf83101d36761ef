"""A connection is kept for a while and used again; what happened to it meanwhile costs no message
its turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.sending.envelope import Delivery
from engine.sending.relay import Relay
from engine.sending.replies import Verdict
from tests.sending.handing_over import ONE_BY_ONE, everyone, letter, run, settings
from tests.sink import EVERYTHING, Sink

WAYS = pytest.mark.parametrize(
    "features", [EVERYTHING, ONE_BY_ONE], ids=["pipelined", "one by one"]
)


@WAYS
def test_a_message_that_met_a_connection_closed_while_idle_goes_over_another(
    features: Sequence[str],
) -> None:
    async def main() -> tuple[list[Delivery], int]:
        outcomes: list[Delivery] = []
        async with Sink(features, per_connection=1) as sink:
            relay = Relay(settings(sink))
            await relay.open()
            for number in range(3):
                await relay.deliver([letter(number)], everyone, outcomes.append)
            await relay.close()
            return outcomes, len(sink.messages)

    outcomes, arrived = run(main())
    assert ([outcome.verdict for outcome in outcomes], arrived) == ([Verdict.ACCEPTED] * 3, 3)


def test_a_parting_421_that_came_while_idle_costs_no_message_its_turn() -> None:
    async def main() -> list[Delivery]:
        outcomes: list[Delivery] = []
        sink = Sink(ONE_BY_ONE)
        async with sink:
            relay = Relay(settings(sink))
            await relay.open()
            sink.answer("mail", "421 4.4.2 Idle too long", times=1)
            await relay.deliver([letter(1)], everyone, outcomes.append)
            await relay.close()
        return outcomes

    assert [outcome.verdict for outcome in run(main())] == [Verdict.ACCEPTED]


def test_what_was_said_unasked_while_idle_is_not_taken_for_an_answer() -> None:
    async def main() -> tuple[list[Delivery], Sink]:
        outcomes: list[Delivery] = []
        async with Sink() as sink:
            sink.answer("rcpt", "550 5.1.1 User unknown")
            relay = Relay(settings(sink))
            await relay.open()
            sink.interject("250 2.0.0 By the way")
            await asyncio.sleep(0.1)
            await relay.deliver([letter(1)], everyone, outcomes.append)
            await relay.close()
            return outcomes, sink

    [outcome], sink = run(main())
    assert (outcome.stage, outcome.verdict, sink.connections) == ("rcpt", Verdict.HARD, 2)


def test_an_unused_connection_is_left_with_quit_after_a_while() -> None:
    async def main() -> Sink:
        async with Sink() as sink:
            relay = Relay(replace(settings(sink), idle_seconds=0.1))
            await relay.deliver([letter(1)], everyone, lambda outcome: None)
            await asyncio.sleep(0.5)
            assert (sink.open, sink.commands[-1]) == (0, b"QUIT")
            await relay.deliver([letter(2)], everyone, lambda outcome: None)
            await relay.close()
            return sink

    sink = run(main())
    assert (len(sink.messages), sink.connections) == (2, 2)
