"""What is seen to before anything runs: the clock, the first publication, and that nothing leaves by surprise."""

from __future__ import annotations

from engine import publication
from engine.house import House
from engine.installation.events import SendingPaused
from engine.language import N_
from engine.sequence.delay import MINUTE
from engine.sequence.timing import later
from engine.subscriber.events import Cause
from engine.verbs.refusal import Refusal

AHEAD = 5 * MINUTE


def make_ready(house: House, speed: int) -> None:
    """`speed` 0 leaves the clock as it is. Raises Unpublishable when nothing is published yet and nothing can be."""
    check_clock(house)
    if speed and speed != house.clock.rate:
        set_speed(house, speed)
    publication.publish_first(house)
    hold_back(house)


def check_clock(house: House) -> None:
    """The ledger must not be ahead of the engine's time by more than five wall-clock minutes: facts would be recorded before their causes."""
    if _ahead(house) > AHEAD * max(1, house.clock.rate):
        raise Refusal(N_("the ledger is ahead of the engine's clock by more than five minutes: set this machine's clock right and start again"))


def set_speed(house: House, speed: int) -> None:
    """The clock goes on from where it stands, or from the last fact where another process was a moment ahead of us at the old speed."""
    house.clock.set_rate(speed)
    ahead = _ahead(house)
    if ahead > 0:
        house.clock.jump(ahead)


def _ahead(house: House) -> int:
    """By how many milliseconds of engine time the last fact lies in the future; negative when it does not."""
    last = house.ledger.at(house.ledger.head())
    return last.recorded_at - house.clock.now() if last is not None else -1


def hold_back(house: House) -> None:
    """A real server for the first time, or an outage long enough that much may be due, waits for `relance resume`."""
    while why := _surprise(house):
        now = house.clock.now()
        if house.publications.append([SendingPaused(now, why)], Cause("engine"), now):
            return


def _surprise(house: House) -> str:
    if house.config.smtp.is_mailbox or 0 in house.publications.current().paused:
        return ""
    mark = house.desk.mark("tick")
    if house.desk.mark(f"armed:{house.config.smtp.host}") is None:
        return "first-start"
    if mark is not None and house.clock.now() > later(mark[0], house.config.sending.pause_after_outage, "UTC"):
        return "outage"
    return ""
