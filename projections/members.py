"""Who is on which list, how many are, and how many went which way. `changes` is the one place that
says what an event means for membership; every count of members uses it.

A way is counted on the day (UTC) in which it was gone. A move that is taken back is counted no more
while the person stands where it led.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from engine.frozen import dataclass
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.store.binary import (
    Column,
    bigint,
    bigints,
    integer,
    integers,
    row,
    texts,
    uuid_of,
    uuids,
)
from engine.store.sql import beside
from engine.subscriber import events as e
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
CHANGING = frozenset(
    {e.ListJoined, e.ListLeft, e.ListMoved, e.ListCopied, e.ListTransferred, e.MoveUndone}
)
"""The only events that `changes` reads; most are of other kinds."""


class Transition(NamedTuple):
    """A way that people go, on a day (since 1970-01-01): see `engine.views.TransitionCount`."""

    day: int
    source: int
    target: int
    kind: str
    question: str
    label: str


@dataclass(frozen=True, slots=True)
class Joined:
    """`source` is where they came from, `question` and `label` are those of the answer that brought
    them (ListMoved); of one who was transferred, `label` says why.
    """

    list: int
    run: int
    at: int
    how: str
    source: int = 0
    question: str = ""
    label: str = ""

    @property
    def transition(self) -> Transition:
        """Of one that was moved, how they came."""
        return Transition(
            self.at // DAY, self.source, self.list, self.how, self.question, self.label
        )


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
                answer = event.source, event.question, event.label
                yield Joined(event.target, event.run, event.at, "moved", *answer)
        case e.ListCopied():
            answer = event.source, event.question, event.label
            yield Joined(event.target, event.run, event.at, "copied", *answer)
        case e.ListTransferred():
            if event.source_run and not event.copied:
                yield Left(event.source, event.source_run)
            if event.joined:
                origin = event.source, "", event.why
                yield Joined(event.target, event.run, event.at, "transferred", *origin)
        case e.MoveUndone():
            if event.left_run:
                yield Left(event.left, event.left_run)
            for number, run in event.reopened:
                yield Joined(number, run, event.at, "reopened")
        case _:
            return


def transition(event: object, door: str) -> Transition | None:
    """The way that an event is, if it is one; `door` is its cause's."""
    match event:
        case e.ListJoined():
            return Transition(event.at // DAY, 0, event.list, "joined", "", door)
        case e.ListLeft(at, number, _, why):
            kind = "ended" if why == "ended" else "left"
            return Transition(at // DAY, number, 0, kind, "", "" if kind == "ended" else why)
        case e.ListMoved() | e.ListCopied():
            kind = "moved" if isinstance(event, e.ListMoved) else "copied"
            ends = event.source, event.target
            return Transition(event.at // DAY, *ends, kind, event.question, event.label)
        case e.ListTransferred():
            if event.why == "refused":
                return None
            day, ends = event.at // DAY, (event.source, event.target)
            if event.copied:
                return Transition(day, *ends, "copied", "", event.why)
            kind = event.why if event.why in ("ended", "rule") else "transferred"
            return Transition(day, *ends, kind, "", event.why if kind == "transferred" else "")
        case _:
            return None


Key = tuple[str, int]
"""A person and a list."""


class _Net:
    """The net effect of entries: how each person is on each list they touch, None for left; who is
    erased, before all that; and how many went which way. `before` are those of whom a move may be
    taken back, as they stood.
    """

    def __init__(self, before: Mapping[Key, Joined]) -> None:
        self.before = before
        self.changed: dict[Key, Joined | None] = {}
        self.erased: list[str] = []
        self.gone: Counter[Transition] = Counter()

    def take(self, entry: Entry) -> None:
        event = entry.event
        if isinstance(event, e.SubscriberErased):
            self.erased.append(entry.stream)
            kept = {key: value for key, value in self.changed.items() if key[0] != entry.stream}
            self.changed = kept
        if type(event) not in CHANGING:
            return
        if isinstance(event, e.MoveUndone):
            self._undo(event, (entry.stream, event.left))
        elif (way := transition(event, entry.cause.door)) is not None:
            self.gone[way] += 1
        for change in changes(event):
            key = entry.stream, change.list
            self.changed[key] = change if isinstance(change, Joined) else None

    def _undo(self, event: e.MoveUndone, key: Key) -> None:
        stood = self.changed[key] if key in self.changed else self.before.get(key)
        if stood is not None and stood.how == "moved" and stood.run == event.left_run:
            self.gone[stood.transition] -= 1


def ways_in(history: Iterable[Entry]) -> Counter[Transition]:
    """How often each way was gone in somebody's whole history, less what was taken back."""
    net = _Net({})
    for entry in history:
        net.take(entry)
    return net.gone


class Members:
    name = "members"
    version = 2
    tables: tuple[str, ...] = ("membership", "standing", "transition")
    of_everybody = False

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Members, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        net = _Net(self._undone(cursor, entries))
        for entry in entries:
            net.take(entry)
        gone = [key for key, value in net.changed.items() if value is None]
        come = [(key, value) for key, value in net.changed.items() if value is not None]
        if net.erased:
            cursor.execute(self.sql["erase"], {"subscribers": uuids(net.erased)})
        if gone:
            cursor.execute(self.sql["leave"], _keys(gone))
        if come:
            values = {
                "runs": integers([j.run for _, j in come]),
                "ats": bigints([j.at for _, j in come]),
                "hows": texts([j.how for _, j in come]),
                "sources": integers([j.source for _, j in come]),
                "questions": texts([j.question for _, j in come]),
                "labels": texts([j.label for _, j in come]),
            }
            cursor.execute(self.sql["join"], _keys([key for key, _ in come]) | values)
        if gone or net.erased:
            cursor.execute(self.sql["clear_standing"])
        self.put_ways(cursor, net.gone)

    def put_ways(self, cursor: Cursor, gone: Mapping[Transition, int]) -> None:
        """Add to how many went which way, or take away."""
        if ways := sorted(way for way, count in gone.items() if count):
            counts = bigints([gone[way] for way in ways])
            cursor.execute(self.sql["count"], _transitions(ways) | {"n": counts})
            if any(gone[way] < 0 for way in ways):
                cursor.execute(self.sql["clear_transitions"])

    def _undone(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[Key, Joined]:
        """How people stood where a move led that these entries take back."""
        keys = [
            (entry.stream, entry.event.left)
            for entry in entries
            if isinstance(entry.event, e.MoveUndone)
        ]
        if not keys:
            return {}
        rows = cursor.execute(self.sql["stood"], _keys(keys)).fetchall()
        stood = cast("list[tuple[object, int, int, int, str, int, str, str]]", rows)
        return {(str(who), number): Joined(number, *how) for who, number, *how in stood}  # type: ignore[arg-type]

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        net = _Net({})
        for entry in entries:
            net.take(entry)
        come = [(*key, joined) for key, joined in net.changed.items() if joined is not None]
        standing = Counter(number for _, number, _ in come)
        return {
            "membership": [
                row(
                    uuid_of(s),
                    integer(number),
                    integer(j.run),
                    bigint(j.at),
                    j.how.encode(),
                    integer(j.source),
                    j.question.encode(),
                    j.label.encode(),
                )
                for s, number, j in come
            ],
            "standing": [row(integer(number), bigint(n)) for number, n in standing.items()],
            "transition": [
                row(
                    integer(way.day),
                    integer(way.source),
                    integer(way.target),
                    way.kind.encode(),
                    way.question.encode(),
                    way.label.encode(),
                    bigint(n),
                )
                for way, n in net.gone.items()
                if n
            ],
        }

    def tidy(self, cursor: Cursor) -> bool:
        return False


def _keys(keys: Sequence[Key]) -> dict[str, Column]:
    return {
        "subscribers": uuids([subscriber for subscriber, _ in keys]),
        "lists": integers([number for _, number in keys]),
    }


def _transitions(ways: Sequence[Transition]) -> dict[str, Column]:
    return {
        "days": integers([way.day for way in ways]),
        "sources": integers([way.source for way in ways]),
        "targets": integers([way.target for way in ways]),
        "kinds": texts([way.kind for way in ways]),
        "questions": texts([way.question for way in ways]),
        "labels": texts([way.label for way in ways]),
    }
