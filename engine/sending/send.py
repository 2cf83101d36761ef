"""The sending loop: take, claim, compose, check, deliver, record. `relance send` is this, and `run` has it inside.

Taken rows carry a lease that is renewed while the process lives. Claims are in the ledger before a word goes out; outcomes are appended in small
batches as they come. After SIGTERM nothing new is taken, what is on the wire is finished, and every outcome recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence

from engine.config import Config
from engine.deciding import Wish
from engine.desk.desk import SQL as DESK
from engine.house import House
from engine.installation.events import SendingPaused
from engine.ledger.store import LOST
from engine.sending import claim as c
from engine.sending.compose import Composer
from engine.sending.envelope import Delivery, Envelope
from engine.sending.marks import Marks
from engine.sending.relay import Relay, RelaySettings, RelayUnavailable
from engine.sending.replies import Verdict
from engine.subscriber.commands import RecordOutcome
from engine.subscriber.events import Cause
from engine.vault.commitment import evidence
from engine.vault.vault import Keep

log = logging.getLogger("relance.send")
VERDICTS = {Verdict.ACCEPTED: "sent", Verdict.TEMPORARY: "temporary", Verdict.HARD: "hard", Verdict.SOFT: "soft", Verdict.BLOCKED: "blocked"}
BLOCKED_LIMIT = 5
IDLE = 1.0
RECORD_EVERY = 0.1


class Sender:
    """One sending process's work; `wake` is set by whoever knows that something may be due."""

    def __init__(self, house: House, settings: RelaySettings) -> None:
        self.house = house
        path = c.marks_file(house, house.sender)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.marks = Marks(path)
        c.take_over(house)
        self.relay = Relay(settings, self.marks)
        self.composer = Composer(house.config, house.secrets.link_key)
        self.wake = asyncio.Event()
        self.stopping = asyncio.Event()
        self.trouble = ""
        self.sent = 0
        self._blocked = 0
        self._claims: dict[str, c.Claim] = {}
        self._outcomes: list[Delivery] = []

    async def run(self) -> None:
        """Until `stop`: tick while there is work, sleep until something is due."""
        lease = asyncio.create_task(self._keep_lease())
        try:
            while not self.stopping.is_set():
                try:
                    if await self.tick() == 0:
                        await self._rest()
                except LOST as error:
                    log.warning("sending waits for the database", extra={"why": type(error).__name__})
                    await asyncio.sleep(IDLE)
        finally:
            lease.cancel()
            await self.relay.close()
            self.marks.close()

    def stop(self) -> None:
        self.stopping.set()
        self.wake.set()

    async def tick(self) -> int:
        """One round; how many rows were taken."""
        await asyncio.to_thread(self._catch_up)
        if not await self._relay_answers():
            return 0
        claims, taken = await asyncio.to_thread(c.take_and_claim, self.house)
        if claims:
            await self._deliver(claims)
        await asyncio.to_thread(self.house.desk.set_mark, "tick", self.house.clock.now(), 0)
        return taken

    def _catch_up(self) -> None:
        """What a lost database left undone: between two ticks nothing is on the wire, so a claim without an outcome was never begun there."""
        self._record(self._drain())
        if self._claims:
            self._release_unbegun()

    async def _deliver(self, claims: Sequence[c.Claim]) -> None:
        self._claims |= {claim.entry.message: claim for claim in claims}
        envelopes, refused = await asyncio.to_thread(c.compose_all, self.house, self.composer, claims)
        for each in refused:
            log.warning("letter withheld", extra={"letter": each.claim.entry.letter, "why": each.why})
            await asyncio.to_thread(self.house.desk.stick, each.claim.stream, each.claim.key, f"{each.claim.entry.letter}: {each.why}")
        await asyncio.to_thread(self._record_refused, refused)
        over = asyncio.Event()
        recording = asyncio.create_task(self._record_as_they_come(over))
        try:
            await self.relay.deliver(envelopes, self._allowed, self._outcomes.append)
        except RelayUnavailable as error:
            self.trouble = str(error)
        finally:
            over.set()
            await recording
            await asyncio.to_thread(self._record, self._drain())
            await asyncio.to_thread(self._release_unbegun)

    async def _allowed(self, group: Sequence[Envelope]) -> Collection[str]:
        """Asked just before MAIL: reads the ledger as it is now. Once we are to stop, nothing more is begun; what was claimed is released."""
        if self.stopping.is_set():
            return ()
        return await asyncio.to_thread(self._check, [envelope.key for envelope in group])

    def _check(self, messages: Sequence[str]) -> Collection[str]:
        claims = [self._claims[message] for message in messages]
        people = self.house.decisions.load({claim.stream for claim in claims})
        allowed, refused = set(), []
        for claim in claims:
            reason = c.still_eligible(people[claim.stream], claim)
            if reason:
                refused.append(c.RecordedFor(claim, "not-eligible", reason))
            else:
                allowed.add(claim.entry.message)
        self._record_refused(refused)
        return allowed

    def _record_refused(self, refused: Sequence[c.RecordedFor]) -> None:
        now = self.house.clock.now()
        wishes: dict[str, list[Wish]] = {}
        for each in refused:
            message = each.claim.entry.message
            why = each.why if each.verdict == "not-eligible" else ""
            wishes[message] = [Wish(RecordOutcome(now, c.ENGINE, message, each.verdict, why=why), stream=each.claim.stream)]
        if wishes:
            recorded = self._carry_out(wishes)
            self._finished([each.claim for each in refused if each.claim.entry.message in recorded])

    async def _record_as_they_come(self, over: asyncio.Event) -> None:
        """Until `over`, and what is being recorded then is finished: its claims must not be taken for unbegun. What cannot be recorded ends the
        sender, so that its marks settle it."""
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), RECORD_EVERY)
            outcomes = self._drain()
            if outcomes:
                await asyncio.to_thread(self._record, outcomes)

    def _drain(self) -> list[Delivery]:
        outcomes, self._outcomes[:] = list(self._outcomes), []
        return outcomes

    def _record(self, outcomes: Sequence[Delivery]) -> None:
        if not outcomes:
            return
        now = self.house.clock.now()
        try:
            recorded = self._carry_out({delivery.key: self._wishes(delivery, now) for delivery in outcomes})
        except BaseException:
            self._outcomes[:0] = outcomes
            raise
        self._outcomes[:0] = [delivery for delivery in outcomes if delivery.key not in recorded]
        self.marks.forget(recorded)
        self._finished([self._claims[key] for key in recorded])
        self._note([delivery for delivery in outcomes if delivery.key in recorded])

    def _carry_out(self, wishes: Mapping[str, Sequence[Wish]]) -> set[str]:
        """The messages whose wishes are all carried out; where others were quicker every time, the outcome is still to be recorded."""
        flat = [(key, wish) for key, several in wishes.items() for wish in several]
        results = self.house.decisions.carry_out([wish for _, wish in flat])
        quicker = {key for (key, _), result in zip(flat, results, strict=True) if result.conflict}
        return {key for key in wishes if key not in quicker}

    def _wishes(self, delivery: Delivery, now: int) -> list[Wish]:
        claim = self._claims[delivery.key]
        if delivery.verdict is None:
            doubt = Wish(RecordOutcome(now, c.RELAY, delivery.key, "doubt"), stream=claim.stream)
            if self.house.config.sending.in_doubt == "resend":
                return [doubt, Wish(RecordOutcome(now, c.ENGINE, delivery.key, "resend"), stream=claim.stream)]
            return [doubt]
        reply = delivery.reply
        code, enhanced = (reply.code, reply.enhanced) if reply else (0, "")
        verdict = VERDICTS[delivery.verdict]
        cause, keep = c.RELAY, None
        if verdict != "sent" and reply is not None:
            words = evidence(_salt(), {"stage": delivery.stage, "code": code, "enhanced": enhanced, "words": reply.text, "tls": delivery.tls})
            cause = Cause("relay", evidence=words.commitment.hex())
            keep = Keep(claim.stream, now, evidence=(words,))
        return [Wish(RecordOutcome(now, cause, delivery.key, verdict, code, enhanced, delivery.stage), stream=claim.stream, keep=keep)]

    def _finished(self, claims: Sequence[c.Claim]) -> None:
        c.let_go(self.house, [(claim.stream, claim.key) for claim in claims])
        for claim in claims:
            self._claims.pop(claim.entry.message, None)

    def _release_unbegun(self) -> None:
        """Claims that have no outcome after a delivery were never begun on the wire: they are due again."""
        known = {delivery.key for delivery in self._outcomes}
        left = {message: claim for message, claim in self._claims.items() if message not in known}
        now = self.house.clock.now()
        wishes = {message: [Wish(RecordOutcome(now, c.ENGINE, message, "released"), stream=claim.stream)] for message, claim in left.items()}
        if wishes:
            self._finished([left[message] for message in self._carry_out(wishes)])

    def _note(self, outcomes: Sequence[Delivery]) -> None:
        """Count, and stop the stream when the relay blames the sender again and again (A77)."""
        for delivery in outcomes:
            self.sent += delivery.verdict is Verdict.ACCEPTED
            self._blocked = self._blocked + 1 if delivery.verdict is Verdict.BLOCKED else 0
            if self._blocked == BLOCKED_LIMIT:
                now = self.house.clock.now()
                self.house.publications.current()
                self.house.publications.append([SendingPaused(now, "blocked")], c.RELAY, now)
                self.trouble = "the relay refuses our mail as such: sending is paused"

    async def _relay_answers(self) -> bool:
        if not self.trouble:
            return True
        opening, stopping = asyncio.ensure_future(self.relay.open()), asyncio.ensure_future(self.stopping.wait())
        await asyncio.wait([opening, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not opening.done():
            # A server that does not answer may keep us for minutes; nobody waits for that to stop.
            opening.cancel()
            await asyncio.wait([opening])
            return False
        try:
            opening.result()
        except RelayUnavailable as error:
            self.trouble = str(error)
            log.warning("relay unavailable", extra={"why": str(error)})
            return False
        self.trouble = ""
        return True

    async def _rest(self) -> None:
        """Until woken, or until the next row is due; never longer than a second of wall time."""
        due = await asyncio.to_thread(self.house.views.next_due, self.house.clock.now())
        seconds = IDLE
        if due is not None:
            seconds = min(IDLE, max(0.02, (due - self.house.clock.now()) / 1000 / self.house.clock.rate))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), seconds)
        self.wake.clear()

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(c.LEASE / 4)
            try:
                await asyncio.to_thread(self._renew)
            except LOST as error:
                log.warning("the lease waits for the database", extra={"why": type(error).__name__})

    def _renew(self) -> None:
        with self.house.database.connection() as connection:
            connection.execute(DESK["keep_taken"], {"seconds": c.LEASE, "sender": self.house.sender})


def _salt() -> bytes:
    import secrets

    return secrets.token_bytes(32)


def relay_settings(config: Config, mailbox_port: int) -> RelaySettings:
    """Where letters go: the relay of the configuration, or the built-in mailbox."""
    smtp = config.smtp
    if smtp.is_mailbox:
        return RelaySettings("127.0.0.1", mailbox_port, "none", connections=1)
    password = (config.folder / smtp.password_file).read_text().strip() if smtp.password_file else ""
    hostname = config.site.sender.rpartition("@")[2] or "localhost"
    return RelaySettings(smtp.host, smtp.port, smtp.tls, smtp.username, password, smtp.connections, hostname)
