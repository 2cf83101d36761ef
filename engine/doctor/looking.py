"""Looks at the world for the doctor: the DNS, mail servers, the pages behind links, own ports.

Nothing is changed by it: a mail server is asked whether it would take a mail (RCPT), and given
none; a page is fetched, and what is posted unsubscribes nobody. Each look ends in time, all of them
together too, and no more is read than is used.
"""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never
from urllib.parse import urlsplit

from engine.config import Config
from engine.dns.deadline import Deadline
from engine.dns.resolver import Answer as DnsAnswer
from engine.dns.resolver import (
    DnsResolver,
    Found,
    Mx,
    NoRecords,
    NoSuchName,
    Resolver,
    Unreachable,
)
from engine.doctor.examination import Examined, examine
from engine.doctor.world import (
    Answer,
    Answered,
    BadCertificate,
    Dns,
    Line,
    Mailbox,
    Nothing,
    NotReached,
    Open,
    Ourselves,
    OwnKey,
    Page,
    Port,
    Question,
    Records,
    Seen,
    Subject,
    World,
    txt_line,
)
from engine.mime.headers import HeaderRefused, ascii_domain
from engine.sending.dkim_keys import DkimKeys
from engine.sending.stream_settings import Stream
from engine.subscriber.own_robot import AGENT
from engine.words import N_, words

