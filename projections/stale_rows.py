"""Which rows of the agenda a fact of the installation makes stale: they are computed again, in
pieces.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.installation.events import BroadcastFellDue, InstallationEvent, SequencePublished
from engine.installation.publishing import affected_lists
from engine.installation.state import Installation
from engine.subscriber.agenda_key import BroadcastKey, encode

REQUESTS = 0
"""The list number of the rows of requests, which belong to no list."""


@dataclass(frozen=True, slots=True)
class StaleRows:
    """Rows of these lists and of these mailings (encoded keys), whenever they are due. `choices`:
    occurrences of mailings to segments, whose people have to be found first.
    """

    lists: frozenset[int] = frozenset()
    mailings: frozenset[str] = frozenset()
    choices: frozenset[str] = frozenset()

    def __or__(self, other: StaleRows) -> StaleRows:
        return StaleRows(
            self.lists | other.lists,
            self.mailings | other.mailings,
            self.choices | other.choices,
        )

    def __bool__(self) -> bool:
        return bool(self.lists or self.mailings or self.choices)


def stale_rows(before: Installation, after: Installation, event: InstallationEvent) -> StaleRows:
    """The rows that `event`, which led from `before` to `after`, makes stale. A mailing's rows may
    belong to people who have left its lists.
    """
    if isinstance(event, SequencePublished):
        old, new = before.plan(), after.plan()
        lists = affected_lists(old, new)
        if (old.confirmation, old.timezone) != (new.confirmation, new.timezone):
            lists |= {REQUESTS}
        changed = {
            name
            for name, broadcast in {**old.broadcasts, **new.broadcasts}.items()
            if old.broadcasts.get(name) != new.broadcasts.get(name)
            or (broadcast.segments and old.segments != new.segments)
        }
        choices = (
            occurrence.key
            for occurrence in after.calendar
            if occurrence.broadcast in changed
            and occurrence.broadcast in new.broadcasts
            and new.broadcasts[occurrence.broadcast].segments
        )
        mailings = frozenset(encode(BroadcastKey(name)) for name in changed)
        return StaleRows(lists, mailings, frozenset(choices))
    if isinstance(event, BroadcastFellDue):
        broadcast = after.plan().broadcasts.get(event.broadcast)
        key = encode(BroadcastKey(event.broadcast, event.occurrence))
        recurs = any(earlier.broadcast == event.broadcast for earlier in before.calendar)
        return StaleRows(
            frozenset(broadcast.to if broadcast else ()),
            frozenset({encode(BroadcastKey(event.broadcast))} if recurs else ()),
            frozenset({key} if broadcast and broadcast.segments else ()),
        )
    return StaleRows()
