"""Where rows of some segments are kept: in the agenda's schema, or in the vault's where they say
something personal. All changes of the rows are written here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

from engine.frozen import dataclass
from engine.sequence.condition import Condition
from engine.store.binary import Column, bigints, booleans, texts, uuids
from engine.store.sql import Queries, beside
from engine.subscriber.segment_definitions import definition_of
from engine.subscriber.truth import SegmentConditions
from projections.segment_build import SQL as BUILD_SQL
from projections.view import Cursor

SQL = beside(__file__)
LOOKS_AT_ONCE = 1000
PARTS_KEPT = 1024
Pair = tuple[str, str]
"""A segment and a subscriber."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Its statements, and the segments as published."""

    schema: str
    sql: Queries
    build: Queries
    segments: Mapping[str, Condition]
    names: frozenset[str]
    by_ledger: bool
    _parts: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    def of(self, names: frozenset[str]) -> frozenset[str]:
        """Those of some segments that are kept here."""
        part = self._parts.get(names)
        if part is None:
            if len(self._parts) >= PARTS_KEPT:
                self._parts.clear()
            part = self._parts[names] = names & self.names
        return part

    def definitions(self, conditions: SegmentConditions) -> dict[str, str]:
        """What each segment's rows depend on besides people: when it changes they are built
        anew.
        """
        return {
            segment: definition_of(condition, conditions)
            for segment, condition in self.segments.items()
        }

    def unbuilt(self, cursor: Cursor, conditions: SegmentConditions) -> dict[str, str | None]:
        """Segments whose rows stand for another condition, with what they are to stand for; None
        for one that is published no more.
        """
        wanted = self.definitions(conditions)
        built = {str(row[0]): str(row[1]) for row in cursor.execute(self.sql["built"]).fetchall()}
        names = sorted(built.keys() | wanted.keys())
        return {name: wanted.get(name) for name in names if built.get(name) != wanted.get(name)}

    def standing(self, cursor: Cursor, people: Collection[str]) -> Mapping[str, set[str]]:
        """The segments that each of these people is in."""
        stood: dict[str, set[str]] = {who: set() for who in people}
        if stood:
            values = {"subscribers": uuids(stood)}
            for subscriber, segment in cursor.execute(self.sql["memberships"], values).fetchall():
                stood[str(subscriber)].add(str(segment))
        return stood

    def members_of(self, cursor: Cursor, pairs: Collection[Pair]) -> set[Pair]:
        """Those of the pairs that are there."""
        rows = cursor.execute(self.sql["stood"], _columns(pairs)).fetchall()
        return {(str(row[0]), str(row[1])) for row in rows}

    def change(self, cursor: Cursor, entered: Sequence[Pair], left: Sequence[Pair]) -> None:
        if entered:
            cursor.execute(self.sql["put_members"], _columns(entered))
        if left:
            cursor.execute(self.sql["remove_members"], _columns(left))

    def due_looks(self, cursor: Cursor, now: int) -> list[str]:
        """Some of the people whom time alone may have changed."""
        values = {"now": now, "limit": LOOKS_AT_ONCE}
        return [str(row[0]) for row in cursor.execute(self.sql["due_looks"], values).fetchall()]

    def put_looks(self, cursor: Cursor, looks: Mapping[str, int]) -> None:
        """An earlier look stays."""
        if looks:
            values = {"subscribers": uuids(looks), "looks": bigints(list(looks.values()))}
            cursor.execute(self.sql["put_looks"], values)

    def forget_looks(self, cursor: Cursor, subscribers: Collection[str]) -> None:
        """Of people who are looked at as a whole, or no more."""
        cursor.execute(self.sql["forget_looks"], {"subscribers": uuids(subscribers)})

    def forget(self, cursor: Cursor, subscribers: Collection[str]) -> None:
        cursor.execute(self.sql["forget_people"], {"subscribers": uuids(subscribers)})
        self.forget_looks(cursor, subscribers)


def home_of(schema: str, home: str, segments: Mapping[str, Condition]) -> Home:
    """The home in schema `home` of segments that are built from the folds in `schema`."""
    names = {"schema": schema, "home": home}
    return Home(
        schema=home,
        sql=SQL.within(**names),
        build=BUILD_SQL.within(**names),
        segments=segments,
        names=frozenset(segments),
        by_ledger=home == schema,
    )


def put_edges(cursor: Cursor, edges: Mapping[Pair, bool]) -> None:
    """Who enters (True) or leaves a segment that rules are about."""
    if edges:
        values = {**_columns(edges), "entered": booleans(list(edges.values()))}
        cursor.execute(SQL["put_edges"], values)


def _columns(pairs: Collection[Pair]) -> dict[str, Column]:
    return {
        "segments": texts([segment for segment, _ in pairs]),
        "subscribers": uuids([subscriber for _, subscriber in pairs]),
    }