MAX_QUESTIONS, MAX_ROUNDS, AT_ONCE = 400, 60, 16
LOOK_SECONDS, ALL_SECONDS = 10.0, 90.0
MAX_BODY_BYTES, MAX_LINE_BYTES, MAX_LINES = 65_536, 2048, 100
SMTP_PORT = 25
TOO_MUCH = NotReached(words(N_("too much would have to be asked")))
IN_TIME = NotReached(words(N_("no answer in time")))
NO_CONNECTION = NotReached(words(N_("no connection")))
NO_RESOLVER = NotReached(words(N_("no name server answers")))
STRANGE = NotReached(words(N_("no answer can be made of it")))
Place: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """How it is looked: `route` leads a connection elsewhere, in trials. `greeting`: the name said
    to mail servers.
    """

    resolver: Resolver
    greeting: str = "localhost"
    trust: ssl.SSLContext | None = None
    route: Callable[[Place], Place] = lambda place: place
    seconds: float = LOOK_SECONDS

    async def answer(self, question: Question) -> Answer:
        """Never raises, whatever is out there."""
        try:
            return await asyncio.wait_for(self._look(question), self.seconds * 2)
        except TimeoutError:
            return IN_TIME
        except (OSError, ValueError, EOFError, http.client.HTTPException):
            return NO_CONNECTION

    async def _look(self, question: Question) -> Answer:
        match question:
            case Dns():
                return await self._dns(question)
            case Mailbox(address, hosts):
                return await self._mailbox(address, hosts)
            case Page():
                return await asyncio.to_thread(self._page, question)
            case Port(place):
                return await self._port(place)
            case _:
                assert_never(question)

    async def _dns(self, question: Dns) -> Answer:
        name = question.name
        match question.record:
            case "mx":
                found = await self.resolver.mx(name)
                if isinstance(found, Found):
                    exchangers: list[Mx] = sorted(found.records, key=lambda mx: mx.preference)
                    return Records(tuple(mx.host for mx in exchangers))
                return _not_found(found)
            case "addresses":
                addresses = await self.resolver.addresses(name)
                if isinstance(addresses, Found):
                    return Records(tuple(map(str, addresses.records)))
                return _not_found(addresses)
            case "txt":
                return _texts(await self.resolver.txt(name))
            case "ptr":
                return _texts(await self.resolver.ptr(name))

    async def _mailbox(self, address: str, hosts: tuple[str, ...]) -> Answered | NotReached:
        """The first host that can be reached says it."""
        answer: Answered | NotReached = NO_CONNECTION
        for host in hosts[:2]:
            with suppress(OSError, TimeoutError, EOFError, ValueError):
                answer = await asyncio.wait_for(self._recipient(address, host), self.seconds)
            if isinstance(answer, Answered):
                break
        return answer

    async def _recipient(self, address: str, host: str) -> Answered | NotReached:
        place = self.route((host, SMTP_PORT))
        reader, writer = await asyncio.open_connection(*place, limit=MAX_LINE_BYTES)
        try:
            commands = (
                f"EHLO {self.greeting}",
                "MAIL FROM:<>",
                f"RCPT TO:<{_as_path(address)}>",
            )
            reply = await _reply(reader)
            for command in commands:
                if reply.code >= 400:
                    return reply if command != commands[0] else STRANGE
                writer.write(f"{command}\r\n".encode())
                reply = await _reply(reader)
            writer.write(b"QUIT\r\n")
            return reply
        finally:
            await _closed(writer)

    def _page(self, page: Page) -> Answer:
        parts = urlsplit(page.url)
        secure = parts.scheme == "https" and not page.at
        host = parts.hostname or ""
        wanted = _place(page.at, 80) if page.at else (host, parts.port or (443 if secure else 80))
        with Deadline(self.seconds) as deadline:
            try:
                seen = self._fetched(page, self.route(wanted), host if secure else "", deadline)
            except ssl.SSLCertVerificationError as error:
                return BadCertificate(error.verify_message)
            except (OSError, ValueError, http.client.HTTPException):
                if not deadline.has_passed:
                    raise
                return IN_TIME
            return seen if not deadline.has_passed else IN_TIME

    def _fetched(self, page: Page, place: Place, secure_host: str, deadline: Deadline) -> Seen:
        parts = urlsplit(page.url)
        connection = http.client.HTTPConnection(*place, timeout=self.seconds)
        try:
            connection.connect()
            deadline.watch(connection.sock)
            ends = None
            if secure_host:
                context = self.trust or ssl.create_default_context()
                secured = context.wrap_socket(connection.sock, server_hostname=secure_host)
                connection.sock = secured
                deadline.watch(secured)
                ends = _ends(secured)
            headers = {"Host": parts.netloc, "User-Agent": AGENT, "Accept": "*/*"}
            if page.posted:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(
                "POST" if page.posted else "GET", parts.path or "/", page.posted or None, headers
            )
            response = connection.getresponse()
            body = b""
            while len(body) < MAX_BODY_BYTES and (piece := response.read1(MAX_BODY_BYTES)):
                body += piece
        finally:
            connection.close()
        return Seen(
            response.status,
            response.getheader("Location", "")[:1000],
            response.getheader("Strict-Transport-Security", "")[:200],
            body[:MAX_BODY_BYTES],
            ends,
        )

    async def _port(self, place: str) -> Answer:
        opening = (
            asyncio.open_unix_connection(place)
            if place.startswith("/")
            else asyncio.open_connection(*self.route(_place(place, SMTP_PORT)))
        )
        _reader, writer = await asyncio.wait_for(opening, self.seconds)
        await _closed(writer)
        return Open()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _texts(answer: DnsAnswer[str]) -> Answer:
    """In an order of their own: the DNS has none."""
    if isinstance(answer, Found):
        return Records(tuple(sorted(answer.records)))
    return _not_found(answer)


def _not_found(answer: NoSuchName | NoRecords | Unreachable) -> Nothing | NotReached:
    match answer:
        case NoSuchName():
            return Nothing()
        case NoRecords():
            return Nothing(named=True)
        case Unreachable("no-server"):
            return NO_RESOLVER
        case Unreachable("timed-out"):
            return IN_TIME
        case Unreachable():
            return STRANGE


