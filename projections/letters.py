"""Every letter ever begun, what became of it and how it was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.ledger.codec import Entry
from engine.store.sql import beside
from engine.subscriber import events as e
from projections.view import Cursor

OUTCOMES = {e.LetterSent: "sent", e.LetterDeferred: "deferred", e.LetterFailed: "failed", e.LetterWithheld: "withheld", e.LetterInDoubt: "doubt"}


@dataclass
class _Batch:
    """What a batch comes to, the last word on each message winning."""

    begun: dict[str, tuple[object, ...]] = field(default_factory=dict)
    status: dict[str, tuple[str, int]] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    given: dict[tuple[str, int], tuple[str, bool, int]] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        event = entry.event
        match event:
            case e.LetterBegun():
                first = self.begun.get(event.message)
                position = first[1] if first else entry.position
                self.begun[event.message] = (
                    entry.stream,
                    position,
                    event.key,
                    event.letter,
                    event.list,
                    event.run,
                    event.kind,
                    event.edition,
                    "begun",
                    event.at,
                )
                self.status.pop(event.message, None)
            case e.LetterInDoubt(at, message, settled):
                self.status[message] = ({"taken-as-sent": "sent", "resend": "deferred"}.get(settled, "doubt"), at)
            case e.LetterSent() | e.LetterDeferred() | e.LetterFailed() | e.LetterWithheld():
                if event.message:
                    self.status[event.message] = (OUTCOMES[type(event)], event.at)
            case e.ListMoved() | e.ListCopied() | e.LetterAnswered():
                self.answers[event.message] = (event.link, event.act)
                self.given[event.message, event.link] = (event.act, isinstance(event, e.ListMoved), event.at)
            case e.MoveUndone():
                self.answers[event.message] = (-1, "")
                self.undone.add(event.message)
                self.given = {key: value for key, value in self.given.items() if key[0] != event.message or not value[1]}
            case _:
                pass


class Letters:
    name = "letters"
    version = 1
    tables: tuple[str, ...] = ("letter", "answer")
    sql = beside(__file__)

    def begin(self, cursor: Cursor, position: int) -> None:
        """Nothing is kept in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        batch = _Batch()
        for entry in entries:
            batch.take(entry)
        if batch.begun:
            names = ("subscribers", "positions", "keys", "letters", "lists", "runs", "kinds", "editions", "statuses", "ats")
            rows = batch.begun.values()
            cursor.execute(
                self.sql["begun"], {"messages": list(batch.begun)} | {name: [row[i] for row in rows] for i, name in enumerate(names)}
            )
        if batch.status:
            values = batch.status.values()
            cursor.execute(
                self.sql["outcome"],
                {"messages": list(batch.status), "statuses": [v[0] for v in values], "ats": [v[1] for v in values]},
            )
        self._put_answers(cursor, batch)

    def _put_answers(self, cursor: Cursor, batch: _Batch) -> None:
        if batch.answers:
            given = batch.answers.values()
            cursor.execute(
                self.sql["answered"], {"messages": list(batch.answers), "links": [v[0] for v in given], "acts": [v[1] for v in given]}
            )
        if batch.undone:
            cursor.execute(self.sql["undone"], {"messages": sorted(batch.undone)})
        if batch.given:
            chosen = batch.given.values()
            keys = {"messages": [key[0] for key in batch.given], "links": [key[1] for key in batch.given]}
            values = {"acts": [v[0] for v in chosen], "moved": [v[1] for v in chosen], "ats": [v[2] for v in chosen]}
            cursor.execute(self.sql["given"], keys | values)

    def tidy(self, cursor: Cursor) -> bool:
        return False
