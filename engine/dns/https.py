"""Speaking HTTPS to an address that was looked at before, and to no other: the name is in the
certificate and in the Host header, and is not resolved again. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import IPv6Address
from typing import NamedTuple, Protocol

from engine.dns.resolver import Address, Found, Resolver

HTTPS_PORT = 443
MAX_OCTETS = 64 * 1024


class Answered(NamedTuple):
    """`headers`: by names in any case."""

    status: int
    headers: Mapping[str, str]
    octets: bytes


class Request(Protocol):
    async def __call__(
        self,
        address: Address,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answered | None:
        """What was answered, by at most MAX_OCTETS and in time; else None. A POST where there is
        `content`, else a GET.
        """


class Fetched(NamedTuple):
    """`content_type` is in small letters, without its parameters."""

    content_type: str
    octets: bytes


Get = Callable[[Address, str, str], Awaitable[Fetched | None]]
"""Address, name and path; None for all but a 200 of at most MAX_OCTETS, in time."""


def is_public(address: Address) -> bool:
    """Whether an address is anybody's on the Internet: not this machine's, nor within a network,
    nor many machines', nor version 4 written as version 6.
    """
    if isinstance(address, IPv6Address) and (address.ipv4_mapped or address.sixtofour):
        return False
    return address.is_global and not address.is_multicast


async def public_address(resolver: Resolver, host: str) -> Address | None:
    """One of the name's addresses that is anybody's on the Internet; None where it has none."""
    answer = await resolver.addresses(host)
    return next(filter(is_public, answer.records), None) if isinstance(answer, Found) else None


def requesting(trusted: ssl.SSLContext, seconds: float, port: int = HTTPS_PORT) -> Request:
    """With the server's certificate verified for the name by `trusted`."""
    import httpx

    async def request(
        address: Address,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answered | None:
        at = f"[{address}]" if address.version == 6 else str(address)
        try:
            async with (
                asyncio.timeout(seconds),
                httpx.AsyncClient(verify=trusted, trust_env=False) as client,
                client.stream(
                    "GET" if content is None else "POST",
                    f"https://{at}:{port}{path}",
                    headers={**(headers or {}), "Host": host},
                    content=content,
                    extensions={"sni_hostname": host},
                ) as response,
            ):
                octets = b""
                async for piece in response.aiter_bytes():
                    octets += piece
                    if len(octets) > MAX_OCTETS:
                        return None
        except (httpx.HTTPError, OSError):
            return None
        return Answered(response.status_code, response.headers, octets)

    return request


def getting(trusted: ssl.SSLContext, seconds: float, port: int = HTTPS_PORT) -> Get:
    """As `requesting`."""
    request = requesting(trusted, seconds, port)

    async def get(address: Address, host: str, path: str) -> Fetched | None:
        answered = await request(address, host, path)
        if answered is None or answered.status != 200:
            return None
        content_type = answered.headers.get("Content-Type", "").partition(";")[0]
        return Fetched(content_type.strip().lower(), answered.octets)

    return get
