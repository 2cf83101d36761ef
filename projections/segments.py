"""Who is in which segment. Kept by the agenda's view from the folds it has in hand, in two homes:
the view's own schema, and the vault's for segments that read a field or a source.

A row stands for the condition as it was published, on the person as folded, at an instant: `look`
says when time alone may change it, and it is then looked at again. One segment is built anew
set-wise, in one transaction, while its old rows are still read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from engine.sequence.condition import (
    Combined,
    Condition,
    FieldIs,
    InSegment,
    SourceIs,
    is_timed,
)
from engine.sequence.model import Plan
from engine.sequence.timing import is_zone
from engine.store.binary import bigints, booleans, texts, uuids
from engine.store.sql import Queries, beside
from engine.subscriber.act import Calendar
from engine.subscriber.events import (
    PersonEvent,
    ProfileChanged,
    SegmentEntered,
    SegmentLeft,
)
from engine.subscriber.person import Known, Person
from engine.subscriber.personal_dates import personal_broadcasts
from engine.subscriber.truth import conditions_of
from projections.segment_build import NO_TRAITS, SelectionWriter, ValueTruths, traits_of
from projections.segment_build import SQL as BUILD_SQL
from projections.view import Cursor

SQL = beside(__file__)
LOOKS_AT_ONCE = 1000
State = tuple[str, str, bool, int]
"""Segment, subscriber, whether they are in it, and when to look again (ms, 0: never)."""


@dataclass(frozen=True, slots=True)
class _NothingKnown:
    """Of somebody whom the vault does not know."""

    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""


NOTHING_KNOWN = _NothingKnown()


class PersonalHome(Protocol):
    """The vault, as far as segments need it, in the transaction of a cursor."""

    schema: str
    sql: Queries

    def traits_of(self, cursor: Cursor, subscribers: Collection[str]) -> Mapping[str, Known]: ...

    def values_of(self, cursor: Cursor, field: str) -> set[str]: ...

    def sources(self, cursor: Cursor) -> set[str]: ...


@dataclass(frozen=True, slots=True)
class Home:
    """Where rows of some segments are kept: their statements, and the segments as published."""

    schema: str
    sql: Queries
    build: Queries
    segments: Mapping[str, Condition]
    by_ledger: bool

    def definitions(self, plan: Plan) -> dict[str, str]:
        """What each segment's rows depend on besides people: when it changes they are built
        anew.
        """
        return {
            segment: f"{condition!r} {plan.timezone} {_types(plan)}"
            for segment, condition in self.segments.items()
        }


class SegmentMembership:
    """`personal` is None where no vault is at hand (a copy for an auditor): what it knows then
    counts as unknown. Members of segments that read it are kept there, and entries and leavings are
    noted for the rules, only if `keeps_personal`: by the live view, not by one built beside it.
    Nothing here is cached across a rollback but the published conditions.
    """

    def __init__(
        self, schema: str, personal: PersonalHome | None, *, keeps_personal: bool = True
    ) -> None:
        self.schema, self.personal, self.keeps_personal = schema, personal, keeps_personal
        self.sql = SQL.within(schema=schema, home=schema)
        self.build_sql = BUILD_SQL.within(schema=schema, home=schema)
        self.use(Plan())

    def use(self, plan: Plan) -> None:
        """The conditions in force from here on."""
        self.plan, self.conditions = plan, conditions_of(plan)
        dynamic, personal = self.conditions.dynamic, self.conditions.personal
        self.homes = [
            self._home(self.schema, {n: c for n, c in dynamic.items() if n not in personal})
        ]
        if self.personal is not None and self.keeps_personal:
            kept = {n: c for n, c in dynamic.items() if n in personal}
            self.homes.append(self._home(self.personal.schema, kept))
        self._ruled = frozenset(rule.segment for rule in plan.rules if self.keeps_personal)
        self._maybe_unbuilt = True

    def _home(self, home: str, segments: Mapping[str, Condition]) -> Home:
        names = {"schema": self.schema, "home": home}
        return Home(
            home, SQL.within(**names), BUILD_SQL.within(**names), segments, home == self.schema
        )

    @property
    def tracked(self) -> bool:
        """Whether what conditions look at is kept of everybody."""
        return bool(self.plan.segments)

    @property
    def at_rest(self) -> bool:
        """True where no segment is published, and none of a former publication is left."""
        return not self.tracked and not self._maybe_unbuilt

    def follow(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        events: Mapping[str, Sequence[PersonEvent]],
        stood: Mapping[str, Person],
        now: int,
    ) -> None:
        """Look again at the segments that these events touch, on the people after them; `stood` is
        who was known before.
        """
        if not self.tracked:
            self._follow_static(cursor, people, events)
            return
        touched = {
            subscriber: names
            for subscriber, person in people.items()
            if not person.erased
            and (names := self.conditions.touched_by(events.get(subscriber, ()), person))
        }
        newcomers = {who for who in touched if people[who].version == len(events[who])}
        profiled = {
            who
            for who in touched
            if any(isinstance(event, ProfileChanged) for event in events.get(who, ()))
        }
        self._look(cursor, people, touched, now, stood, profiled, newcomers)
        self._follow_static(cursor, people, events)
        erased = [subscriber for subscriber, person in people.items() if person.erased]
        self.forget(cursor, erased)

    def _follow_static(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        events: Mapping[str, Sequence[PersonEvent]],
    ) -> None:
        edges = {
            (event.segment, who): isinstance(event, SegmentEntered)
            for who in people
            for event in events.get(who, ())
            if isinstance(event, SegmentEntered | SegmentLeft) and event.segment in self._ruled
        }
        _put_edges(cursor, self.sql, [(*key, entered) for key, entered in edges.items()])

    def look_at_all(self, cursor: Cursor, people: Mapping[str, Person], now: int) -> None:
        """Look at every segment of people who are read anew from the ledger."""
        if self.tracked:
            everything = list(self.conditions.dynamic)
            living = {s: p for s, p in people.items() if not p.erased}
            self._look(cursor, living, dict.fromkeys(living, everything), now)
            self.forget(cursor, people.keys() - living.keys())

    def traits(self, person: Person) -> bytes:
        return traits_of(person) if self.tracked else NO_TRAITS

    def put_traits(self, cursor: Cursor, people: Mapping[str, Person]) -> None:
        """Only where they differ."""
        cursor.execute(
            self.sql["put_traits"],
            {
                "subscribers": uuids(people),
                "traits": texts([self.traits(person).decode() for person in people.values()]),
            },
        )

    def forget(self, cursor: Cursor, subscribers: Collection[str]) -> None:
        if subscribers and self.tracked:
            for home in self.homes:
                cursor.execute(home.sql["forget_people"], {"subscribers": uuids(subscribers)})

    def due_looks(self, cursor: Cursor, now: int) -> dict[str, set[str]]:
        """Some of the people whom time alone may have changed, each with the segments concerned."""
        due: dict[str, set[str]] = {}
        for home in self.homes:
            values = {"now": now, "limit": LOOKS_AT_ONCE}
            for subscriber, segment in cursor.execute(home.sql["due_looks"], values).fetchall():
                due.setdefault(str(subscriber), set()).add(str(segment))
        return due

    def look_again(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        due: Mapping[str, Collection[str]],
        now: int,
    ) -> None:
        self._look(cursor, people, due, now)

    def _look(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        touched: Mapping[str, Collection[str]],
        now: int,
        before: Mapping[str, Person] = MappingProxyType({}),
        profiled: Collection[str] = (),
        newcomers: Collection[str] = (),
    ) -> None:
        """`before`: people as they were, without `newcomers`. Where they were answered the same,
        their row says so already, or time has changed it and it will be looked at for that; except
        of `profiled`, of whom the vault tells no more what it knew.
        """
        known = self._personal_traits(cursor, touched)
        for home in self.homes:
            states: list[State] = []
            gone: list[tuple[str, str]] = []
            for subscriber, names in touched.items():
                person = people[subscriber]
                here = [name for name in names if name in home.segments]
                answers = self.conditions.truths_of(here, person, known.get(subscriber), now)
                former = before.get(subscriber)
                if former is not None and (home.by_ledger or subscriber not in profiled):
                    stood = self.conditions.truths_of(here, former, known.get(subscriber), now)
                    answers = (new for new, old in zip(answers, stood, strict=True) if new != old)
                for name, truth, look in answers:
                    if truth or look:
                        states.append((name, subscriber, truth is True, look))
                    elif subscriber not in newcomers:
                        gone.append((name, subscriber))
            self._note_edges(cursor, home, states, gone, newcomers)
            _put(cursor, home.sql, states)
            _remove(cursor, home.sql, gone)

    def _note_edges(
        self,
        cursor: Cursor,
        home: Home,
        states: Sequence[State],
        gone: Sequence[tuple[str, str]],
        newcomers: Collection[str],
    ) -> None:
        """Note who enters or leaves a segment that rules are about, by a fact or by time: a segment
        built anew, because its words changed, is entered by nobody. Until it is built its rows do
        not say who was there: then only those who were not known before enter.
        """
        unbuilt = self._unbuilt(cursor, home) if self._ruled and self._maybe_unbuilt else {}
        answers = [*states, *((name, who, False, 0) for name, who in gone)]
        now = {
            (name, who): member
            for name, who, member, _ in answers
            if name in self._ruled and (name not in unbuilt or who in newcomers)
        }
        if not now:
            return
        values = {
            "segments": texts([name for name, _ in now]),
            "subscribers": uuids([who for _, who in now]),
        }
        stood = {
            (str(row[0]), str(row[1]))
            for row in cursor.execute(home.sql["stood"], values).fetchall()
        }
        _put_edges(
            cursor,
            home.sql,
            [(*key, member) for key, member in now.items() if member != (key in stood)],
        )

    def _personal_traits(
        self, cursor: Cursor, touched: Mapping[str, Collection[str]]
    ) -> Mapping[str, Known]:
        personal = self.conditions.personal
        asked = [who for who, names in touched.items() if not personal.isdisjoint(names)]
        if self.personal is None or not asked:
            return {}
        return self.personal.traits_of(cursor, asked)

    def known_for_mailings(
        self, cursor: Cursor, subscribers: Collection[str], calendar: Calendar
    ) -> Mapping[str, Known]:
        """What the vault knows of these people, where a broadcast to a segment that asks it may
        stand in their agenda; nothing otherwise.
        """
        reading = self.conditions.broadcasts_reading_vault
        if self.personal is None or not reading or not subscribers:
            return {}
        if not any(occurrence.broadcast in reading for occurrence in calendar) and not any(
            broadcast.id in reading for broadcast, _, _ in personal_broadcasts(self.plan)
        ):
            return {}
        traits = self.personal.traits_of(cursor, subscribers)
        return {who: traits.get(who, NOTHING_KNOWN) for who in subscribers}

    def build_one(self, cursor: Cursor, now: int) -> bool:
        """Build one segment whose rows stand for another condition, or drop those of one that is
        published no more; whether there was one.
        """
        if not self._maybe_unbuilt:
            return False
        for home in self.homes:
            for name, definition in self._unbuilt(cursor, home).items():
                self._build(cursor, home, name, definition, now)
                return True
        self._maybe_unbuilt = False
        return False

    def _unbuilt(self, cursor: Cursor, home: Home) -> dict[str, str | None]:
        """Segments whose rows stand for another condition, with what they are to stand for; None
        for one that is published no more.
        """
        wanted = home.definitions(self.plan)
        built = {str(row[0]): str(row[1]) for row in cursor.execute(home.sql["built"]).fetchall()}
        names = sorted(built.keys() | wanted.keys())
        return {name: wanted.get(name) for name in names if built.get(name) != wanted.get(name)}

    def _build(
        self, cursor: Cursor, home: Home, name: str, definition: str | None, now: int
    ) -> None:
        cursor.execute(home.sql["empty"], {"segment": name})
        if definition is None:
            cursor.execute(home.sql["set_unbuilt"], {"segment": name})
            return
        people, parameters = self.select(cursor, home.segments[name], now, of_everybody=False)
        statement = home.build["build"].replace("<people>", people)
        cursor.execute(statement.encode(), {**parameters, "segment": name})
        cursor.execute(home.sql["set_built"], {"segment": name, "definition": definition})

    def next_choice(self, cursor: Cursor) -> str:
        """The occurrence of a mailing whose people are still to be found, taken; "" for none."""
        row = cursor.execute(self.sql["next_choice"]).fetchone()
        return str(row[0]) if row else ""

    def choose_later(self, cursor: Cursor, keys: Collection[str]) -> None:
        if keys:
            cursor.execute(self.sql["choose"], {"keys": texts(keys)})

    def mark_chosen(self, cursor: Cursor, segments: Collection[str], at: int) -> None:
        """Mark as stale whoever is in one of these segments at an instant (ms), or may be where no
        vault is at hand.
        """
        there = [InSegment(name) for name in segments if name in self.plan.segments]
        condition = self.conditions.resolved(Combined(any=tuple(there)))
        if there:
            by_ledger = self.personal is None
            people, parameters = self.select(cursor, condition, at, of_everybody=by_ledger)
            wanted = "mark_possible" if by_ledger else "mark_chosen"
            statement = self.build_sql[wanted].replace("<people>", people)
            cursor.execute(statement.encode(), parameters)

    def chosen(self, cursor: Cursor, condition: Condition, at: int) -> list[str]:
        """Whom a resolved condition holds for at an instant, by all facts that are followed."""
        statement, parameters = self.choosing(cursor, condition, at)
        return [str(row[0]) for row in cursor.execute(statement, parameters).fetchall()]

    def choosing(
        self, cursor: Cursor, condition: Condition, at: int
    ) -> tuple[bytes, Mapping[str, object]]:
        """The statement of `chosen`, and its parameters."""
        people, parameters = self.select(cursor, condition, at, of_everybody=False)
        return self.build_sql["chosen"].replace("<people>", people).encode(), parameters

    def counted(self, cursor: Cursor, condition: Condition, at: int) -> tuple[int, int, int]:
        """How many it holds for, is not known of, and does not hold for."""
        people, parameters = self.select(cursor, condition, at)
        statement = self.build_sql["counted"].replace("<people>", people)
        row = cursor.execute(statement.encode(), parameters).fetchone() or (0, 0, 0)
        return int(str(row[0])), int(str(row[1])), int(str(row[2]))

    def compared(
        self, cursor: Cursor, home: str, segment: str, condition: Condition, at: int
    ) -> tuple[int, int]:
        """How many a resolved condition holds for who are not in a segment kept in `home`, and for
        how many who are it does not.
        """
        people, parameters = self.select(cursor, condition, at)
        build = BUILD_SQL.within(schema=self.schema, home=home)
        statement = build["compared"].replace("<people>", people).encode()
        row = cursor.execute(statement, {**parameters, "segment": segment}).fetchone() or (0, 0)
        return int(str(row[0])), int(str(row[1]))

    def select(
        self, cursor: Cursor, condition: Condition, at: int, *, of_everybody: bool = True
    ) -> tuple[str, Mapping[str, object]]:
        """The SELECT of a resolved condition over everybody, and its parameters. Not of everybody:
        people for whom it does not hold, whatever the time, are left out.
        """
        cursor.execute(self.build_sql["everybody"])
        zones = (
            [str(row[0]) for row in cursor.execute(self.build_sql["zones_there"]).fetchall()]
            if is_timed(condition)
            else []
        )
        writer = SelectionWriter(
            sql=self.build_sql,
            vault=self.personal.sql.texts if self.personal is not None else {},
            now=at,
            zones={raw: raw if is_zone(raw) else self.plan.timezone for raw in zones},
            lists_of_group=self.conditions.lists_of_group,
            questions=self.conditions.questions,
            truths=lambda line: self._truths(cursor, line),
        )
        selection = writer.select(condition, of_everybody=of_everybody)
        return selection.people, selection.parameters

    def _truths(self, cursor: Cursor, line: FieldIs | SourceIs) -> ValueTruths:
        assert self.personal is not None
        values = (
            self.personal.values_of(cursor, line.field)
            if isinstance(line, FieldIs)
            else self.personal.sources(cursor)
        )
        truths = {value: self.conditions.value_holds(line, value) for value in values}
        return ValueTruths(
            trues=[value for value, truth in truths.items() if truth],
            unknown=[value for value, truth in truths.items() if truth is None],
            missing=self.conditions.value_holds(line, ""),
        )


def _types(plan: Plan) -> str:
    return " ".join(sorted(f"{name}:{held.type}" for name, held in plan.fields.items()))


def _put(cursor: Cursor, sql: Queries, states: Sequence[State]) -> None:
    if not states:
        return
    segments, subscribers, members, looks = zip(*states, strict=True)
    cursor.execute(
        sql["put_states"],
        {
            "segments": texts(segments),
            "subscribers": uuids(subscribers),
            "members": booleans(members),
            "looks": bigints(looks),
        },
    )


def _put_edges(cursor: Cursor, sql: Queries, edges: Sequence[tuple[str, str, bool]]) -> None:
    if edges:
        segments, subscribers, entered = zip(*edges, strict=True)
        values = {
            "segments": texts(segments),
            "subscribers": uuids(subscribers),
            "entered": booleans(entered),
        }
        cursor.execute(sql["put_edges"], values)


def _remove(cursor: Cursor, sql: Queries, gone: Sequence[tuple[str, str]]) -> None:
    if gone:
        segments, subscribers = zip(*gone, strict=True)
        cursor.execute(
            sql["remove_states"], {"segments": texts(segments), "subscribers": uuids(subscribers)}
        )
