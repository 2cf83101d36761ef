"""A drawing of a dialogue as values: cards with their lines and words, each in its place, and what
leads from one to another. Lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.console.drawing_graph import Arrow, Card

Mark = Literal["", "added", "changed", "removed"]
"""What the folder has that is not published."""
CardKind = Literal["list", "elsewhere", "form", "broadcast", "rule"]
LineKind = Literal["letter", "reminder", "answer", "copy", "ending", "mailing", "rule", "note"]
WayKind = Literal["joined", "moved", "copied", "ended", "rule"]
End = Literal["", "leave", "stop"]
Look = Literal["name", "about", "due", "subject", "label", "note"]

WIDTH, PADDING, INSET = 312, 14, 34
COUNT_ROOM, SHARE_ROOM, PEOPLE_ROOM = 72, 52, 118
ROOM = WIDTH - 2 * PADDING
LABEL_ROOM = WIDTH - INSET - COUNT_ROOM - SHARE_ROOM - PADDING
SIZES: Mapping[Look, int] = {
    "name": 16,
    "about": 13,
    "due": 13,
    "subject": 14,
    "label": 14,
    "note": 13,
}
LEADING = 4
TERMINAL = 34
"""Below a card after whose last letter people leave."""


@dataclass(frozen=True, slots=True)
class Way:
    """How people go from one list to another (0: none), as they are counted: `question` is the
    letter_ref of the letter that held the link, `label` the link's.
    """

    kind: WayKind
    source: int
    target: int
    question: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `y` is where its letters stand, below the head of the card."""

    look: Look
    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """`id` is also that of the arrow that leaves from it. `whole` is what it says, unfitted;
    `letter` the letter_ref of a letter.
    """

    id: str
    kind: LineKind
    y: int
    height: int
    words: tuple[Words, ...]
    whole: str
    mark: Mark = ""
    letter: str = ""
    way: Way | None = None

    @property
    def middle(self) -> int:
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class DrawnCard:
    """`list` is 0 for what is no list, `file` where it is written. `end` says how people leave
    after its last letter, where that leads nowhere. Its `words` end at `head`.
    """

    id: str
    kind: CardKind
    name: str
    words: tuple[Words, ...]
    head: int
    height: int
    lines: tuple[Line, ...]
    list: int = 0
    file: str = ""
    mark: Mark = ""
    end: End = ""

    @property
    def size(self) -> Card:
        return Card(self.id, WIDTH, self.height + (TERMINAL if self.end else 0))


@dataclass(frozen=True, slots=True)
class DrawnArrow:
    source: str
    target: str
    line: Line

    @property
    def arrow(self) -> Arrow:
        line = self.line
        at_foot = line.kind == "ending"
        return Arrow(
            line.id, self.source, self.target, line.middle, at_foot, f"{line.kind} {line.mark}"
        )


@dataclass(frozen=True, slots=True)
class Drawn:
    cards: tuple[DrawnCard, ...]
    arrows: tuple[DrawnArrow, ...]
