"""One try to tell a target of one message (G11): its host is looked up at each try, an address that
is not anybody's on the Internet is refused, and one that was looked at is spoken to, never the
name. Redirects are not followed, and of the answer its status alone is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from engine import __version__
from engine.dns.https import Answer, Unanswered, is_public
from engine.dns.resolver import Address, Found, Resolver
from engine.dns.resolver import Unreachable as NotKnown
from engine.hooks.settings import Hook

POST_SECONDS: Final = 15.0
AGENT: Final = f"Relance/{__version__}"
NoAnswer = Unanswered | Literal["no-such-host", "name-servers-away", "private-address"]


class Posting(Protocol):
    """Implemented by engine.dns.https.Poster."""

    async def post(
        self, addresses: Sequence[Address], url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | Unanswered: ...

    async def close(self) -> None: ...


class Target:
    """Used from one event loop. Closed by `close`, and the poster with it."""

    def __init__(self, hook: Hook, resolver: Resolver, poster: Posting) -> None:
        self._hook, self._resolver, self._poster = hook, resolver, poster

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Answer | NoAnswer:
        addresses = await self._addresses()
        if isinstance(addresses, str):
            return addresses
        return await self._poster.post(
            addresses, self._hook.url, body, {"User-Agent": AGENT, **headers}
        )

    async def close(self) -> None:
        await self._poster.close()

    async def _addresses(self) -> list[Address] | NoAnswer:
        """Those of version 4 first: not every machine reaches the others."""
        host = urlsplit(self._hook.url).hostname or ""
        try:
            addresses: list[Address] = [ipaddress.ip_address(host)]
        except ValueError:
            looked_up = await self._looked_up(host)
            if isinstance(looked_up, str):
                return looked_up
            addresses = looked_up
        if not self._hook.allow_private:
            addresses = [address for address in addresses if is_public(address)]
        if not addresses:
            return "private-address"
        return sorted(addresses, key=lambda address: (address.version, int(address)))

    async def _looked_up(self, host: str) -> list[Address] | NoAnswer:
        if self._hook.allow_private:
            # As every program of this machine does: in a network of one's own there are names that
            # stand in its files alone.
            try:
                rows = await asyncio.get_running_loop().getaddrinfo(
                    host, None, type=socket.SOCK_STREAM
                )
            except OSError:
                return "no-such-host"
            return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
        answer = await self._resolver.addresses(host)
        if isinstance(answer, Found):
            return list(answer.records)
        return "name-servers-away" if isinstance(answer, NotKnown) else "no-such-host"
