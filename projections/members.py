"""Who is on which list. `changes` is the one place that says what an event means for membership;
every count of members uses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.ledger.codec import Entry
from engine.store.binary import bigint, bigints, integer, integers, row, texts, uuid_of, uuids
from engine.store.sql import beside
from engine.subscriber import events as e
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
CHANGING = frozenset(
    {e.ListJoined, e.ListLeft, e.ListMoved, e.ListCopied, e.ListTransferred, e.MoveUndone}
)
"""The only events that `changes` reads; most are of other kinds."""


@dataclass(frozen=True, slots=True)
class Joined:
    list: int
    run: int
    at: int
    how: str


@dataclass(frozen=True, slots=True)
class Left:
    list: int
    run: int


def changes(event: object) -> Iterator[Joined | Left]:
    """What an event changes about where a person is, in order. Moves are stored resolved, so no
    rule is needed here.
    """
    match event:
        case e.ListJoined(at, number, run):
            yield Joined(number, run, at, "joined")
        case e.ListLeft(_, number, run, _):
            yield Left(number, run)
        case e.ListMoved():
            if event.source_run:
                yield Left(event.source, event.source_run)
            if event.joined:
                yield Joined(event.target, event.run, event.at, "moved")
        case e.ListCopied():
            yield Joined(event.target, event.run, event.at, "copied")
        case e.ListTransferred():
            if event.source_run and not event.copied:
                yield Left(event.source, event.source_run)
            if event.joined:
                yield Joined(event.target, event.run, event.at, "transferred")
        case e.MoveUndone():
            if event.left_run:
                yield Left(event.left, event.left_run)
            for number, run in event.reopened:
                yield Joined(number, run, event.at, "reopened")
        case _:
            return


def _net(entries: Sequence[Entry]) -> tuple[dict[tuple[str, int], Joined | None], list[str]]:
    """The net effect of entries: how each person is on each list they touch, None for left; and who
    is erased, before all that.
    """
    net: dict[tuple[str, int], Joined | None] = {}
    erased: list[str] = []
    for entry in entries:
        if isinstance(entry.event, e.SubscriberErased):
            erased.append(entry.stream)
            net = {key: value for key, value in net.items() if key[0] != entry.stream}
        if type(entry.event) in CHANGING:
            for change in changes(entry.event):
                net[entry.stream, change.list] = change if isinstance(change, Joined) else None
    return net, erased


class Members:
    name = "members"
    version = 1
    tables: tuple[str, ...] = ("membership",)

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Members, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        net, erased = _net(entries)
        gone = [key for key, value in net.items() if value is None]
        come = [(key, value) for key, value in net.items() if value is not None]
        if erased:
            cursor.execute(self.sql["erase"], {"subscribers": uuids(erased)})
        if gone:
            cursor.execute(
                self.sql["leave"],
                {
                    "subscribers": uuids([k[0] for k in gone]),
                    "lists": integers([k[1] for k in gone]),
                },
            )
        if come:
            keys = {
                "subscribers": uuids([k[0] for k, _ in come]),
                "lists": integers([k[1] for k, _ in come]),
            }
            values = {
                "runs": integers([j.run for _, j in come]),
                "ats": bigints([j.at for _, j in come]),
                "hows": texts([j.how for _, j in come]),
            }
            cursor.execute(self.sql["join"], keys | values)

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        net, _ = _net(entries)
        come = [(*key, joined) for key, joined in net.items() if joined is not None]
        return {
            "membership": [
                row(uuid_of(s), integer(number), integer(j.run), bigint(j.at), j.how.encode())
                for s, number, j in come
            ]
        }

    def tidy(self, cursor: Cursor) -> bool:
        return False
