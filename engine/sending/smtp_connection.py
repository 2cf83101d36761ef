"""The octets of one SMTP connection: answers read as they come, writes that wait for the peer,
waits bounded in time.

A connection is used by one coroutine at a time. Memory is bounded both ways: an answer has a
largest size, answers to no command end the connection, and a writer of much awaits `room` first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from engine.sending.replies import Reply, parse_reply

MAX_LINE_OCTETS = 8192
MAX_REPLY_LINES = 128
MAX_UNREAD_REPLIES = 16


class ConnectionLost(Exception):
    """The connection is over: closed, timed out, or out of step. `reply` is the 421 or the
    unexpected reply that ended it; `ours`: we ended it and wait for nothing more.
    """

    def __init__(
        self, why: str, *, reply: Reply | None = None, timed_out: bool = False, ours: bool = False
    ) -> None:
        super().__init__(why)
        self.reply = reply
        self.timed_out = timed_out
        self.ours = ours


class SmtpConnection(asyncio.Protocol):
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._paused = False
        self._over: ConnectionLost | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._transport.is_closing():
            self._end(ConnectionLost("The server closed the connection."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ConnectionLost("The server closed the connection."))

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        lines = (self._unread + data).split(b"\n")
        self._unread = lines.pop()
        for line in lines:
            self._lines.append(line)
            if line[3:4] != b"-":
                try:
                    self._replies.append(parse_reply(self._lines))
                except ValueError as nonsense:
                    return self.abort(ConnectionLost(str(nonsense)))
                self._lines = []
        if (
            len(self._unread) > MAX_LINE_OCTETS
            or len(self._lines) > MAX_REPLY_LINES
            or len(self._replies) > MAX_UNREAD_REPLIES
        ):
            return self.abort(ConnectionLost("The server answered more than it was asked."))
        self._wake()

    @property
    def answered(self) -> bool:
        """Whether a reply has arrived that was not read yet."""
        return bool(self._replies)

    @property
    def usable(self) -> bool:
        """Whether an idle connection can be reused: it is open, and nothing has arrived on it
        since.
        """
        return self._over is None and not (self._replies or self._lines or self._unread)

    def check(self) -> None:
        if self._over:
            raise self._over

    def write(self, data: bytes) -> None:
        self.check()
        assert self._transport is not None
        self._transport.write(data)

    async def drained(self, seconds: float) -> None:
        """Waits until the peer has taken most of what was written, or answers early. Raises
        ConnectionLost.
        """
        await self._until(lambda: not self._paused or bool(self._replies), seconds)
        self.check()

    async def reply(self, seconds: float) -> Reply:
        """The next answer; those that came before the end are still given after it. Raises
        ConnectionLost.
        """
        if not self._replies:
            await self._until(lambda: bool(self._replies), seconds)
        return self._replies.popleft()

    async def quit(self, seconds: float) -> None:
        """Says QUIT and waits for the server to close."""
        if self._over is None:
            try:
                self.write(b"QUIT\r\n")
                await self._until(lambda: False, seconds)
            except ConnectionLost:
                pass
        self.abort(ConnectionLost("The connection was closed."))

    def abort(self, why: ConnectionLost) -> None:
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    def _end(self, why: ConnectionLost) -> None:
        if self._over is None:
            self._over = why
        self._wake()

    async def _until(self, ready: Callable[[], bool], seconds: float) -> None:
        if ready():
            return
        timer = self._loop.call_later(seconds, self._time_out, seconds)
        try:
            while not ready():
                self.check()
                self._waiter = self._loop.create_future()
                await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _time_out(self, seconds: float) -> None:
        self.abort(
            ConnectionLost(f"The server did not answer within {seconds:g} seconds.", timed_out=True)
        )

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
