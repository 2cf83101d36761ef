"""What is seen to before anything runs: the clock, the first publication, and that nothing leaves
by surprise.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.authoring import publication
from engine.backup.stop_replay import apply_again, read_journals
from engine.context import AppContext
from engine.i18n.language import N_
from engine.i18n.refusal import Refusal
from engine.installation.events import LedgerRestored, SendingPaused
from engine.installation.state import Installation
from engine.privacy.erasure import note_erased
from engine.proof.tree_growth import TreeContradicted
from engine.sequence.delay import MINUTE
from engine.sequence.timing import later
from engine.store.locks import alone
from engine.subscriber.events import Cause
from engine.vault.stop_journal import Stop, later_than

log = logging.getLogger("relance.run")
AHEAD = 5 * MINUTE


def make_ready(context: AppContext, speed: int, trial: bool = False) -> None:
    """`speed` 0 leaves the clock as it is; `trial`: that people registered at real time are dragged
    along is agreed to.

    Raises Unpublishable when nothing is published yet and nothing can be.
    """
    check_clock(context)
    if (speed or context.clock.rate) != 1:
        note_trial(context, trial or speed in (0, context.clock.rate))
    if speed and speed != context.clock.rate:
        set_speed(context, speed)
    recognise(context)
    publication.publish_first(context)
    publication.bring_up_to_date(context)
    hold_back(context)


def note_trial(context: AppContext, agreed: bool) -> None:
    """A clock that is sped up makes a trial of the installation. Never where letters reach people,
    and over people registered at real time only if that is `agreed`. Raises Refusal.
    """
    if context.config.smtp.reaches_people:
        host = context.config.smtp.host
        raise Refusal(
            N_(
                "the clock is not sped up while {host} hands letters to people: `relance run"
                " --speed 1` goes back to real time"
            ),
            host=host,
        )
    if context.clock.trial is not None:
        return
    over_people = context.ledger.any_registered()
    if over_people and not agreed:
        raise Refusal(
            N_(
                "people are registered here at real time, and what is sped up cannot be undone:"
                " their dates would lie ahead for good. Try things in an installation of their own"
                " (`relance init DIR`), or say --trial as well"
            )
        )
    context.clock.begin_trial(over_people)


def check_clock(context: AppContext) -> None:
    """The ledger must not be ahead of the engine's time by more than five wall-clock minutes: facts
    would be recorded before their causes.
    """
    if _ahead(context) > AHEAD * max(1, context.clock.rate):
        raise Refusal(
            N_(
                "the ledger is ahead of the engine's clock by more than five minutes: set this"
                " machine's clock right and start again"
            )
        )


def set_speed(context: AppContext, speed: int) -> None:
    """The clock goes on from where it stands, or from the last fact where another process was a
    moment ahead of us at the old speed.
    """
    context.clock.set_rate(speed)
    ahead = _ahead(context)
    if ahead > 0:
        context.clock.jump(ahead)


def _ahead(context: AppContext) -> int:
    """By how many milliseconds of engine time the last fact lies in the future; negative when it
    does not.
    """
    last = context.ledger.at(context.ledger.head())
    return last.recorded_at - context.clock.now() if last is not None else -1


def recognise(context: AppContext) -> None:
    """A ledger that was put back from an older copy holds sending until somebody has looked: what
    left since that copy would leave again.

    It is known by the position this machine remembers, or by a checkpoint it has signed over more
    than there is. One process of this machine at a time, so that it is recorded once.
    """
    context.config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(context.config.data / "ledger-position.lock", lambda said: None):
        remembered = context.rollback_detection.lost()
        known = remembered.position if remembered is not None else context.tree.lost()
        if known is not None:
            head = put_back(context)
            told = {"position": head, "remembered": known}
            log.error(
                "THE LEDGER WAS PUT BACK FROM AN OLDER COPY: sending is paused, see `relance"
                " status`, then `relance resume`",
                extra=told,
            )
        applied = apply_again(context, _stops(context, everything=known is not None))
        if applied.counts["erasure"]:
            note_erased(context)
        if applied.counts.total():
            log.warning(
                "the stop journal was applied again", extra={"counts": dict(applied.counts)}
            )
        context.rollback_detection.note()


def put_back(context: AppContext) -> int:
    """Record that the ledger was put back and ends at its present head, which is returned; hold
    sending; make anew what is ahead of it.
    """
    now, head = context.clock.now(), context.ledger.head()
    context.installation_stream.execute(
        lambda state: [LedgerRestored(now, head), SendingPaused(now, "restored")],
        Cause("engine"),
        now,
    )
    ahead = [view for view, position, _ in context.views.positions() if position > head]
    if ahead:
        context.views.rebuild(ahead, lambda done, total: None)
    context.desk.release_all()
    try:
        context.tree.grow()
    except TreeContradicted:
        context.tree.anew()
    return head


def _stops(context: AppContext, everything: bool) -> Sequence[Stop]:
    """What this machine's stop journal remembers: all of it, or what is no older than the ledger's
    last fact. What of that is not in the ledger was asked by somebody, in a commit that was lost or
    never was.
    """
    last = context.ledger.at(context.ledger.head())
    path = context.vault.journal.path
    try:
        return (
            read_journals([path])[0]
            if everything or last is None
            else later_than(path, last.recorded_at - 1)
        )
    except FileNotFoundError:
        return ()


def hold_back(context: AppContext) -> None:
    """A real server for the first time, or an outage long enough that much may be due, waits for
    `relance resume`.
    """
    now = context.clock.now()

    def decide(installation: Installation) -> list[SendingPaused]:
        why = "" if 0 in installation.paused else _surprise(context)
        return [SendingPaused(now, why)] if why else []

    context.installation_stream.execute(decide, Cause("engine"), now)


def _surprise(context: AppContext) -> str:
    if context.config.smtp.is_mailbox:
        return ""
    mark = context.desk.mark("tick")
    if context.desk.mark(context.config.smtp.armed_mark) is None:
        return "first-start"
    if mark is not None and context.clock.now() > later(
        mark[0], context.config.sending.pause_after_outage, "UTC"
    ):
        return "outage"
    return ""
