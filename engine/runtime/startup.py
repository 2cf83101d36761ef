"""What is seen to before anything runs: the clock, the first publication, and that nothing leaves
by surprise.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.authoring import publication
from engine.backup.stop_replay import apply_again, read_journals
from engine.context import House
from engine.i18n.language import N_
from engine.i18n.refusal import Refusal
from engine.installation.events import LedgerRestored, SendingPaused
from engine.installation.state import Installation
from engine.privacy.scrubbing import note_erased
from engine.proof.tree_growth import TreeContradicted
from engine.sequence.delay import MINUTE
from engine.sequence.timing import later
from engine.store.locks import alone
from engine.subscriber.events import Cause
from engine.vault.stop_journal import Stop, later_than

log = logging.getLogger("relance.run")
AHEAD = 5 * MINUTE


def make_ready(house: House, speed: int, trial: bool = False) -> None:
    """`speed` 0 leaves the clock as it is; `trial`: that people registered at real time are dragged
    along is agreed to.

    Raises Unpublishable when nothing is published yet and nothing can be.
    """
    check_clock(house)
    if (speed or house.clock.rate) != 1:
        note_trial(house, trial or speed in (0, house.clock.rate))
    if speed and speed != house.clock.rate:
        set_speed(house, speed)
    recognise(house)
    publication.publish_first(house)
    publication.bring_up_to_date(house)
    hold_back(house)


def note_trial(house: House, agreed: bool) -> None:
    """A clock that is sped up makes a trial of the installation. Never where letters reach people,
    and over people registered at real time only if that is `agreed`. Raises Refusal.
    """
    if house.config.smtp.reaches_people:
        host = house.config.smtp.host
        raise Refusal(
            N_(
                "the clock is not sped up while {host} hands letters to people: `relance run"
                " --speed 1` goes back to real time"
            ),
            host=host,
        )
    if house.clock.trial is not None:
        return
    over_people = house.ledger.any_registered()
    if over_people and not agreed:
        raise Refusal(
            N_(
                "people are registered here at real time, and what is sped up cannot be undone:"
                " their dates would lie ahead for good. Try things in an installation of their own"
                " (`relance init DIR`), or say --trial as well"
            )
        )
    house.clock.begin_trial(over_people)


def check_clock(house: House) -> None:
    """The ledger must not be ahead of the engine's time by more than five wall-clock minutes: facts
    would be recorded before their causes.
    """
    if _ahead(house) > AHEAD * max(1, house.clock.rate):
        raise Refusal(
            N_(
                "the ledger is ahead of the engine's clock by more than five minutes: set this"
                " machine's clock right and start again"
            )
        )


def set_speed(house: House, speed: int) -> None:
    """The clock goes on from where it stands, or from the last fact where another process was a
    moment ahead of us at the old speed.
    """
    house.clock.set_rate(speed)
    ahead = _ahead(house)
    if ahead > 0:
        house.clock.jump(ahead)


def _ahead(house: House) -> int:
    """By how many milliseconds of engine time the last fact lies in the future; negative when it
    does not.
    """
    last = house.ledger.at(house.ledger.head())
    return last.recorded_at - house.clock.now() if last is not None else -1


def recognise(house: House) -> None:
    """A ledger that was put back from an older copy holds sending until somebody has looked: what
    left since that copy would leave again.

    It is known by the position this machine remembers, or by a checkpoint it has signed over more
    than there is. One process of this machine at a time, so that it is recorded once.
    """
    house.config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(house.config.data / "ledger-position.lock", lambda said: None):
        remembered = house.memory.lost()
        known = remembered.position if remembered is not None else house.tree.lost()
        if known is not None:
            head = put_back(house)
            told = {"position": head, "remembered": known}
            log.error(
                "THE LEDGER WAS PUT BACK FROM AN OLDER COPY: sending is paused, see `relance"
                " status`, then `relance resume`",
                extra=told,
            )
        applied = apply_again(house, _stops(house, everything=known is not None))
        if applied.counts["erasure"]:
            note_erased(house)
        if applied.counts.total():
            log.warning(
                "the stop journal was applied again", extra={"counts": dict(applied.counts)}
            )
        house.memory.note()


def put_back(house: House) -> int:
    """Record that the ledger was put back and ends at its present head, which is returned; hold
    sending; make anew what is ahead of it.
    """
    now, head = house.clock.now(), house.ledger.head()
    house.publications.execute(
        lambda state: [LedgerRestored(now, head), SendingPaused(now, "restored")],
        Cause("engine"),
        now,
    )
    ahead = [view for view, position, _ in house.views.positions() if position > head]
    if ahead:
        house.views.rebuild(ahead, lambda done, total: None)
    house.desk.release_all()
    try:
        house.tree.grow()
    except TreeContradicted:
        house.tree.anew()
    return head


def _stops(house: House, everything: bool) -> Sequence[Stop]:
    """What this machine's stop journal remembers: all of it, or what is no older than the ledger's
    last fact. What of that is not in the ledger was asked by somebody, in a commit that was lost or
    never was.
    """
    last = house.ledger.at(house.ledger.head())
    path = house.vault.journal.path
    try:
        return (
            read_journals([path])[0]
            if everything or last is None
            else later_than(path, last.recorded_at - 1)
        )
    except FileNotFoundError:
        return ()


def hold_back(house: House) -> None:
    """A real server for the first time, or an outage long enough that much may be due, waits for
    `relance resume`.
    """
    now = house.clock.now()

    def decide(installation: Installation) -> list[SendingPaused]:
        why = "" if 0 in installation.paused else _surprise(house)
        return [SendingPaused(now, why)] if why else []

    house.publications.execute(decide, Cause("engine"), now)


def _surprise(house: House) -> str:
    if house.config.smtp.is_mailbox:
        return ""
    mark = house.desk.mark("tick")
    if house.desk.mark(house.config.smtp.armed_mark) is None:
        return "first-start"
    if mark is not None and house.clock.now() > later(
        mark[0], house.config.sending.pause_after_outage, "UTC"
    ):
        return "outage"
    return ""
