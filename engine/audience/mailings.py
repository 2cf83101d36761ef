"""How many people a mailing would go to now, each counted once; when it leaves, and leaving at
once. Apart, because the verb that sends one, the pages that write one and the API ask the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal, Protocol

from engine.audience.segments import HasSegments
from engine.desk.clock import Clock
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.installation.events import BroadcastFellDue
from engine.installation.state import Installation
from engine.sequence.anchors import Anchor, PersonalDate
from engine.sequence.condition import Combined, InSegment, On
from engine.sequence.model import Broadcast, Plan
from engine.sequence.timing import read_local_minute, to_instant, to_local
from engine.subscriber.agenda_key import BroadcastKey, encode

BroadcastState = Literal["in force", "new", "changed", "taken out"]


class MailingViews(HasSegments, Protocol):
    def on_lists(self, lists: Collection[int]) -> int:
        """How many people stand on any of these lists, each counted once."""


class MailingStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def views(self) -> MailingViews: ...


def audience_count(stores: MailingStores, lists: Collection[int], segments: Collection[str]) -> int:
    """Raises KeyError for a segment that is not published."""
    if not segments:
        return stores.views.on_lists(lists)
    everybody = Combined(any=(*map(On, lists), *map(InSegment, segments)))
    return stores.views.segments.counted(everybody, stores.clock.now()).holds


def fallen_due_now(installation: Installation, chosen: Broadcast, now: int) -> BroadcastFellDue:
    """A dated broadcast is sent once, so it takes the name that its date would; a recurring one
    also comes when its next moment does.

    Raises UserError where this occurrence was claimed already.
    """
    if chosen.anchored is not None and isinstance(chosen.anchored.date, PersonalDate):
        why = N_(
            "the broadcast {name} goes to each reader on a date of their own: it cannot be sent to"
            " everybody at once"
        )
        raise UserError(why, name=chosen.id)
    zone = installation.plan().timezone
    name = occurrence_name(chosen, dated_moment(chosen, zone, now), zone)
    key = encode(BroadcastKey(chosen.id, name))
    if any(occurrence.key == key for occurrence in installation.calendar):
        why = N_(
            "the broadcast {name} has fallen due already ({date}): nobody gets it twice. To write"
            " again, publish another one"
        )
        raise UserError(why, name=chosen.id, date=name)
    return BroadcastFellDue(now, chosen.id, name)


def occurrence_name(broadcast: Broadcast, moment: int, timezone: str) -> str:
    """The local date, with the time for a recurring one that may come more than once a day. One
    that is counted from a date is named by that date, so that it leaves once wherever it is moved.
    """
    anchored = broadcast.anchored
    if anchored is not None and isinstance(anchored.date, Anchor):
        return anchored.date.occurrence(anchored.date_of(moment, broadcast.letter.hours, timezone))
    local = to_local(moment, timezone)
    return local.strftime("%Y-%m-%d") if broadcast.on else local.strftime("%Y-%m-%dT%H%M")


def dated_moment(broadcast: Broadcast, timezone: str, now: int) -> int:
    """When a broadcast that has a date leaves (ms), one of every year the next time from `now` on;
    `now` itself for one that recurs.
    """
    if broadcast.on:
        return to_instant(read_local_minute(broadcast.on), timezone)
    if (anchored := broadcast.anchored) is not None and isinstance(anchored.date, Anchor):
        return anchored.first(now, broadcast.letter.hours, timezone)[1]
    return now


def broadcasts_of(in_force: Plan, written: Plan) -> Iterator[tuple[Broadcast, BroadcastState]]:
    """As they are written, those that are only in force still after them."""
    for broadcast in written.broadcasts.values():
        published = in_force.broadcasts.get(broadcast.id)
        state: BroadcastState = "in force" if published is not None else "new"
        if published is not None and _differs(published, broadcast):
            state = "changed"
        yield broadcast, state
    for broadcast in in_force.broadcasts.values():
        if broadcast.id not in written.broadcasts:
            yield broadcast, "taken out" if written.titles else "in force"


def _differs(published: Broadcast, written: Broadcast) -> bool:
    """When or to whom it goes, or what its subject says."""

    def what(broadcast: Broadcast) -> tuple[object, ...]:
        letter = broadcast.letter
        about = (letter.subject, letter.preheader, letter.weight, letter.theme, letter.content)
        when = (broadcast.on, broadcast.every, letter.anchored, letter.hours)
        return (*about, *when, broadcast.to, broadcast.segments, broadcast.reminder is None)

    return what(published) != what(written)
