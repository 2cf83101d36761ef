"""Every letter ever begun or withheld, what became of it and how it was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.ledger.codec import Entry
from engine.store.binary import (
    bigint,
    bigints,
    boolean,
    booleans,
    integer,
    integers,
    row,
    texts,
    uuid_of,
    uuids,
)
from engine.store.sql import beside
from engine.subscriber import events as e
from engine.subscriber.agenda_key import BroadcastKey, RequestKey, decode
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
OUTCOMES = {
    e.LetterSent: "sent", e.LetterDeferred: "deferred", e.LetterFailed: "failed",
    e.LetterWithheld: "withheld", e.LetterInDoubt: "doubt", e.LetterRetried: "deferred",
}  # fmt: skip
ANSWERS = (e.ListMoved, e.ListCopied, e.LetterAnswered)
CONCERNED = frozenset({e.LetterBegun, *OUTCOMES, *ANSWERS, e.MoveUndone})
"""The only events this view reads; most are of other kinds."""


Begun = tuple[str, int, str, str, int, int, str, int, str, int]


@dataclass
class _Batch:
    """What a batch comes to; the last event on each message wins."""

    begun: dict[str, Begun] = field(default_factory=dict)
    status: dict[str, tuple[str, int]] = field(default_factory=dict)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    undone: set[str] = field(default_factory=set)
    given: dict[tuple[str, int], tuple[str, bool, int]] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        event = entry.event
        if type(event) not in CONCERNED:
            return
        match event:
            case e.LetterBegun():
                first = self.begun.get(event.message)
                self.begun[event.message] = (
                    (*first[:8], "begun", event.at)
                    if first
                    else (
                        entry.stream, entry.position, event.key, event.letter, event.list,
                        event.run, event.kind, event.edition, "begun", event.at,
                    )
                )  # fmt: skip
                self.status.pop(event.message, None)
            case e.LetterInDoubt(at, message, settled):
                self.status[message] = (
                    {"taken-as-sent": "sent", "resend": "deferred"}.get(settled, "doubt"),
                    at,
                )
            case e.LetterWithheld(until=until, message="") if until:
                pass  # it waits for room and was never begun: the agenda has it
            case e.LetterWithheld(until=until) if until:
                self.status[event.message] = "deferred", event.at
            case e.LetterWithheld(at, key, letter, _, number, run, message="") as never:
                # A withheld letter has no message id: its row is named by what it was and for whom.
                decoded = decode(key)
                kind = (
                    "broadcast"
                    if isinstance(decoded, BroadcastKey)
                    else "confirmation"
                    if isinstance(decoded, RequestKey)
                    else "letter"
                )
                name = f"{entry.stream}/{key}/{letter}/{run}"
                self.begun[name] = (
                    entry.stream,
                    entry.position,
                    key,
                    letter,
                    number,
                    run,
                    kind,
                    0,
                    OUTCOMES[type(never)],
                    at,
                )
            case (
                e.LetterSent()
                | e.LetterDeferred()
                | e.LetterFailed()
                | e.LetterWithheld()
                | e.LetterRetried()
            ):
                self.status[event.message] = (OUTCOMES[type(event)], event.at)
            case e.ListMoved() | e.ListCopied() | e.LetterAnswered():
                self.answers[event.message] = (event.link, event.act)
                _, moved, _ = self.given.get((event.message, event.link), ("", False, 0))
                self.given[event.message, event.link] = (
                    event.act,
                    moved or isinstance(event, e.ListMoved),
                    event.at,
                )
            case e.MoveUndone():
                self.answers[event.message] = (-1, "")
                self.undone.add(event.message)
                self.given = {
                    key: value
                    for key, value in self.given.items()
                    if key[0] != event.message or not value[1]
                }


class Letters:
    name = "letters"
    version = 2
    tables: tuple[str, ...] = ("letter", "answer")

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Letters, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        batch = _Batch()
        for entry in entries:
            if isinstance(entry.event, e.MoveUndone) and any(
                message == entry.event.message for message, _ in batch.given
            ):
                # Only the table knows whether what is taken back was a move: the answers are
                # written first.
                self._put(cursor, batch)
                batch = _Batch()
            batch.take(entry)
        self._put(cursor, batch)

    def _put(self, cursor: Cursor, batch: _Batch) -> None:
        for message in batch.begun.keys() & batch.status.keys():
            # Begun and settled within one batch: the row is written once.
            batch.begun[message] = (*batch.begun[message][:8], *batch.status.pop(message))
        if batch.begun:
            subscribers, positions, keys, letters, lists, runs, kinds, editions, statuses, ats = (
                zip(*batch.begun.values(), strict=True)
            )
            cursor.execute(
                self.sql["begun"],
                {
                    "messages": texts(batch.begun), "subscribers": uuids(subscribers),
                    "positions": bigints(positions), "keys": texts(keys), "letters": texts(letters),
                    "lists": integers(lists), "runs": integers(runs), "kinds": texts(kinds),
                    "editions": integers(editions), "statuses": texts(statuses),
                    "ats": bigints(ats),
                },
            )  # fmt: skip
        if batch.status:
            statuses, ats = zip(*batch.status.values(), strict=True)
            cursor.execute(
                self.sql["outcome"],
                {"messages": texts(batch.status), "statuses": texts(statuses), "ats": bigints(ats)},
            )
        self._put_answers(cursor, batch)

    def _put_answers(self, cursor: Cursor, batch: _Batch) -> None:
        if batch.answers:
            links, acts = zip(*batch.answers.values(), strict=True)
            cursor.execute(
                self.sql["answered"],
                {"messages": texts(batch.answers), "links": integers(links), "acts": texts(acts)},
            )
        if batch.undone:
            cursor.execute(self.sql["undone"], {"messages": texts(batch.undone)})
        if batch.given:
            messages, links = zip(*batch.given, strict=True)
            acts, moved, ats = zip(*batch.given.values(), strict=True)
            keys = {"messages": texts(messages), "links": integers(links)}
            cursor.execute(
                self.sql["given"],
                keys | {"acts": texts(acts), "moved": booleans(moved), "ats": bigints(ats)},
            )

    def whole(self, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        batch = _Batch()
        for entry in entries:
            batch.take(entry)
        letters = []
        for message, begun in batch.begun.items():
            subscriber, position, key, letter, number, run, kind, edition = begun[:8]
            status, at = batch.status.get(message, begun[8:])
            link, act = batch.answers.get(message, (-1, ""))
            letters.append(
                row(
                    message.encode(), uuid_of(subscriber), bigint(position), key.encode(),
                    letter.encode(), integer(number), integer(run), kind.encode(), integer(edition),
                    status.encode(), bigint(at), integer(link), act.encode(),
                )
            )  # fmt: skip
        given = [
            row(message.encode(), integer(link), act.encode(), boolean(moved), bigint(at))
            for (message, link), (act, moved, at) in batch.given.items()
        ]
        return {"letter": letters, "answer": given}

    def tidy(self, cursor: Cursor) -> bool:
        return False
