"""The doctor's nightly round: once a local day, by whichever sending host is first, what does not
hold is written down as a fact (`doctor-ran`), and `status` says so until it holds.

A host that dies over it leaves the day to the next; two facts of one day are harmless. Nobody looks
while letters reach nobody, while the installation may not write to people yet, or while its clock
is sped up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from engine.authoring.going_live import hindrances
from engine.authoring.new_installation import sample_site
from engine.config import Config, is_loopback
from engine.desk.clock import Clock, wall_now
from engine.desk.desk import Daily, Desk
from engine.doctor.looking import eyes_of, look, ourselves
from engine.doctor.world import Line, Subject
from engine.i18n.user_error import UserError
from engine.installation.events import DoctorRan
from engine.installation.stream import InstallationStream
from engine.subscriber.events import Cause

log = logging.getLogger("relance.doctor")
NAME = "doctor"
STOPPED_SECONDS = 0.5
Told = Mapping[Subject, tuple[Line, ...]]
Stopped = Callable[[], bool]
LookedAt = Callable[[Config, Stopped], Told | None]


class DoctorStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


def may_look(stores: DoctorStores) -> bool:
    """Whether this installation is one that writes to people, at real time."""
    config = stores.config
    return (
        stores.clock.rate == 1
        and config.smtp.reaches_people
        and not is_loopback(config.smtp.host)
        and not hindrances(config, sample_site())
    )


def looked_at(config: Config, stopped: Stopped) -> Told | None:
    """As it is from here, now: within two minutes; None where it was stopped before.
    Raises UserError where a key of ours cannot be read.
    """
    us = ourselves(config)

    async def looking() -> Told | None:
        task = asyncio.create_task(look(us, eyes_of(config), wall_now() // 1000))
        while not task.done() and not stopped():
            await asyncio.wait({task}, timeout=STOPPED_SECONDS)
        return task.result() if task.done() else None

    return asyncio.run(looking())


def examine_if_night(
    stores: DoctorStores, stopped: Stopped, looked: LookedAt = looked_at
) -> DoctorRan | None:
    """What was written down; None where nothing was due, or it was stopped before."""
    config = stores.config
    if not may_look(stores):
        return None
    daily = Daily(stores.desk, NAME, config.site.timezone, stores.clock.now, wall_now)
    claimed = daily.claim()
    if claimed is None:
        return None
    try:
        told = looked(config, stopped)
    except UserError as error:
        log.error("the doctor cannot look", extra={"why": str(error)})
        return None
    if told is None:
        return None
    ran = write_down(stores, told)
    daily.done(claimed)
    return ran


def write_down(stores: DoctorStores, told: Told) -> DoctorRan:
    now = stores.clock.now()
    faults = {line.code for lines in told.values() for line in lines if line.is_fault}
    ran = DoctorRan(now, tuple(sorted(faults)))
    stores.installation_stream.execute(lambda _state: [ran], Cause("engine"), now)
    log.info("the doctor has looked", extra={"failing": list(ran.failing)})
    return ran
