"""A network of ours between two programs, which can be cut, or fall silent, and come back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType

End = int | Path  # a port of this machine, or the path of a Unix socket


class Proxy:
    """Everything that comes to `front` goes to `behind`. In a thread of its own; used as a context
    manager.
    """

    def __init__(self, behind: End, front: End = 0) -> None:
        self.behind, self.front = behind, front
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._flowing = asyncio.Event()
        self._passing: set[asyncio.Task[None]] = set()
        self._whole = True
        self._losing = object()

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._flowing.set()
        self._wait(self._open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """Every connection breaks off, and none can be made."""
        self._whole = False
        self._wait(self._break_off())

    def silence(self) -> None:
        """Connections stand and are made, and nothing passes."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def swallow(self) -> None:
        """What comes on the connections that stand is lost for good; those that are made from now
        on are as ever.
        """
        self._loop.call_soon_threadsafe(self._lose)

    def _lose(self) -> None:
        self._losing = object()

    def mend(self) -> None:
        self._whole = True
        self._loop.call_soon_threadsafe(self._flowing.set)

    def _wait(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _open(self) -> None:
        if isinstance(self.front, Path):
            self._server: asyncio.Server = await asyncio.start_unix_server(self._serve, self.front)
            return
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.front)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()

    async def _break_off(self) -> None:
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._connect(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.ExitStack() as ends:
            ends.callback(writer.transport.abort)
            if not self._whole:
                return
            with contextlib.suppress(OSError):
                unix, port = isinstance(self.behind, Path), self.behind
                there, onward = await (
                    asyncio.open_unix_connection(str(port))
                    if unix
                    else asyncio.open_connection("127.0.0.1", str(port))
                )
                ends.callback(onward.transport.abort)
                both = [
                    asyncio.ensure_future(self._pass(*way))
                    for way in ((reader, onward), (there, writer))
                ]
                ends.callback(lambda: [each.cancel() for each in both])
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        losing = self._losing
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._flowing.wait()
                if losing is not self._losing:
                    continue
                writer.write(data)
                await writer.drain()
