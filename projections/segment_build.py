"""A condition as one SQL statement over everybody: fragments of `segment_build.sql`, put together
as its lines are, with every word of an author's as a parameter.

It says of each person what `engine.subscriber.truth.holds` says: windows by the same calendar
(`engine.sequence.windows`), values compared by the same code, once for each value that occurs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Literal, assert_never

from engine.frozen import dataclass
from engine.ledger.codec import canonical
from engine.sequence.condition import (
    Answered,
    Combined,
    Condition,
    FieldIs,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
    can_fall,
    can_rise,
    certain_part,
)
from engine.sequence.delay import Delay
from engine.sequence.windows import pieces
from engine.store.binary import bigints, texts
from engine.store.sql import Queries, beside
from engine.subscriber.condition_answers import plain
from engine.subscriber.inactivity import heard_at
from engine.subscriber.person import INSTANTS_KEPT, NOBODY, Person

SQL = beside(__file__)
NO_TRAITS, UNCHANGED = "null", "{}"
EVERY_PURPOSE = EVERY_PRODUCT = ""


@dataclass(frozen=True, slots=True)
class ValueTruths:
    """What a line about a value comes to for the values that occur; `missing`: for no value. Values
    that are in neither set do not satisfy it.
    """

    trues: Collection[str]
    unknown: Collection[str]
    missing: bool | None


@dataclass(frozen=True, slots=True)
class Selection:
    """A SELECT of (subscriber, truth, look) and its parameters."""

    people: str
    parameters: Mapping[str, object]
    reads_vault: bool


@dataclass
class SelectionWriter:
    """`vault`: the fragments that name what the vault holds; without them what it knows counts as
    unknown. `zones`: the zone that counts for each that people's events have. `truths` says what a
    line about a value comes to.
    """

    sql: Queries
    vault: Mapping[str, str]
    now: int
    zones: Mapping[str, str]
    lists_of_group: Callable[[str], Collection[int]]
    questions: Callable[[LetterRef], Collection[str]]
    truths: Callable[[FieldIs | SourceIs], ValueTruths]
    parameters: dict[str, object] = field(default_factory=dict)
    instants: list[str] = field(default_factory=list)
    joins: list[str] = field(default_factory=list)
    reads_vault: bool = False
    written: dict[Condition, tuple[str, str]] = field(default_factory=dict)

    def select(self, condition: Condition, *, of_everybody: bool) -> Selection:
        """`condition` is resolved: no dynamic segment is named in it. Not of everybody: people for
        whom it does not hold, whatever the time, are left out.
        """
        truth, look = self._truth(condition)
        certain = self._certain(condition)
        if certain and look:
            look = _filled(self.sql["look_while"], {"<truth>": certain, "<look>": look})
        self.parameters["now"] = self.now
        blanks = {
            "<truth>": truth,
            "<look>": look or "NULL::bigint",
            "<vault>": self.vault["vault"] if self.reads_vault else "",
            "<instants>": _filled(self.sql["instants"], {"<instants>": ", ".join(self.instants)})
            if self.instants
            else "",
            "<pieces>": " ".join(self.joins),
            "<certain>": f"AND {certain}" if certain and not of_everybody else "",
        }
        return Selection(_filled(self.sql["people"], blanks), self.parameters, self.reads_vault)

    def _truth(self, condition: Condition) -> tuple[str, str]:
        """What says whether it holds, and when time alone may change that; "" for never."""
        if condition not in self.written:
            self.written[condition] = self._write(condition)
        return self.written[condition]

    def _write(self, condition: Condition) -> tuple[str, str]:
        match condition:
            case Combined():
                return self._combined(condition)
            case Joined(number, within):
                return self._since(self._fragment("joined", name=str(number)), within)
            case Answered():
                return self._since(self._answered(condition), condition.within)
            case Received(within, times, purpose):
                return self._since(self._latest("received", purpose, times), within)
            case Ordered(product, times, within):
                return self._since(self._latest("ordered", product, times), within)
            case Silent(during):
                acted, look = self._since(self._fragment("contact"), during)
                return f"(NOT {acted})", look
            case Measured() if not self.vault:
                return "NULL::boolean", ""
            case Measured(_, within):
                return self._measured(condition, within)
            case _:
                return self._timeless(condition), ""

    def _timeless(self, line: On | InGroup | InSegment | FieldIs | SourceIs) -> str:
        match line:
            case On(number):
                return self._fragment("on", lists=texts([str(number)]))
            case InGroup(group):
                numbers = [str(number) for number in self.lists_of_group(group)]
                return self._fragment("on", lists=texts(numbers))
            case InSegment(segment):
                return self._fragment("static", name=segment)
            case FieldIs() | SourceIs() if not self.vault:
                return "NULL::boolean"
            case FieldIs():
                value = self._with_own(self.vault["field"], name=line.field)
                return self._valued(value, line)
            case SourceIs():
                return self._valued(self.vault["source"], line)
            case _:
                assert_never(line)

    def _combined(self, condition: Combined) -> tuple[str, str]:
        parts = [(can_rise(part), *self._truth(part)) for part in condition.all]
        if condition.any:
            some = [(can_fall(part), *self._truth(part)) for part in condition.any]
            rises = can_rise(Combined(any=condition.any))
            parts.append((rises, *self._junction(some, "any")))
        for part in condition.none:
            truth, look = self._truth(part)
            parts.append((can_fall(part), f"(NOT {truth})", look))
        return self._junction(parts, "all")

    def _certain(self, condition: Condition) -> str:
        """What has to be true and time alone cannot make so: looked at before all else, so that the
        rest is computed for few. "" for nothing.
        """
        part = certain_part(condition)
        truths = [self._certainly(line) for line in part.all]
        truths += [f"(NOT {self._truth(line)[0]})" for line in part.none]
        return f"({' AND '.join(truths)})" if truths else ""

    def _certainly(self, line: Condition) -> str:
        """Where no value is not enough, only people with one of the values are read."""
        if not isinstance(line, FieldIs) or not self.vault:
            return self._truth(line)[0]
        truths = self.truths(line)
        if truths.missing:
            return self._truth(line)[0]
        self.reads_vault = True
        value = self._with_own(self.vault["field"], name=line.field)
        valued = self._fragment("certainly", trues=texts(list(truths.trues)))
        return _filled(valued, {"<value>": value})

    def _junction(
        self, parts: Sequence[tuple[bool, str, str]], kind: Literal["any", "all"]
    ) -> tuple[str, str]:
        """Parts that time alone can change to what decides nothing (or not), what says whether they
        hold, and when time changes that. Where another part decides, time changes nothing.
        """
        between = " OR " if kind == "any" else " AND "
        truth = f"({between.join(truth for _, truth, _ in parts)})" if parts else "true"
        looks = [look for *_, look in parts if look]
        if not looks:
            return truth, ""
        look = f"LEAST({', '.join(looks)})"
        final = [truth for passes, truth, _ in parts if not passes]
        if final:
            blanks = {"<truth>": f"({between.join(final)})", "<look>": look}
            look = _filled(self.sql[f"look_of_{kind}"], blanks)
        return truth, look

    def _answered(self, line: Answered) -> str:
        if line.letter is None:
            return self._fragment("answered_anything", skipped=line.times - 1)
        return self._fragment(
            "answered",
            questions=texts(list(self.questions(line.letter))),
            label=plain(line.label),
            skipped=line.times - 1,
        )

    def _measured(self, line: Measured, within: Delay) -> tuple[str, str]:
        names = list(self.questions(line.letter)) if line.letter is not None else []
        acts = self._with_own(self.vault["measured"], act=line.act, letters=texts(names))
        acted, acted_look = self._since(acts, within)
        relayed = "false"
        if line.act == "opened":
            loads = self._with_own(self.vault["measured"], act="relayed", letters=texts(names))
            relayed = self._since(loads, None)[0]
        lately, agreed_look = self._since(self._fragment("agreed_to_be_measured"), within)
        blanks = {
            "<agreed>": self._fragment("agreed_to_be_measured"),
            "<acted>": acted,
            "<lately>": lately,
            "<relayed>": relayed,
            "<acted_look>": acted_look,
            "<agreed_look>": agreed_look,
        }
        return (
            _filled(self.sql["measured"], blanks),
            _filled(self.sql["look_of_measured"], blanks),
        )

    def _latest(self, kind: str, name: str, times: int) -> str:
        return self._fragment(kind, name=name, place=-times)

    def _since(self, instant: str, within: Delay | None) -> tuple[str, str]:
        name = f"t{len(self.instants)}"
        self.instants.append(f"{instant} AS {name}")
        if within is None:
            return _filled(self.sql["ever"], {"<instant>": name}), ""
        blanks = {"<instant>": name, "<piece>": f"p{len(self.joins)}"}
        rows = [
            (raw, piece.starts, piece.ends, piece.shift)
            for raw, zone in self.zones.items()
            for piece in pieces(self.now, within, zone)
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        join = self._fragment(
            "pieces",
            zones=texts(columns[0]),
            starts=bigints(columns[1]),
            ends=bigints(columns[2]),
            shifts=bigints(columns[3]),
        )
        self.joins.append(_filled(join, blanks))
        return _filled(self.sql["within"], blanks), _filled(self.sql["look"], blanks)

    def _valued(self, value: str, line: FieldIs | SourceIs) -> str:
        self.reads_vault = True
        truths = self.truths(line)
        valued = self._fragment(
            "valued",
            missing=truths.missing,
            trues=texts(list(truths.trues)),
            unknown=texts(list(truths.unknown)),
        )
        return _filled(valued, {"<value>": value})

    def _fragment(self, fragment: str, /, **values: object) -> str:
        return self._with_own(self.sql[fragment], **values)

    def _with_own(self, text: str, /, **values: object) -> str:
        """The fragment with parameters of its own."""
        for key, value in values.items():
            own = f"{key}_{len(self.parameters)}"
            self.parameters[own] = value
            text = text.replace(f"%({key})s", f"%({own})s")
        return text


def traits_of(person: Person, before: Person = NOBODY) -> str:
    """What conditions look at, as JSON for SQL: `null` of a person who was erased, of whom no
    condition holds. Under "" stand the latest instants of all purposes together.

    Of somebody who was known `before`, only what has changed since.
    """
    if person.erased:
        return NO_TRAITS
    is_new, traits = before.version == 0, dict[str, object]()
    if is_new or before.memberships.keys() != person.memberships.keys():
        traits["on"] = [str(number) for number in person.memberships]
    if is_new or before.joined_at is not person.joined_at:
        traits["joined"] = {str(number): at for number, at in person.joined_at.items()}
    if is_new or before.received is not person.received:
        traits["received"] = {**person.received, "": _latest(person.received.values())}
    if is_new or before.ordered is not person.ordered:
        traits["ordered"] = person.ordered
    if is_new or before.answers is not person.answers:
        traits["answered"] = {
            question: [[plain(answer.label), answer.at] for answer in answers]
            for question, answers in person.answers.items()
        }
    if is_new or before.segments is not person.segments:
        traits["segments"] = person.segments
    if is_new or before.measured_since != person.measured_since:
        traits["measured"] = person.measured_since
    contact = heard_at(person)
    if is_new or heard_at(before) != contact:
        traits["contact"] = contact
    return canonical(traits).decode() if traits else UNCHANGED


def _latest(instants: Iterable[tuple[int, ...]]) -> list[int]:
    return sorted(at for some in instants for at in some)[-INSTANTS_KEPT:]


def _filled(text: str, blanks: Mapping[str, str]) -> str:
    for blank, words in blanks.items():
        text = text.replace(blank, words)
    return text
