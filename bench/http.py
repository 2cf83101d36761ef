"""The lightest client that asks a server over some connections at once and keeps them open: it should cost less than what it measures."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_HEAD = "Host: lettres.potager.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"


class Refused(Exception):
    """A request was not answered with 200: the status line it got."""


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{_HEAD}\r\n".encode()


def post(path: str, body: str) -> bytes:
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    return f"POST {path} HTTP/1.1\r\n{_HEAD}{kind}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def answers(port: int, requests: Sequence[bytes], connections: int) -> list[bytes]:
    """The bodies of the answers, in the order of the requests. Raises Refused for any but 200."""
    found: list[bytes] = [b""] * len(requests)
    queue = iter(enumerate(requests))
    await asyncio.gather(*(_ask(port, queue, found) for _ in range(connections)))
    return found


async def _ask(port: int, queue: Iterator[tuple[int, bytes]], found: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for place, request in queue:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if not head.startswith(b"HTTP/1.1 200") or length is None:
                raise Refused(head.partition(b"\r\n")[0].decode("latin-1"))
            found[place] = await reader.readexactly(int(length[1]))
    finally:
        writer.close()
