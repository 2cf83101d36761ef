"""MTA-STS (RFC 8461): a domain says, over HTTPS, which servers take its mail and that they are to
be verified. A policy is kept as long as it asks for, in memory: no domain of a reader is written
down.
"""

from __future__ import annotations

import re
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from engine.dns.https import HTTPS_PORT, getting
from engine.dns.resolver import Address, Found, Resolver

MAX_AGE_SECONDS = 31_557_600  # the longest a policy may ask for
FETCH_SECONDS = 15
FETCH_AGAIN_SECONDS = 300  # after a failure
POLICIES_CACHE_SIZE = 20_000

_RECORD = re.compile(r"v=STSv1[ \t]*;[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;.*)?")
_PAIR = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*?)[ \t]*")

Mode = Literal["enforce", "testing"]


@dataclass(frozen=True, slots=True)
class Policy:
    """`mx`: names of servers in small letters, the first label of a name may be "*"."""

    mode: Mode
    mx: tuple[str, ...]

    def allows(self, host: str) -> bool:
        return any(
            host == name or (name.startswith("*.") and host.partition(".")[2] == name[2:])
            for name in self.mx
        )


def read_record(texts: Iterable[str]) -> str:
    """The id of the policy in force; "" where the domain has none, or more than one."""
    records = [text for text in texts if text.startswith("v=STSv1")]
    match = _RECORD.fullmatch(records[0]) if len(records) == 1 else None
    return match[1] if match else ""


def read_policy(text: str) -> tuple[Policy | None, int] | None:
    """The policy, None where the domain asks for nothing, and the seconds it is to be kept. None
    for a text that is no policy.
    """
    pairs: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.strip():
            match = _PAIR.fullmatch(line.strip())
            if match is None:
                return None
            pairs.append((match[1], match[2]))
    first = dict(reversed(pairs))  # of a key that stands there twice, the first counts
    mx = tuple(value.lower().rstrip(".") for key, value in pairs if key == "mx")
    age, mode = first.get("max_age", ""), first.get("mode", "")
    if first.get("version") != "STSv1" or not re.fullmatch(r"[0-9]{1,10}", age):
        return None
    seconds = min(int(age), MAX_AGE_SECONDS)
    if mode == "none":
        return None, seconds
    if mode == "enforce" and mx:
        return Policy("enforce", mx), seconds
    return (Policy("testing", mx), seconds) if mode == "testing" and mx else None


Fetch = Callable[[Address, str], Awaitable[str | None]]
"""Address and name of the host of a policy; its text, None where there is none to be had."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Times are the clock's. `again`: when what could not be fetched may be."""

    id: str
    policy: Policy | None
    until: float
    again: float = 0


class MtaSts:
    """Used from one event loop. `usable`: whether an address may be spoken to. `clock`: seconds,
    only ever forward.
    """

    def __init__(
        self,
        resolver: Resolver,
        fetch: Fetch,
        usable: Callable[[Address], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver, self._fetch, self._usable = resolver, fetch, usable
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def of(self, domain: str) -> Policy | None:
        """The policy of a domain, None where it has none. One that is known stays in force while
        the newer one cannot be had: whoever is on the way must not be able to take it away.
        """
        now, known = self._clock(), self._known.get(domain)
        if known is None or known.until <= now:
            known = _Known("", None, now + FETCH_AGAIN_SECONDS)
        answer = await self._resolver.txt(f"_mta-sts.{domain}")
        id = read_record(answer.records) if isinstance(answer, Found) else ""
        if not id or known.id == id or known.again > now:
            return known.policy
        read = read_policy(await self._text(domain) or "")
        if read is None:
            known = replace(known, again=now + FETCH_AGAIN_SECONDS)
        else:
            known = _Known(id, read[0], now + read[1])
        self._keep(domain, known)
        return known.policy

    def _keep(self, domain: str, known: _Known) -> None:
        self._known[domain] = known
        self._known.move_to_end(domain)
        if len(self._known) > POLICIES_CACHE_SIZE:
            self._known.popitem(last=False)

    async def _text(self, domain: str) -> str | None:
        host = f"mta-sts.{domain}"
        answer = await self._resolver.addresses(host, ipv6=False)
        if not isinstance(answer, Found):
            return None
        address = next(filter(self._usable, answer.records), None)
        return await self._fetch(address, host) if address is not None else None


def https(trusted: ssl.SSLContext, port: int = HTTPS_PORT) -> Fetch:
    """Over HTTPS, with the certificate verified for the host; redirects are not followed (RFC 8461
    3.3).
    """
    get = getting(trusted, FETCH_SECONDS, port)

    async def fetch(address: Address, host: str) -> str | None:
        fetched = await get(address, host, "/.well-known/mta-sts.txt")
        if fetched is None or fetched.content_type != "text/plain":
            return None
        return fetched.octets.decode("utf-8", "replace")

    return fetch
