"""How many people a mailing would go to now, each counted once. Apart, because the verb that sends
one and the pages that write one ask the same.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from engine.audience.segments import HasSegments
from engine.desk.clock import Clock
from engine.sequence.condition import Combined, InSegment, On


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
