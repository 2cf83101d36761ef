"""How the tests of the relay speak: hand messages to a sink and get what became of each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import TypeVar

import pytest
import uvloop

from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay import Relay
from engine.sending.relay_settings import RelaySettings
from engine.sending.smtp_settings import Timeouts
from tests.sink import EVERYTHING, Sink

BRISK = Timeouts(connect=5, mail=5, rcpt=5, data=5, block=5, dot=5)
ONE_BY_ONE = tuple(feature for feature in EVERYTHING if feature != "PIPELINING")
WAYS = pytest.mark.parametrize(
    "features", [EVERYTHING, ONE_BY_ONE], ids=["pipelined", "one by one"]
)
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
T = TypeVar("T")


def run(main: Coroutine[object, object, T], loop: str = "asyncio") -> T:
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(asyncio.wait_for(main, 60))


def letter(
    number: int, to: str = "", body: bytes = b"Subject: Bonjour\r\n\r\nVoil=C3=A0.\r\n"
) -> Envelope:
    return Envelope(f"m{number}", "b-1+x@bounce.exemple.fr", to or f"r{number}@exemple.fr", body)


def letters(count: int) -> list[Envelope]:
    return [letter(number) for number in range(count)]


def settings(sink: Sink, timeouts: Timeouts = BRISK, connections: int = 1) -> RelaySettings:
    return RelaySettings(
        "127.0.0.1",
        sink.port,
        "none",
        connections=connections,
        timeouts=timeouts,
        quit_seconds=1,
    )


async def everyone(group: Sequence[Envelope]) -> Collection[str]:
    return {envelope.key for envelope in group}


async def handed_over(
    sink: Sink,
    envelopes: Sequence[Envelope],
    before: Callable[[Sequence[Envelope]], Awaitable[Collection[str]]] = everyone,
    chosen: Callable[[Sink], RelaySettings] = settings,
    journal: DeliveryJournal | None = None,
) -> dict[str, Delivery]:
    """What became of each; fails when something became of one twice."""
    outcomes: list[Delivery] = []
    async with sink:
        relay = Relay(chosen(sink), journal)
        try:
            await relay.deliver(envelopes, before, outcomes.append)
        finally:
            await relay.close()
    assert all(times == 1 for times in Counter(outcome.key for outcome in outcomes).values())
    return {outcome.key: outcome for outcome in outcomes}
