"""Told to stop, a sender waits for the mail server as long as the configuration says and no longer;
only what had its final dot is then in doubt.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import Sending
from engine.context import AppContext
from engine.sending.delivery_journal import DeliveryJournal, read_journal
from engine.sending.envelope import Delivery
from engine.sending.relay import Relay
from engine.sending.relay_settings import relay_settings
from engine.subscriber.events import LetterBegun, LetterDeferred, LetterInDoubt, LetterSent
from tests.sending.handing_over import ONE_BY_ONE, everyone, letters, run, settings
from tests.sending.readers import with_readers
from tests.sending.test_send_batches import count, sending, until
from tests.sink import EVERYTHING, Sink, Step

READERS = 6
STEPS = pytest.mark.parametrize("step", ["connect", "helo", "mail", "rcpt", "data", "dot"])
WAYS = pytest.mark.parametrize(
    "features", [EVERYTHING, ONE_BY_ONE], ids=["pipelining", "one by one"]
)


def configured(context: AppContext, sending: Sending) -> AppContext:
    return replace(context, config=replace(context.config, sending=sending))


@WAYS
@STEPS
def test_a_relay_that_is_cut_leaves_in_doubt_what_had_its_dot_and_begins_nothing(
    features: Sequence[str], step: Step, tmp_path: Path
) -> None:
    async def story() -> list[Delivery]:
        outcomes: list[Delivery] = []
        async with Sink(features) as sink:
            sink.stall(step)
            relay = Relay(settings(sink), DeliveryJournal(tmp_path / "marks"))
            handing_over = asyncio.create_task(relay.deliver(letters(3), everyone, outcomes.append))
            await asyncio.sleep(0.2)
            relay.stop_connecting()
            assert relay.cut() == (step not in ("connect", "helo"))
            await asyncio.wait_for(handing_over, 1)
            await relay.close()
            assert (sink.connections, sink.messages, relay.trouble) == (1, [], "")
        return outcomes

    outcomes = run(story())
    assert [(each.key, each.verdict) for each in outcomes] == (
        [("m0", None)] if step == "dot" else []
    )
    assert list(read_journal(tmp_path / "marks")) == [each.key for each in outcomes]


def test_a_relay_that_leaves_off_finishes_what_is_on_the_wire() -> None:
    async def story() -> list[Delivery]:
        outcomes: list[Delivery] = []
        async with Sink(ONE_BY_ONE, pause=0.3) as sink:
            relay = Relay(settings(sink))
            handing_over = asyncio.create_task(relay.deliver(letters(1), everyone, outcomes.append))
            await asyncio.sleep(0.1)
            relay.stop_connecting()
            await handing_over
            assert relay.cut() == 0
            await relay.close()
        return outcomes

    assert [each.verdict for each in run(story())] != [None]


@pytest.mark.postgres
@STEPS
def test_a_server_that_stalls_keeps_nobody_who_stops_longer_than_the_drain(
    make_context: Callable[..., AppContext], step: Step
) -> None:
    """With the time-outs of the standard, which are minutes."""
    context = configured(with_readers(make_context, READERS), Sending(drain=1))

    async def story() -> float:
        async with Sink() as sink:
            sink.stall(step)
            async with sending(context, sink.port):
                await until(lambda: count(context, LetterBegun) == READERS)
                await asyncio.sleep(0.5)
                told = time.monotonic()
            assert sink.messages == []
            return time.monotonic() - told

    assert asyncio.run(story()) < 6
    on_the_wire = 2 if step == "dot" else 0
    assert (count(context, LetterInDoubt), count(context, LetterSent)) == (on_the_wire, 0)
    events = [entry.event for batch in context.ledger.all() for entry in batch]
    assert [event.why for event in events if isinstance(event, LetterDeferred)] == [
        "never handed over"
    ] * (READERS - on_the_wire)


@pytest.mark.postgres
@pytest.mark.parametrize(("rule", "settled"), [("hold", [""]), ("resend", ["", "resend"])])
def test_what_was_left_in_doubt_is_settled_by_the_written_rule(
    make_context: Callable[..., AppContext], rule: str, settled: list[str]
) -> None:
    context = configured(with_readers(make_context, 1), Sending(in_doubt=rule, drain=0))

    async def story() -> None:
        async with Sink() as sink:
            sink.stall("dot", 1)
            async with sending(context, sink.port):
                await until(lambda: sink.unspent() == 0)

    asyncio.run(story())
    events = [entry.event for batch in context.ledger.all() for entry in batch]
    assert [event.settled for event in events if isinstance(event, LetterInDoubt)] == settled


def test_the_time_outs_of_the_configuration_are_those_of_the_relay(
    make_context: Callable[..., AppContext],
) -> None:
    config = make_context().config
    smtp = replace(
        config.smtp,
        host="relay.example.org",
        timeouts=replace(config.smtp.timeouts, connect=7, dot=9),
    )
    chosen = relay_settings(replace(config, smtp=smtp), 0).timeouts
    assert (chosen.connect, chosen.mail, chosen.rcpt, chosen.data, chosen.block, chosen.dot) == (
        7,
        300,
        300,
        120,
        180,
        9,
    )
