"""One target, told of the ledger's facts one after the other.

What came of a message is recorded before the next one leaves. Killed between an answer and its
record, it is told of that one message again, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace
from functools import partial
from typing import Final

from engine.desk.hooks import HookState, Retry
from engine.dns.https import Answer
from engine.hooks import schedule
from engine.hooks.message import headers, message_of
from engine.hooks.posting import NoAnswer, Target
from engine.hooks.settings import EVERY, Hook
from engine.hooks.stores import HookStores
from engine.hooks.target_secrets import secrets_of
from engine.ledger.codec import Entry
from engine.ledger.names import NAMES
from engine.ledger.store import Span
from engine.sequence.mistakes import Unreadable
from engine.subscriber.own_robot import is_own_robot

log = logging.getLogger("relance.hooks")
ENTRIES_LOOKED_AT: Final = 20_000
"""In one question to the ledger, and MESSAGES_READ wanted ones at most."""
MESSAGES_READ: Final = 200
HEAR_SECONDS: Final = 5.0
"""How long what an operator does, or what was skipped, may wait to be noticed."""


class Delivery:
    """Used from one event loop."""

    def __init__(self, hook: Hook, stores: HookStores, target: Target) -> None:
        self.hook, self.stores, self.target = hook, stores, target
        self.trouble = ""
        """Why nothing can be tried, "" where it can."""
        self._names = tuple(NAMES) if EVERY in hook.events else hook.events
        self._state: HookState | None = None
        self._queue: dict[int, Retry] = {}
        self._ahead: deque[Entry] = deque()
        self._looked_to = self._heard_at = self._restored = 0
        self._secrets: tuple[bytes, ...] = ()

    async def step(self) -> float:
        """One try at most; seconds to wait for the next, unless the ledger goes on before."""
        now = self.stores.now()
        if self._state is None or now >= self._heard_at + HEAR_SECONDS * 1000:
            await asyncio.to_thread(self._hear, now)
        state = self._state
        if state is None or self.trouble:
            return HEAR_SECONDS
        if not self._ahead and not state.off and now >= state.next_try:
            await asyncio.to_thread(self._look_ahead)
        turn = schedule.turn(state, self._queue.values(), now, has_new=bool(self._ahead))
        if turn.retry is None and not turn.new:
            return min(turn.wait / 1000, HEAR_SECONDS)
        if turn.retry is None:
            entry = self._ahead[0]
        else:
            again = await asyncio.to_thread(self.stores.ledger.at, turn.retry.position)
            if again is None or again.name not in self._names:
                # It is of a ledger that was put back, or is not wanted any more.
                await self._record(schedule.Change(state, drop=(turn.retry.position,)))
                return 0
            entry = again
        await self._try(state, turn.retry, entry)
        return 0

    def _hear(self, now: int) -> None:
        """What was recorded, by us or by an operator, and by what is signed. Where it is as it was,
        what is read ahead stays, and what it skipped is recorded.
        """
        self._restored = self.stores.restored()
        try:
            self._secrets, self.trouble = secrets_of(self.hook, self.stores.folder), ""
        except Unreadable as error:
            self.trouble = str(error)
        name, heard = self.hook.name, self.stores.desk.state(self.hook.name)
        known, self._heard_at = self._state, now
        if known is None or heard is None or heard.turn != known.turn:
            self._state, self._ahead = heard, deque()
            self._looked_to = heard.position if heard is not None else 0
            self._queue = {retry.position: retry for retry in self.stores.desk.queue(name)}
        elif not self._ahead and self._looked_to > known.position:
            skipped = replace(known, position=self._looked_to)
            self._state = skipped if self.stores.desk.record(skipped) else None

    def _look_ahead(self) -> None:
        """Read on until there is something to tell, or the ledger ends."""
        head = self.stores.ledger.head()
        while not self._ahead and self._looked_to < head:
            upto = min(head, self._looked_to + ENTRIES_LOOKED_AT)
            entries = self.stores.ledger.page(
                Span(self._looked_to, upto + 1, self._names), MESSAGES_READ
            )
            full = len(entries) == MESSAGES_READ
            self._looked_to = entries[-1].position if full else upto
            self._ahead.extend(entry for entry in entries if not is_own_robot(entry.stream))

    async def _try(self, state: HookState, retry: Retry | None, entry: Entry) -> None:
        message = message_of(entry, self._restored)
        signed = headers(message, self._secrets, self.stores.now())
        answer = await self.target.post(message.body, signed)
        change = self._change(state, retry, entry.position, answer)
        self._log(state, change)
        await self._record(change)
        if self._state is not None and change.state.position > state.position:
            self._ahead.popleft()

    async def _record(self, change: schedule.Change) -> None:
        record = partial(self.stores.desk.record, change.state, change.put, change.drop)
        if not await asyncio.to_thread(record):
            self._state = None
            return
        self._state = change.state
        for retry in change.put:
            if retry.next_try is not None:
                self._queue[retry.position] = retry
            else:
                self._queue.pop(retry.position, None)
        for position in change.drop:
            del self._queue[position]

    def _change(
        self, state: HookState, retry: Retry | None, position: int, answer: Answer | NoAnswer
    ) -> schedule.Change:
        now = self.stores.now()
        if isinstance(answer, str):
            chance = self.stores.chance()
            return schedule.refused(state, position, retry, answer, now, chance=chance)
        said = str(answer.status)
        if 200 <= answer.status < 300:
            return schedule.delivered(state, position, retry, said, now)
        if answer.status == schedule.GONE:
            return schedule.gone(state, said, now)
        return schedule.refused(
            state,
            position,
            retry,
            said,
            now,
            retry_after=schedule.read_retry_after(answer.retry_after, now),
            chance=self.stores.chance(),
        )

    def _log(self, before: HookState, change: schedule.Change) -> None:
        """What is new: the first failure of some, the end of them, and what is not tried again."""
        after, hook = change.state, self.hook.name
        about = {"hook": hook, "answer": after.answer}
        if after.off:
            log.error("A HOOK IS SWITCHED OFF", extra=about)
        elif schedule.is_backing_off(after) and not schedule.is_backing_off(before):
            log.error("a hook takes nothing", extra=about)
        elif after.failing and not before.failing:
            log.warning("a hook has not taken a message", extra=about)
        elif before.failing and not after.failing:
            log.info("a hook takes messages again", extra=about)
        if after.given_up > before.given_up:
            position = change.put[0].position
            log.error("a message to a hook is given up", extra=about | {"position": position})
