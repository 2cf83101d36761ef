"""Asks the domain name system. The only door to dnspython.

Answers are kept as long as their time to live says. Whether an answer was validated (DNSSEC) is
believed only of a resolver on this machine, since anybody on the way to another can set the bit
(RFC 4035 section 4.9.3).
"""

from __future__ import annotations

import ipaddress
import time
from asyncio import gather
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar, cast

import dns.asyncbackend
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TLSA import TLSA
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

ANSWERS_CACHE_SIZE = 20_000
MAX_OCTETS = 1232  # in one UDP answer; a longer one is asked for by TCP (DNS flag day 2020)

Record = TypeVar("Record")
Address: TypeAlias = IPv4Address | IPv6Address
Trouble = Literal["no-server", "timed-out", "failed"]


@dataclass(frozen=True, slots=True)
class Mx:
    """Names are lower-case A-labels without the final dot; "" is the root."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class Tlsa:
    """RFC 6698 section 2.1."""

    usage: int
    selector: int
    matching: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Found(Generic[Record]):
    """At least one record, in no order. `ttl`: seconds for which it may still be used. `secure`:
    validated by a resolver on this machine, aliases included. `name`: what the name asked for is an
    alias of, or itself.
    """

    records: tuple[Record, ...]
    ttl: int
    secure: bool
    name: str


@dataclass(frozen=True, slots=True)
class NoSuchName:
    """Nothing stands under this name (NXDOMAIN), or it is none that could be asked for."""


@dataclass(frozen=True, slots=True)
class NoRecords:
    """The name is there, and has none of these records. `secure` as of Found."""

    secure: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing is known: no answer in time, or one that says nothing. Ask again later."""

    why: Trouble


Answer: TypeAlias = Found[Record] | NoSuchName | NoRecords | Unreachable


class Resolver(Protocol):
    """Names are given as they are written, internationalised or not. Nothing is raised for what a
    name server does.
    """

    async def mx(self, domain: str) -> Answer[Mx]: ...

    async def addresses(self, name: str, *, ipv6: bool = True) -> Answer[Address]: ...

    async def txt(self, name: str) -> Answer[str]: ...

    async def ptr(self, address: str) -> Answer[str]: ...

    async def tlsa(self, name: str) -> Answer[Tlsa]: ...

    async def cname(self, name: str) -> Answer[str]: ...


def is_null_mx(records: Sequence[Mx]) -> bool:
    """Whether the domain says that it takes no mail (RFC 7505)."""
    return bool(records) and not any(record.host for record in records)


class DnsResolver:
    """Used from one event loop. `servers`: addresses of name servers, none for those of this
    machine's own configuration. `timeout`: seconds for one question to one server; `lifetime`: for
    all tries together.
    """

    def __init__(
        self,
        servers: Sequence[str] = (),
        port: int = 53,
        *,
        timeout: float = 3,
        lifetime: float = 10,
    ) -> None:
        self._timeout, self._lifetime = timeout, lifetime
        self._stub: dns.asyncresolver.Resolver | None
        try:
            self._stub = dns.asyncresolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            self._stub = None
            return
        if servers:
            self._stub.nameservers = list(servers)
            self._stub.port = port
        self._stub.timeout, self._stub.lifetime = timeout, lifetime
        self._stub.flags = dns.flags.RD | dns.flags.AD  # RFC 6840 section 5.7
        self._stub.use_edns(0, 0, MAX_OCTETS)
        self._stub.cache = dns.resolver.LRUCache(ANSWERS_CACHE_SIZE)

    async def mx(self, domain: str) -> Answer[Mx]:
        return await self._ask(domain, "MX", MX, lambda mx: Mx(mx.preference, _text(mx.exchange)))

    async def addresses(self, name: str, *, ipv6: bool = True) -> Answer[Address]:
        """Addresses of both versions, or of version 4 alone: what is known of either counts. They
        are secure when both are.
        """
        version_4 = self._ask(name, "A", A, lambda a: cast(Address, IPv4Address(a.address)))
        if not ipv6:
            return await version_4
        version_6 = self._ask(name, "AAAA", AAAA, lambda a: cast(Address, IPv6Address(a.address)))
        return _either(*await gather(version_4, version_6))

    async def txt(self, name: str) -> Answer[str]:
        """The strings of a record are joined without a blank (RFC 7208 section 3.3)."""
        return await self._ask(
            name, "TXT", TXT, lambda txt: b"".join(txt.strings).decode("utf-8", "replace")
        )

    async def ptr(self, address: str) -> Answer[str]:
        """Raises ValueError for what is no IP address."""
        name = dns.reversename.from_address(str(ipaddress.ip_address(address)))
        return await self._ask(name.to_text(), "PTR", PTR, lambda ptr: _text(ptr.target))

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        return await self._ask(
            name,
            "TLSA",
            TLSA,
            lambda tlsa: Tlsa(tlsa.usage, tlsa.selector, tlsa.mtype, bytes(tlsa.cert)),
        )

    async def cname(self, name: str) -> Answer[str]:
        return await self._ask(name, "CNAME", CNAME, lambda cname: _text(cname.target))

    async def _ask(
        self, name: str, kind: str, of: type[_Data], read: Callable[[_Data], Record]
    ) -> Answer[Record]:
        if self._stub is None:
            return Unreachable("no-server")
        try:
            asked = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
        except (dns.exception.DNSException, UnicodeError):
            return NoSuchName()
        try:
            answer = await self._stub.resolve(
                asked,
                kind,
                raise_on_no_answer=False,
                search=False,
                backend=dns.asyncbackend.get_backend("asyncio"),
            )
        except dns.resolver.NXDOMAIN:
            return NoSuchName()
        except dns.exception.Timeout:
            return Unreachable("timed-out")
        except (dns.exception.DNSException, OSError):
            return Unreachable("failed")
        validated = bool(answer.response.flags & dns.flags.AD)
        secure = validated and is_on_this_machine(answer.nameserver)
        records = tuple(read(data) for data in answer if isinstance(data, of))
        if not records:
            return NoRecords(secure)
        return Found(
            records,
            max(0, int(answer.expiration - time.time())),
            secure,
            _text(answer.canonical_name),
        )


_Data = TypeVar("_Data", MX, A, AAAA, TXT, PTR, TLSA, CNAME)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().rstrip(".")


def is_on_this_machine(nameserver: str | None) -> bool:
    """Whether nobody stands between that resolver and us."""
    try:
        return ipaddress.ip_address(nameserver or "").is_loopback
    except ValueError:
        return False


def _either(one: Answer[Record], other: Answer[Record]) -> Answer[Record]:
    match one, other:
        case Found(), Found():
            return Found(
                one.records + other.records,
                min(one.ttl, other.ttl),
                one.secure and other.secure,
                one.name,
            )
        case (Found() as found, _) | (_, Found() as found):
            return found
        case (Unreachable() as unreachable, _) | (_, Unreachable() as unreachable):
            return unreachable
        case (NoRecords(), _) | (_, NoRecords()):
            return NoRecords()
        case _:
            return NoSuchName()
