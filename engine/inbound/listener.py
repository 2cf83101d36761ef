"""Where a mail server hands mail in: LMTP (RFC 2033) and SMTP (RFC 5321). The second door to
aiosmtpd.

250 is said after the commit and no sooner; while the database is away, or where it cannot be told
yet whom a mail is about, 451, so that the mail server keeps it and comes again. Nothing is relayed,
no address is expanded, and neither TLS nor a password is spoken: it stands behind a mail server.

Bounded: 10 MB a mail, two minutes of silence or for a mail on its way, some connections at once, of
which those that are silent give way. A dot alone between line ends that are no CR LF, by which one
mail is made to hold another (smuggling), is refused; so is a line above a megabyte.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import AnyStr, Final, Literal, Protocol, assert_never, cast
from weakref import WeakSet

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from engine.inbound.handling import Handled, InboundDoor
from engine.inbound.mail import MAX_MAIL_BYTES
from engine.inbound.own_letters import TryLater
from engine.inbound.settings import Place
from engine.ledger.store import LOST
from engine.mime.return_path import TOKEN_CHARACTERS
from engine.sending.connection_limit import Connections
from engine.store.safe_error_text import safe_error_text
from engine.vault.inbound_mail import UnknownFull

log = logging.getLogger("relance.inbound")

MAX_CONNECTIONS: Final = 100
MAX_RECIPIENTS: Final = 50
MAX_LINE_BYTES: Final = 1024 * 1024
MAX_AT_ONCE: Final = 4
"""Mails that are read at the same time, each in a thread; the others wait."""
SILENCE_SECONDS: Final = 120.0
RETRY_SECONDS: Final = 15.0
"""After which a port that was taken is tried again."""
# By then aiosmtpd has taken away a dot that began a line.
_SMUGGLED = re.compile(rb"(?:(?<!\r)\n|\r(?!\n))\.[\r\n]|\r\n(?:\n|\r(?!\n))")

TAKEN: Final = "250 2.0.0 Taken"
LATER: Final = "451 4.3.0 Try again later"
FULL: Final = "452 4.3.1 No room for more mails that are not understood"
SMUGGLED: Final = "550 5.6.11 Lines end with CR LF"
TOO_MANY: Final = "452 4.5.3 Too many recipients"

MailProtocol = Literal["lmtp", "smtp"]


class MailHandling(Protocol):
    def handle(self, octets: bytes, recipients: Sequence[str], door: InboundDoor) -> Handled: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds of wall clock, and connections; smaller in tests."""

    silence: float = SILENCE_SECONDS
    connections: int = MAX_CONNECTIONS
    retry: float = RETRY_SECONDS


USUAL: Final = Bounds()


