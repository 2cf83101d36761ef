"""The door to uvicorn. No access log, so that no token is ever written to one (G03); no signal handlers: whoever runs us says when to stop."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from engine.web.pages import App

DRAIN_SECONDS = 10


class CannotListen(Exception):
    """The address or port is not to be had: which, and why."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 takes any that is free. Raises CannotListen."""
    # Said to be TCP in so many words: otherwise asyncio leaves Nagle's algorithm on, and every page comes forty milliseconds late.
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
        return listening
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise CannotListen(f"cannot listen on {host}:{port} ({reason}): change [web] host or port, or stop who has it") from error


async def serve(
    app: App, host: str, port: int, trusted_proxies: Sequence[str], ready: Callable[[], None], stop: asyncio.Event
) -> None:
    """Serve until `stop`; what is under way then has ten seconds to end. Raises CannotListen."""
    await serve_on(app, listen(host, port), trusted_proxies, ready, stop)


async def serve_on(app: App, listening: socket.socket, trusted_proxies: Sequence[str], ready: Callable[[], None], stop: asyncio.Event) -> None:
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=15,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    # Whatever handlers somebody has set up for it.
    logging.getLogger("uvicorn.access").disabled = True
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started:
            ready()
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        await serving
        listening.close()
