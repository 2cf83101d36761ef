"""The SMTP session of one open connection: mail transaction after mail transaction, and exactly one
outcome for each that was begun.

Where the peer offers PIPELINING (RFC 2920), MAIL, RCPT and DATA travel together, and behind the
final dot of one message those of the next; otherwise one command at a time. The delivery journal is
written before the dot. However the connection ends, each open transaction is settled by what is
known: refused when a refusal was read; in doubt when the dot was handed to the network; given back
when MAIL was not answered; temporary otherwise.

A connection is used by one coroutine at a time. Its memory is bounded both ways: an answer has a
largest size, answers to no command end the connection, and a writer of much awaits `room` first.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, cast

from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.envelope import (
    Delivery,
    Envelope,
    Offers,
    crlf,
    dotted,
    mail_command,
    rcpt_command,
)
from engine.sending.replies import Reply, Stage, Verdict, classify, parse_reply, redacted
from engine.sending.smtp_settings import Timeouts

MAX_LINE_OCTETS = 8192
MAX_REPLY_LINES = 128
MAX_UNREAD_REPLIES = 16
UNLIMITED = 2**62
CLOCK_STEP_SECONDS = 0.002
"""uvloop's timers and clock go by milliseconds."""


class ConnectionLost(Exception):
    """The connection is over: closed, timed out, or out of step. `reply` is the 421 or the
    unexpected reply that ended it; `ours`: we ended it and wait for nothing more.
    """

    def __init__(
        self, why: str, *, reply: Reply | None = None, timed_out: bool = False, ours: bool = False
    ) -> None:
        super().__init__(why)
        self.reply = reply
        self.timed_out = timed_out
        self.ours = ours