class InboundListener:
    """Listens at one place. `trouble` is why it does not, "" while it does."""

    def __init__(
        self,
        place: Place,
        protocol: MailProtocol,
        handling: MailHandling,
        hostname: str,
        bounds: Bounds = USUAL,
    ) -> None:
        self.place, self.protocol, self.hostname, self.bounds = place, protocol, hostname, bounds
        self.trouble = ""
        self._handling = handling
        self._at_once = asyncio.Semaphore(MAX_AT_ONCE)
        self._admitted = Connections(bounds.connections, bounds.connections)
        self._connections: WeakSet[SMTP] = WeakSet()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises OSError."""
        loop = asyncio.get_running_loop()
        if self.place.path:
            self._server = await loop.create_unix_server(self._connected, self.place.path)
            await asyncio.to_thread(os.chmod, self.place.path, 0o660)
        else:
            self._server = await loop.create_server(
                self._connected, self.place.host, self.place.port
            )

    @property
    def port(self) -> int:
        """That was found free, where port 0 was asked for; 0 of a socket's path."""
        name = self._server.sockets[0].getsockname() if self._server is not None else ""
        return int(name[1]) if isinstance(name, tuple) else 0

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. A place that is taken is tried again and ends nothing."""
        while not stop.is_set():
            try:
                await self.start()
            except OSError as error:
                self._say(error.strerror or str(error))
                await _within(stop, self.bounds.retry)
                continue
            self._say("")
            await stop.wait()
        await self.stop()

    async def stop(self) -> None:
        """What is being handled is committed, and answered no more: it comes again, and changes
        nothing.
        """
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            if connection.transport is not None:
                cast(asyncio.WriteTransport, connection.transport).close()
        await self._server.wait_closed()
        self._server = None
        if self.place.path:
            await asyncio.to_thread(Path(self.place.path).unlink, missing_ok=True)

    def _say(self, trouble: str) -> None:
        where = {"place": str(self.place), "protocol": self.protocol}
        if trouble and trouble != self.trouble:
            log.error("mail is not taken in", extra=where | {"why": trouble})
        elif not trouble:
            log.info("mail is taken in", extra=where)
        self.trouble = trouble

    def _connected(self) -> SMTP:
        kind = _LmtpConnection if self.protocol == "lmtp" else _SmtpConnection
        connection = kind(self, self._admitted)
        self._connections.add(connection)
        return connection

    # What aiosmtpd calls

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return TOO_MANY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """One answer, or of LMTP one for each recipient (RFC 2033 section 4.2)."""
        octets = bytes(envelope.original_content or b"")
        recipients = list(envelope.rcpt_tos)
        if _SMUGGLED.search(octets):
            log.warning("a mail was refused: it holds another", extra={"protocol": self.protocol})
            answers = [SMUGGLED] * len(recipients)
        else:
            by_recipient: dict[str, str] = {}
            for together in parcels(recipients):
                answer = await self._answer(octets, together)
                by_recipient |= dict.fromkeys(together, answer)
            answers = [by_recipient[recipient] for recipient in recipients]
        match self.protocol:
            case "lmtp":
                return "\r\n".join(answers)
            case "smtp":
                # All or nothing: who is handled comes again, and that changes nothing.
                return max(answers, key=lambda answer: answer != TAKEN)
            case _:
                assert_never(self.protocol)

    async def _answer(self, octets: bytes, recipients: Sequence[str]) -> str:
        async with self._at_once:
            try:
                await asyncio.to_thread(self._handling.handle, octets, recipients, self.protocol)
            except TryLater:
                return LATER
            except UnknownFull:
                log.warning("there is no room for more mails that are not understood")
                return FULL
            except LOST as error:
                log.warning("mail waits for the database", extra={"why": safe_error_text(error)})
                return LATER
            except Exception:
                # The mail server keeps the mail: it is not lost by what is mended here.
                log.exception("a mail could not be handled")
                return LATER
        return TAKEN


class _Bounded(SMTP):
    """A connection that gives way to others while it carries nothing."""

    line_length_limit = MAX_LINE_BYTES

    def __init__(self, listener: InboundListener, admitted: Connections) -> None:
        self._admitted = admitted
        super().__init__(
            listener,
            data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname=listener.hostname,
            ident="Relance",
            timeout=listener.bounds.silence,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        if not self._admitted.admit(self, address):
            self.drop()

    def connection_lost(self, error: Exception | None) -> None:
        self._admitted.leave(self)
        super().connection_lost(error)

    async def push(self, status: AnyStr) -> None:
        if isinstance(status, str) and status.startswith(("552", "500 Line")):
            log.warning("a mail was refused: it is too large", extra={"answer": status})
        await super().push(status)

    def is_idle(self) -> bool:
        return self.envelope is None or self.envelope.mail_from is None

    def drop(self) -> None:
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()


class _SmtpConnection(_Bounded):
    pass


class _LmtpConnection(_Bounded, LMTP):
    pass


def parcels(recipients: Iterable[str]) -> list[tuple[str, ...]]:
    """What is handled together: an address with a token of its own alone, all others as one."""
    unique = list(dict.fromkeys(recipients))
    tokens = [
        address
        for address in unique
        if len(address.rpartition("@")[0].rpartition("+")[2]) == TOKEN_CHARACTERS
    ]
    others = tuple(address for address in unique if address not in tokens)
    return [*((address,) for address in tokens), *([others] if others else [])]


async def _within(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
