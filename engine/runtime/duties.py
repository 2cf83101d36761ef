"""What a process does again and again beside its parts: duties of whoever follows, and of whoever
sends. Each is done in a thread, and waits for a lost database.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from engine.audience.date_duty import LOOK_EVERY, DateDuty
from engine.audience.segment_rules import apply_due_rules
from engine.audience.segments import SegmentCounting
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.ledger.store import LOST
from engine.privacy.erasure import scrub_and_log
from engine.privacy.retention import apply_if_night
from engine.runtime.cosigning import cosign_when_due
from engine.runtime.following import SHORTEST_SECONDS
from engine.runtime.scheduler import Intervals, claim_broadcasts, next_broadcast
from engine.runtime.stamping import stamp_when_due
from engine.sending.guarding import guard
from engine.sequence.delay import DAY
from engine.sequence.timing import earlier
from engine.store.safe_error_text import safe_error_text
from engine.vault.measured import MEASURED_FOR, forget_measured
from engine.views import week_of

log = logging.getLogger("relance.run")
Answer = TypeVar("Answer")
AGAIN_SECONDS = 1.0
LOOK_SECONDS = 60.0
"""For which a duty rests that knows when it is next due."""
VISITS_KEPT = 387 * DAY
"""Of engine time: with the week they are counted in, visits stay for less than thirteen months."""


async def each_time_set(
    event: asyncio.Event, stop: asyncio.Event, duty: Callable[[], object], pause: float = 0
) -> None:
    """Do `duty` in a thread each time `event` is set, and not again for `pause` seconds, until the
    end. A lost database is waited for.
    """
    while not stop.is_set():
        await event.wait()
        event.clear()
        if not stop.is_set():
            await _done(duty, None)
            await _either(stop, pause)


async def when_due(event: asyncio.Event, stop: asyncio.Event, duty: Callable[[], float]) -> None:
    """Do `duty` in a thread now, after as many seconds as it answered last, and each time `event`
    is set, until the end. A lost database is waited for.
    """
    while not stop.is_set():
        event.clear()
        await _either(event, await _done(duty, AGAIN_SECONDS))


async def _done(duty: Callable[[], Answer], otherwise: Answer) -> Answer:
    """What `duty` answered, `otherwise` where the database was lost."""
    try:
        return await asyncio.to_thread(duty)
    except LOST as error:
        log.warning(
            "what comes round by itself waits for the database",
            extra={"why": safe_error_text(error)},
        )
        return otherwise


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Until `event` is set, or the time is over."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def of_followers(
    context: AppContext, intervals: Intervals, stop: asyncio.Event
) -> list[Awaitable[None]]:
    tree, every = context.tree, context.config.proof.every
    return [
        each_time_set(intervals.every(60), stop, lambda: forget(context)),
        each_time_set(intervals.after_facts(30), stop, lambda: _rules(context), 1),
        # Apart, because growing may take long at first.
        each_time_set(intervals.after_facts(30), stop, lambda: tree.grow_quietly(stop.is_set), 1),
        each_time_set(intervals.after_facts(30), stop, lambda: tree.sign_when_due(every), 5),
        *_proof_of_others(context, intervals, stop),
        # Apart from other duties: a night's work may take minutes.
        each_time_set(intervals.every(60), stop, lambda: apply_if_night(context)),
        when_due(intervals.after_changes(), stop, partial(_dates, context, DateDuty(context))),
        each_time_set(intervals.every(60), stop, SegmentCounting(context).run),
        each_time_set(intervals.every(600), stop, lambda: guard(context)),
        each_time_set(intervals.every(60), stop, lambda: scrub_and_log(context)),
    ]


def of_senders(
    context: AppContext, intervals: Intervals, stop: asyncio.Event
) -> list[Awaitable[None]]:
    # Here, because who follows asks no name server and tries no form.
    from engine.doctor.nightly import examine_if_night
    from engine.doctor.robot import try_forms

    return [
        when_due(intervals.after_changes(), stop, lambda: _broadcasts(context)),
        # Where letters leave from: what providers see is seen from there.
        each_time_set(intervals.every(60), stop, lambda: examine_if_night(context, stop.is_set)),
        each_time_set(intervals.every(20), stop, lambda: try_forms(context, stop.is_set)),
    ]


def _proof_of_others(
    context: AppContext, intervals: Intervals, stop: asyncio.Event
) -> list[Awaitable[None]]:
    duties: list[Awaitable[None]] = []
    if context.config.proof.stamp:
        stamp = partial(stamp_when_due, context, stop.is_set)
        duties.append(each_time_set(intervals.every(10), stop, stamp))
    if context.config.proof.witness_url:
        cosign = partial(cosign_when_due, context, stop.is_set)
        duties.append(each_time_set(intervals.every(10), stop, cosign))
    return duties


def forget(context: AppContext) -> None:
    context.desk.forget()
    context.desk.forget_visited(week_of(context.clock.now() - VISITS_KEPT))
    context.processes.forget()
    context.console_desk.forget()
    context.operations.forget()
    context.dmarc_reports.forget()
    context.hook_desk.forget(wall_now())
    context.webhook_calls.forget()
    context.awaited_orders.forget()
    kept_since = earlier(
        context.clock.now(), context.config.inbound.keep, context.config.site.timezone
    )
    context.inbound_mails.forget(kept_since)
    context.accounts.forget_sign_ins(wall_now())
    measured_before = earlier(context.clock.now(), MEASURED_FOR, context.config.site.timezone)
    forget_measured(context.vault.database, measured_before)
    if ended := context.vault.end_archives(context.clock.now()):
        log.info("sealed proof deleted at its term", extra={"people": ended})


def _rules(context: AppContext) -> None:
    while apply_due_rules(context):
        pass


def _broadcasts(context: AppContext) -> float:
    """Claims what has fallen due; in how many seconds something does again."""
    now = context.clock.now()
    claim_broadcasts(context.installation_stream, now)
    return _until(context, next_broadcast(context.installation_stream.known, now))


def _dates(context: AppContext, duty: DateDuty) -> float:
    duty.run()
    return max(AGAIN_SECONDS, _until(context, duty.looked_at + LOOK_EVERY))


def _until(context: AppContext, instant: int | None) -> float:
    """Seconds of the wall clock until an engine instant; it is looked at again before long all the
    same, since a machine may have slept.
    """
    if instant is None:
        return LOOK_SECONDS
    return min(LOOK_SECONDS, max(SHORTEST_SECONDS, context.clock.seconds_until(instant)))
