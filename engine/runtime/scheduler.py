"""Intervals and calendar occurrences. APScheduler fires the intervals and only sets events; our own
tasks do the work and drain at the end.

Calendar occurrences are computed from the engine's clock and claimed in the ledger by local date:
firing twice (October, several hosts) is harmless.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from engine.audience.mailings import dated_moment, occurrence_name
from engine.installation.events import BroadcastFellDue
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.sequence.anchors import Anchor
from engine.sequence.cron import read_cron
from engine.sequence.delay import DAY
from engine.sequence.model import Broadcast
from engine.sequence.timing import earlier, later, zone
from engine.subscriber.agenda_key import BroadcastKey, encode
from engine.subscriber.events import Cause

MAX_MISSED = 1000


def fallen_due(installation: Installation, now: int) -> list[BroadcastFellDue]:
    """Occurrences whose moment has come and which nobody has claimed. Of a recurring one that was
    missed, only the last: never piled up.
    """
    plan = installation.plan()
    claimed = {occurrence.key for occurrence in installation.calendar}
    due = []
    for broadcast in plan.broadcasts.values():
        moment = _last_moment(broadcast, installation, plan.timezone, now)
        if moment is None or now > later(moment, broadcast.max_lateness, plan.timezone):
            continue
        if _is_over(broadcast, moment, plan.timezone, now):
            continue
        name = occurrence_name(broadcast, moment, plan.timezone)
        if encode(BroadcastKey(broadcast.id, name)) not in claimed:
            due.append(BroadcastFellDue(moment, broadcast.id, name))
    return due


def occurrences(broadcast: Broadcast, timezone: str, after: int) -> Iterator[int]:
    """When a broadcast falls due for everybody (ms), later than `after` (ms), in order; nothing for
    one that each reader has a date of their own for.
    """
    anchored = broadcast.anchored
    if broadcast.every:
        yield from recurrences(broadcast.every, timezone, after)
    elif broadcast.on:
        moment = dated_moment(broadcast, timezone, after)
        yield from (moment,) if moment > after else ()
    elif anchored is not None:
        hours = broadcast.letter.hours
        while (following := anchored.following(after, hours, timezone)) is not None:
            yield following
            after = following


def _is_over(broadcast: Broadcast, moment: int, timezone: str, now: int) -> bool:
    """Whether the date has come before which the broadcast had to leave."""
    anchored = broadcast.anchored
    if anchored is None or not anchored.before or not isinstance(anchored.date, Anchor):
        return False
    return now >= anchored.date_of(moment, broadcast.letter.hours, timezone)


def _last_moment(
    broadcast: Broadcast, installation: Installation, timezone: str, now: int
) -> int | None:
    published = broadcast.letter.added_at
    if not broadcast.every:
        start = (
            published
            if broadcast.on
            else max(published, earlier(now, broadcast.max_lateness, timezone) - DAY)
        )
        first = next(occurrences(broadcast, timezone, start - 1), now + 1)
        return first if first <= now else None
    seen = [
        occurrence.at
        for occurrence in installation.calendar
        if occurrence.broadcast == broadcast.id
    ]
    start, last = max([published, *seen, now - 40 * 86_400_000]), None
    for moment in islice(recurrences(broadcast.every, timezone, start), MAX_MISSED):
        if moment > now:
            break
        last = moment
    return last


def recurrences(every: str, timezone: str, after: int) -> Iterator[int]:
    """The instants (ms) later than `after` that a cron line names in a zone, in order."""
    minute, hour, day, month, weekday = read_cron(every)
    trigger = CronTrigger(
        minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=zone(timezone)
    )
    while (
        following := trigger.get_next_fire_time(
            None, datetime.fromtimestamp((after + 1000) / 1000, UTC)
        )
    ) is not None:
        after = int(following.timestamp() * 1000)
        yield after


def claim_broadcasts(installation_stream: InstallationStream, now: int) -> int:
    """Claim the broadcasts that have fallen due; how many. A second host finds them claimed."""
    return len(
        installation_stream.execute(
            lambda installation: fallen_due(installation, now), Cause("engine"), now
        )
    )


def next_broadcast(installation: Installation, now: int) -> int | None:
    """When (ms) a broadcast falls due for everybody next; None where none does."""
    plan = installation.plan()
    following = (
        next(occurrences(broadcast, plan.timezone, now), None)
        for broadcast in plan.broadcasts.values()
    )
    return min((moment for moment in following if moment is not None), default=None)


class Intervals:
    """Events that are set again and again: `every(60.0)` returns one. That of `after_facts` is also
    set by `facts`, and that of `after_changes` by `changes`.
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._events: list[asyncio.Event] = []
        self._after_facts: list[asyncio.Event] = []
        self._after_changes: list[asyncio.Event] = []

    def facts(self) -> None:
        """The ledger has gone on, and the views with it."""
        for event in self._after_facts:
            event.set()

    def changes(self) -> None:
        """Something was published or paused, or the clock goes otherwise."""
        for event in self._after_changes:
            event.set()

    def after_facts(self, seconds: float) -> asyncio.Event:
        self._after_facts.append(event := self.every(seconds))
        return event

    def after_changes(self) -> asyncio.Event:
        """That one alone has no interval."""
        event = asyncio.Event()
        self._events.append(event)
        self._after_changes.append(event)
        return event

    def wake(self) -> None:
        """Set them all: whoever waits is to see that it must end."""
        for event in self._events:
            event.set()

    def every(self, seconds: float) -> asyncio.Event:
        event = asyncio.Event()
        self._events.append(event)
        self._scheduler.add_job(
            _setter(event),
            "interval",
            seconds=seconds,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        return event

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)


def _setter(event: asyncio.Event) -> Callable[[], None]:
    async def fire() -> None:
        event.set()

    return fire  # type: ignore[return-value]
