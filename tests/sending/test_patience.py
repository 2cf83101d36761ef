"""How long a server is waited for: one timer serves a connection's waits, and each ends when its
own time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from engine.sending.smtp_session import ConnectionLost, SmtpConnection

LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
Loop = Callable[[], asyncio.AbstractEventLoop]


def run(loop: Loop, coroutine: Coroutine[object, object, None]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(coroutine)


def say(connection: SmtpConnection, after: float) -> None:
    asyncio.get_running_loop().call_later(after, connection.data_received, b"250 ok\r\n")


@LOOPS
def test_a_short_wait_is_over_in_its_time_though_the_one_before_had_more(loop: Loop) -> None:
    async def waits() -> None:
        connection = SmtpConnection()
        say(connection, 0.01)
        assert (await connection.reply(60)).code == 250
        begun = asyncio.get_running_loop().time()
        with pytest.raises(ConnectionLost, match=r"within 0\.1 seconds") as lost:
            await connection.reply(0.1)
        assert lost.value.timed_out
        assert 0.09 < asyncio.get_running_loop().time() - begun < 5

    run(loop, waits())


@LOOPS
def test_waits_that_are_answered_in_time_are_not_added_up(loop: Loop) -> None:
    async def waits() -> None:
        connection = SmtpConnection()
        for _ in range(4):
            say(connection, 0.15)
            assert (await connection.reply(0.4)).code == 250
        await asyncio.sleep(0.5)
        assert connection.usable, "no wait, no end"

    run(loop, waits())


@LOOPS
def test_a_server_that_says_a_word_and_no_more_is_not_waited_for_anew(loop: Loop) -> None:
    async def waits() -> None:
        connection = SmtpConnection()
        here = asyncio.get_running_loop()
        for place in range(20):
            here.call_later(0.05 * place, connection.data_received, b"250-still\r\n")
        with pytest.raises(ConnectionLost, match=r"within 0\.3 seconds"):
            await connection.reply(0.3)

    run(loop, waits())
