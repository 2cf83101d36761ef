"""Hands messages to one SMTP relay over a few connections, kept open and used again. The only door
to aiosmtplib.

aiosmtplib connects, greets, secures and authenticates; then our own session takes its transport
over. TLS, where asked for, is verified for chain and host name or there is no connection (RFC
8314); a password is said only under TLS, or in clear to this very machine.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Sequence
from typing import Literal

import aiosmtplib

from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.envelope import Delivery, Envelope, Offers
from engine.sending.relay_settings import RelaySettings
from engine.sending.replies import Reply, Stage, parse_reply, redacted
from engine.sending.send_queue import ApprovedGroup, EligibilityCheck, SendQueue
from engine.sending.smtp_session import ConnectionLost, SmtpConnection, SmtpSession

MAX_GROUP = 50  # messages per question of eligibility
MIN_PER_CONNECTION = 5  # messages; opening one costs about as many exchanges


class RelayUnavailable(Exception):
    """The relay cannot be used; the sentence says why. A "configuration" error needs a person:
    trying again does not help.
    """

    def __init__(
        self,
        sentence: str,
        kind: Literal["temporary", "configuration"],
        stage: Stage,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(sentence)
        self.kind, self.stage, self.reply = kind, stage, reply


class Relay:
    """Used from one event loop. Several `deliver` may run at once; together they keep to
    `settings.connections`.
    """

    def __init__(self, settings: RelaySettings, journal: DeliveryJournal | None = None) -> None:
        self.settings = settings
        self._journal = journal
        # A slot is the right to one connection. Idle connections hold no slot, since whoever takes
        # a slot takes an idle connection first.
        self._slots = asyncio.Semaphore(settings.connections)
        self._idle: dict[SmtpSession, asyncio.TimerHandle] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._under_way: set[SmtpSession] = set()
        self._opening: set[asyncio.Future[SmtpSession]] = set()
        self._leaving = False
        self._closed = False
        self.trouble = ""  # why the last connection could not be made

    async def open(self) -> None:
        """Opens one connection, to test that it can be done. Raises RelayUnavailable."""
        async with self._slots:
            self._keep_idle(self._take_idle() or await self._connect())

    async def deliver(
        self,
        envelopes: Sequence[Envelope],
        before: EligibilityCheck | None,
        on_outcome: Callable[[Delivery], None],
    ) -> None:
        """Ends every envelope exactly once, except those that `before` does not return: they are
        not sent.

        `before` is asked for groups, less than a second before their MAIL, and again when that
        second has passed. When `before` or `on_outcome` raise, or a mark cannot be written, what is
        under way is finished and the error raised; on cancellation what is under way is cut.
        Whatever has no outcome then was not begun.
        """
        if self._closed:
            raise RelayUnavailable("The relay was closed.", "temporary", "connect")
        queue = SendQueue(envelopes, before, on_outcome)
        share = -(-len(envelopes) // self.settings.connections)
        size = min(MAX_GROUP, max(MIN_PER_CONNECTION, share))
        while not (queue.over or self._leaving):
            progress = queue.progress
            workers = min(self.settings.connections, -(-len(queue.waiting) // size))
            ends = await asyncio.gather(
                *(self._work(queue, size) for _ in range(workers)), return_exceptions=True
            )
            for error in ends:
                if error is not None:
                    raise error
            if queue.progress == progress and not self._leaving:
                queue.give_up()

    def stop_connecting(self) -> None:
        """Open no more connections, and cancel those being opened: nothing has been sent on them.
        Waiting messages end without an outcome.
        """
        self._leaving = True
        for attempt in self._opening:
            attempt.cancel()

    def cut(self) -> int:
        """After `stop_connecting`: close the connections without waiting for replies; returns how
        many were closed. A message whose dot was written is in doubt, any other was not begun.
        """
        for session in self._under_way:
            session.connection.abort(
                ConnectionLost("We stopped waiting for the server.", ours=True)
            )
        return len(self._under_way)

    async def close(self) -> None:
        """Waits for deliveries under way, then leaves every connection with QUIT."""
        self._closed = True
        await asyncio.gather(*self._retiring)
        for _ in range(self.settings.connections):
            await self._slots.acquire()
        for timer in self._idle.values():
            timer.cancel()
        seconds = self.settings.quit_seconds
        await asyncio.gather(*(session.connection.quit(seconds) for session in self._idle))
        self._idle.clear()
        for _ in range(self.settings.connections):
            self._slots.release()

    async def _work(self, queue: SendQueue, size: int) -> None:
        group = ApprovedGroup(queue, size)
        async with self._slots:
            try:
                while not (queue.over or self._leaving):
                    session = self._take_idle() or await self._connect()
                    if not await self._carry(session, group, queue):
                        return
            except RelayUnavailable as unavailable:
                queue.obstacle = unavailable.stage, unavailable.reply
            except BaseException:
                queue.stopped = True
                raise

    async def _carry(self, session: SmtpSession, group: ApprovedGroup, queue: SendQueue) -> bool:
        """Send on one session what the group gives; False when the connection was new and carried
        nothing, so that another one would hardly do better.
        """
        settled = session.settled
        self._under_way.add(session)
        try:
            await session.carry(group, queue.outcome)
        except ConnectionLost as lost:
            queue.obstacle = (
                "connect",
                (lost.reply if lost.reply and lost.reply.code == 421 else None),
            )
            return session.was_idle or session.settled > settled
        finally:
            self._under_way.discard(session)
            group.give_back()
            queue.progress += session.settled - settled
        self._keep_idle(session)
        return True

    def _take_idle(self) -> SmtpSession | None:
        while self._idle:
            session, timer = self._idle.popitem()
            timer.cancel()
            if session.connection.usable:
                return session
            session.connection.abort(ConnectionLost("The server closed the connection."))
        return None

    def _keep_idle(self, session: SmtpSession) -> None:
        session.was_idle = True
        later = asyncio.get_running_loop().call_later
        self._idle[session] = later(self.settings.idle_seconds, self._retire, session)

    def _retire(self, session: SmtpSession) -> None:
        if not self._closed and self._idle.pop(session, None) is not None:
            task = asyncio.create_task(self._leave(session))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def _leave(self, session: SmtpSession) -> None:
        async with self._slots:  # the server still counts it
            await session.connection.quit(self.settings.quit_seconds)

    async def _connect(self) -> SmtpSession:
        smtp: aiosmtplib.SMTP | None = None
        try:
            smtp = self._client()
            greeted = await self._unless_leaving(self._handshake(smtp))
            self.trouble = ""
            return greeted
        except BaseException as error:
            if smtp is not None:
                smtp.close()
            unavailable = _why(error, self.settings)
            self.trouble = "" if self._leaving else str(unavailable or "")
            if unavailable is error or unavailable is None:
                raise
            raise unavailable from error

    async def _unless_leaving(
        self, greeting: Coroutine[object, object, SmtpSession]
    ) -> SmtpSession:
        attempt = asyncio.ensure_future(greeting)
        self._opening.add(attempt)
        attempt.add_done_callback(self._opening.discard)
        try:
            return await attempt
        except asyncio.CancelledError:
            if self._leaving and attempt.cancelled():
                raise RelayUnavailable(
                    "Nothing more is begun: the sender stops.", "temporary", "connect"
                ) from None
            raise

    def _client(self) -> aiosmtplib.SMTP:
        settings = self.settings
        if settings.username and settings.tls == "none" and not settings.is_this_machine:
            raise RelayUnavailable(
                f"A password is not sent to {settings.host} in clear: set TLS for this relay.",
                "configuration",
                "auth",
            )
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            local_hostname=settings.hostname,
            timeout=settings.timeouts.connect,
            use_tls=settings.tls == "implicit",
            start_tls=False,
            tls_context=settings.verify
            or (None if settings.tls == "none" else ssl.create_default_context()),
        )

    async def _handshake(self, smtp: aiosmtplib.SMTP) -> SmtpSession:
        settings = self.settings
        await smtp.connect()
        await _hello(smtp)
        if settings.tls == "starttls":
            if not smtp.supports_extension("starttls"):
                raise RelayUnavailable(
                    f"{settings.host} does not offer STARTTLS, or somebody on the way removed it:"
                    " nothing was sent.",
                    "configuration",
                    "helo",
                )
            await smtp.starttls()
            await _hello(smtp)
        if settings.username:
            await _log_in(smtp, settings)
        return self._take_over(smtp)

    def _take_over(self, smtp: aiosmtplib.SMTP) -> SmtpSession:
        transport = smtp.transport
        assert transport is not None
        connection = SmtpConnection()
        transport.set_protocol(connection)
        connection.connection_made(transport)
        secured = transport.get_extra_info("ssl_object")
        cipher = secured.cipher() if secured else None
        size = smtp.esmtp_extensions.get("size", "").strip()
        offers = Offers(
            pipelining=smtp.supports_extension("pipelining"),
            size=int(size) if size.isascii() and size.isdigit() else 0,
            says_size=smtp.supports_extension("size"),
            eight_bit=smtp.supports_extension("8bitmime"),
            smtputf8=smtp.supports_extension("smtputf8"),
            dsn=smtp.supports_extension("dsn"),
        )
        tls = f"{secured.version()} {cipher[0]}" if secured and cipher else ""
        return SmtpSession(connection, offers, self.settings.timeouts, tls, self._journal)


async def _hello(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as refused:
        if refused.code // 100 != 5 or not smtp.is_connected:
            raise
        await smtp.helo()


async def _log_in(smtp: aiosmtplib.SMTP, settings: RelaySettings) -> None:
    # One attempt, not one per method as aiosmtplib's login does: a wrong password tried thrice
    # locks accounts.
    for method, log_in in (
        ("plain", smtp.auth_plain),
        ("login", smtp.auth_login),
        ("cram-md5", smtp.auth_crammd5),
    ):
        if method in smtp.supported_auth_methods:
            await log_in(settings.username, settings.password)
            return
    raise RelayUnavailable(
        f"{settings.host} offers no way to log in that is known here (PLAIN, LOGIN, CRAM-MD5).",
        "configuration",
        "auth",
    )


def _why(error: BaseException, settings: RelaySettings) -> RelayUnavailable | None:
    """What aiosmtplib or the network raised, as RelayUnavailable; None for an error that is a
    defect of ours.
    """
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, RelayUnavailable):
        return error
    if isinstance(error, ValueError) and not isinstance(
        error, OSError
    ):  # a certificate error is both
        return RelayUnavailable(
            f"The settings of {where} cannot be used: {error}", "configuration", "connect"
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        stage: Stage = (
            "auth"
            if isinstance(error, aiosmtplib.SMTPAuthenticationError)
            else ("connect" if isinstance(error, aiosmtplib.SMTPConnectResponseError) else "helo")
        )
        reply = _reply(error.code, error.message)
        sentence = (
            f"{where} refused {'the login' if stage == 'auth' else 'the connection'}: {error.code}"
            f" {reply.text}"
        )
        return RelayUnavailable(
            sentence, "temporary" if error.code // 100 == 4 else "configuration", stage, reply
        )
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {where} cannot be trusted ({cause.verify_message}): nothing was"
            " sent."
        )
        return RelayUnavailable(sentence, "configuration", "connect")
    if isinstance(cause, ssl.SSLError):
        return RelayUnavailable(
            f"No secure connection to {where}: {cause.reason}.", "configuration", "connect"
        )
    if isinstance(error, (aiosmtplib.SMTPException, OSError)):
        return RelayUnavailable(f"{where} cannot be reached: {error}", "temporary", "connect")
    return None


def _reply(code: int, text: str) -> Reply:
    try:
        reply = parse_reply([f"{code} {text}".encode("utf-8", "replace")])
    except ValueError:
        return Reply(421, "", "The server's answer makes no sense.")
    return Reply(reply.code, reply.enhanced, redacted(reply.text))
