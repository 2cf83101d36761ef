"""Rounds overlap, and are bounded: while a server is slow one round is on its way and one waits
ready; what waits is in nobody's memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from engine.context import AppContext
from engine.sending.claim_pace import ClaimPace
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.subscriber.events import LetterBegun, LetterDeferred, LetterSent
from tests.sending.readers import with_readers
from tests.sink import Sink

pytestmark = pytest.mark.postgres
READERS = 35
BATCH = 10


def count(context: AppContext, kind: type[object]) -> int:
    return sum(isinstance(entry.event, kind) for batch in context.ledger.all() for entry in batch)


async def until(reached: Callable[[], bool]) -> None:
    for _ in range(400):
        if await asyncio.to_thread(reached):
            return
        await asyncio.sleep(0.025)
    raise AssertionError("not reached within ten seconds")


@contextlib.asynccontextmanager
async def sending(context: AppContext, port: int) -> AsyncIterator[Sender]:
    sender = Sender(context.sending(), RelaySettings("127.0.0.1", port, "none", connections=2))
    running = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        sender.stop()
        await running


@pytest.fixture
def small_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    always = property(lambda pace: BATCH, lambda pace, rows: None)
    monkeypatch.setattr(ClaimPace, "rows", always, raising=False)


@pytest.mark.usefixtures("small_rounds")
def test_while_the_server_is_slow_one_round_waits_ready_and_no_third_is_begun(
    make_context: Callable[..., AppContext],
) -> None:
    context = with_readers(make_context, READERS)

    async def story() -> None:
        async with Sink(pause=1) as sink, sending(context, sink.port):
            await until(lambda: count(context, LetterBegun) == 2 * BATCH)
            await asyncio.sleep(0.5)
            assert count(context, LetterBegun) == 2 * BATCH

    asyncio.run(story())


@pytest.mark.usefixtures("small_rounds")
def test_all_that_is_due_leaves_once_whatever_the_rounds(
    make_context: Callable[..., AppContext],
) -> None:
    context = with_readers(make_context, READERS)

    async def story() -> list[str]:
        async with Sink() as sink, sending(context, sink.port) as sender:
            await until(lambda: count(context, LetterSent) == READERS)
            await until(lambda: sender.sent == READERS)
            return [address for message in sink.messages for address in message.recipients]

    accepted = asyncio.run(story())
    assert sorted(accepted) == sorted(f"reader-{n}@potager.example" for n in range(READERS))
    assert count(context, LetterBegun) == READERS


@pytest.mark.usefixtures("small_rounds")
def test_who_is_told_to_stop_releases_the_round_that_waits(
    make_context: Callable[..., AppContext],
) -> None:
    context = with_readers(make_context, READERS)

    async def story() -> int:
        async with Sink(pause=0.4) as sink:
            async with sending(context, sink.port):
                await until(lambda: count(context, LetterBegun) == 2 * BATCH)
            return len(sink.messages)

    accepted = asyncio.run(story())
    begun = count(context, LetterBegun)
    assert accepted == count(context, LetterSent) < begun
    assert count(context, LetterDeferred) == begun - accepted


@pytest.mark.usefixtures("small_rounds")
def test_a_server_that_is_away_puts_off_no_more_than_what_was_under_way(
    make_context: Callable[..., AppContext],
) -> None:
    context = with_readers(make_context, READERS)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    async def story() -> None:
        async with sending(context, port) as sender:
            await until(lambda: count(context, LetterDeferred) >= BATCH)
            await asyncio.sleep(1.5)
            assert count(context, LetterBegun) <= 2 * BATCH
            assert "cannot be reached" in sender.trouble

    asyncio.run(story())
