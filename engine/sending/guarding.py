"""Pauses what nobody asked for where complaints or bounces pass their guard (A50). Mails that
people wait for, to confirm, go on; the rest waits until somebody resumes. While the domain is
warming up, complaints step it back.

Only days after the last such pause are looked at, so that what was paused for once and resumed is
not paused for again.
"""

from __future__ import annotations

import logging
from typing import Protocol

from engine.config import Config
from engine.delivery.figures import DeliveryViews, Sums, summed
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.desk.shaping import ShapingDesk
from engine.installation.events import SendingPaused
from engine.installation.stream import InstallationStream
from engine.sequence.delay import DAY
from engine.shaping.guards import COMPLAINTS, PASSED, Ended, reason_to_pause
from engine.subscriber.events import Cause

log = logging.getLogger("relance.send")
DAYS = 7
MARK = "guard"
"""On the desk: when a guard last paused (ms, engine time)."""


class GuardedViews(Protocol):
    @property
    def delivery(self) -> DeliveryViews: ...


class GuardStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def shaping(self) -> ShapingDesk: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> GuardedViews: ...


def guard(stores: GuardStores) -> bool:
    """Whether sending was paused now."""
    if not stores.config.shaping.guards or 0 in stores.installation_stream.current().paused:
        return False
    now = stores.clock.now()
    paused_at, _ = stores.desk.mark(MARK) or (-DAY, 0)
    since = max(now // DAY - DAYS + 1, paused_at // DAY + 1)
    counts = (count._replace(provider="") for count in stores.views.delivery.by_day(since))
    sums = summed(counts).get("", Sums())
    ended = Ended(
        accepted=sums.sent, tried=sums.tried, complained=sums.complained, bounced=sums.bounced
    )
    if COMPLAINTS.level(ended.complained, ended.accepted) in PASSED:
        stores.shaping.step_back([provider.name for provider in stores.config.providers])
    reason = reason_to_pause(ended)
    if reason is None:
        return False
    stores.desk.set_mark(MARK, now, 0)
    done = stores.installation_stream.execute(
        lambda state: () if 0 in state.paused else [SendingPaused(now, reason)],
        Cause("engine"),
        now,
    )
    log.warning("what nobody asked for is paused", extra={"why": reason})
    return bool(done)
