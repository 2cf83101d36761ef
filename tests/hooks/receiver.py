"""A program that is told of facts: an HTTP server on loopback that verifies each message by the
official library, and answers as it is told to.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from standardwebhooks.webhooks import Webhook

SECRET = b"r" * 32
WHSEC = "whsec_" + base64.b64encode(SECRET).decode()

Reply = str | Literal["hangs", "breaks off"]
"""What follows "HTTP/1.1 ", more headers after \\r\\n; or what it does instead of answering."""


@dataclass(frozen=True, slots=True)
class Told:
    """`position` is 0 of a message that tells of nothing; `headers` are by names in small
    letters.
    """

    id: str
    type: str
    position: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`reply` says what is answered to a message. `told`: what came, in order, verified. `ahead`:
    by how many ms the sender's clock is.
    """

    reply: Callable[[Told], Reply] = lambda told: "204 No Content"
    secret: str = WHSEC
    told: list[Told] = field(default_factory=list)
    ahead: Callable[[], int] = lambda: 0
    connections: int = 0
    port: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        return [told.position for told in self.told]

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.close()
                with contextlib.suppress(OSError, ssl.SSLError):
                    await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, OSError, ssl.SSLError):
            while True:
                told = await self._read(reader)
                self.told.append(told)
                reply = self.reply(told)
                if reply == "hangs":
                    await reader.read()
                if reply in ("hangs", "breaks off"):
                    break
                writer.write(f"HTTP/1.1 {reply}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Told:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        self._verify(headers, body)
        told = json.loads(body)
        position = told["data"].get("position", 0)
        return Told(headers["webhook-id"], told["type"], position, headers, body)

    def _verify(self, headers: dict[str, str], body: bytes) -> None:
        webhook = Webhook(self.secret)
        if not self.ahead():
            webhook.verify(body, headers)
            return
        # The library has no clock but the machine's: what it would have sent is what came.
        stamp = int(headers["webhook-timestamp"])
        assert abs(stamp - time.time() - self.ahead() / 1000) < 60
        sent = webhook.sign(
            headers["webhook-id"], datetime.fromtimestamp(stamp, UTC), body.decode()
        )
        assert sent in headers["webhook-signature"].split(" ")
