"""The certificates under which PayPal and Amazon sign, and what Amazon wants opened before it
sends: fetched over HTTPS from the addresses that are theirs and from nowhere else (G11). The name
is resolved, an address within a private network is refused, and the one that was looked at is
spoken to; redirects are not followed.

A certificate is kept for a day, in memory. Whoever writes calls of his own can name many that do
not exist: no more than ten a minute are asked for.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from engine.dns.https import HTTPS_PORT, getting, public_address
from engine.dns.resolver import Address, Resolver
from engine.webhooks.delivery import Delivery, Ping, RereadFault, Unreachable
from engine.words import Reason

FETCH_SECONDS = 5
KEPT_SECONDS = 86_400
FETCHES_A_MINUTE = 10
CACHE_SIZE = 50

Fetch = Callable[[Address, str, str], Awaitable[bytes | None]]
"""Address, name and path; what stands there, None where it is not to be had."""


class Certificates:
    """Used from one event loop. `clock`: seconds, only ever forward."""

    def __init__(
        self, resolver: Resolver, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver, self._fetch, self._clock = resolver, fetch, clock
        self._known: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._asked: deque[float] = deque(maxlen=FETCHES_A_MINUTE)
        self._one_at_a_time = asyncio.Lock()

    async def at(self, url: str) -> bytes | None:
        """In PEM, not yet looked at; None where it cannot be had now. `url` is one that
        `certificate_url` has answered.
        """
        if known := self._kept(url):
            return known
        async with self._one_at_a_time:
            if known := self._kept(url):
                return known
            if not self._may_ask():
                return None
            fetched = await self._fetched(url)
            if fetched is not None:
                self._known[url] = (self._clock() + KEPT_SECONDS, fetched)
                self._known.move_to_end(url)
                if len(self._known) > CACHE_SIZE:
                    self._known.popitem(last=False)
            return fetched

    async def confirm(self, delivery: Delivery) -> Unreachable | None:
        """Amazon sends nothing before a topic's owner has opened what its first message names. The
        message was signed, and of the topic that the secret names. Unreachable where that failed.
        """
        pings = [fact for fact in delivery.facts if isinstance(fact, Ping)]
        for url in [ping.confirm for ping in pings if ping.confirm]:
            async with self._one_at_a_time:
                if not self._may_ask() or await self._fetched(url) is None:
                    return Unreachable(Reason(RereadFault.AWAY, host=urlsplit(url).hostname or ""))
        return None

    def _may_ask(self) -> bool:
        now = self._clock()
        if len(self._asked) == FETCHES_A_MINUTE and self._asked[0] > now - 60:
            return False
        self._asked.append(now)
        return True

    def _kept(self, url: str) -> bytes | None:
        until, octets = self._known.get(url, (0, b""))
        return octets if until > self._clock() else None

    async def _fetched(self, url: str) -> bytes | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = await public_address(self._resolver, host)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return await self._fetch(address, host, path) if address is not None else None


def https(trusted: ssl.SSLContext, port: int = HTTPS_PORT) -> Fetch:
    """With the server's certificate verified for the name."""
    get = getting(trusted, FETCH_SECONDS, port)

    async def fetch(address: Address, host: str, path: str) -> bytes | None:
        fetched = await get(address, host, path)
        return fetched.octets if fetched is not None else None

    return fetch
