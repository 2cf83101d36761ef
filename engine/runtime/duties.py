"""What a process does again and again beside its parts: duties of whoever follows, and of whoever
sends. Each is done in a thread, and waits for a lost database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from engine.audience.date_duty import DateDuty
from engine.audience.segment_rules import apply_due_rules
from engine.audience.segments import SegmentCounting
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.doctor.nightly import examine_if_night
from engine.doctor.robot import try_forms
from engine.ledger.store import LOST
from engine.privacy.erasure import scrub_and_log
from engine.privacy.retention import apply_if_night
from engine.runtime.cosigning import cosign_when_due
from engine.runtime.scheduler import Intervals, claim_broadcasts
from engine.runtime.stamping import stamp_when_due
from engine.sending.guarding import guard
from engine.sending.sender import Sender
from engine.sequence.delay import DAY
from engine.sequence.timing import earlier
from engine.store.safe_error_text import safe_error_text
from engine.vault.measured import MEASURED_FOR, forget_measured
from engine.views import week_of

log = logging.getLogger("relance.run")
VISITS_KEPT = 387 * DAY
"""Of engine time: with the week they are counted in, visits stay for less than thirteen months."""


async def times_set(event: asyncio.Event, stop: asyncio.Event) -> AsyncIterator[None]:
    """Each time `event` is set, until the end."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(event.wait(), 0.5)
        except TimeoutError:
            continue
        event.clear()
        yield


async def each_time_set(
    event: asyncio.Event, stop: asyncio.Event, duty: Callable[[], object]
) -> None:
    """Do `duty` in a thread each time `event` is set, until the end. A lost database is waited
    for.
    """
    async for _ in times_set(event, stop):
        try:
            await asyncio.to_thread(duty)
        except LOST as error:
            log.warning(
                "what comes round by itself waits for the database",
                extra={"why": safe_error_text(error)},
            )


def of_followers(
    context: AppContext, intervals: Intervals, stop: asyncio.Event
) -> list[Awaitable[None]]:
    return [
        each_time_set(intervals.every(60), stop, lambda: forget(context)),
        each_time_set(intervals.every(1), stop, lambda: _rules(context)),
        *_proof(context, intervals, stop),
        # Apart from other duties: a night's work may take minutes.
        each_time_set(intervals.every(60), stop, lambda: apply_if_night(context)),
        each_time_set(intervals.every(1), stop, DateDuty(context).run),
        each_time_set(intervals.every(60), stop, SegmentCounting(context).run),
        each_time_set(intervals.every(600), stop, lambda: guard(context)),
        each_time_set(intervals.every(60), stop, lambda: scrub_and_log(context)),
    ]


def of_senders(
    context: AppContext, intervals: Intervals, stop: asyncio.Event, sender: Sender
) -> list[Awaitable[None]]:
    return [
        each_time_set(intervals.every(1), stop, lambda: _broadcasts(context)),
        _waking(intervals.every(1), stop, sender),
        # Where letters leave from: what providers see is seen from there.
        each_time_set(intervals.every(60), stop, lambda: examine_if_night(context, stop.is_set)),
        each_time_set(intervals.every(20), stop, lambda: try_forms(context, stop.is_set)),
    ]


async def _waking(event: asyncio.Event, stop: asyncio.Event, sender: Sender) -> None:
    async for _ in times_set(event, stop):
        sender.wake.set()


def _proof(context: AppContext, intervals: Intervals, stop: asyncio.Event) -> list[Awaitable[None]]:
    """The tree follows the ledger a second behind, and checkpoints are signed when they are due.
    Apart, because growing may take long at first.
    """
    return [
        each_time_set(intervals.every(1), stop, lambda: context.tree.grow_quietly(stop.is_set)),
        each_time_set(
            intervals.every(5), stop, lambda: context.tree.sign_when_due(context.config.proof.every)
        ),
        *(
            [each_time_set(intervals.every(5), stop, lambda: stamp_when_due(context, stop.is_set))]
            if context.config.proof.stamp
            else []
        ),
        *(
            [each_time_set(intervals.every(5), stop, lambda: cosign_when_due(context, stop.is_set))]
            if context.config.proof.witness_url
            else []
        ),
    ]


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


def _broadcasts(context: AppContext) -> None:
    claim_broadcasts(context.installation_stream, context.clock.now())
