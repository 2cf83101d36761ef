"""The sending loop: take, claim, compose, check, deliver, record. `relance send` is this, and `run`
has it inside.

It takes what is due in the buckets that it leases, for as long as it comes back for more. Claims
are in the ledger before MAIL is written; outcomes are appended in small groups as they come. While
one batch is delivered the next one is prepared, so that neither the server nor the database waits
for the other. After SIGTERM nothing new is taken, messages being sent are finished for as long as
`[sending] drain` says, and every outcome is recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence

from engine.desk.movement import Movement
from engine.desk.shaping import LEASE_SECONDS as LINES_SECONDS
from engine.i18n.user_error import UserError
from engine.installation.events import SendingPaused
from engine.ledger.store import LOST
from engine.proof.cached_checkpoint import CachedCheckpoint
from engine.sending import claim as c
from engine.sending.approved_slots import ApprovedSlots
from engine.sending.claim_pace import MAX_ROWS, ClaimPace
from engine.sending.compose import Composer
from engine.sending.delivery_journal import DeliveryJournal, journal_file
from engine.sending.dkim_keys import DkimSigning
from engine.sending.due_queue import RENEW_SECONDS
from engine.sending.envelope import Delivery, Envelope
from engine.sending.relay_settings import RouteSettings
from engine.sending.replies import Stage, Verdict, redacted
from engine.sending.route import RouteUnavailable
from engine.sending.routes import route_of
from engine.sending.send_batch import SendBatch
from engine.sending.settling import reclaim, settle_returned
from engine.sending.shaper import Shaper, line_of
from engine.sending.stores import SendingStores
from engine.shaping.providers import OTHER, Provider
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.send")
PART = "send"
MAX_BLOCKED = 5
BEFORE_A_RECIPIENT: frozenset[Stage] = frozenset(("connect", "helo", "auth", "mail"))
"""Stages at which a relay has not been told whose mailbox is meant."""
IDLE_SECONDS = 1.0
RETURNED_SECONDS = 20.0
"""Between two looks at what others hold for doubtful of senders of this machine that ended."""
SHORTEST_SECONDS, REST_SECONDS = 0.02, 30.0
"""For which nothing is looked at, where nothing is due and nothing is heard."""


class Sender:
    """The sending of one process; set `wake` when something may have become due. `shaper`: another
    than the configuration asks for. `movement`: where it says that it moves.
    """

    def __init__(
        self,
        stores: SendingStores,
        settings: RouteSettings,
        shaper: Shaper | None = None,
        movement: Movement | None = None,
    ) -> None:
        self.stores = stores
        self.movement = movement or Movement()
        path = journal_file(stores.config.data, stores.sender)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.journal = DeliveryJournal(path)
        reclaim(stores.config.data, stores.leases, stores.shaping)
        self.approved = ApprovedSlots(stores.approvals)
        self.route = route_of(settings, self.journal)
        self.checkpoint = CachedCheckpoint(stores.checkpoints)
        self.queue = stores.new_queue()
        self.shaper = shaper or self._shaper()
        self.composer = Composer(stores.config, stores.link_key, self.checkpoint, stores.size_of)
        self.signing = DkimSigning(stores.config)
        self.wake = asyncio.Event()
        self.stopping = asyncio.Event()
        self.trouble = ""
        self._looked_at = 0
        self.sent = 0
        self._pace = ClaimPace()
        self._blocked: Counter[str] = Counter()
        self._batches: list[SendBatch] = []
        self._examined: set[str] = set()
        self._drained: asyncio.TimerHandle | None = None
        # The database was lost: rows may be taken or claimed in it that this process does not know
        # of.
        self._unsure = False

    def _shaper(self) -> Shaper | None:
        """None where no provider is written to: what waited for one is let go then."""
        stores = self.stores
        if stores.config.smtp.reaches_people or stores.config.smtp.is_direct:
            domain = stores.config.site.sender.rpartition("@")[2]
            return Shaper(
                stores.shaping,
                stores.config.providers,
                stores.vault,
                stores.sender,
                domain if stores.config.shaping.warm_up else "",
            )
        stores.desk.release_waiting()
        return None

    async def run(self) -> None:
        """Until `stop`: batch after batch while there is work, sleeping until something is due."""
        leases = [
            asyncio.create_task(self._keep(self.queue.renew, RENEW_SECONDS)),
            asyncio.create_task(self._keep(self._renew_lines, LINES_SECONDS / 4)),
            asyncio.create_task(self._keep(self._settle_returned, RETURNED_SECONDS)),
        ]
        under_way: set[asyncio.Task[None]] = set()
        try:
            while not self.stopping.is_set():
                self.wake.clear()
                self.movement.goes_on(PART)
                try:
                    self._looked_at = await asyncio.to_thread(self.stores.clock.now)
                    await self._ended(under_way, 0 if self._unsure else self.route.batches - 1)
                    self.movement.goes_on(PART)
                    taken, prepared = await self._prepare(idle=not under_way)
                    if prepared is not None:
                        under_way.add(asyncio.create_task(self._deliver(*prepared)))
                    if not taken:
                        await self._rest()
                except LOST as error:
                    if not self._unsure:
                        log.warning(
                            "sending waits for the database", extra={"why": safe_error_text(error)}
                        )
                    self._unsure = True
                    await asyncio.sleep(IDLE_SECONDS)
            await self._ended(under_way, 0)
        finally:
            # However the loop ends, messages being sent are finished first.
            await asyncio.gather(*under_way, return_exceptions=True)
            for task in leases:
                task.cancel()
            await self.route.close()
            await asyncio.to_thread(self._leave)
            if self._drained is not None:
                self._drained.cancel()
            self.journal.close()

    def stop(self) -> None:
        """Begin nothing more; messages being sent have as long as `[sending] drain` says. Call it
        from the event loop.
        """
        self.stopping.set()
        self.wake.set()
        self.route.stop_connecting()
        if self._drained is None:
            self._drained = asyncio.get_running_loop().call_later(
                self.stores.config.sending.drain, self._cut
            )

    def _cut(self) -> None:
        if cut := self.route.cut():
            log.warning(
                "the mail server has not answered in time: connections are closed",
                extra={"connections": cut},
            )

    async def tick(self) -> int:
        """One batch, from taking to recording; returns how many rows were taken."""
        taken, prepared = await self._prepare(idle=True)
        if prepared is not None:
            await self._deliver(*prepared)
        return taken

    async def _ended(self, under_way: set[asyncio.Task[None]], most: int) -> None:
        """Wait until at most `most` tasks are under way. Raises the error of a task that failed."""
        # Each step of a delivery has a time of its own after which it ends.
        self.movement.waits(PART)
        while len(under_way) > most or any(task.done() for task in under_way):
            ended, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            under_way -= ended
            for task in ended:
                task.result()

    async def _prepare(self, idle: bool) -> tuple[int, tuple[SendBatch, list[Envelope]] | None]:
        """How many rows were taken, and the batch of those that are letters. `idle`: nothing is
        being sent, so outcomes left unrecorded by a lost database can be settled.
        """
        if idle:
            await asyncio.to_thread(self._catch_up)
        if not await self._can_sign() or not await self._route_answers():
            await asyncio.to_thread(self.queue.give_up)
            return 0, None
        self.movement.goes_on(PART)
        if self.shaper is not None:
            self.shaper.use(self.route)
        held = {message for batch in self._batches for message in list(batch.claims)}
        term = self.approved.present_term()
        claims, taken = await asyncio.to_thread(
            c.take_and_claim, self.stores, self.queue, held, self._most_rows(), shaper=self.shaper
        )
        await asyncio.to_thread(self.stores.desk.set_mark, "tick", self.stores.clock.now(), 0)
        if not claims:
            return taken, None
        batch = SendBatch(
            self.stores, self.journal, self.queue, claims, self._note, term, self.shaper
        )
        self._batches.append(batch)
        return taken, (batch, await asyncio.to_thread(self._compose, batch))

    def _most_rows(self) -> int:
        """Where providers are asked for tokens, those say how many are worth claiming: a batch then
        lasts as long as the slowest of them.
        """
        return self._pace.rows if self.shaper is None else MAX_ROWS

    def _compose(self, batch: SendBatch) -> list[Envelope]:
        """The first letter on a new ground carries a checkpoint over that ground, so that the
        reader's own mailbox shows it was recorded by then.
        """
        self.checkpoint.cover(batch.newest_ground)
        return batch.compose(self.composer, self.signing)

    async def _deliver(self, batch: SendBatch, envelopes: Sequence[Envelope]) -> None:
        begun = time.monotonic()
        try:
            await batch.deliver(self.route, envelopes, self.stopping)
            self._pace.note(len(envelopes), time.monotonic() - begun)
        except RouteUnavailable as error:
            self.trouble = str(error)
        if batch.over:
            self._batches.remove(batch)

    def _catch_up(self) -> None:
        for batch in list(self._batches):
            batch.settle()
            if batch.over:
                self._batches.remove(batch)
        if self._unsure:
            self.queue.forget([row for batch in self._batches for row in batch.rows])
            self._unsure = False

    def _note(self, outcomes: Sequence[tuple[Delivery, Provider]]) -> None:
        """Count outcomes, and hold refusals against the rules of whose they are. What blames the
        sender and no rule knows is counted (A77): after MAX_BLOCKED such refusals in a row a
        provider's servers get nothing for a while, a relay nothing more until somebody resumes.
        """
        for delivery, provider in outcomes:
            self.sent += delivery.verdict is Verdict.ACCEPTED
            named = self.shaper is not None and _is_the_providers(delivery, provider)
            whose = provider.name if named else delivery.servers
            if delivery.verdict is not Verdict.BLOCKED:
                self._blocked.pop(whose, None)
                continue
            if named and provider.rules_for(line_of(delivery.reply)):
                continue
            self._blocked[whose] += 1
            if self._blocked[whose] == MAX_BLOCKED:
                self._refused(delivery, provider if named else None)
        if self.shaper is not None:
            self.shaper.note([(provider, delivery.reply) for delivery, provider in outcomes])

    def _refused(self, delivery: Delivery, provider: Provider | None) -> None:
        """`provider`: of the list, whose servers they are."""
        if provider is not None and self.shaper is not None:
            del self._blocked[provider.name]
            return self.shaper.stop(provider)
        text = redacted(delivery.reply.text if delivery.reply else "")
        self.stores.processes.complain("blocked", text)
        if delivery.servers:
            del self._blocked[delivery.servers]
            return self.route.hold(delivery.servers)
        now = self.stores.clock.now()
        self.stores.installation_stream.execute(
            lambda state: [SendingPaused(now, "blocked")], c.RELAY, now
        )
        self.trouble = "the relay refuses our mail as such: sending is paused"

    async def _can_sign(self) -> bool:
        """A key that was changed is taken up here; with one that cannot be used nothing is claimed,
        and it is looked at again after a second.
        """
        try:
            await asyncio.to_thread(self.signing.read)
        except UserError as error:
            self.trouble = str(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), IDLE_SECONDS)
            return False
        return True

    async def _route_answers(self) -> bool:
        """After trouble a connection is tested before anything more is claimed: a server that is
        away for a minute delays one batch, not all that is due.
        """
        if not (self.trouble or self.route.trouble):
            return True
        self.movement.waits(PART)
        opening = asyncio.ensure_future(self.route.open())
        stopping = asyncio.ensure_future(self.stopping.wait())
        await asyncio.wait([opening, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not opening.done():
            # A server that does not answer may take minutes; a stop does not wait for it.
            opening.cancel()
            await asyncio.wait([opening])
            return False
        try:
            opening.result()
        except RouteUnavailable as error:
            self.trouble = str(error)
            return False
        self.trouble = ""
        return True

    async def _rest(self) -> None:
        """Sleep until `wake` is set or something may be due."""
        seconds = await asyncio.to_thread(self._seconds)
        self.movement.goes_on(PART, resting=min(seconds, REST_SECONDS))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), seconds)

    def _seconds(self) -> float:
        """Until there is something to do that nobody tells of: what is due already and was not
        taken is another's, or waits for something, and is looked at again soon.
        """
        installation = self.stores.installation_stream.known
        longest = min(REST_SECONDS, self.queue.patience)
        if self.trouble or self.route.trouble:
            return min(IDLE_SECONDS, longest)
        if 0 in installation.paused and not installation.only_asked_for:
            return longest
        paused = [number for number in installation.paused if number]
        due = self.stores.agenda.next_due_beside(paused)
        if due is None:
            return longest
        if due <= self._looked_at:
            return min(IDLE_SECONDS, longest)
        return min(longest, max(SHORTEST_SECONDS, self.stores.clock.seconds_until(due)))

    async def _keep(self, renew: Callable[[], None], seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            if PART in self.movement.standing():
                continue
            try:
                await asyncio.to_thread(renew)
            except LOST as error:
                log.warning("the lease waits for the database", extra={"why": type(error).__name__})

    def _settle_returned(self) -> None:
        if settled := settle_returned(self.stores, self._examined):
            log.info(
                "letters in doubt are settled by the marks of this machine",
                extra={"letters": settled},
            )

    def _renew_lines(self) -> None:
        if self.shaper is not None:
            self.shaper.renew()

    def _leave(self) -> None:
        """All connections are closed: others may have them, and what is due."""
        with contextlib.suppress(*LOST):
            self.queue.give_up()
            if self.shaper is not None:
                self.shaper.leave()


def _is_the_providers(delivery: Delivery, provider: Provider) -> bool:
    """Whether an answer is that of a provider of the list; before it was told whose mailbox is
    meant, a relay speaks for itself.
    """
    return provider.name != OTHER and (
        bool(delivery.servers) or delivery.stage not in BEFORE_A_RECIPIENT
    )
