"""Speaking HTTP to an address that was looked at before, and to no other: the name is in the
certificate and in the Host header, and is not resolved again. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from engine.dns.resolver import Address, Found, Resolver

if TYPE_CHECKING:
    import httpx

HTTPS_PORT = 443
MAX_OCTETS = 64 * 1024
CONNECT_SECONDS = 5.0
"""For one address of a host that a `Poster` posts to, where it has several."""
READ_SECONDS = 1.0
"""For what follows the status of an answer to a `Poster`, which is not wanted."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052 section 2.1: each holds an address of version 4."""


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
        """What was answered, as it came, by at most MAX_OCTETS and in time; else None. A POST where
        there is `content`, else a GET.
        """


class Fetched(NamedTuple):
    """`content_type` is in small letters, without its parameters."""

    content_type: str
    octets: bytes


Get = Callable[[Address, str, str], Awaitable[Fetched | None]]
"""Address, name and path; None for all but a 200 of at most MAX_OCTETS, in time."""


def is_public(address: Address) -> bool:
    """Whether an address is anybody's on the Internet: not this machine's, nor within a network,
    nor many machines', nor version 4 written as version 6, but as a translator writes it that is
    public itself.
    """
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped or address.sixtofour or address.is_reserved or address.is_site_local:
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
        try:
            async with (
                asyncio.timeout(seconds),
                httpx.AsyncClient(verify=trusted, trust_env=False) as client,
                client.stream(
                    "GET" if content is None else "POST",
                    f"https://{_written(address)}:{port}{path}",
                    # Unpacked, a few kilobytes may be gigabytes before they are counted.
                    headers={"Accept-Encoding": "identity", **(headers or {}), "Host": host},
                    content=content,
                    extensions={"sni_hostname": host},
                ) as response,
            ):
                octets = b""
                async for piece in response.aiter_raw():
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


def _written(address: Address) -> str:
    return f"[{address}]" if address.version == 6 else str(address)


class Answer(NamedTuple):
    """`retry_after`: the header as it came, "" where it did not."""

    status: int
    retry_after: str = ""


Unanswered = Literal["timed-out", "no-connection", "bad-certificate", "broken-off"]


class Poster:
    """Posts to one host after another message, over a connection that is kept open between them.
    `seconds` are for one message. Used from one event loop.
    """

    def __init__(self, trusted: ssl.SSLContext, seconds: float) -> None:
        import httpx

        self._seconds = seconds
        self._client = httpx.AsyncClient(
            verify=trusted,
            trust_env=False,
            timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=1, keepalive_expiry=30),
        )

    async def post(
        self, addresses: Sequence[Address], url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | Unanswered:
        """Of several addresses the first that takes the connection."""
        answer: Answer | Unanswered = "no-connection"
        try:
            async with asyncio.timeout(self._seconds):
                for address in addresses:
                    answer = await self._post(address, url, body, headers)
                    if answer != "no-connection":
                        break
        except TimeoutError:
            return "timed-out"
        return answer

    async def _post(
        self, address: Address, url: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | Unanswered:
        import httpx

        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        there = parts._replace(netloc=f"{_written(address)}{port}").geturl()
        try:
            async with self._client.stream(
                "POST",
                there,
                content=body,
                headers={"Host": parts.netloc, **headers},
                extensions={"sni_hostname": parts.hostname or ""},
            ) as response:
                await _read_out(response)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return "bad-certificate" if _is_about_tls(error) else "no-connection"
        except httpx.TimeoutException:
            return "timed-out"
        except (httpx.HTTPError, OSError):
            return "broken-off"
        return Answer(response.status_code, response.headers.get("Retry-After", ""))

    async def close(self) -> None:
        await self._client.aclose()


async def _read_out(response: httpx.Response) -> None:
    """So that the connection may be used again; what is too long or too slow ends it instead."""
    import httpx

    octets = 0
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(READ_SECONDS):
            async for piece in response.aiter_raw():
                octets += len(piece)
                if octets > MAX_OCTETS:
                    return


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
