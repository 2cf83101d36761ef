"""Fetching over HTTPS from an address that was looked at before, and from no other: the name is in
the certificate and in the Host header, and is not resolved again. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from engine.dns.resolver import Address

HTTPS_PORT = 443
MAX_OCTETS = 64 * 1024


class Fetched(NamedTuple):
    """`content_type` is in small letters, without its parameters."""

    content_type: str
    octets: bytes


Get = Callable[[Address, str, str], Awaitable[Fetched | None]]
"""Address, name and path; None for all but a 200 of at most MAX_OCTETS, in time."""


def getting(trusted: ssl.SSLContext, seconds: float, port: int = HTTPS_PORT) -> Get:
    """With the server's certificate verified for the name by `trusted`."""
    import httpx

    async def get(address: Address, host: str, path: str) -> Fetched | None:
        at = f"[{address}]" if address.version == 6 else str(address)
        try:
            async with (
                asyncio.timeout(seconds),
                httpx.AsyncClient(verify=trusted, trust_env=False) as client,
                client.stream(
                    "GET",
                    f"https://{at}:{port}{path}",
                    headers={"Host": host},
                    extensions={"sni_hostname": host},
                ) as response,
            ):
                if response.status_code != 200:
                    return None
                octets = b""
                async for piece in response.aiter_bytes():
                    octets += piece
                    if len(octets) > MAX_OCTETS:
                        return None
        except (httpx.HTTPError, OSError):
            return None
        content_type = response.headers.get("Content-Type", "").partition(";")[0]
        return Fetched(content_type.strip().lower(), octets)

    return get
