"""Large databases: made once a run, each from the next smaller one, and copied for whoever changes
them.

The smallest has the dialogue, people due on each of five lists, one on each of two more (all are
paused), and one person who stands for the crowd: that one got the first letter of list 8 and waits
a month for the second. Larger ones have more of the crowd. All are gone at the end.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.crowd import multiply, settle
from bench.installation import (
    CROWDED,
    DUE_LISTS,
    ROUND_LISTS,
    Installation,
    join,
    opened,
    publish,
    send_by_hand,
)
from bench.server import Server, server
from bench.sizes import Size
from engine.installation.events import SendingPaused
from engine.subscriber.events import Cause

KB, GB = 1 << 10, 1 << 30
BYTES = 5 * KB
"""Of disk, for one of the crowd with five entries, all indexes included."""
SPARE = 6 * GB
"""The log may grow to four of these, and nobody wants a full disk."""
BASE = "base"
PEOPLE = {Size.QUICK: 5_000, Size.USUAL: 100_000, Size.LARGE: 1_000_000}
"""Memberships of the installation that the loop and the memory of its processes are measured in,
those who are due among them.
"""


class NoRoom(Exception):
    """What cannot be measured here for want of disk: how much is needed and where."""


@dataclass
class Ground:
    """`due` people stand on each of the lists of rounds, among them the list's first, who can be
    multiplied; `crowds` are databases, by their count.

    Without a crowd the ledger has `base` entries, and `each` more for everybody of a crowd.
    `picture`: where to draw what depends on size.
    """

    place: Server
    due: int
    picture: Path | None = None
    firsts: dict[int, str] = field(default_factory=dict)
    base: int = 0
    each: int = 1
    crowds: dict[int, str] = field(default_factory=dict)
    copies: int = 0

    def people_for(self, events: int) -> int:
        """How large a crowd makes a ledger of so many entries."""
        return max(1, (events - self.base) // self.each)

    def crowd_among(self, memberships: int) -> int:
        """The rest of so many memberships: those who are not due in a measure's rounds."""
        return max(1, memberships - ROUND_LISTS * self.due)

    def crowd(self, count: int) -> str:
        """The database with a crowd of `count`, made if it is not there yet; to be copied, not to
        be changed. Raises NoRoom.
        """
        if count not in self.crowds:
            smaller = max((each for each in self.crowds if each < count), default=0)
            self._room(count)
            name = f"crowd_{count}"
            self.place.copy(self.crowds.get(smaller, BASE), name)
            with opened(self.place, name, name) as here:
                multiply(here, self.firsts[CROWDED], count - smaller)
                settle(here.owner)
            self.crowds[count] = name
        return self.crowds[count]

    @contextmanager
    def copy(self, count: int, extra: str = "") -> Iterator[Installation]:
        """An installation with a crowd of `count` to do anything with; 0: nobody but those who are
        due.
        """
        template = self.crowd(count) if count else BASE
        self._room(count)
        self.copies += 1
        name = f"copy_{self.copies}"
        self.place.copy(template, name)
        try:
            with opened(self.place, name, name, extra) as here:
                yield here
        finally:
            self.place.drop(name)

    @contextmanager
    def used_up(self, count: int) -> Iterator[Installation]:
        """The database of a crowd itself, which goes afterwards: the largest would not be on the
        disk twice.
        """
        name = self.crowd(count)
        try:
            with opened(self.place, f"{name}_used_up", name) as here:
                yield here
        finally:
            del self.crowds[count]
            self.place.drop(name)

    def _room(self, count: int) -> None:
        needed, free = count * BYTES + SPARE, shutil.disk_usage(self.place.root).free
        if free < needed:
            raise NoRoom(
                f"a crowd of {count:,} needs {needed / GB:.0f} GB in {self.place.root.parent}, and"
                f" {free / GB:.0f} are free"
            )


@contextmanager
def ground(due: int, picture: Path | None = None) -> Iterator[Ground]:
    """Nothing but its base; `due` people on each list of a round."""
    with server() as place:
        made = Ground(place, due, picture)
        with opened(place, BASE, BASE) as here:
            context = here.context
            publish(context)
            now = context.clock.now()
            context.installation_stream.execute(
                lambda state: [SendingPaused(now, "bench", n) for n in DUE_LISTS],
                Cause("operator"),
                now,
            )
            for number in (*DUE_LISTS, CROWDED):
                (made.firsts[number],) = join(context, number, 1)
            send_by_hand(context, CROWDED, [made.firsts[CROWDED]])
            context.views.catch_up()
            made.each = len(context.ledger.stream(made.firsts[CROWDED]))
            for number in DUE_LISTS[:ROUND_LISTS]:
                multiply(here, made.firsts[number], due - 1)
            settle(here.owner)
            made.base = context.ledger.head()
        yield made
