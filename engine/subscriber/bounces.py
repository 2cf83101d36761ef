"""How bounces add up (B05): five soft ones in a row, over fourteen days, suppress. A letter that
was accepted ends the row, and so does an act of the person; a refusal of the sender or of the
letter never counts.

A mail system that took a letter may say days later, by mail, that it could not deliver it. Then it
was not accepted after all, and the row goes on where it stood before.
"""

from __future__ import annotations

from dataclasses import replace

from engine.frozen import dataclass
from engine.sequence.delay import DAY
from engine.subscriber.terms import BounceKind

SOFT_LIMIT = 5
SOFT_SPAN = 14 * DAY
MESSAGES_KEPT = 8


@dataclass(frozen=True, slots=True)
class Row:
    """`soft` bounces in a row, the first at `since` (ms). Of a row that has ended `message` is the
    letter whose acceptance ended it.
    """

    soft: int = 0
    since: int = 0
    message: str = ""


NO_ROW = Row()


@dataclass(frozen=True, slots=True)
class Bounces:
    """The row as it stands, the one that the last acceptance ended, and the latest letters that
    bounced: each counts once.
    """

    row: Row = NO_ROW
    ended: Row = NO_ROW
    messages: tuple[str, ...] = ()

    def accepted(self, message: str) -> Bounces:
        """A letter was taken: what had bounced softly before it counts no more."""
        return Bounces(NO_ROW, replace(self.row, message=message), self.messages)

    def bounced(self, at: int, kind: str, message: str) -> Bounces:
        messages = (*self.messages, message)[-MESSAGES_KEPT:] if message else self.messages
        if kind != "soft":
            return Bounces(self.row, self.ended, messages)
        row, ended = self._with_soft(at, message)
        return Bounces(row, ended, messages)

    def heard(self) -> Bounces:
        """The person has acted: mail arrives."""
        return Bounces(messages=self.messages)

    def suppresses(self, at: int, kind: BounceKind, message: str) -> bool:
        """Whether one more bounce, of this letter, completes the row."""
        row, _ = self._with_soft(at, message)
        return kind == "soft" and row.soft >= SOFT_LIMIT and at - row.since >= SOFT_SPAN

    def _with_soft(self, at: int, message: str) -> tuple[Row, Row]:
        row, ended = self.row, self.ended
        if message and message == ended.message:
            row, ended = Row(ended.soft + row.soft, ended.since), NO_ROW
        return Row(row.soft + 1, row.since or at), ended


NO_BOUNCES = Bounces()
