"""The dialogue of one open connection: message after message, and exactly one end for each that was
begun.

Where the peer offers PIPELINING (RFC 2920), MAIL, RCPT and DATA travel together, and behind the
final dot of one message those of the next; otherwise one command at a time. The mark of a dot is
written before the dot. However the connection ends, what was begun is settled by what is known: a
refusal that was read; in doubt when the dot was handed to the network; given back when MAIL was not
answered; temporary otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engine.config import Timeouts
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
from engine.sending.replies import Reply, Stage, Verdict, classify, redacted
from engine.sending.wire import Lost, Wire

BLOCK_OCTETS = 64 * 1024  # octets of a body written before the peer's flow control is asked


class Source(Protocol):
    """Where a dialogue gets its messages: only such as may be sent at this very moment."""

    async def next(self, offers: Offers) -> Envelope | None:
        """The next message, after asking for eligibility where that is due; None: no more."""

    def following(self) -> Envelope | None:
        """The next message if it is still eligible without asking."""

    def again(self, envelope: Envelope, counts: bool) -> bool:
        """Takes back a message whose MAIL was never answered; False when that counted once
        before.
        """


@dataclass(slots=True)
class Begun:
    envelope: Envelope
    body: bytes
    commands: tuple[tuple[Stage, bytes], ...]  # up to DATA, each with the stage its answer decides
    stage: Stage = "mail"
    answer: Reply | None = None  # what decided
    dotted: bool = False

    @property
    def opening(self) -> bytes:
        return b"".join([command for _, command in self.commands])


class Dialogue:
    def __init__(
        self,
        wire: Wire,
        offers: Offers,
        timeouts: Timeouts,
        tls: str,
        journal: DeliveryJournal | None,
    ) -> None:
        self.wire, self.offers, self.tls = wire, offers, tls
        self.settled = 0  # messages that got a definite answer here
        self.rested = False  # it lay idle since it last carried anything
        self._timeouts, self._journal = timeouts, journal
        self._begun: list[Begun] = []
        self._reset_due = False

    async def carry(self, source: Source, outcome: Callable[[Delivery], None]) -> None:
        """Sends what `source` gives until it gives no more. Raises Lost, and whatever `source` or
        `outcome` raise; everything begun is settled or given back before.
        """
        settled_before = self.settled
        try:
            while (envelope := await source.next(self.offers)) is not None:
                begun: Begun | None = self._begin(envelope)
                if begun and self.offers.pipelining:
                    self.wire.write(begun.opening)
                while begun is not None:
                    begun = (
                        await self._body(begun, source, outcome)
                        if await self._opened(begun, outcome)
                        else None
                    )
        except BaseException as error:
            self.wire.abort(Lost("The dialogue was broken off."))
            self._break_off(source, outcome, error, useful=self.settled > settled_before)
            raise

    def _begin(self, envelope: Envelope) -> Begun:
        body = crlf(envelope.body)
        commands: tuple[tuple[Stage, bytes], ...] = (
            ("mail", mail_command(envelope, len(body), self.offers)),
            ("rcpt", rcpt_command(envelope)),
            ("data", b"DATA\r\n"),
        )
        begun = Begun(
            envelope, body, (("helo", b"RSET\r\n"), *commands) if self._reset_due else commands
        )
        self._reset_due = False
        self._begun.append(begun)
        return begun

    async def _opened(self, begun: Begun, outcome: Callable[[Delivery], None]) -> bool:
        """Reads the answers up to DATA's, whatever their order of yes and no; True when the body
        may follow.
        """
        seconds = {"helo": self._timeouts.mail, "mail": self._timeouts.mail,
                   "rcpt": self._timeouts.rcpt, "data": self._timeouts.data}  # fmt: skip
        recipient_taken = False
        for stage, command in begun.commands:
            if not self.offers.pipelining:
                self.wire.write(command)
            if begun.answer is None and stage != "helo":
                begun.stage = stage
            reply = await self.wire.reply(seconds[stage])
            kind = reply.code // 100
            if stage == "helo":
                if kind != 2:
                    raise Lost("The server did not take RSET.", reply=reply)
            elif kind in (4, 5):
                begun.answer = begun.answer or reply
                if reply.code == 421:
                    raise Lost("The server ended the connection.", reply=reply)
                if not self.offers.pipelining:
                    break
            elif reply.code != 354 if stage == "data" else kind != 2:
                raise Lost("The server's answers are out of step.", reply=reply)
            elif stage == "rcpt":
                recipient_taken = True
            elif stage == "data" and begun.answer:
                await self._nothing_to_say(recipient_taken)
        if begun.answer is None:
            return True
        self._reset_due = True
        self._settle(begun, outcome)
        return False

    async def _nothing_to_say(self, recipient_taken: bool) -> None:
        """The server waits for a body though the message was refused: a lone dot (RFC 2920 3.1)."""
        if recipient_taken:  # the dot would deliver an empty message
            raise Lost("The server refused the sender and asks for the message.")
        self.wire.write(b".\r\n")
        reply = await self.wire.reply(self._timeouts.dot)
        if reply.code == 421:
            raise Lost("The server ended the connection.", reply=reply)

    async def _body(
        self, begun: Begun, source: Source, outcome: Callable[[Delivery], None]
    ) -> Begun | None:
        """Writes the body, its dot, and the commands of the following message if there is one,
        which it returns.
        """
        data, start = dotted(begun.body), 0
        while len(data) - start > BLOCK_OCTETS and not self.wire.answered:
            self.wire.write(data[start : start + BLOCK_OCTETS])
            start += BLOCK_OCTETS
            await self.wire.room(self._timeouts.block)
        if self.wire.answered:
            reply = await self.wire.reply(self._timeouts.data)
            if reply.code // 100 in (4, 5):
                begun.answer = reply
            raise Lost("The server answered before the end of the message.", reply=reply)
        self.wire.check()
        if self._journal:
            self._journal.dot(begun.envelope.key)
        begun.stage, begun.dotted = "dot", True
        last, following = data[start:], None
        if self.offers.pipelining and (envelope := source.following()):
            following = self._begin(envelope)
            last += following.opening
        self.wire.write(last)
        reply = await self.wire.reply(self._timeouts.dot)
        if reply.code // 100 not in (2, 4, 5):
            raise Lost("The server's answers are out of step.", reply=reply)
        begun.answer = reply
        if self._journal:
            self._journal.answer(begun.envelope.key, reply.code)
        self._settle(begun, outcome)
        if reply.code == 421:
            raise Lost("The server ended the connection.", reply=reply)
        return following

    def _settle(self, begun: Begun, outcome: Callable[[Delivery], None]) -> None:
        self._begun.remove(begun)
        envelope, reply = begun.envelope, begun.answer
        verdict: Verdict | None = None if begun.dotted else Verdict.TEMPORARY
        if reply is not None:
            self.settled += reply.code != 421
            verdict = classify(begun.stage, reply)
            reply = replace(reply, text=redacted(reply.text, envelope.recipient))
        outcome(Delivery(envelope.key, begun.stage, reply, verdict, self.tls))

    def _break_off(
        self,
        source: Source,
        outcome: Callable[[Delivery], None],
        error: BaseException,
        useful: bool,
    ) -> None:
        timed_out = isinstance(error, Lost) and error.timed_out
        for place, begun in enumerate(list(self._begun)):
            # A connection that had sat idle may be closing (421) just while we write: nothing was
            # begun then.
            parting = (
                self.rested and not useful and begun.answer is not None and begun.answer.code == 421
            )
            unheard = (
                begun.stage == "mail"
                and (begun.answer is None or parting)
                and not (timed_out and place == 0)
            )
            # Where we ended it ourselves, what had no dot is nobody's fault: it is due as before.
            ours = (
                isinstance(error, Lost) and error.ours and not begun.dotted and begun.answer is None
            )
            # Where others were answered before, the message is hardly the reason; otherwise it may
            # be, once.
            if (ours or unheard) and source.again(begun.envelope, counts=not (ours or useful)):
                self._begun.remove(begun)
            else:
                self._settle(begun, outcome)
