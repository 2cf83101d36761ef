"""The lightest client that asks a server over some connections at once and keeps them open: it
should cost less than what it measures.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Iterator, Sequence

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
ANSWERED = (b"HTTP/1.1 200", b"HTTP/1.1 303")
_HEAD = (
    "Host: lettres.potager.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"
    " Gecko/20100101 Firefox/140.0\r\n"
)


class Refused(Exception):
    """A request was not answered with 200, or a press with 303: the status line it got."""


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{_HEAD}\r\n".encode()


def post(path: str, body: str) -> bytes:
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    return (
        f"POST {path} HTTP/1.1\r\n{_HEAD}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )


async def answers(port: int, requests: Sequence[bytes], connections: int) -> list[bytes]:
    """The bodies of the answers, in the order of the requests. Raises Refused for any but 200 and
    303.
    """
    found: list[bytes] = [b""] * len(requests)
    queue = iter(enumerate(requests))
    await asyncio.gather(*(_ask(port, queue, found) for _ in range(connections)))
    return found


async def _ask(port: int, queue: Iterator[tuple[int, bytes]], found: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for place, request in queue:
            found[place] = await _exchange(reader, writer, request)
    finally:
        writer.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> bytes:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    if not head.startswith(ANSWERED) or length is None:
        raise Refused(head.partition(b"\r\n")[0].decode("latin-1"))
    return await reader.readexactly(int(length[1]))


async def waited(
    port: int, requests: Sequence[bytes], rate: float, connections: int
) -> list[float]:
    """Seconds from when each request was due to its whole answer. Raises Refused for any answer but
    200 and 303.

    They come by chance, `rate` a second on average, whether or not the server keeps up: one that
    finds no connection free waits, and that counts.
    """
    free: asyncio.LifoQueue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.LifoQueue()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    for each in opened:
        free.put_nowait(each)
    chance, due = random.Random(len(requests)), time.perf_counter()

    async def one(request: bytes, due: float) -> float:
        connection = await free.get()
        await _exchange(*connection, request)
        free.put_nowait(connection)
        return time.perf_counter() - due

    tasks = []
    try:
        for request in requests:
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.ensure_future(one(request, due)))
        return list(await asyncio.gather(*tasks))
    finally:
        for _, writer in opened:
            writer.close()
