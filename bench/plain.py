"""What stands in for Postfix's tools where they are missing: the plainest SMTP sink and sender that
asyncio makes.

Slower than those, so a ratio to them flatters: its row says so in its name. `python -m bench.plain
sink PORT`, `python -m bench.plain send PORT COUNT SIZE SESSIONS`.
"""

from __future__ import annotations

import asyncio
import signal
import sys

LINE = b"X" * 76 + b"\r\n"
HEADER = b"Subject: bench\r\n\r\n"


async def _take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        writer.write(b"220 sink ESMTP\r\n")
        while command := (await reader.readline())[:4].upper():
            if command == b"EHLO":
                writer.write(b"250-sink\r\n250 PIPELINING\r\n")
            elif command == b"DATA":
                writer.write(b"354 go on\r\n")
                while (await reader.readline()) not in (b".\r\n", b""):
                    pass
                writer.write(b"250 2.0.0 taken\r\n")
            else:
                writer.write(b"250 2.0.0 ok\r\n")
            await writer.drain()
            if command == b"QUIT":
                break
    except ConnectionError:
        return
    finally:
        writer.close()


async def _sink(port: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = await asyncio.start_server(_take, "127.0.0.1", port, limit=1 << 20)
    print("ready", flush=True)
    await stop.wait()
    server.close()


async def _session(port: int, body: bytes, share: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def said(line: bytes, answers: int = 1) -> None:
        writer.write(line)
        for _ in range(answers):
            await reader.readline()

    await said(b"", 1)
    await said(b"EHLO bench\r\n", 2)
    for _ in range(share):
        await said(
            b"MAIL FROM:<bench@potager.example>\r\nRCPT TO:<reader@potager.example>\r\nDATA\r\n", 3
        )
        await said(body)
    await said(b"QUIT\r\n")
    writer.close()


async def _send(port: int, count: int, size: int, sessions: int) -> None:
    body = HEADER + LINE * max(1, (size - len(HEADER)) // len(LINE)) + b".\r\n"
    shares = [count // sessions + (n < count % sessions) for n in range(sessions)]
    await asyncio.gather(*(_session(port, body, share) for share in shares))


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[2:]]
    asyncio.run(_sink(numbers[0]) if sys.argv[1] == "sink" else _send(*numbers))
