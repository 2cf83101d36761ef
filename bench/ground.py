"""Large databases: made once a run, each from the next smaller one, and copied for whoever changes them.

The smallest has the dialogue, people due on each of seven lists (which are paused), and one person who stands for the crowd: that one got the first
letter of list 8 and waits a month for the second. Larger ones have more of the crowd. All are gone at the end.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.crowd import multiply, settle
from bench.installation import CROWDED, DUE_LISTS, ROUND_LISTS, Installation, join, opened, publish, send_by_hand
from bench.server import Server, server
from engine.installation.events import SendingPaused
from engine.subscriber.events import Cause

KB, GB = 1 << 10, 1 << 30
BYTES = 5 * KB
"""Of disk, for one of the crowd with five entries, all indexes included."""
SPARE = 6 * GB
"""The log may grow to four of these, and nobody wants a full disk."""
BASE = "base"


class NoRoom(Exception):
    """What cannot be measured here for want of disk: how much is needed and where."""


@dataclass
class Ground:
    """`due` people stand on each of the lists of rounds; `crowds` are the databases there are, by how many the crowd counts."""

    place: Server
    due: int
    stream: str = ""
    crowds: dict[int, str] = field(default_factory=dict)
    copies: int = 0

    def crowd(self, count: int) -> str:
        """The database with a crowd of `count`, made if it is not there yet; to be copied, not to be changed. Raises NoRoom."""
        if count not in self.crowds:
            smaller = max((each for each in self.crowds if each < count), default=0)
            self._room(count)
            name = f"crowd_{count}"
            self.place.copy(self.crowds.get(smaller, BASE), name)
            with opened(self.place, name, name) as here:
                multiply(here.owner, self.stream, count - smaller)
                settle(here.owner)
            self.crowds[count] = name
        return self.crowds[count]

    @contextmanager
    def copy(self, count: int, extra: str = "") -> Iterator[Installation]:
        """An installation with a crowd of `count` to do anything with; 0: nobody but those who are due."""
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

    def forget(self, count: int) -> None:
        """Nobody needs that crowd any more."""
        if name := self.crowds.pop(count, ""):
            self.place.drop(name)

    def _room(self, count: int) -> None:
        needed, free = count * BYTES + SPARE, shutil.disk_usage(self.place.root).free
        if free < needed:
            raise NoRoom(f"a crowd of {count:,} needs {needed / GB:.0f} GB in {self.place.root.parent}, and {free / GB:.0f} are free")


@contextmanager
def ground(due: int) -> Iterator[Ground]:
    """Empty but for its base; `due` people on each list of a round, a fifth of that on the other two."""
    with server() as place:
        made = Ground(place, due)
        with opened(place, BASE, BASE) as here:
            house = here.house
            publish(house)
            house.publications.current()
            house.publications.append([SendingPaused(house.clock.now(), "bench", n) for n in DUE_LISTS], Cause("operator"), house.clock.now())
            firsts = [join(house, number, 1)[0] for number in DUE_LISTS]
            (made.stream,) = join(house, CROWDED, 1)
            send_by_hand(house, CROWDED, [made.stream])
            house.views.catch_up()
            for number, first in zip(DUE_LISTS, firsts, strict=True):
                multiply(here.owner, first, (due if number <= ROUND_LISTS else due // 5) - 1)
            settle(here.owner)
        yield made
