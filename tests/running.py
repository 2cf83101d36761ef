"""A whole Relance as its operator has it: the installed command in processes of its own, a real
mail server, real HTTP, the clock sped up.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self, cast

import httpx

from tests.forked import Started, Typed
from tests.sink import Sink

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 70.0
GROUND = ("--source", "foire", "--collected", "2026-01-05", "--basis", "consent")
"""What an import must be told; the letters follow with `--start welcome`."""
NONCE = re.compile(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"')
LINK = re.compile(r"https?://[^\s\"<>]+/l/[A-Za-z0-9_-]{35}")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class InThread:
    """What is served by an event loop, in a thread of its own, for a program in another process."""

    def __init__(self, served: contextlib.AbstractAsyncContextManager[object]) -> None:
        self._served = served
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self._loop.close()

    def _run(self) -> None:
        async def serve() -> None:
            async with self._served:
                self._ready.set()
                await self._stop.wait()

        self._loop.run_until_complete(serve())


class MailServer(InThread):
    """tests.sink in a thread of its own."""

    def __init__(self) -> None:
        self.sink = Sink()
        super().__init__(self.sink)

    def letters(self, address: str) -> list[EmailMessage]:
        """What this reader got, in order."""
        return [
            email.message_from_bytes(each.body, policy=email.policy.default)
            for each in list(self.sink.messages)
            if address in each.recipients
        ]


@dataclass
class Installed:
    """An installation in `folder`; `verb(...)` is its command line, and `run()` starts it."""

    folder: Path
    port: int
    environment: dict[str, str] = field(
        init=False,
        default_factory=lambda: {k: v for k, v in os.environ.items() if not k.startswith("PG")},
    )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def verb(self, *arguments: str, status: int = 0) -> str:
        done = Typed(("-C", str(self.folder), *arguments), self.environment, ROOT).ended()
        assert done.status == status, f"{arguments}: {done}"
        return done.out + (done.err if status else "")

    def serves(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health", timeout=2).status_code == 200
        return False

    @contextlib.contextmanager
    def run(self, *arguments: str) -> Iterator[Started]:
        log = self.folder / "run.log"
        typed = ("-C", str(self.folder), "run", *arguments)
        process = Started(typed, self.environment, ROOT, log, log)
        try:
            wait_for(lambda: process.poll() is not None or self.serves())
            assert process.poll() is None, (self.folder / "run.log").read_text()
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)

    def story(self, address: str) -> list[dict[str, Any]]:
        return cast(list[dict[str, Any]], json.loads(self.verb("show", address, "--json")))

    def facts(self, address: str) -> list[str]:
        return [fact["event"] for fact in self.story(address)]


@dataclass
class Relance(Installed):
    """Whose letters `mail` takes."""

    mail: MailServer


def wait_for(holds: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first true answer; an AssertionError when none comes in time. Who is asked has twice as
    long to itself in between as an answer takes: where that is a whole verb, the processor has
    other work than the waiting.
    """
    end = time.monotonic() + seconds
    while (asked := time.monotonic()) < end:
        found = holds()
        if found:
            return found
        time.sleep(max(0.05, 2 * (time.monotonic() - asked)))
    raise AssertionError("nothing came in time")


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link(letter: EmailMessage, label: str) -> str:
    """The URL that stands behind a label in a letter's text part."""
    text = plain(letter)
    after = text[text.index(label) :]
    found = LINK.search(after)
    assert found, f"no link after {label!r} in:\n{text}"
    return found[0]


def press(url: str, **more: str) -> httpx.Response:
    """What a person does: open the page, press its one button."""
    with httpx.Client(follow_redirects=True, timeout=10) as client:
        page = client.get(url)
        assert page.status_code == 200
        return client.post(url, data=hidden(page.text) | more)


def hidden(page: str) -> dict[str, str]:
    """The fields of a page's first form."""
    start = page.index("<form")
    return dict(NONCE.findall(page[start : page.index("</form>", start)]))


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
