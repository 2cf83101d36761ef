"""What comes unsigned counts once the sender's API has said the same; it is asked over HTTPS with
the operator's key.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from engine.dns.https import Answered, Request, requesting
from engine.dns.resolver import Address
from engine.sequence.webhooks import WebhookKind
from engine.webhooks.delivery import (
    Delivery,
    DeliveryFault,
    Passed,
    PassedReason,
    Purchase,
    RereadFault,
    Undeliverable,
    Unreachable,
)
from engine.webhooks.reading import read_delivery
from engine.webhooks.rereading import HELLOASSO, REREADS_A_MINUTE, SUMUP, Rereading
from engine.words import Reason
from tests.dns.stub import StubDns
from tests.sending.certificates import Authority
from tests.webhooks.calls import SAMPLES

KEYS: Mapping[WebhookKind, bytes] = {"sumup": b"sup_sk_invented", "helloasso": b"client:hush"}
CHECKOUT = {
    "id": "c-1",
    "checkout_reference": "A-17",
    "status": "PAID",
    "amount": 49.9,
    "currency": "EUR",
    "personal_details": {"email": "anna@example.org"},
}
PAYMENT = {
    "id": 8,
    "state": "Authorized",
    "amount": 4990,
    "order": {"id": 7, "formSlug": "coffret"},
    "payer": {"email": "anna@example.org"},
}
TOKEN = {"access_token": f"t{'0' * 900}", "token_type": "bearer", "expires_in": 1800}
FORGED = Purchase("7", "eve@example.org", 1, "EUR")
SAID: Mapping[WebhookKind, Delivery] = {
    "sumup": Delivery("", None, (), "checkouts/c-1"),
    "helloasso": Delivery("d", None, (FORGED,), "payments/8"),
}
"""What the unsigned call said, which counts for nothing."""


@pytest.fixture(scope="module")
def dns() -> Iterator[StubDns]:
    public = {"A": ["8.8.8.8"]}
    with StubDns({SUMUP: public, HELLOASSO: public}) as started:
        yield started


@dataclass
class Api:
    """What stands where: path -> status and body, and what was asked."""

    stands: dict[str, tuple[int, object]]
    asked: list[tuple[str, str, Mapping[str, str], bytes | None]] = field(default_factory=list)
    away: bool = False

    async def request(
        self,
        address: Address,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answered | None:
        assert str(address) == "8.8.8.8"
        self.asked.append((host, path, headers or {}, content))
        if self.away:
            return None
        status, body = self.stands.get(path, (404, {}))
        return Answered(status, {}, json.dumps(body).encode())


def api(more: Mapping[str, tuple[int, object]] | None = None) -> Api:
    known: dict[str, tuple[int, object]] = {
        "/v0.1/checkouts/c-1": (200, CHECKOUT),
        "/v5/payments/8": (200, PAYMENT),
        "/oauth2/token": (200, TOKEN),
    }
    return Api({**known, **(more or {})})


def reread(
    dns: StubDns,
    request: Request,
    kind: WebhookKind,
    said: Delivery | None = None,
    key: bytes = b"-",
) -> Delivery | Undeliverable | Unreachable:
    given = KEYS[kind] if key == b"-" else key
    rereading = Rereading(dns.resolver(), request)
    return asyncio.run(rereading.reread(kind, said or SAID[kind], given))


BOUGHT: Mapping[WebhookKind, Purchase] = {
    "sumup": Purchase("A-17", "anna@example.org", 4990, "EUR"),
    "helloasso": Purchase("7", "anna@example.org", 4990, "EUR", ("coffret",)),
}


@pytest.mark.parametrize("kind", ["sumup", "helloasso"])
def test_what_the_api_answers_counts_and_not_what_was_said(dns: StubDns, kind: WebhookKind) -> None:
    answering = api()
    counted = reread(dns, answering.request, kind)
    assert isinstance(counted, Delivery)
    assert counted.facts == (BOUGHT[kind],)
    assert counted.id


def test_the_key_goes_to_the_senders_own_host(dns: StubDns) -> None:
    answering = api()
    for kind in KEYS:
        reread(dns, answering.request, kind)
    sumup, token, payment = answering.asked
    assert sumup[:2] == (SUMUP, "/v0.1/checkouts/c-1")
    assert sumup[2]["Authorization"] == "Bearer sup_sk_invented"
    assert token[:2] == (HELLOASSO, "/oauth2/token")
    assert token[3] == b"grant_type=client_credentials&client_id=client&client_secret=hush"
    assert payment[:2] == (HELLOASSO, "/v5/payments/8")
    assert payment[2]["Authorization"] == f"Bearer {TOKEN['access_token']}"


def test_a_token_is_kept_until_it_is_old_or_refused(dns: StubDns) -> None:
    answering, now = api(), 1000.0

    async def main() -> list[int]:
        nonlocal now
        rereading = Rereading(dns.resolver(), answering.request, lambda: now)
        tokens = list[int]()
        for seconds in (0, 1700, 100):
            now += seconds
            await rereading.reread("helloasso", SAID["helloasso"], KEYS["helloasso"])
            tokens.append(sum(path == "/oauth2/token" for _, path, *_ in answering.asked))
        answering.stands["/v5/payments/8"] = (401, {})
        refused = await rereading.reread("helloasso", SAID["helloasso"], KEYS["helloasso"])
        assert refused == Unreachable(Reason(RereadFault.KEY_REFUSED, host=HELLOASSO))
        tokens.append(sum(path == "/oauth2/token" for _, path, *_ in answering.asked))
        await rereading.reread("helloasso", SAID["helloasso"], b"another:key")
        assert b"client_id=another" in (answering.asked[-2][3] or b"")
        return tokens

    assert asyncio.run(main()) == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("kind", "path", "status", "fault"),
    [
        ("sumup", "/v0.1/checkouts/c-1", 500, RereadFault.AWAY),
        ("sumup", "/v0.1/checkouts/c-1", 429, RereadFault.AWAY),
        ("sumup", "/v0.1/checkouts/c-1", 302, RereadFault.AWAY),
        ("sumup", "/v0.1/checkouts/c-1", 401, RereadFault.KEY_REFUSED),
        ("helloasso", "/oauth2/token", 503, RereadFault.AWAY),
        ("helloasso", "/oauth2/token", 400, RereadFault.KEY_REFUSED),
        ("helloasso", "/v5/payments/8", 403, RereadFault.KEY_REFUSED),
    ],
)
def test_what_is_not_known_yet_is_asked_of_the_sender_again(
    dns: StubDns, kind: WebhookKind, path: str, status: int, fault: RereadFault
) -> None:
    answered = reread(dns, api({path: (status, {})}).request, kind)
    host = SUMUP if kind == "sumup" else HELLOASSO
    assert answered == Unreachable(Reason(fault, host=host))


@pytest.mark.parametrize("kind", ["sumup", "helloasso"])
def test_an_api_that_is_away_says_nothing(dns: StubDns, kind: WebhookKind) -> None:
    answering = api()
    answering.away = True
    host = SUMUP if kind == "sumup" else HELLOASSO
    away = Unreachable(Reason(RereadFault.AWAY, host=host))
    assert reread(dns, answering.request, kind) == away
    with StubDns({host: {"A": ["10.0.0.1"]}}) as inside:
        answering = api()
        assert reread(inside, answering.request, kind) == away
        assert answering.asked == []


def test_what_the_api_does_not_know_is_refused_by_name(dns: StubDns) -> None:
    said = Delivery("", None, (), "checkouts/c-2")
    refused = reread(dns, api().request, "sumup", said)
    unknown = Reason(DeliveryFault.RESOURCE_UNKNOWN, host=SUMUP, resource="checkouts/c-2")
    assert refused == unknown


@pytest.mark.parametrize(
    "resource",
    [
        "checkouts/../me",
        "checkouts/c-1?x=1",
        "checkouts/c-1#",
        "checkouts/%2e",
        "checkouts/é",
        "x/1",
    ],
)
def test_an_id_that_is_none_goes_into_no_path(dns: StubDns, resource: str) -> None:
    answering = api()
    refused = reread(dns, answering.request, "sumup", Delivery("", None, (), resource))
    assert refused == Reason(DeliveryFault.FIELD_MALFORMED, field="id")
    assert answering.asked == []


@pytest.mark.parametrize(
    ("kind", "key", "fault"),
    [
        ("sumup", b"", RereadFault.KEY_MISSING),
        ("sumup", b"a\nb", RereadFault.KEY_MALFORMED),
        ("sumup", "clé".encode(), RereadFault.KEY_MALFORMED),
        ("helloasso", b"client alone", RereadFault.KEY_MALFORMED),
        ("helloasso", b"client", RereadFault.KEY_MALFORMED),
    ],
)
def test_without_a_usable_key_nobody_is_asked(
    dns: StubDns, kind: WebhookKind, key: bytes, fault: RereadFault
) -> None:
    answering = api()
    answered = reread(dns, answering.request, kind, key=key)
    assert isinstance(answered, Unreachable) and answered.reason.code is fault
    assert answering.asked == []


def test_what_changes_nothing_is_not_asked_about(dns: StubDns) -> None:
    answering = api()
    other = Delivery("", None, (Passed("checkout.created", PassedReason.OTHER_EVENT),))
    assert reread(dns, answering.request, "sumup", other) == other
    assert answering.asked == []


def test_strangers_make_nobody_ask_without_bounds(dns: StubDns) -> None:
    answering, now = api(), 1000.0

    async def main() -> None:
        nonlocal now
        rereading = Rereading(dns.resolver(), answering.request, lambda: now)

        async def once() -> Delivery | Undeliverable | Unreachable:
            return await rereading.reread("sumup", SAID["sumup"], KEYS["sumup"])

        for _ in range(REREADS_A_MINUTE):
            assert isinstance(await once(), Delivery)
        assert await once() == Unreachable(Reason(RereadFault.TOO_MANY, most=REREADS_A_MINUTE))
        now += 60
        assert isinstance(await once(), Delivery)

    asyncio.run(main())


def test_what_each_sample_names_is_asked_for(dns: StubDns) -> None:
    for sample in SAMPLES.values():
        if sample.kind in ("sumup", "helloasso"):
            said = read_delivery(sample.kind, sample.headers, sample.octets)
            assert isinstance(said, Delivery)
            answering = api()
            reread(dns, answering.request, sample.kind, said)
            assert bool(answering.asked) == bool(said.resource)


@dataclass
class Here:
    """Sends what is meant for a public address to a server on this machine."""

    send: Request

    async def request(
        self,
        address: Address,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answered | None:
        assert str(address) == "8.8.8.8"
        here = IPv4Address("127.0.0.1")
        return await self.send(here, host, path, headers=headers, content=content)


@pytest.mark.parametrize("kind", ["sumup", "helloasso"])
def test_the_api_is_asked_over_https(dns: StubDns, kind: WebhookKind, tmp_path: Path) -> None:
    """A real server; its certificate has to be for the API's own name."""
    authority, answering, heads = Authority(), api(), list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        if b"Content-Length: " in head:
            await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split()[0]))
        _, body = answering.stands[head.split()[1].decode()]
        octets = json.dumps(body).encode()
        length = f"Content-Length: {len(octets)}\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n".encode() + octets)
        writer.close()

    async def main(named: str) -> Delivery | Undeliverable | Unreachable:
        context = authority.server(tmp_path, named)
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
            send = requesting(authority.trusted(), 5, server.sockets[0].getsockname()[1])
            rereading = Rereading(dns.resolver(), Here(send).request)
            return await rereading.reread(kind, SAID[kind], KEYS[kind])

    host = SUMUP if kind == "sumup" else HELLOASSO
    counted = asyncio.run(main(host))
    assert isinstance(counted, Delivery) and counted.facts == (BOUGHT[kind],)
    asked = len(heads)
    assert all(f"Host: {host}".encode() in head for head in heads)
    assert isinstance(asyncio.run(main("elsewhere.example")), Unreachable)
    assert len(heads) == asked


def test_what_comes_packed_is_not_unpacked(tmp_path: Path) -> None:
    """A few kilobytes may be gigabytes, and some hosts are of whoever gave an address there."""
    authority, packed, heads = Authority(), gzip.compress(bytes(10_000_000)), list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        about = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}"
        writer.write(f"HTTP/1.1 200 OK\r\n{about}\r\nConnection: close\r\n\r\n".encode() + packed)
        writer.close()

    async def main() -> Answered | None:
        context = authority.server(tmp_path, SUMUP)
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
            send = requesting(authority.trusted(), 5, server.sockets[0].getsockname()[1])
            return await send(IPv4Address("127.0.0.1"), SUMUP, "/")

    answered = asyncio.run(main())
    assert answered is not None and answered.octets == packed
    assert b"Accept-Encoding: identity" in heads[0]
