"""Straight to the servers of the readers' own providers (`[smtp] host = "direct"`).

Mails of a batch are grouped by the servers they go to; each set of servers is a pool of connections
of its own. A connection is made to the best server that can be reached, and the next one is tried
where that fails before MAIL; once a final dot was written nothing is tried elsewhere.

A server need not prove who it is, unless the domain asks for that: by DANE (RFC 7672) where our
resolver validates, or by MTA-STS (RFC 8461). Otherwise the connection is encrypted where the server
offers it and it works, without verification (RFC 7435).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import socket
import ssl
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from engine.dns.resolver import Address, Found, NoRecords, Resolver, Tlsa, Unreachable
from engine.sending import dane
from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.envelope import Delivery, Envelope
from engine.sending.handshake import shake_hands
from engine.sending.lines import Lines, LinesOf, ServersOf
from engine.sending.mail_exchange import (
    NO_ANSWER,
    NO_DOMAIN_NOW,
    NO_MAIL,
    NO_SERVER,
    NOT_PROVEN,
    ONLY_IPV6,
    MailExchange,
    can_be_a_server,
    exchange_of,
)
from engine.sending.mta_sts import Fetch, MtaSts, Policy, https
from engine.sending.relay_settings import DirectSettings, RelaySettings
from engine.sending.replies import Reply, Stage, Verdict, classify
from engine.sending.route import RouteUnavailable, TlsFailed
from engine.sending.send_queue import EligibilityCheck
from engine.sending.session_pool import SessionPool
from engine.sending.smtp_session import SmtpSession
from engine.shaping.providers import OTHER, Provider

log = logging.getLogger("relance.send")
CONNECT_SECONDS = 30  # for TCP; the greeting has as long as [smtp.timeouts] says
MAX_HOSTS, MAX_ADDRESSES = 5, 2  # tried for one connection, and of each host
LOOK_UPS = 50  # at the same time
IDLE_SECONDS = 2.0  # for which an unused connection is kept: others want to reach the server too
HOLD_SECONDS = 3600.0  # nothing is handed to servers that refuse our mail as such
MAX_UNREACHED = 5  # sets of servers in a row
ONE_BATCH_SECONDS = 60.0  # while nobody can be reached, one batch is tried in so long
NO_SERVER_HOLDS = 521  # "this server takes no mail" (RFC 7504): another of them may
HELD = Reply(451, "4.7.0", "The provider refuses our mail for now (not sent).")
DNS_IS_AWAY = "No name server answers: where letters go is not known."
NOBODY_IS_REACHED = "No mail server can be reached. Is port 25 open outwards?"


class DirectRoute:
    """`trusted`, `fetch`: who vouches for servers that are to be verified, and how policies are
    got; the system's authorities and HTTPS unless others are given.
    """

    batches = 8  # a slow provider holds up its own batch only

    def __init__(
        self,
        settings: DirectSettings,
        resolver: Resolver,
        journal: DeliveryJournal | None = None,
        *,
        trusted: ssl.SSLContext | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        self.settings, self.resolver, self.journal = settings, resolver, journal
        self._trusted = trusted
        self.trouble = ""
        self._lines_of: LinesOf = _nobody_counts
        self._policies = MtaSts(resolver, fetch or https(self.trusted), self.usable)
        self._pools: dict[MailExchange, MxPool] = {}
        self._users: Counter[MailExchange] = Counter()
        self._at_once = asyncio.Semaphore(settings.direct.connections)
        self._collecting = asyncio.Lock()
        self._look_ups = asyncio.Semaphore(LOOK_UPS)
        self._held: dict[str, float] = {}
        self._unreached: set[MailExchange] = set()
        self._tried_at = float("-inf")
        self._leaving = False
        self._closed = False

    @cached_property
    def trusted(self) -> ssl.SSLContext:
        return self._trusted or ssl.create_default_context()

    @cached_property
    def unverified(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    @cached_property
    def server(self) -> RelaySettings:
        """How each server is spoken to; its name is filled in."""
        smtp, direct = self.settings.smtp, self.settings.direct
        return RelaySettings(
            host="",
            port=direct.port,
            tls="if-offered",
            connections=smtp.connections,
            hostname=direct.helo,
            verify=self.unverified,
            timeouts=smtp.timeouts,
            idle_seconds=IDLE_SECONDS,
        )

    def usable(self, address: Address) -> bool:
        return self.settings.smtp.sink or can_be_a_server(address)

    async def open(self) -> None:
        """While nothing works, one batch a minute is let through: which server would answer is not
        known. Raises RouteUnavailable.
        """
        if self.trouble == DNS_IS_AWAY and await self._dns_answers():
            self.trouble = ""
        now = time.monotonic()
        if self.trouble and now < self._tried_at + ONE_BATCH_SECONDS:
            raise RouteUnavailable(self.trouble, "temporary", "connect")
        self._tried_at = now

    async def deliver(
        self,
        envelopes: Sequence[Envelope],
        before: EligibilityCheck | None,
        on_outcome: Callable[[Delivery], None],
    ) -> None:
        if self._closed:
            raise RouteUnavailable("The route was closed.", "temporary", "connect")
        by_domain: defaultdict[str, list[Envelope]] = defaultdict(list)
        for envelope in envelopes:
            by_domain[_domain(envelope)].append(envelope)
        exchanges = await asyncio.gather(*map(self._exchange_of, by_domain))
        if set(exchanges) == {NO_ANSWER} and not await self._dns_answers():
            self.trouble, self._tried_at = DNS_IS_AWAY, time.monotonic()
            raise RouteUnavailable(DNS_IS_AWAY, "temporary", "connect")
        by_exchange: defaultdict[MailExchange, list[Envelope]] = defaultdict(list)
        for exchange, of_domain in zip(exchanges, by_domain.values(), strict=True):
            if isinstance(exchange, MailExchange):
                by_exchange[exchange] += of_domain
            else:
                _end(of_domain, exchange, on_outcome)
        ends = await asyncio.gather(
            *(
                self._deliver_to(exchange, of_exchange, before, on_outcome)
                for exchange, of_exchange in by_exchange.items()
            ),
            return_exceptions=True,
        )
        for error in ends:
            if error is not None:
                raise error

    def keep_to(self, lines_of: LinesOf) -> ServersOf:
        self._lines_of = lines_of
        return self._servers_of

    async def _servers_of(self, domains: Collection[str]) -> Mapping[str, Sequence[str]]:
        async def servers(domain: str) -> MailExchange | Reply:
            async with self._look_ups:
                return await exchange_of(domain, self.resolver)

        answers = await asyncio.gather(*map(servers, domains))
        return {
            domain: [mx.host for mx in exchange.hosts]
            for domain, exchange in zip(domains, answers, strict=True)
            if isinstance(exchange, MailExchange)
        }

    def hold(self, servers: str) -> None:
        now = time.monotonic()
        self._held = {held: until for held, until in self._held.items() if until > now}
        self._held[servers] = now + HOLD_SECONDS

    def stop_connecting(self) -> None:
        self._leaving = True
        for pool in self._pools.values():
            pool.stop_connecting()

    def cut(self) -> int:
        return sum(pool.cut() for pool in self._pools.values())

    async def close(self) -> None:
        self._closed = True
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    def reached(self) -> None:
        self._unreached.clear()
        if self.trouble == NOBODY_IS_REACHED:
            self.trouble = ""

    def unreached(self, exchange: MailExchange) -> None:
        self._unreached.add(exchange)
        if len(self._unreached) >= MAX_UNREACHED:
            self.trouble = NOBODY_IS_REACHED

    async def _exchange_of(self, domain: str) -> MailExchange | Reply:
        async with self._look_ups:
            exchange = await exchange_of(domain, self.resolver)
            if isinstance(exchange, MailExchange) and (policy := await self._policies.of(domain)):
                return replace(exchange, policy=policy)
            return exchange

    async def _dns_answers(self) -> bool:
        """Of a name that is asked for the first time, so that no answer kept here is meant."""
        name = f"{secrets.token_hex(4)}.{self.settings.direct.helo}"
        return not isinstance(await self.resolver.addresses(name, ipv6=False), Unreachable)

    async def _deliver_to(
        self,
        exchange: MailExchange,
        envelopes: Sequence[Envelope],
        before: EligibilityCheck | None,
        on_outcome: Callable[[Delivery], None],
    ) -> None:
        hosts, providers = [mx.host for mx in exchange.hosts], self.settings.providers
        named = {
            envelope.key: providers.of(_domain(envelope), hosts).name for envelope in envelopes
        }
        provider = next(iter(named.values()))
        servers = provider if provider != OTHER else hosts[0]

        def outcome(delivery: Delivery) -> None:
            on_outcome(delivery._replace(servers=servers, provider=named[delivery.key]))

        self._users[exchange] += 1
        try:
            if self._held.get(servers, 0.0) > time.monotonic():
                return _end(envelopes, HELD, on_outcome)
            if exchange not in self._pools:
                self._pools[exchange] = self._pool(exchange, providers.by_name[provider])
            pool = self._pools[exchange]
            async with self._connections(pool.wanted(len(envelopes))):
                if not self._leaving:
                    await pool.deliver(envelopes, before, outcome)
        finally:
            self._users[exchange] -= 1
            self._tidy()

    @contextlib.asynccontextmanager
    async def _connections(self, count: int) -> AsyncIterator[None]:
        """The right to so many connections. They are collected by one at a time: two that hold a
        part each would wait for each other.
        """
        held = 0
        try:
            async with self._collecting:
                while held < count:
                    await self._at_once.acquire()
                    held += 1
            yield
        finally:
            for _ in range(held):
                self._at_once.release()

    def _pool(self, exchange: MailExchange, provider: Provider) -> MxPool:
        lines = self._lines_of(provider)
        if lines is None:
            return MxPool(self, exchange, self.server)
        settings = replace(
            self.server,
            connections=provider.connections,
            messages=provider.messages_per_connection,
        )
        return MxPool(self, exchange, settings, lines)

    def _tidy(self) -> None:
        """Pools that nobody uses go; with more idle connections than there may be connections, all
        of them are closed.
        """
        self._users += Counter()  # keeps what is above 0
        if sum(pool.idle for pool in self._pools.values()) > self.settings.direct.connections:
            for pool in self._pools.values():
                pool.close_idle()
        for exchange, pool in list(self._pools.items()):
            if pool.is_quiet and exchange not in self._users:
                pool.leave_lines()
                del self._pools[exchange]


class MxPool(SessionPool):
    """Connections to one set of servers."""

    def __init__(
        self,
        route: DirectRoute,
        exchange: MailExchange,
        settings: RelaySettings,
        lines: Lines | None = None,
    ) -> None:
        super().__init__(settings, lines)
        self._route, self._exchange = route, exchange

    async def _connect(self) -> SmtpSession:
        failures: list[RouteUnavailable] = []
        policy = self._exchange.policy
        for host in self._exchange.in_order()[:MAX_HOSTS]:
            if policy is not None and not policy.allows(host):
                if policy.mode == "enforce":
                    failures.append(_put_off(NOT_PROVEN))
                    continue
                _note_testing("the policy does not name the server")
            try:
                return await self._connect_to(host, policy)
            except RouteUnavailable as failure:
                failures.append(failure)
        # One server that may take it later makes the whole wait.
        raise next((failure for failure in failures if _is_temporary(failure)), failures[0])

    async def _connect_to(self, host: str, policy: Policy | None) -> SmtpSession:
        addresses, records = await self._look_up(host)
        server = replace(self.settings, host=host)
        failure: RouteUnavailable | None = None
        for address in random.sample(addresses, min(len(addresses), MAX_ADDRESSES)):
            try:
                if records:
                    return await self._by_dane(server, address, dane.usable(records))
                if policy is not None:
                    return await self._by_policy(server, address, policy)
                return await self._unverified(server, address)
            except TlsFailed:
                failure = _put_off(NOT_PROVEN)
            except RouteUnavailable as unavailable:
                failure = unavailable
                reply = unavailable.reply
                if reply is not None and reply.code == NO_SERVER_HOLDS:
                    failure = RouteUnavailable("It takes no mail.", "temporary", "connect")
        assert failure is not None
        raise failure

    async def _look_up(self, host: str) -> tuple[list[Address], tuple[Tlsa, ...]]:
        """Where a server is, and its TLSA records if the DNS was validated all the way. Raises
        RouteUnavailable.
        """
        resolver, direct = self._route.resolver, self._route.settings.direct
        answer = await resolver.addresses(host, ipv6=direct.ipv6)
        if isinstance(answer, NoRecords) and not direct.ipv6:
            version_6 = await resolver.addresses(host)
            answer = version_6 if isinstance(version_6, Unreachable) else answer
            if isinstance(version_6, Found):
                raise _put_off(ONLY_IPV6)
        if isinstance(answer, Unreachable):
            raise _put_off(NO_ANSWER)
        found = answer.records if isinstance(answer, Found) else ()
        usable = [address for address in found if self._route.usable(address)]
        if not isinstance(answer, Found) or not usable:
            raise RouteUnavailable(NO_SERVER.text, "temporary", "rcpt", NO_SERVER)
        if not (self._exchange.secure and answer.secure):
            return usable, ()
        for name in dict.fromkeys((answer.name, host)):
            tlsa = await resolver.tlsa(f"_{direct.port}._tcp.{name}")
            if isinstance(tlsa, Unreachable):  # somebody may be hiding it (RFC 7672 2.1.1)
                raise _put_off(NO_ANSWER)
            if isinstance(tlsa, Found) and tlsa.secure:
                return usable, tlsa.records
        return usable, ()

    async def _by_dane(
        self, server: RelaySettings, address: Address, records: Sequence[Tlsa]
    ) -> SmtpSession:
        def check(secured: ssl.SSLObject) -> None:
            chain = dane.chain_of(secured)
            if records and not dane.holds(records, chain, server.host, datetime.now(UTC)):
                raise TlsFailed("The certificate is not the DANE one.", "temporary", "connect")

        return await self._open(replace(server, tls="starttls", check=check), address)

    async def _by_policy(
        self, server: RelaySettings, address: Address, policy: Policy
    ) -> SmtpSession:
        verified = replace(server, tls="starttls", verify=self._route.trusted)
        try:
            return await self._open(verified, address)
        except TlsFailed:
            if policy.mode == "enforce":
                raise
            _note_testing("the connection is not secured as the policy has it")
            return await self._unverified(server, address)

    async def _unverified(self, server: RelaySettings, address: Address) -> SmtpSession:
        try:
            return await self._open(server, address)
        except TlsFailed:
            return await self._open(replace(server, tls="none"), address)

    async def _open(self, server: RelaySettings, address: Address) -> SmtpSession:
        try:
            connected = await _connected(address, server.port)
        except OSError as error:
            self._route.unreached(self._exchange)
            raise RouteUnavailable(
                "The server cannot be reached.", "temporary", "connect"
            ) from error
        self._route.reached()
        return await shake_hands(server, self._route.journal, connected)


async def _connected(address: Address, port: int) -> socket.socket:
    """Raises OSError, a TimeoutError among them."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.get_running_loop().sock_connect(connecting, (str(address), port))
    except BaseException:
        connecting.close()
        raise
    return connecting


def _domain(envelope: Envelope) -> str:
    return envelope.recipient.rpartition("@")[2].lower()


def _nobody_counts(provider: Provider) -> None:
    return None


def _put_off(reply: Reply) -> RouteUnavailable:
    return RouteUnavailable(reply.text, "temporary", "connect", reply)


def _is_temporary(failure: RouteUnavailable) -> bool:
    reply = failure.reply
    return reply is None or classify(failure.stage, reply) is Verdict.TEMPORARY


def _end(
    envelopes: Sequence[Envelope], reply: Reply, on_outcome: Callable[[Delivery], None]
) -> None:
    """What is said here of a recipient's domain counts as said of the recipient; trouble on the way
    there does not.
    """
    stage: Stage = "rcpt" if reply in (NO_DOMAIN_NOW, NO_MAIL, NO_SERVER) else "connect"
    for envelope in envelopes:
        on_outcome(Delivery(envelope.key, stage, reply, classify(stage, reply), ""))


def _note_testing(why: str) -> None:
    log.info("an MTA-STS policy that is being tested would not hold", extra={"why": why})
