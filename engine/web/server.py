"""The door to uvicorn. No access log, so that no token is ever written to one (G03); no signal
handlers: whoever runs us says when to stop.

A connection has so many seconds for each step of a request, and so many octets for all headers
together; a listener has so many connections.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from http import HTTPStatus

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from engine.sending.connection_limit import MAX_CONNECTIONS, Connections
from engine.web.pages import App

DRAIN_SECONDS = 10
MAX_HEADER_OCTETS = 32_768
HEADER_SECONDS = 10.0
BODY_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 15
UNREAD_SECONDS = 60.0


class CannotListen(Exception):
    """The address or port cannot be bound: which, and why."""


class _State(ServerState):
    """The date of an answer is made when one is given, at most once a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._config, self._second = config, 0
        self._headers: list[tuple[bytes, bytes]] = []
        super().__init__()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        if (second := int(time.time())) != self._second:
            self._second = second
            date = formatdate(second, usegmt=True).encode()
            self._headers = [(b"date", date), *self._config.encoded_headers]
        return self._headers

    @default_headers.setter
    def default_headers(self, value: list[tuple[bytes, bytes]]) -> None:
        """uvicorn's own are not kept."""


class _Server(uvicorn.Server):
    """Ends when `ending` is set, and looks at nothing meanwhile: uvicorn's own loop wakes ten times
    a second.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ending = asyncio.Event()
        self.server_state = _State(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.ending.wait()


class _Config(uvicorn.Config):
    connections: Connections


class _TooManyHeaders(Exception):
    """Leaves the parser at once: nothing after it is looked at."""


class _Protocol(HttpToolsProtocol):
    """uvicorn's, with its bounds: it answers 408, 431 or 503 and closes, and what a peer leaves
    unread does not hold it open.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, _Config)
        self._admitted = config.connections
        self._deadline: asyncio.TimerHandle | None = None
        self._in_headers = self._receiving = False
        self._raw_octets = self._parsed_octets = self._unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._admitted.admit(self, self.client[0] if self.client else ""):
            self._end_within(HEADER_SECONDS)
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._admitted.leave(self)
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def is_idle(self) -> bool:
        return not self._is_answering() and self.transport.get_write_buffer_size() == 0

    def drop(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        # Octets that belong to headers for certain; what follows a body in one piece with it is not
        # counted, and a piece is bounded.
        whole = self._in_headers or not self._receiving
        super().data_received(data)
        if self._in_headers and whole:
            self._raw_octets += len(data)
            if self._raw_octets > MAX_HEADER_OCTETS:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = self._receiving = True
        self._raw_octets = self._parsed_octets = 0
        self._end_within(HEADER_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._bound(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._bound(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._end_within(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._receiving = False
        self._wait_for_next()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._receiving:
            self._wait_for_next()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._end_within(UNREAD_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wait_for_next()

    def send_400_response(self, msg: str) -> None:
        too_many = self._parsed_octets > MAX_HEADER_OCTETS
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_many else HTTPStatus.BAD_REQUEST
        )

    def _bound(self, octets: int) -> None:
        self._parsed_octets += octets
        if self._parsed_octets > MAX_HEADER_OCTETS:
            raise _TooManyHeaders

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait_for_next(self) -> None:
        rest = UNREAD_SECONDS if self.transport.get_write_buffer_size() else KEEP_ALIVE_SECONDS
        self._end_within(None if self._is_answering() else rest)

    def _end_within(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._unread = self.transport.get_write_buffer_size()
        self._deadline = (
            self.loop.call_later(seconds, self._too_late) if seconds is not None else None
        )

    def _too_late(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread and unread != self._unread:
            # Slowly, but it is read.
            self._end_within(UNREAD_SECONDS)
        elif unread or self.transport.is_closing():
            self.transport.abort()
        elif self._in_headers:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        if not self.transport.is_closing():
            text = f"{status.value} {status.phrase}"
            # Beside an answer that is under way it would be taken for a part of it.
            if not self._is_answering():
                head = (
                    f"HTTP/1.1 {text}\r\nContent-Type: text/plain\r\nContent-Length:"
                    f" {len(text) + 1}\r\nConnection: close\r\n\r\n{text}\n"
                )
                self.transport.write(head.encode("ascii"))
            self.transport.close()
        self._end_within(HEADER_SECONDS)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 takes any that is free. Raises CannotListen."""
    # Said to be TCP in so many words: otherwise asyncio leaves Nagle's algorithm on, and every page
    # comes forty milliseconds late.
    listening = socket.socket(
        socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
        return listening
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise CannotListen(
            f"cannot listen on {host}:{port} ({reason}): change [web] host or port, or stop who"
            " has it"
        ) from error


async def serve(
    app: App,
    host: str,
    port: int,
    trusted_proxies: Sequence[str],
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    """Serve until `stop`; what is under way then has ten seconds to end. Raises CannotListen."""
    await serve_on(app, listen(host, port), trusted_proxies, ready, stop)


async def serve_on(
    app: App,
    listening: socket.socket,
    trusted_proxies: Sequence[str],
    ready: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    config = _Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    config.connections = Connections(
        min(MAX_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2),
        proxies=trusted_proxies,
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
        server.ending.set()
        await serving
        listening.close()
