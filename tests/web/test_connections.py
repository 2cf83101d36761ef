"""A peer that is silent, slow or endless takes nobody's place: it is hung up on in bounded time and
memory, while everybody else is served.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, repeat
from urllib.parse import urlsplit

import httpx
import pytest

from engine.sending import connection_limit as connections
from engine.sending.connection_limit import Connections
from engine.web import server as serve
from engine.web.pages import Receive, Send
from engine.web.server import listen, serve_on

PATIENCE = 20
LONG = b"x" * 40_000
OCTETS_OF_A_FLOOD = 36 * 1024 * 1024
BIG = 16 * 1024 * 1024


async def answering(scope: MutableMapping[str, object], receive: Receive, send: Send) -> None:
    """Reads what is posted and says how much it was; /big is more than any buffer holds."""
    octets = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        octets += len(bytes(message["body"]))  # type: ignore[call-overload]
        if not message["more_body"]:
            break
    body = b"o" * BIG if scope["path"] == "/big" else str(octets).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})


@contextmanager
def site(proxies: tuple[str, ...] = ()) -> Iterator[str]:
    listening = listen("127.0.0.1", 0)
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(serve_on(answering, listening, proxies, ready.set, stop))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()


def connected(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), PATIENCE)


def answer_of(peer: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    pieces = []
    try:
        while piece := peer.recv(65_536):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def wait_for(state: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADER_SECONDS", "BODY_SECONDS", "UNREAD_SECONDS"):
        monkeypatch.setattr(serve, name, 0.3)


def test_the_bounds_are_what_is_promised() -> None:
    assert (serve.MAX_HEADER_OCTETS, serve.HEADER_SECONDS, serve.BODY_SECONDS) == (32_768, 10, 30)
    assert (connections.MAX_CONNECTIONS, connections.MAX_CONNECTIONS_PER_ADDRESS) == (1000, 100)


@pytest.mark.parametrize("proxies", [(), ("127.0.0.1",)], ids=["a visitor", "a proxy"])
def test_three_hundred_silent_connections_keep_nobody_out(proxies: tuple[str, ...]) -> None:
    with site(proxies) as url, ExitStack() as peers:
        silent = [peers.enter_context(closing(connected(url))) for _ in range(300)]
        assert httpx.get(url, timeout=PATIENCE).text == "0"
        if not proxies:
            # The oldest have given way.
            assert answer_of(silent[0]) == b""
        silent[-1].sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert answer_of(silent[-1]).startswith(b"HTTP/1.1 200")


def test_a_silent_connection_is_hung_up_on(hasty: None) -> None:
    with site() as url, closing(connected(url)) as peer:
        assert answer_of(peer) == b""


def test_headers_that_drip_are_cut_off_whatever_drips(hasty: None) -> None:
    with site() as url, closing(connected(url)) as peer:
        began = time.monotonic()
        peer.sendall(b"GET / HTTP/1.1\r\nX-Drip: ")
        peer.settimeout(0.05)
        pieces = []
        while time.monotonic() - began < PATIENCE:
            try:
                piece = peer.recv(1000)
            except TimeoutError:
                peer.sendall(b"x")
                continue
            if not piece:
                break
            pieces.append(piece)
        assert b"".join(pieces).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_drips_is_cut_off_too(hasty: None) -> None:
    with site() as url, closing(connected(url)) as peer:
        peer.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
        assert answer_of(peer) == b""


def test_an_answer_nobody_reads_is_given_up_and_one_that_is_read_slowly_arrives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "UNREAD_SECONDS", 0.5)
    held: list[Connections] = []

    class Watched(Connections):
        def __init__(self, maximum: int, *, proxies: tuple[str, ...]) -> None:
            super().__init__(maximum, proxies=proxies)
            held.append(self)

    monkeypatch.setattr(serve, "Connections", Watched)
    with site() as url, closing(connected(url)) as deaf, closing(connected(url)) as slow:
        for peer in (deaf, slow):
            peer.sendall(b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = 0
        while piece := slow.recv(1024 * 1024):
            received += len(piece)
            time.sleep(0.05)
        assert received > BIG
        wait_for(lambda: len(held[0]) == 0)
        assert len(answer_of(deaf)) < BIG


@pytest.mark.parametrize(
    "head",
    [
        lambda: chain(
            [b"GET / HTTP/1.1\r\nHost: a\r\n"],
            repeat(b"X-Many: " + b"y" * 1000 + b"\r\n", OCTETS_OF_A_FLOOD // 1010),
        ),
        lambda: chain(
            [b"GET / HTTP/1.1\r\nX-Long: "], repeat(b"y" * 1000, OCTETS_OF_A_FLOOD // 1000)
        ),
        lambda: chain([b"GET /"], repeat(b"y" * 1000, OCTETS_OF_A_FLOOD // 1000)),
        lambda: chain(
            [b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"],
            repeat(b"X-Trailer: " + b"y" * 1000 + b"\r\n", OCTETS_OF_A_FLOOD // 1013),
        ),
    ],
    ids=["many headers", "one header", "a long address", "trailers"],
)
def test_a_flood_of_headers_is_not_read_to_its_end(head: Callable[[], Iterator[bytes]]) -> None:
    with site() as url, closing(connected(url)) as peer:
        sent = 0
        try:
            for piece in head():
                peer.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < OCTETS_OF_A_FLOOD / 2
        assert httpx.get(url, timeout=PATIENCE).text == "0"


@pytest.mark.parametrize(
    "head",
    [b"X-Long: " + LONG, b"\r\n".join(b"X-%d: y" % n for n in range(4000))],
    ids=["one", "many"],
)
def test_too_many_headers_are_431(head: bytes) -> None:
    with site() as url, closing(connected(url)) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
        assert answer_of(peer).startswith(b"HTTP/1.1 431 Request Header Fields Too Large")


def test_as_many_headers_as_are_allowed_are_read() -> None:
    with site() as url:
        assert httpx.get(url, headers={"X-Long": "x" * 32_000}, timeout=PATIENCE).text == "0"
        assert httpx.post(url, content=b"x" * 1_000_000, timeout=PATIENCE).text == "1000000"


def test_a_kept_connection_serves_one_request_after_another(hasty: None) -> None:
    with site() as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        for _ in range(3):
            assert client.post("/", content=b"abc").text == "3"
            time.sleep(0.4)


class Peer:
    def __init__(self, *, idle: bool = True) -> None:
        self.idle, self.dropped = idle, False

    def is_idle(self) -> bool:
        return self.idle

    def drop(self) -> None:
        self.dropped = True


def test_whoever_has_been_silent_longest_gives_way_and_only_their_own() -> None:
    held = Connections(10, 3)
    others, mine = Peer(), [Peer(idle=False), Peer(), Peer()]
    assert held.admit(others, "192.0.2.9") and all(held.admit(each, "192.0.2.1") for each in mine)
    assert held.admit(Peer(idle=False), "192.0.2.1")
    assert [each.dropped for each in (others, *mine)] == [False, False, True, False]
    assert held.admit(Peer(idle=False), "::ffff:192.0.2.1") and mine[2].dropped
    assert not held.admit(Peer(), "192.0.2.1") and not others.dropped


def test_one_neighbourhood_of_ipv6_is_one_address() -> None:
    held = Connections(10, 1)
    assert (
        held.admit(Peer(idle=False), "2001:db8::1")
        and not held.admit(Peer(), "2001:db8::2")
        and held.admit(Peer(), "2001:db8:0:1::1")
    )


def test_a_proxy_speaks_for_many_and_the_whole_is_bounded_all_the_same() -> None:
    held = Connections(4, 1, ("10.0.0.0/8",))
    crowd = [Peer() for _ in range(3)]
    alone = Peer()
    assert held.admit(alone, "192.0.2.1") and all(held.admit(each, "10.1.2.3") for each in crowd)
    assert held.admit(Peer(idle=False), "192.0.2.2")
    assert (
        [each.dropped for each in crowd] == [True, False, False]
        and not alone.dropped
        and len(held) == 4
    )


def test_who_leaves_makes_room() -> None:
    held = Connections(1, 1)
    first = Peer(idle=False)
    assert held.admit(first, "192.0.2.1") and not held.admit(Peer(), "192.0.2.1")
    held.leave(first)
    held.leave(first)
    assert held.admit(Peer(), "192.0.2.1")
