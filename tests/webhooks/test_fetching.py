"""A sender's certificate comes by HTTPS from its own public host, is kept, and is not asked for
without bounds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest

from engine.dns.https import MAX_OCTETS, is_public
from engine.webhooks.delivery import Delivery, Ping, RereadFault, Unreachable
from engine.webhooks.fetching import (
    FETCHES_A_MINUTE,
    KEPT_SECONDS,
    Certificates,
    https,
)
from engine.webhooks.reading import read_delivery
from engine.words import Reason
from tests.dns.stub import StubDns
from tests.sending.certificates import Authority
from tests.webhooks.calls import SAMPLES

HOST = "sns.eu-west-3.amazonaws.com"
SENT_BEFORE = Delivery("1", None, (Ping(),))
URL = f"https://{HOST}/SimpleNotificationService-{'a1' * 16}.pem"


@pytest.fixture(scope="module")
def dns() -> Iterator[StubDns]:
    zone = {HOST: {"A": ["8.8.8.8"]}, "inside.example": {"A": ["10.0.0.1"]}}
    with StubDns(zone) as started:
        yield started


class Host:
    def __init__(self, octets: bytes | None = b"PEM") -> None:
        self.octets, self.asked = octets, list[str]()

    async def fetch(self, address: object, host: str, path: str) -> bytes | None:
        self.asked.append(f"{address} {host}{path}")
        return self.octets


def test_a_certificate_is_fetched_once_a_day(dns: StubDns) -> None:
    host, now = Host(), 1000.0

    async def main() -> list[bytes | None]:
        nonlocal now
        certificates = Certificates(dns.resolver(), host.fetch, lambda: now)
        got = [await certificates.at(URL), await certificates.at(URL)]
        now += KEPT_SECONDS
        return [*got, await certificates.at(URL)]

    assert asyncio.run(main()) == [b"PEM"] * 3
    assert host.asked == [f"8.8.8.8 {URL.removeprefix('https://')}"] * 2


def test_what_does_not_exist_is_not_asked_for_without_bounds(dns: StubDns) -> None:
    host, now = Host(None), 1000.0

    async def main() -> None:
        nonlocal now
        certificates = Certificates(dns.resolver(), host.fetch, lambda: now)
        for number in range(FETCHES_A_MINUTE + 5):
            assert await certificates.at(f"{URL}{number}") is None
        assert len(host.asked) == FETCHES_A_MINUTE
        now += 60
        assert await certificates.at(URL) is None

    asyncio.run(main())
    assert len(host.asked) == FETCHES_A_MINUTE + 1


def test_a_host_within_a_network_is_not_spoken_to(dns: StubDns) -> None:
    host = Host()

    async def main() -> list[bytes | None]:
        certificates = Certificates(dns.resolver(), host.fetch)
        names = ("inside.example", "nowhere.example")
        return [await certificates.at(f"https://{name}/a.pem") for name in names]

    assert asyncio.run(main()) == [None, None]
    assert host.asked == []


def test_what_amazon_wants_confirmed_is_opened_at_its_public_host(dns: StubDns) -> None:
    sample = SAMPLES["ses ping"]
    ping = read_delivery("ses", sample.headers, sample.octets)
    assert isinstance(ping, Delivery)
    inside = Delivery("1", None, (Ping("https://inside.example/?Action=Confirm"),))

    async def main(answering: Host) -> list[Unreachable | None]:
        certificates = Certificates(dns.resolver(), answering.fetch)
        return [await certificates.confirm(one) for one in (ping, inside, SENT_BEFORE)]

    host = Host(b"<xml>")
    away = Unreachable(Reason(RereadFault.AWAY, host="inside.example"))
    assert asyncio.run(main(host)) == [None, away, None]
    assert host.asked == [f"8.8.8.8 {HOST}/?Action=ConfirmSubscription&Token=2336412f37"]
    gone = Unreachable(Reason(RereadFault.AWAY, host=HOST))
    assert asyncio.run(main(Host(None))) == [gone, away, None]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("64:ff9b::808:808", True),
        *(
            (address, False)
            for address in (
                *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
                *("100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fd00::1"),
                *("::ffff:8.8.8.8", "::ffff:127.0.0.1", "2002:7f00:1::", "ff02::1"),
                *("::7f00:1", "fec0::1", "64:ff9b::a00:1", "64:ff9b:1::1", "240.0.0.1"),
            )
        ),
    ],
)
def test_an_address_is_anybodys_or_is_refused(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    ("status", "body", "got"),
    [
        ("200 OK", b"PEM", b"PEM"),
        ("404 Not Found", b"PEM", None),
        ("301 Moved\r\nLocation: https://elsewhere.example/", b"PEM", None),
        ("200 OK", b"x" * (MAX_OCTETS + 1), None),
    ],
)
def test_a_certificate_comes_over_https_from_its_own_host(
    status: str, body: bytes, got: bytes | None, tmp_path: Path
) -> None:
    authority, asked = Authority(), list[bytes]()

    async def main() -> list[bytes | None]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            length = f"Content-Length: {len(body)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {status}\r\n{length}\r\n\r\n".encode() + body)
            writer.close()

        context = authority.server(tmp_path, HOST)
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
            fetch = https(authority.trusted(), server.sockets[0].getsockname()[1])
            here = IPv4Address("127.0.0.1")
            return [await fetch(here, name, "/a.pem") for name in (HOST, "other.example")]

    assert asyncio.run(main()) == [got, None]
    assert len(asked) == 1
    assert asked[0].startswith(b"GET /a.pem HTTP/1.1\r\n")
