"""Providers' servers on loopback, each at an address of its own and all at one port, and the DNS
that leads to them.
"""

from __future__ import annotations

import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from engine.config import packaged_providers
from engine.dns.resolver import Address
from engine.dns.settings import Dns
from engine.sending.direct import DirectRoute
from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay_settings import DirectSettings
from engine.sending.smtp_settings import Direct, Smtp
from tests.dns.stub import Records, StubDns
from tests.sending.handing_over import BRISK, everyone
from tests.sink import Sink

HELO = "mail.potager.example"


@dataclass
class World:
    dns: StubDns
    route: DirectRoute
    outcomes: dict[str, Delivery] = field(default_factory=dict)

    async def deliver(self, *envelopes: Envelope) -> dict[str, Delivery]:
        """What became of each; fails when something became of one twice."""
        outcomes: list[Delivery] = []
        await self.route.deliver(envelopes, everyone, outcomes.append)
        assert all(times == 1 for times in Counter(one.key for one in outcomes).values())
        return {outcome.key: outcome for outcome in outcomes}


@contextlib.asynccontextmanager
async def world(
    servers: Mapping[str, Sink | None],
    zone: Mapping[str, Mapping[str, Records]],
    *,
    secure: bool | Collection[str] = False,
    trusted: ssl.SSLContext | None = None,
    policies: Mapping[str, str] | None = None,
    connections: int = 2,
    at_once: int = 50,
    sink: bool = True,
    ipv6: bool = False,
    port: int = 0,
) -> AsyncIterator[World]:
    """`servers` by name; None is a host that nobody answers at. `policies`: texts of MTA-STS by
    domain; each gets its record. `port`: of servers that run elsewhere.
    """

    async def fetch(address: Address, host: str) -> str | None:
        return (policies or {}).get(host.removeprefix("mta-sts."))

    names = dict(zone)
    for domain in policies or {}:
        names[f"_mta-sts.{domain}"] = {"TXT": ['"v=STSv1; id=1;"']}
        names[f"mta-sts.{domain}"] = {"A": ["127.0.9.99"]}
    async with contextlib.AsyncExitStack() as stack:
        for number, (name, server) in enumerate(servers.items(), start=1):
            names[name] = {"A": [f"127.0.9.{number}"]} | dict(names.get(name, {}))
            if server is not None:
                server.host, server.port = f"127.0.9.{number}", port
                port = (await stack.enter_async_context(server)).port
        dns = stack.enter_context(StubDns(names, secure=secure))
        settings = DirectSettings(
            Smtp("direct", connections=connections, timeouts=BRISK, sink=sink),
            Direct(HELO, ipv6=ipv6, connections=at_once, port=port or 9),
            Dns((dns.host,), dns.port),
            packaged_providers(),
        )
        route = DirectRoute(settings, dns.resolver(), trusted=trusted, fetch=fetch)
        stack.push_async_callback(route.close)
        yield World(dns, route)


def mx(*hosts: str) -> Mapping[str, Sequence[str]]:
    """Hosts in the order of their preference."""
    return {"MX": [f"{number * 10} {host}." for number, host in enumerate(hosts, start=1)]}
