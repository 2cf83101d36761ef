"""Who is in which segment. Kept by the agenda's view from the folds it has in hand, in two homes:
the view's own schema, and the vault's for segments that read a field or a source.

A row stands for the condition as it was published, on the person as folded, at an instant. Time
alone may change it: of each person stands, by home, when they are to be looked at again. That may
be too early, since an act that puts it off writes nothing: they are then looked at once for
nothing. One segment is built anew set-wise, in one transaction, while its old rows are still read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Protocol

from engine.frozen import dataclass
from engine.sequence.condition import (
    Combined,
    Condition,
    FieldIs,
    InSegment,
    SourceIs,
    is_timed,
    lines_of,
)
from engine.sequence.model import Plan
from engine.sequence.timing import is_zone
from engine.store.binary import texts, uuids
from engine.store.sql import Queries
from engine.subscriber.act import Calendar
from engine.subscriber.events import (
    ConsentWithdrawn,
    PersonEvent,
    ProfileChanged,
    SegmentEntered,
    SegmentLeft,
)
from engine.subscriber.own_robot import is_own_robot
from engine.subscriber.person import NOBODY, Known, MeasuredActs, Person
from engine.subscriber.personal_dates import personal_broadcasts
from engine.subscriber.truth import conditions_of
from projections.segment_build import NO_TRAITS, SelectionWriter, ValueTruths, traits_of
from projections.segment_build import SQL as BUILD_SQL
from projections.segment_home import SQL, Home, Pair, home_of, put_edges
from projections.view import Cursor


@dataclass(frozen=True, slots=True)
class _NothingKnown:
    """Of somebody whom the vault does not know."""

    fields: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    form: str = ""
    measured: MeasuredActs = ()


NOTHING_KNOWN = _NothingKnown()


class PersonalHome(Protocol):
    """The vault, as far as segments need it, in the transaction of a cursor."""

    schema: str
    sql: Queries

    def traits_of(
        self, cursor: Cursor, subscribers: Collection[str], *, measured: bool
    ) -> Mapping[str, Known]: ...

    def values_of(self, cursor: Cursor, field: str) -> set[str]: ...

    def sources(self, cursor: Cursor) -> set[str]: ...


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
        return home_of(self.schema, home, segments)

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
        people = {who: person for who, person in people.items() if not is_own_robot(who)}
        if not self.tracked:
            self._follow_static(cursor, people, events)
            return
        touched = {
            subscriber: names
            for subscriber, person in people.items()
            if not person.erased
            and (names := self.conditions.touched_by(events.get(subscriber, ()), person))
        }
        self._look(cursor, people, touched, events, stood, now)
        self._follow_static(cursor, people, events)
        erased = [subscriber for subscriber, person in people.items() if person.erased]
        self.forget(cursor, erased)

    def _follow_static(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        events: Mapping[str, Sequence[PersonEvent]],
    ) -> None:
        put_edges(
            cursor,
            {
                (event.segment, who): isinstance(event, SegmentEntered)
                for who in people
                for event in events.get(who, ())
                if isinstance(event, SegmentEntered | SegmentLeft) and event.segment in self._ruled
            },
        )

    def look_at_all(self, cursor: Cursor, people: Mapping[str, Person], now: int) -> None:
        """Look at every segment of people who are read anew from the ledger."""
        if self.tracked:
            living = {s: p for s, p in people.items() if not (p.erased or is_own_robot(s))}
            for home in self.homes:
                self._look_at_whole(cursor, home, living, now)
            self.forget(cursor, people.keys() - living.keys())

    def traits(self, person: Person, before: Person = NOBODY) -> str:
        return traits_of(person, before) if self.tracked else NO_TRAITS

    def traits_of(self, people: Mapping[str, Person], before: Mapping[str, Person]) -> list[str]:
        """In their order; of those who were known before, what has changed."""
        return [
            NO_TRAITS if is_own_robot(who) else self.traits(person, before.get(who, NOBODY))
            for who, person in people.items()
        ]

    def put_traits(self, cursor: Cursor, people: Mapping[str, Person]) -> None:
        """Where none are kept and are to be, or the other way round."""
        values = {"subscribers": uuids(people), "tracked": self.tracked}
        rows = cursor.execute(self.sql["without_traits"], values).fetchall() if people else ()
        without = {str(row[0]): people[str(row[0])] for row in rows}
        if without:
            traits = texts(self.traits_of(without, {}))
            cursor.execute(
                self.sql["put_traits"], {"subscribers": uuids(without), "traits": traits}
            )

    def forget(self, cursor: Cursor, subscribers: Collection[str]) -> None:
        if subscribers and self.tracked:
            for home in self.homes:
                home.forget(cursor, subscribers)

    def due_looks(self, cursor: Cursor, now: int) -> dict[str, set[str]]:
        """Some of the people whom time alone may have changed, each with the homes concerned."""
        due: dict[str, set[str]] = {}
        for home in self.homes:
            for subscriber in home.due_looks(cursor, now):
                due.setdefault(subscriber, set()).add(home.schema)
        return due

    def look_again(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        due: Mapping[str, Collection[str]],
        now: int,
    ) -> None:
        for home in self.homes:
            here = {who: person for who, person in people.items() if home.schema in due[who]}
            self._look_at_whole(cursor, home, here, now)

    def _look_at_whole(
        self, cursor: Cursor, home: Home, people: Mapping[str, Person], now: int
    ) -> None:
        """Every segment of a home, against the rows that stand there."""
        if not people:
            return
        # First of all: what the vault gets to know from here on puts a look anew.
        home.forget_looks(cursor, people)
        known = self._personal_traits(cursor, home, people)
        stood, looks = home.standing(cursor, people), dict[str, int]()
        entered: list[Pair] = []
        left: list[Pair] = []
        for who, person in people.items():
            members, look = self.conditions.memberships(home.names, person, known.get(who), now)
            entered += [(name, who) for name in members - stood[who]]
            left += [(name, who) for name in stood[who] - members]
            if look:
                looks[who] = look
        self._note_edges(cursor, home, entered, left)
        home.change(cursor, entered, left)
        home.put_looks(cursor, looks)

    def _look(
        self,
        cursor: Cursor,
        people: Mapping[str, Person],
        touched: Mapping[str, frozenset[str]],
        events: Mapping[str, Sequence[PersonEvent]],
        before: Mapping[str, Person],
        now: int,
    ) -> None:
        """Where people are answered as they were before these facts, their rows say so already, or
        time has changed it and they will be looked at for that. Of whoever's profile has changed
        the vault tells no more what it knew: their rows are read.
        """
        for home in self.homes:
            concerned = {who: here for who, names in touched.items() if (here := home.of(names))}
            known = self._personal_traits(cursor, home, concerned)
            changed = [] if home.by_ledger else [w for w in concerned if _profiled(events[w])]
            stood = home.standing(cursor, changed)
            looks = dict[str, int]()
            entered: list[Pair] = []
            left: list[Pair] = []
            for who, names in concerned.items():
                traits, least = known.get(who), 0
                members, look = self.conditions.memberships(names, people[who], traits, now)
                if who in stood:
                    formerly = stood[who] & names
                elif who in before:
                    formerly, least = self.conditions.memberships(names, before[who], traits, now)
                else:
                    formerly = set()
                entered += [(name, who) for name in members - formerly]
                left += [(name, who) for name in formerly - members]
                if look and not 0 < least <= look:
                    looks[who] = look
            newcomers = {who for who in touched if people[who].version == len(events[who])}
            self._note_edges(cursor, home, entered, left, newcomers | before.keys())
            home.change(cursor, entered, left)
            home.put_looks(cursor, looks)

    def _note_edges(
        self,
        cursor: Cursor,
        home: Home,
        entered: Sequence[Pair],
        left: Sequence[Pair],
        surely: Collection[str] = (),
    ) -> None:
        """Note who enters or leaves a segment that rules are about, by a fact or by time: a segment
        built anew, because its words changed, is entered by nobody. Until it is built its rows do
        not say who was there: then only those enter or leave of whom it is known what they were
        (`surely`), or whose profile has changed: of them nobody knows it any more.
        """
        unbuilt = (
            home.unbuilt(cursor, self.conditions) if self._ruled and self._maybe_unbuilt else {}
        )
        now = {
            (name, who): member
            for pairs, member in ((entered, True), (left, False))
            for name, who in pairs
            if name in self._ruled and (name not in unbuilt or who in surely)
        }
        if not now:
            return
        stood = home.members_of(cursor, now)
        stood = {pair for pair in stood if pair[0] not in unbuilt}
        stood |= {pair for pair in left if pair[0] in unbuilt}
        put_edges(cursor, {pair: now[pair] for pair in now if now[pair] != (pair in stood)})

    def _personal_traits(
        self, cursor: Cursor, home: Home, people: Collection[str]
    ) -> Mapping[str, Known]:
        if self.personal is None or home.by_ledger or not people:
            return {}
        return self.personal.traits_of(cursor, people, measured=self.conditions.measuring)

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
        measured = self.conditions.measuring
        traits = self.personal.traits_of(cursor, subscribers, measured=measured)
        return {who: traits.get(who, NOTHING_KNOWN) for who in subscribers}

    def build_one(self, cursor: Cursor, now: int, position: int) -> bool:
        """Build one segment whose rows stand for another condition, or drop those of one that is
        published no more; whether there was one. `position`: that of the view.
        """
        if not self._maybe_unbuilt:
            return False
        for home in self.homes:
            for name, definition in home.unbuilt(cursor, self.conditions).items():
                self._build(cursor, home, name, definition, now)
                if definition is not None and not home.by_ledger and name in self._ruled:
                    self._note_ahead(cursor, home, name, position)
                return True
        self._maybe_unbuilt = False
        return False

    def _build(
        self, cursor: Cursor, home: Home, name: str, definition: str | None, now: int
    ) -> None:
        if definition is None:
            cursor.execute(home.sql["empty"], {"segment": name})
            cursor.execute(home.sql["set_unbuilt"], {"segment": name})
            if not home.segments:
                cursor.execute(home.sql["forget_all_looks"])
            return
        people, parameters = self.select(cursor, home.segments[name], now, of_everybody=False)
        statement = home.build["find"].replace("<people>", people)
        cursor.execute(statement.encode(), parameters)
        for built in ("build_members", "build_looks"):
            cursor.execute(home.build[built], {"segment": name})
        cursor.execute(home.build["found_no_more"])
        cursor.execute(home.sql["set_built"], {"segment": name, "definition": definition})

    def _note_ahead(self, cursor: Cursor, home: Home, name: str, position: int) -> None:
        """The vault is ahead of the view: who is found in a segment by a profile whose change is
        still to be followed enters it.
        """
        lines = [*lines_of(home.segments[name])]
        values = {
            "position": position,
            "fields": [line.field for line in lines if isinstance(line, FieldIs)],
            "source": any(isinstance(line, SourceIs) for line in lines),
        }
        ahead = cursor.execute(self.sql["profiles_ahead"], values).fetchall()
        there = home.members_of(cursor, [(name, str(row[0])) for row in ahead])
        put_edges(cursor, dict.fromkeys(sorted(there), True))

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
            wanted = "find_possible" if by_ledger else "find_chosen"
            statement = self.build_sql[wanted].replace("<people>", people)
            cursor.execute(statement.encode(), parameters)
            for statement in ("mark_found", "found_no_more"):
                cursor.execute(self.build_sql[statement])

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
            truths=cache(lambda line: self._truths(cursor, line)),
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


def _profiled(events: Iterable[PersonEvent]) -> bool:
    """Whether the vault changed with these facts."""
    return any(isinstance(event, ProfileChanged | ConsentWithdrawn) for event in events)
