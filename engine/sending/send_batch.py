"""A send batch: letters claimed together, from their claims until each has its outcome in the
ledger.

The people are known from the claims and not read again: the check before MAIL reads only the events
since, and outcomes are appended to the known version, which the ledger refuses when somebody else
was quicker. An outcome that could not be recorded because the database was lost stays in the batch
until `settle` has recorded it.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from engine.commands.command_handler import CommandRequest, Result
from engine.mime.header_values import message_id
from engine.sending import claim as c
from engine.sending.approved_slots import Term
from engine.sending.compose import Composer
from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.dkim_keys import DkimSigning
from engine.sending.due_queue import DueQueue
from engine.sending.envelope import Delivery, Envelope, crlf
from engine.sending.mail_exchange import last_word
from engine.sending.outcome_tally import OutcomeTally
from engine.sending.quarantine import unstick_sent
from engine.sending.replies import Verdict, fault_of, limit_of
from engine.sending.route import Route
from engine.sending.settling import ENGINE
from engine.sending.shaper import Shaper, line_of
from engine.sending.stores import SendingStores
from engine.shaping.providers import Provider
from engine.shaping.rates import TOKEN_SECONDS
from engine.subscriber.commands import RecordOutcome
from engine.subscriber.events import Cause, LetterInDoubt, LetterSent, PersonEvent
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from engine.subscriber.terms import LetterVerdict
from engine.vault.evidence import evidence, mail_that_asks
from engine.vault.vault import VaultWrite

VERDICTS: dict[Verdict, LetterVerdict] = {
    Verdict.ACCEPTED: "sent", Verdict.TEMPORARY: "temporary", Verdict.HARD: "hard",
    Verdict.SOFT: "soft", Verdict.BLOCKED: "blocked", Verdict.NOT_CARRIED: "cannot-carry",
}  # fmt: skip
RECORD_SECONDS = 0.5
SALT_BYTES = 32
Note = Callable[[Sequence[tuple[Delivery, Provider]]], None]


class SendBatch:
    """`note` is called with every outcome that is recorded; `term` is that in which these letters
    were claimed. Every method that is not `async` blocks.
    """

    def __init__(
        self,
        stores: SendingStores,
        journal: DeliveryJournal,
        queue: DueQueue,
        claims: Sequence[c.Claim],
        note: Note,
        term: Term,
        shaper: Shaper | None = None,
    ) -> None:
        self.stores, self.journal, self.note, self.shaper = stores, journal, note, shaper
        self.term = term
        self.queue = queue
        self._not_begun: set[str] = set()
        self._tokens = [claim.token for claim in claims if claim.token is not None]
        self._claimed_at = time.monotonic()
        self.claims = {claim.entry.message: claim for claim in claims}
        self.known = {claim.stream: claim.person for claim in claims}
        self._outcomes: list[Delivery] = []
        self._mails: dict[str, bytes] = {}
        self._recipients: dict[str, str] = {}
        self.tally = OutcomeTally(len(claims))

    @property
    def newest_ground(self) -> int:
        """When the latest of the grounds that these letters stand on began (ms, engine time); 0
        where they need none.
        """
        grounds = (claim.person.grounds.get(claim.entry.purpose) for claim in self.claims.values())
        return max((ground.since for ground in grounds if ground is not None), default=0)

    def compose(self, composer: Composer, signing: DkimSigning) -> list[Envelope]:
        """The envelopes of the batch, signed: final. A letter that cannot be composed gets its
        outcome here.
        """
        envelopes, refused = c.compose_all(
            self.stores, composer, list(self.claims.values()), self.known
        )
        envelopes = signing.signed(envelopes)
        self._recipients = {envelope.key: envelope.recipient for envelope in envelopes}
        for refusal in refused:
            if refusal.verdict == "temporary":
                claim = refusal.claim
                self.stores.desk.stick(
                    claim.stream, claim.key, f"{claim.entry.letter}: {refusal.why}"
                )
        self._record_refused(refused)
        self._keep_confirmation_mails(envelopes)
        return envelopes

    def _keep_confirmation_mails(self, envelopes: Sequence[Envelope]) -> None:
        """Store the exact bytes of mails that ask for consent before any is handed over: a kill in
        between must not leave a consent without its mail.

        An envelope is final here, its DKIM signature included, so that what is kept and committed
        to is the mail that the reader gets.
        """
        asking = [
            envelope
            for envelope in envelopes
            if self.claims[envelope.key].entry.kind == "confirmation"
        ]
        if not asking:
            return
        now, domain = self.stores.clock.now(), self.stores.config.site.sender.rpartition("@")[2]
        pieces = {
            envelope.key: mail_that_asks(
                crlf(envelope.body),
                message=envelope.key,
                message_id=message_id(bytes.fromhex(envelope.key), domain),
                sender=envelope.sender,
                recipient=envelope.recipient,
            )
            for envelope in asking
        }
        self.stores.vault.keep_mails(
            [
                VaultWrite(self.claims[message].stream, now, evidence=(piece,))
                for message, piece in pieces.items()
            ]
        )
        self._mails |= {message: piece.commitment for message, piece in pieces.items()}

    async def deliver(
        self, route: Route, envelopes: Sequence[Envelope], stopping: asyncio.Event
    ) -> None:
        """Hand over, recording outcomes as they come. Once `stopping` is set nothing more is begun,
        and unsent claims are released.
        """

        async def allowed(group: Sequence[Envelope]) -> Collection[str]:
            if stopping.is_set():
                return ()
            may_leave = [e.key for e in group if e.permit is None or e.permit.holds()]
            return await asyncio.to_thread(self._check, may_leave)

        over = asyncio.Event()
        recording = asyncio.create_task(self._record_as_they_come(over))
        try:
            await route.deliver(envelopes, allowed, self._take_outcome)
        finally:
            over.set()
            await recording
            await asyncio.to_thread(self._land)

    def _take_outcome(self, delivery: Delivery) -> None:
        self._outcomes.append(delivery)
        if self.shaper is not None and delivery.reply is not None and delivery.reply.code >= 400:
            self.shaper.hear(self._provider_of(delivery), delivery.reply)

    def _land(self) -> None:
        try:
            self.settle()
        finally:
            if self.shaper is not None:
                quick = time.monotonic() - self._claimed_at < TOKEN_SECONDS / 2
                self.shaper.landed(self._tokens, self._not_begun, quick)

    def settle(self) -> None:
        """Record the remaining outcomes. Called when nothing is being sent any more, so a claim
        without an outcome was never begun: it is due again.
        """
        self._record(self._drain())
        unrecorded = {delivery.key for delivery in self._outcomes}
        now = self.stores.clock.now()
        left = [claim for message, claim in self.claims.items() if message not in unrecorded]
        self._not_begun = {claim.token.provider for claim in left if claim.token is not None}
        self._finish(
            {claim.entry.message: [_request(now, ENGINE, claim, "released")] for claim in left}
        )
        self.stores.desk.add_totals(self.tally.totals())
        self.tally.log()

    @property
    def over(self) -> bool:
        return not self.claims

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The agenda's rows that this batch still holds."""
        return [(claim.stream, claim.key) for claim in list(self.claims.values())]

    def _check(self, messages: Sequence[str]) -> Collection[str]:
        """Which of these messages may be sent. Asked just before MAIL, in one query: the events of
        these people since their claims, and whether sending is paused. Those that may are written
        down. None may where this sender was taken for lost; whatever is not begun is due again.
        """
        checked = [self.claims[message] for message in messages]
        installation, people = self.stores.command_handler.present(
            {claim.stream: self.known[claim.stream] for claim in checked}
        )
        claims = [claim for claim in checked if not c.is_paused(installation, claim)]
        self.known |= people
        changed = {
            claim.stream for claim in claims if people[claim.stream].version > claim.person.version
        }
        addresses = self.stores.vault.people(changed) if changed else {}
        allowed, refused = set(), []
        for claim in claims:
            if _is_in_doubt(people[claim.stream], claim):
                continue
            reason = c.still_eligible(people[claim.stream], claim)
            if reason:
                refused.append(c.UnsentClaim(claim, "not-eligible", reason))
            elif (
                claim.stream not in addresses
                or addresses[claim.stream].address == self._recipients[claim.entry.message]
            ):
                # Nothing is sent to an address that was corrected since: the letter is released,
                # and composed anew for the new address.
                allowed.add(claim.entry.message)
        self._record_refused(refused)
        return allowed if self.term.approve(allowed) else ()

    def _record_refused(self, refused: Sequence[c.UnsentClaim]) -> None:
        now = self.stores.clock.now()
        self._finish({refusal.claim.entry.message: [_refused(refusal, now)] for refusal in refused})

    async def _record_as_they_come(self, over: asyncio.Event) -> None:
        """Run until `over`. The recording under way then is finished first, or its claims would be
        taken for unbegun. An outcome that cannot be recorded ends the sender, so that its marks
        settle it.
        """
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), RECORD_SECONDS)
            outcomes = self._drain()
            if outcomes:
                await asyncio.to_thread(self._record, outcomes)

    def _drain(self) -> list[Delivery]:
        outcomes, self._outcomes[:] = list(self._outcomes), []
        return outcomes

    def _record(self, outcomes: Sequence[Delivery]) -> None:
        if not outcomes:
            return
        if self.shaper is not None:
            outcomes = [self._spared(delivery) for delivery in outcomes]
        try:
            # The clock is read from the database too: if it is lost at any point here, the outcome
            # is kept until it is recorded.
            now = self.stores.clock.now()
            recorded = self._finish(
                {delivery.key: self._requests(delivery, now) for delivery in outcomes}
            )
        except BaseException:
            self._outcomes[:0] = outcomes
            raise
        self._outcomes[:0] = [delivery for delivery in outcomes if delivery.key not in recorded]
        self.journal.forget(recorded)
        self.note([(d, self._provider_of(d)) for d in outcomes if d.key in recorded])

    def _finish(self, requests: Mapping[str, Sequence[CommandRequest]]) -> set[str]:
        """Execute the requests of each message and release its row; returns the messages for which
        that is done. Where others were quicker every time, the outcome is still to be recorded.
        """
        if not requests:
            return set()
        flat = [(message, request) for message, several in requests.items() for request in several]
        results = self.stores.command_handler.execute([request for _, request in flat], self.known)
        done = set(requests) - {
            message for (message, _), result in zip(flat, results, strict=True) if result.conflict
        }
        claims = [self.claims[message] for message in done]
        self.tally.add(results)
        rows = {claim.entry.message: (claim.stream, claim.key) for claim in claims}
        unstick_sent(self.stores.desk, rows, results)
        position = max((position for result in results for position in result.positions), default=0)
        self._release(rows, results, position or self.stores.ledger_head())
        self._forget_unsent(done, results)
        self.term.ended(done)
        for message in done:
            del self.claims[message]
        # A copy: checks of other connections end claims meanwhile, in threads of their own.
        still = {claim.stream for claim in list(self.claims.values())}
        self.known |= {result.stream: result.person for result in results if result.stream in still}
        return done

    def _release(
        self, rows: Mapping[str, tuple[str, str]], results: Sequence[Result], position: int
    ) -> None:
        """Those of letters that were accepted count how late they were."""
        accepted = {
            event.message: event.at
            for result in results
            for event in _events(result)
            if isinstance(event, LetterSent) and event.message in rows
        }
        others = [row for message, row in rows.items() if message not in accepted]
        self.queue.release(others, position)
        dues = self.queue.release([rows[message] for message in accepted], position)
        self.tally.add_delays(max(accepted.values(), default=0), dues)

    def _forget_unsent(self, done: Collection[str], results: Sequence[Result]) -> None:
        """A mail that was not handed over proves nothing, so its bytes are deleted; what a recorded
        fact commits to stays.
        """
        sent = {
            event.message
            for result in results
            for event in _events(result)
            if isinstance(event, LetterSent | LetterInDoubt)
        }
        self.stores.vault.forget_evidence(
            [
                self._mails[message]
                for message in done
                if message in self._mails and message not in sent
            ]
        )
        for message in done:
            self._mails.pop(message, None)

    def _spared(self, delivery: Delivery) -> Delivery:
        """As it counts: what a rule of its provider knows speaks of us, never of a mailbox."""
        if delivery.verdict not in (Verdict.HARD, Verdict.SOFT):
            return delivery
        known = self._provider_of(delivery).rules_for(line_of(delivery.reply))
        return delivery._replace(verdict=Verdict.BLOCKED) if known else delivery

    def _provider_of(self, delivery: Delivery) -> Provider:
        """As far as the recipient's domain tells: a relay does not say where it went."""
        providers = self.stores.config.providers
        if delivery.provider:
            return providers.by_name[delivery.provider]
        return providers.of_address(self._recipients[delivery.key])

    def _requests(self, delivery: Delivery, now: int) -> list[CommandRequest]:
        """The requests that record a delivery; without a verdict it is in doubt."""
        claim = self.claims[delivery.key]
        delivery = last_word(delivery, claim.entry.attempt)
        mail = self._mails.get(delivery.key, b"").hex()
        if delivery.verdict is None:
            doubt = _request(now, c.RELAY, claim, "doubt", mail=mail)
            return (
                [doubt, _request(now, ENGINE, claim, "resend")]
                if self.stores.config.sending.in_doubt == "resend"
                else [doubt]
            )
        reply, verdict = delivery.reply, VERDICTS[delivery.verdict]
        code, enhanced = (reply.code, reply.enhanced) if reply else (0, "")
        cause, vault_write = c.RELAY, None
        if (verdict != "sent" or mail) and reply is not None:
            answer = {
                "stage": delivery.stage,
                "code": code,
                "enhanced": enhanced,
                "words": reply.text,
                "tls": delivery.tls,
            }
            words = evidence(
                secrets.token_bytes(SALT_BYTES), answer, "act" if verdict == "sent" else "relay"
            )
            cause = Cause("relay", evidence=words.commitment.hex())
            vault_write = VaultWrite(claim.stream, now, evidence=(words,))
        why: str = limit_of(reply) if reply and verdict == "cannot-carry" else delivery.stage
        fault = fault_of(delivery.stage, reply) if reply else "unknown"
        outcome = RecordOutcome(
            at=now,
            cause=cause,
            message=delivery.key,
            verdict=verdict,
            code=code,
            enhanced=enhanced,
            why=why,
            mail=mail if verdict == "sent" else "",
            fault=fault,
            provider=self._provider_of(delivery).name,
        )
        return [CommandRequest(outcome, stream=claim.stream, vault_write=vault_write)]


def _request(
    now: int, cause: Cause, claim: c.Claim, verdict: LetterVerdict, why: str = "", mail: str = ""
) -> CommandRequest:
    return CommandRequest(
        RecordOutcome(now, cause, claim.entry.message, verdict, why=why, mail=mail),
        stream=claim.stream,
    )


def _refused(refusal: c.UnsentClaim, now: int) -> CommandRequest:
    """The reason of a temporary refusal, for the desk; the ledger does not keep it."""
    why = "" if refusal.verdict == "temporary" else refusal.why
    return _request(now, ENGINE, refusal.claim, refusal.verdict, why)


def _is_in_doubt(person: Person, claim: c.Claim) -> bool:
    """Whether others took this sender for lost, and the letter for handed over."""
    flight = person.in_flight.get(claim.entry.message)
    return flight is not None and flight.doubt


def _events(result: Result) -> Sequence[PersonEvent]:
    return result.outcome.events if isinstance(result.outcome, Done) else ()
