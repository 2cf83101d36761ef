"""Which message may be sent next. Eligibility is asked for a group of messages at a time, and the
answer is good for less than a second.

A `SendQueue` is shared by the connections of one delivery; each connection takes from it through an
`ApprovedGroup` of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TypeAlias

from engine.sending.envelope import Delivery, Envelope, Offers, local_refusal
from engine.sending.replies import Reply, Stage, Verdict, classify

EligibilityCheck: TypeAlias = Callable[[Sequence[Envelope]], Awaitable[Collection[str]]]
"""Given messages, the keys of those that may still be sent."""

ELIGIBLE_SECONDS = 0.9  # seconds from asking to writing MAIL; the promise is one
GROUP_SECONDS = 0.25
"""For how long a group is to last. What is approved and not begun when its sender is lost is in
doubt, though it never left.
"""
FIRST_GROUP = 4
SLOW_ANSWERS = 4
"""As many in a row, and what was asked about is tried again later: a database that comes back
answers in time before that.
"""
STALE = Reply(451, "", "Eligibility was not answered within a second (not sent).")


class SendQueue:
    """The messages of one delivery that no connection has begun."""

    def __init__(
        self,
        envelopes: Sequence[Envelope],
        before: EligibilityCheck | None,
        outcome: Callable[[Delivery], None],
    ):
        self.waiting = deque(envelopes)
        self.before, self.outcome = before, outcome
        self.tried: set[str] = set()
        self.stopped = False  # a callback failed: finish what is under way, begin nothing
        self.progress = 0  # messages that got a definite answer
        # Stage and reply at which the last connection failed.
        self.obstacle: tuple[Stage, Reply | None] = ("connect", None)

    @property
    def over(self) -> bool:
        return self.stopped or not self.waiting

    def give_up(self) -> None:
        """No connection can be used: every waiting message ends as not begun."""
        stage, reply = self.obstacle
        while self.waiting:
            verdict = classify(stage, reply) if reply else Verdict.TEMPORARY
            self.outcome(Delivery(self.waiting.popleft().key, stage, reply, verdict, ""))


class Pace:
    """How many messages are approved together, by how fast connections to this server have lately
    begun them.
    """

    def __init__(self) -> None:
        self.group = FIRST_GROUP

    def note(self, begun: int, seconds: float) -> None:
        """A connection has begun so many messages in so many seconds."""
        lasting = int(begun * GROUP_SECONDS / seconds) if seconds else 2 * self.group
        self.group = max(1, min(2 * self.group, lasting))


class ApprovedGroup:
    """The messages that one connection may send now: approved together, at most `size` at a
    time.
    """

    def __init__(self, queue: SendQueue, size: int, pace: Pace) -> None:
        self._queue, self._size, self._pace = queue, size, pace
        self._approved: deque[Envelope] = deque()
        self._asked = self._answered = 0.0
        self._begun = self._slow = 0
        self._clock = asyncio.get_running_loop().time

    def following(self) -> Envelope | None:
        """A message whose permit holds no longer is dropped: it was not begun."""
        while self._approved and not self._queue.stopped and self._fresh():
            envelope = self._approved.popleft()
            if envelope.permit is None or envelope.permit.holds():
                self._begun += 1
                return envelope
        return None

    async def next(self, offers: Offers) -> Envelope | None:
        while True:
            if envelope := self.following():
                return envelope
            self.give_back()
            if self._queue.over:
                return None
            if self._begun:
                self._pace.note(self._begun, self._clock() - self._answered)
            await self._ask(self._take(offers))
            self._answered, self._begun = self._clock(), 0

    def requeue(self, envelope: Envelope, counts: bool) -> bool:
        if counts and envelope.key in self._queue.tried:
            return False
        if counts:
            self._queue.tried.add(envelope.key)
        self._approved.appendleft(
            envelope
        )  # ahead of the others, so that it comes first on a new connection
        return True

    def give_back(self) -> None:
        """What was approved and not begun goes back to the queue, to be asked for again."""
        self._queue.waiting.extendleft(reversed(self._approved))
        self._approved.clear()

    def _fresh(self) -> bool:
        return self._queue.before is None or self._clock() - self._asked < ELIGIBLE_SECONDS

    def _take(self, offers: Offers) -> list[Envelope]:
        taken: list[Envelope] = []
        size = min(self._size, self._pace.group)
        while self._queue.waiting and len(taken) < size:
            envelope = self._queue.waiting.popleft()
            if refusal := local_refusal(envelope, offers):
                self._queue.outcome(
                    Delivery(envelope.key, "mail", refusal, Verdict.NOT_CARRIED, "")
                )
            else:
                taken.append(envelope)
        return taken

    async def _ask(self, taken: list[Envelope]) -> None:
        self._asked = self._clock()
        if not taken:
            return
        if self._queue.before is None:
            self._approved.extend(taken)
            return
        allowed = await self._queue.before(taken)
        approved = [envelope for envelope in taken if envelope.key in allowed]
        self._slow = 0 if self._fresh() else self._slow + 1
        if not self._slow:
            self._approved.extend(approved)
        elif self._slow < SLOW_ANSWERS:
            self._size = max(1, len(taken) // 4)  # a slow answer may come in time for fewer
            self._queue.waiting.extendleft(reversed(approved))
        else:
            for envelope in approved:
                self._queue.outcome(Delivery(envelope.key, "connect", STALE, Verdict.TEMPORARY, ""))
