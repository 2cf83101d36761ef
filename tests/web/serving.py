"""The site of an installation on a loopback port, served by a real uvicorn in its own thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.commands.group_commit import CommandGroupCommit
from engine.context import AppContext
from engine.runtime.site import make_site
from engine.web.server import listen, serve_on

PATIENCE_SECONDS = 20


@contextmanager
def served(context: AppContext, trusted_proxies: tuple[str, ...] = ()) -> Iterator[str]:
    """The address of the running site, "http://127.0.0.1:PORT"."""
    group_commit = CommandGroupCommit(context.command_handler.execute)
    listening = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(
            serve_on(make_site(context, group_commit), listening, trusted_proxies, ready.set, stop)
        )
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="site", daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE_SECONDS), "the site did not start"
        yield address
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "the site did not stop"
        group_commit.close()
