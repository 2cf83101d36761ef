"""What is looked at and put right before anything runs: the clock, a ledger that was put back, the
first publication, and a pause where letters would leave by surprise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from engine.authoring import publication
from engine.backup.stop_replay import ReplayStores, apply_again, read_journals
from engine.desk.processes import CLOCK_TOLERANCE_MILLIS
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.installation.events import LedgerRestored, SendingPaused
from engine.installation.state import Installation
from engine.privacy.erasure import NotingStores, note_erased
from engine.proof.ledger_tree import LedgerTree, TreeContradicted
from engine.runtime.clock_changes import begin_trial, check_clock, set_speed
from engine.runtime.rollback_detection import RollbackDetection
from engine.sequence.timing import later
from engine.store.files import alone
from engine.subscriber.events import Cause
from engine.vault.stop_journal import Stop, later_than

log = logging.getLogger("relance.run")


class StartupViews(publication.ListCounts, Protocol):
    def positions(self) -> list[tuple[str, int, str]]:
        """Each view with its position and what stopped it."""

    def rebuild(self, names: Sequence[str], tell: Callable[[int, int], None]) -> None: ...


class StartupStores(publication.PublishingStores, ReplayStores, NotingStores, Protocol):
    """What is looked at and put right before the parts of `run` start."""

    @property
    def views(self) -> StartupViews: ...

    @property
    def tree(self) -> LedgerTree: ...

    @property
    def rollback_detection(self) -> RollbackDetection: ...


def make_ready(stores: StartupStores, speed: int, trial: bool = False) -> None:
    """Everything of this module, in order. `speed` 0 leaves the clock as it is; `trial` agrees that
    people who registered at real time are dragged along.

    Raises Unpublishable when nothing is published yet and nothing can be, and UserError.
    """
    check_clock(stores)
    if (speed or stores.clock.rate) != 1:
        note_trial(stores, trial or speed in (0, stores.clock.rate))
    if speed and speed != stores.clock.rate:
        set_speed(stores, speed)
    recognise(stores)
    publication.publish_first(stores)
    publication.bring_up_to_date(stores)
    hold_back(stores)


def note_trial(stores: StartupStores, agreed: bool) -> None:
    """A clock that is sped up makes a trial of the installation. Never where letters reach people,
    and over people registered at real time only if that is `agreed`. Raises UserError.
    """
    if stores.config.smtp.reaches_people:
        host = stores.config.smtp.relay or stores.config.direct.helo
        raise UserError(
            N_(
                "the clock is not sped up while {host} hands letters to people: `relance run"
                " --speed 1` goes back to real time"
            ),
            host=host,
        )
    if stores.clock.trial is not None:
        return
    over_people = stores.ledger.any_registered()
    if over_people and not agreed:
        raise UserError(
            N_(
                "people are registered here at real time, and what is sped up cannot be undone:"
                " their dates would lie ahead for good. Try things in an installation of their own"
                " (`relance init DIR`), or say --trial as well"
            )
        )
    begin_trial(stores, over_people)


def recognise(stores: StartupStores) -> None:
    """A ledger that was put back from an older copy holds sending until somebody has looked: what
    left since that copy would leave again.

    It is known by the position this machine remembers, or by a checkpoint it has signed over more
    than there is. One process of this machine at a time, so that it is recorded once.
    """
    stores.config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(stores.config.data / "ledger-position.lock", lambda words: None):
        remembered = stores.rollback_detection.lost()
        known = remembered.position if remembered is not None else stores.tree.lost()
        if known is not None:
            head = put_back(stores)
            positions = {"position": head, "remembered": known}
            log.error(
                "THE LEDGER WAS PUT BACK FROM AN OLDER COPY: sending is paused, see `relance"
                " status`, then `relance resume`",
                extra=positions,
            )
        applied = apply_again(stores, _stops(stores, everything=known is not None))
        if applied.counts["erasure"]:
            note_erased(stores)
        if applied.counts.total():
            log.warning(
                "the stop journal was applied again", extra={"counts": dict(applied.counts)}
            )
        stores.rollback_detection.note()


def put_back(stores: StartupStores) -> int:
    """Record that the ledger was put back and ends at its present head, which is returned; hold
    sending; make anew what is ahead of it.
    """
    now, head = stores.clock.now(), stores.ledger.head()
    stores.installation_stream.execute(
        lambda state: [LedgerRestored(now, head), SendingPaused(now, "restored")],
        Cause("engine"),
        now,
    )
    ahead = [view for view, position, _ in stores.views.positions() if position > head]
    if ahead:
        stores.views.rebuild(ahead, lambda done, total: None)
    stores.desk.release_waiting()
    try:
        stores.tree.grow()
    except TreeContradicted:
        stores.tree.anew()
    return head


def _stops(stores: StartupStores, everything: bool) -> Sequence[Stop]:
    """What this machine's stop journal remembers: all of it, or what is no older than the ledger's
    last fact. What of that is not in the ledger was asked by somebody, in a commit that was lost or
    never was. Machines' clocks may differ.
    """
    last = stores.ledger.last_recorded()
    since = last - 1 - CLOCK_TOLERANCE_MILLIS * max(1, stores.clock.rate)
    path = stores.vault.journal.path
    try:
        return read_journals([path])[0] if everything or not last else later_than(path, since)
    except FileNotFoundError:
        return ()


def hold_back(stores: StartupStores) -> None:
    """A real server for the first time, or an outage long enough that much may be due, waits for
    `relance resume`.
    """
    now = stores.clock.now()

    def decide(installation: Installation) -> list[SendingPaused]:
        why = "" if 0 in installation.paused else _surprise(stores)
        return [SendingPaused(now, why)] if why else []

    stores.installation_stream.execute(decide, Cause("engine"), now)


def _surprise(stores: StartupStores) -> str:
    if stores.config.smtp.is_mailbox:
        return ""
    mark = stores.desk.mark("tick")
    if stores.desk.mark(stores.config.smtp.armed_mark) is None:
        return "first-start"
    if mark is not None and stores.clock.now() > later(
        mark[0], stores.config.sending.pause_after_outage, "UTC"
    ):
        return "outage"
    return ""