class SmtpConnection(asyncio.Protocol):
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._paused = False
        self._over: ConnectionLost | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = math.inf  # of who waits, by the loop's clock
        self._patience = 0.0  # seconds from when the wait began to its deadline
        self._timer: asyncio.TimerHandle | None = None
        self._when_lost: Callable[[bool], None] | None = None
        self._lost_by_us: bool | None = None

    def when_lost(self, tell: Callable[[bool], None]) -> None:
        """Calls `tell` once the connection is closed: True where we broke it off."""
        self._when_lost = tell
        if self._lost_by_us is not None:
            tell(self._lost_by_us)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._transport.is_closing():
            self._end(ConnectionLost("The server closed the connection."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost_by_us = self._over is not None
        if self._when_lost is not None:
            self._when_lost(self._lost_by_us)
        if self._timer is not None:
            self._timer.cancel()
        self._end(ConnectionLost("The server closed the connection."))

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    def data_received(self, data: bytes) -> None:
        lines = (self._unread + data).split(b"\n")
        self._unread = lines.pop()
        for line in lines:
            self._lines.append(line)
            if line[3:4] != b"-":
                try:
                    self._replies.append(parse_reply(self._lines))
                except ValueError as nonsense:
                    return self.abort(ConnectionLost(str(nonsense)))
                self._lines = []
        if (
            len(self._unread) > MAX_LINE_OCTETS
            or len(self._lines) > MAX_REPLY_LINES
            or len(self._replies) > MAX_UNREAD_REPLIES
        ):
            return self.abort(ConnectionLost("The server answered more than it was asked."))
        self._wake()

    @property
    def answered(self) -> bool:
        """Whether a reply has arrived that was not read yet."""
        return bool(self._replies)

    @property
    def usable(self) -> bool:
        """Whether an idle connection can be reused: it is open, and nothing has arrived on it
        since.
        """
        return self._over is None and not (self._replies or self._lines or self._unread)

    def check(self) -> None:
        if self._over:
            raise self._over

    def write(self, data: bytes) -> None:
        self.check()
        assert self._transport is not None
        self._transport.write(data)

    async def drained(self, seconds: float) -> None:
        """Waits until the peer has taken most of what was written, or answers early. Raises
        ConnectionLost.
        """
        if self._paused:
            await self._until(lambda: not self._paused or bool(self._replies), seconds)
        self.check()

    async def reply(self, seconds: float) -> Reply:
        """The next answer; those that came before the end are still given after it. Raises
        ConnectionLost.
        """
        if not self._replies:
            self._be_over_within(seconds)
            try:
                while not self._replies:
                    await self._woken()
            finally:
                self._deadline = math.inf
        return self._replies.popleft()

    def take_three_that_accept(self) -> bool:
        """Takes the answers to MAIL, RCPT and DATA where all three have arrived and accept;
        otherwise they are left to be read one by one.
        """
        replies = self._replies
        if len(replies) < 3 or not (
            replies[0].code // 100 == replies[1].code // 100 == 2 and replies[2].code == 354
        ):
            return False
        for _ in range(3):
            replies.popleft()
        return True

    async def quit(self, seconds: float) -> None:
        """Says QUIT and waits for the server to close."""
        if self._over is None:
            try:
                self.write(b"QUIT\r\n")
                await self._until(lambda: False, seconds)
            except ConnectionLost:
                pass
        self.abort(ConnectionLost("The connection was closed."))

    def abort(self, why: ConnectionLost) -> None:
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    def _end(self, why: ConnectionLost) -> None:
        if self._over is None:
            self._over = why
        self._wake()

    async def _until(self, ready: Callable[[], bool], seconds: float) -> None:
        self._be_over_within(seconds)
        try:
            while not ready():
                await self._woken()
        finally:
            self._deadline = math.inf

    async def _woken(self) -> None:
        self.check()
        self._waiter = self._loop.create_future()
        await self._waiter

    def _be_over_within(self, seconds: float) -> None:
        """The connection ends after so many seconds, unless the wait does before. One timer serves
        wait after wait: one that goes off before the deadline is set anew.
        """
        self.check()
        self._patience, self._deadline = seconds, self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._deadline - self._loop.time() <= CLOCK_STEP_SECONDS:
            why = f"The server did not answer within {self._patience:g} seconds."
            self.abort(ConnectionLost(why, timed_out=True))
        elif self._deadline < math.inf:
            self._set_timer()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


BLOCK_OCTETS = 64 * 1024  # octets of a body written before the peer's flow control is asked


class Source(Protocol):
    """Where a session gets its messages: only such as may be sent at this very moment."""

    async def next(self, offers: Offers) -> Envelope | None:
        """The next message, after asking for eligibility where needed; None: no more."""

    def following(self) -> Envelope | None:
        """The next message if it may still be sent without asking again."""

    def requeue(self, envelope: Envelope, counts: bool) -> bool:
        """Return a message whose MAIL was never answered; False when that counted once before."""


@dataclass(slots=True)
class Transaction:
    envelope: Envelope
    body: bytes
    commands: tuple[tuple[Stage, bytes], ...]  # up to DATA, each with the stage its answer decides
    stage: Stage = "mail"
    answer: Reply | None = None  # what decided
    dotted: bool = False

    @property
    def opening(self) -> bytes:
        return b"".join([command for _, command in self.commands])


class SmtpSession:
    def __init__(
        self,
        connection: SmtpConnection,
        offers: Offers,
        timeouts: Timeouts,
        tls: str,
        journal: DeliveryJournal | None,
    ) -> None:
        self.connection, self.offers, self.tls = connection, offers, tls
        self.settled = 0  # messages that got a definite answer here
        self.was_idle = False  # it lay idle since it last carried anything
        self.left = UNLIMITED  # messages that may still be begun here
        self._timeouts, self._journal = timeouts, journal
        self._open_transactions: list[Transaction] = []
        self._reset_due = False

    async def carry(self, source: Source, outcome: Callable[[Delivery], None]) -> None:
        """Sends what `source` gives until it gives no more. Raises ConnectionLost, and whatever
        `source` or `outcome` raise; every open transaction is settled or given back before.
        """
        settled_before = self.settled
        try:
            while self.left and (envelope := await source.next(self.offers)) is not None:
                transaction: Transaction | None = self._begin(envelope)
                if transaction and self.offers.pipelining:
                    self.connection.write(transaction.opening)
                while transaction is not None:
                    opened = self._opens_at_once(transaction) or await self._read_opening_replies(
                        transaction, outcome
                    )
                    transaction = (
                        await self._send_body(transaction, source, outcome) if opened else None
                    )
        except BaseException as error:
            self.connection.abort(ConnectionLost("The dialogue was broken off."))
            self._break_off(source, outcome, error, useful=self.settled > settled_before)
            raise

    def _begin(self, envelope: Envelope) -> Transaction:
        self.left -= 1
        body = crlf(envelope.body)
        commands: tuple[tuple[Stage, bytes], ...] = (
            ("mail", mail_command(envelope, len(body), self.offers)),
            ("rcpt", rcpt_command(envelope, self.offers)),
            ("data", b"DATA\r\n"),
        )
        transaction = Transaction(
            envelope, body, (("helo", b"RSET\r\n"), *commands) if self._reset_due else commands
        )
        self._reset_due = False
        self._open_transactions.append(transaction)
        return transaction

    def _opens_at_once(self, transaction: Transaction) -> bool:
        """Whether all answers up to DATA's had come with the one before, and accept: the usual
        case, where nothing is waited for.
        """
        usual = self.offers.pipelining and transaction.commands[0][0] == "mail"
        if not usual or not self.connection.take_three_that_accept():
            return False
        transaction.stage = "data"
        return True

    async def _read_opening_replies(
        self, transaction: Transaction, outcome: Callable[[Delivery], None]
    ) -> bool:
        """Reads the replies up to DATA's, in whatever order they accept and refuse; True when the
        body may follow.
        """
        seconds = {"helo": self._timeouts.mail, "mail": self._timeouts.mail,
                   "rcpt": self._timeouts.rcpt, "data": self._timeouts.data}  # fmt: skip
        recipient_taken = False
        for stage, command in transaction.commands:
            if not self.offers.pipelining:
                self.connection.write(command)
            if transaction.answer is None and stage != "helo":
                transaction.stage = stage
            reply = await self.connection.reply(seconds[stage])
            kind = reply.code // 100
            if stage == "helo":
                if kind != 2:
                    raise ConnectionLost("The server did not take RSET.", reply=reply)
            elif kind in (4, 5):
                transaction.answer = transaction.answer or reply
                if reply.code == 421:
                    raise ConnectionLost("The server ended the connection.", reply=reply)
                if not self.offers.pipelining:
                    break
            elif reply.code != 354 if stage == "data" else kind != 2:
                raise ConnectionLost("The server's answers are out of step.", reply=reply)
            elif stage == "rcpt":
                recipient_taken = True
            elif stage == "data" and transaction.answer:
                await self._send_empty_body(recipient_taken)
        if transaction.answer is None:
            return True
        self._reset_due = True
        self._settle(transaction, outcome)
        return False

    async def _send_empty_body(self, recipient_taken: bool) -> None:
        """The server waits for a body though the message was refused: send a lone dot (RFC 2920
        3.1).
        """
        if recipient_taken:  # the dot would deliver an empty message
            raise ConnectionLost("The server refused the sender and asks for the message.")
        self.connection.write(b".\r\n")
        reply = await self.connection.reply(self._timeouts.dot)
        if reply.code == 421:
            raise ConnectionLost("The server ended the connection.", reply=reply)

    async def _send_body(
        self, transaction: Transaction, source: Source, outcome: Callable[[Delivery], None]
    ) -> Transaction | None:
        """Writes the body, its dot, and the commands of the following message if there is one,
        which it returns.
        """
        data, start = dotted(transaction.body), 0
        while len(data) - start > BLOCK_OCTETS and not self.connection.answered:
            self.connection.write(data[start : start + BLOCK_OCTETS])
            start += BLOCK_OCTETS
            await self.connection.drained(self._timeouts.block)
        if self.connection.answered:
            reply = await self.connection.reply(self._timeouts.data)
            if reply.code // 100 in (4, 5):
                transaction.answer = reply
            raise ConnectionLost("The server answered before the end of the message.", reply=reply)
        self.connection.check()
        if self._journal:
            self._journal.dot(transaction.envelope.key)
        transaction.stage, transaction.dotted = "dot", True
        last, following = data[start:], None
        if self.offers.pipelining and self.left and (envelope := source.following()):
            following = self._begin(envelope)
            last += following.opening
        self.connection.write(last)
        reply = await self.connection.reply(self._timeouts.dot)
        if reply.code // 100 not in (2, 4, 5):
            raise ConnectionLost("The server's answers are out of step.", reply=reply)
        transaction.answer = reply
        if self._journal:
            self._journal.answer(transaction.envelope.key, reply.code)
        self._settle(transaction, outcome)
        if reply.code == 421:
            raise ConnectionLost("The server ended the connection.", reply=reply)
        return following

    def _settle(self, transaction: Transaction, outcome: Callable[[Delivery], None]) -> None:
        self._open_transactions.remove(transaction)
        envelope, reply = transaction.envelope, transaction.answer
        verdict: Verdict | None = None if transaction.dotted else Verdict.TEMPORARY
        if reply is not None:
            self.settled += reply.code != 421
            verdict = classify(transaction.stage, reply)
            text = redacted(reply.text, envelope.recipient)
            if text != reply.text:
                reply = replace(reply, text=text)
        outcome(Delivery(envelope.key, transaction.stage, reply, verdict, self.tls))

    def _break_off(
        self,
        source: Source,
        outcome: Callable[[Delivery], None],
        error: BaseException,
        useful: bool,
    ) -> None:
        lost = error if isinstance(error, ConnectionLost) else None
        timed_out = lost is not None and lost.timed_out
        for place, transaction in enumerate(list(self._open_transactions)):
            answer = transaction.answer
            # A connection that had sat idle may be closing (421) just while we write: no
            # transaction was begun then.
            parting = self.was_idle and not useful and answer is not None and answer.code == 421
            unanswered = (
                transaction.stage == "mail"
                and (answer is None or parting)
                and not (timed_out and place == 0)
            )
            # Where we ended it ourselves, a message without its dot is due as before.
            ours = lost is not None and lost.ours and not transaction.dotted and answer is None
            # Where others were answered before, the message is hardly the reason; otherwise it may
            # be, once.
            counts = not (ours or useful)
            if (ours or unanswered) and source.requeue(transaction.envelope, counts=counts):
                self._open_transactions.remove(transaction)
            else:
                self._settle(transaction, outcome)