async def _reply(reader: asyncio.StreamReader) -> Answered:
    """All lines of one (RFC 5321 section 4.2.1). Raises OSError for what is none."""
    texts = []
    for _ in range(MAX_LINES):
        line = (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n")
        if not (len(line) >= 3 and line[:3].isascii() and line[:3].isdigit()):
            raise OSError("no reply")
        texts.append(line[4:])
        if line[3:4] != "-":
            return Answered(int(line[:3]), " ".join(texts))
    raise OSError("no end")


def _as_path(address: str) -> str:
    """Nothing in it ends the command."""
    return "".join(c for c in address if c.isprintable() and c not in "<> ")


def _place(text: str, port: int) -> Place:
    parts = urlsplit(text if "//" in text else f"//{text}")
    host = parts.hostname or "127.0.0.1"
    return ("127.0.0.1" if host in ("0.0.0.0", "::") else host), parts.port or port


def _ends(secured: ssl.SSLSocket) -> int | None:
    certificate = secured.getpeercert() or {}
    ends = certificate.get("notAfter")
    return int(ssl.cert_time_to_seconds(ends)) if isinstance(ends, str) else None


async def look(
    us: Ourselves,
    eyes: Eyes,
    now: int,
    only: Collection[Subject] = (),
    known: Mapping[Question, Answer] | None = None,
) -> dict[Subject, tuple[Line, ...]]:
    """What the checks say once everything they ask for is looked up. `known`: answers that need
    not be.
    """
    answers: dict[Question, Answer] = dict(known or {})
    examined, begun = Examined({}), time.monotonic()
    rounds = 0
    one_of = asyncio.Semaphore(AT_ONCE)

    async def answered(question: Question) -> Answer:
        async with one_of:
            return await eyes.answer(question)

    while True:
        examined = examine(World(us, now, answers), only)
        if not examined.wanted:
            return dict(examined.lines)
        rounds += 1
        spent = (
            rounds > MAX_ROUNDS
            or len(answers) + len(examined.wanted) > MAX_QUESTIONS
            or time.monotonic() - begun > ALL_SECONDS
        )
        given: list[Answer] = (
            [TOO_MUCH] * len(examined.wanted)
            if spent
            else await asyncio.gather(*map(answered, examined.wanted))
        )
        answers.update(zip(examined.wanted, given, strict=True))


def eyes_of(config: Config) -> Eyes:
    """That look from this machine, by its name servers."""
    greeting = config.direct.helo or config.site.sender.rpartition("@")[2]
    return Eyes(resolver=DnsResolver(config.dns.servers, config.dns.port), greeting=greeting)


def ourselves(config: Config) -> Ourselves:
    """Raises UserError where a key of ours cannot be read."""
    web, service = config.web, config.transactional
    us = _identity(config, "marketing")
    return replace(
        us,
        service=_identity(config, "transactional") if service is not None else None,
        url=config.site.url,
        inbound=_inbound(config),
        blocklists=config.doctor.blocklists,
        listens=f"{'127.0.0.1' if web.host in ('0.0.0.0', '::') else web.host}:{web.port}",
    )


def _identity(config: Config, stream: Stream) -> Ourselves:
    site, smtp, identity = config.site, config.smtp, config.identity(stream)
    sender, direct = _ascii(identity.sender), smtp.is_direct
    return Ourselves(
        sender=sender,
        reply_to=_ascii(site.reply_to) if site.reply_to else "",
        return_path=identity.return_path,
        relay="" if direct else smtp.host,
        helo=config.direct.helo if direct else sender.rpartition("@")[2],
        addresses=config.doctor.addresses
        or (_own_addresses(ipv6=config.direct.ipv6) if direct else ()),
        dkim_domain=identity.dkim.domain,
        keys=tuple(_own_keys(config, stream)) if identity.dkim.domain else (),
    )


def _inbound(config: Config) -> tuple[str, ...]:
    listeners = (config.inbound.lmtp, config.inbound.smtp)
    imap = config.inbound.imap
    return (
        *(str(place) for place in listeners if place is not None),
        *([f"{imap.host}:{imap.port}"] if imap is not None else []),
    )


def _own_keys(config: Config, stream: Stream) -> list[OwnKey]:
    keys, domain = DkimKeys(config, stream), config.identity(stream).dkim.domain
    return [
        OwnKey(
            domain,
            selector,
            key.state,
            key.since,
            record,
            txt_line(f"{selector}._domainkey.{domain}", record),
        )
        for key in keys.all()
        for selector, record in keys.records(key)
    ]


def _ascii(address: str) -> str:
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{ascii_domain(domain).lower()}"
    except HeaderRefused:
        return f"{local}@{domain}"


def _own_addresses(*, ipv6: bool) -> tuple[str, ...]:
    """Those that this machine would use to the outside; nothing is sent."""
    found = []
    families = [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")]
    for family, outside in families if ipv6 else families[:1]:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.connect((outside, 9))
            address = ipaddress.ip_address(str(trial.getsockname()[0]))
            if address.is_global:
                found.append(str(address))
    return tuple(found)
