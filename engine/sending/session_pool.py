"""Hands messages over on a few connections, kept open and used again."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence

from engine.sending.envelope import Delivery, Envelope
from engine.sending.lines import Lines, NoLine
from engine.sending.relay_settings import RelaySettings
from engine.sending.route import RouteUnavailable
from engine.sending.send_queue import ApprovedGroup, EligibilityCheck, Pace, SendQueue
from engine.sending.smtp_session import UNLIMITED, ConnectionLost, SmtpSession

MAX_GROUP = 50  # messages per question of eligibility
MIN_PER_CONNECTION = 5  # messages; opening one costs about as many exchanges


class SessionPool(ABC):
    """A route over a few connections to wherever `_connect` leads. Several `deliver` may run at
    once; together they keep to `settings.connections`.
    """

    # They share the connections; with a second batch none waits for the first to be settled.
    batches = 2

    def __init__(self, settings: RelaySettings, lines: Lines | None = None) -> None:
        """`lines`: what all pools of this provider share."""
        self.settings, self._lines = settings, lines
        if lines is not None:
            lines.holders.append(self)
        # A slot is the right to one connection. Idle connections hold no slot, since whoever takes
        # a slot takes an idle connection first.
        self._slots = asyncio.Semaphore(settings.connections)
        self._idle: dict[SmtpSession, asyncio.TimerHandle] = {}
        self._retiring: set[asyncio.Task[None]] = set()
        self._under_way: set[SmtpSession] = set()
        self._opening: set[asyncio.Future[SmtpSession]] = set()
        self._pace = Pace()
        self._leaving = False
        self._closed = False
        self.trouble = ""  # why the last connection could not be made

    async def open(self) -> None:
        async with self._slots:
            self._keep_idle(self._take_idle() or await self._opened())

    async def deliver(
        self,
        envelopes: Sequence[Envelope],
        before: EligibilityCheck | None,
        on_outcome: Callable[[Delivery], None],
    ) -> None:
        if self._closed:
            raise RouteUnavailable("The route was closed.", "temporary", "connect")
        queue = SendQueue(envelopes, before, on_outcome)
        size = self._group(len(envelopes))
        while not (queue.over or self._leaving):
            progress = queue.progress
            most = self.settings.connections
            if self._lines is not None:
                most = min(most, self._lines.allowed)
            if not most:
                return  # the provider is somebody else's now; nothing more was begun
            workers = min(most, -(-len(queue.waiting) // size))
            ends = await asyncio.gather(
                *(self._work(queue, size) for _ in range(workers)), return_exceptions=True
            )
            for error in ends:
                if error is not None:
                    raise error
            if queue.progress == progress and not self._leaving:
                queue.give_up()

    def wanted(self, messages: int) -> int:
        """How many connections so many messages are worth."""
        return min(self.settings.connections, -(-messages // self._group(messages)))

    def _group(self, messages: int) -> int:
        """How many of so many messages a connection takes at a time."""
        share = -(-messages // self.settings.connections)
        return min(MAX_GROUP, max(MIN_PER_CONNECTION, share))

    def stop_connecting(self) -> None:
        self._leaving = True
        for attempt in self._opening:
            attempt.cancel()

    @property
    def idle(self) -> int:
        """Connections that are open and unused."""
        return len(self._idle)

    @property
    def is_quiet(self) -> bool:
        """Whether no connection is open."""
        return not (self._idle or self._retiring or self._under_way or self._opening)

    def leave_lines(self) -> None:
        """The pool is used no more."""
        if self._lines is not None:
            self._lines.holders.remove(self)

    def close_one_idle(self) -> bool:
        session = next(iter(self._idle), None)
        if session is not None:
            self._idle[session].cancel()
            self._retire(session)
        return session is not None

    def close_idle(self) -> None:
        for session, timer in list(self._idle.items()):
            timer.cancel()
            self._retire(session)

    def cut(self) -> int:
        for session in self._under_way:
            session.connection.abort(
                ConnectionLost("We stopped waiting for the server.", ours=True)
            )
        return len(self._under_way)

    async def close(self) -> None:
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
        group = ApprovedGroup(queue, size, self._pace)
        async with self._slots:
            try:
                await self._carry_all(group, queue)
            except NoLine:
                return
            except RouteUnavailable as unavailable:
                queue.obstacle = unavailable.stage, unavailable.reply
            except BaseException:
                queue.stopped = True
                raise

    async def _carry_all(self, group: ApprovedGroup, queue: SendQueue) -> None:
        async with self._lines.slot() if self._lines else contextlib.nullcontext():
            while not (queue.over or self._leaving):
                session = self._take_idle() or await self._opened()
                if not await self._carry(session, group, queue):
                    return

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
        if session.left:
            self._keep_idle(session)
        else:
            await session.connection.quit(self.settings.quit_seconds)
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
        # The server still counts it. Lines do so themselves, and may wait for this one.
        async with self._slots if self._lines is None else contextlib.nullcontext():
            await session.connection.quit(self.settings.quit_seconds)

    @abstractmethod
    async def _connect(self) -> SmtpSession:
        """A session on a new connection. Raises RouteUnavailable."""

    async def _opened(self) -> SmtpSession:
        if self._lines is not None:
            await self._lines.opening()
        try:
            session = await self._unless_leaving(self._connect())
        except BaseException as error:
            known = isinstance(error, RouteUnavailable) and not self._leaving
            self.trouble = str(error) if known else ""
            if self._lines is not None:
                self._lines.closed(by_us=True)
                if isinstance(error, RouteUnavailable) and error.reply is not None:
                    self._lines.turned_away(error.reply)
            raise
        self.trouble = ""
        session.left = self.settings.messages or UNLIMITED
        if self._lines is not None:
            session.connection.when_lost(self._lines.closed)
        return session

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
                raise RouteUnavailable(
                    "Nothing more is begun: the sender stops.", "temporary", "connect"
                ) from None
            raise
