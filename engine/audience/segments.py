"""What an author sees of segments: their tree with how many are in each and how that changed, who
uses them, each line with its count, and why somebody is in one or is not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock
from typing import Literal, Protocol

from engine.commands.command_handler import CommandHandler
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.installation.stream import InstallationStream
from engine.sequence.check_segments import MAX_SEGMENTS
from engine.sequence.condition import Condition, InSegment
from engine.sequence.model import Plan, Segment
from engine.sequence.segment_uses import SegmentUse, uses_of
from engine.sequence.timing import to_local
from engine.store.database import Database
from engine.subscriber.condition_answers import Truth
from engine.subscriber.person import Known, Person
from engine.subscriber.truth import SegmentConditions
from engine.vault.measured import with_measured
from engine.vault.vault import Vault
from engine.views import PeopleCount, SegmentViews

WEEK, MONTH, IDLE = timedelta(days=7), timedelta(days=30), timedelta(days=90)
COUNTS_LAST_SECONDS = 60
Way = Literal["all", "any", "none"]
Counts = Mapping[str, Mapping[date, int]]
"""By segment: how many were in it on a day of the installation's zone, as far as it was counted."""


class HasSegments(Protocol):
    @property
    def segments(self) -> SegmentViews: ...


class SegmentStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> HasSegments: ...


@dataclass
class SegmentCounting:
    """Notes once a day how many are in each segment, so that a change can be told. `day` is the
    last one noted.
    """

    stores: SegmentStores
    day: date = date.min

    def run(self) -> None:
        """If it is another day."""
        plan, now = self.stores.installation_stream.current().plan(), self.stores.clock.now()
        if plan.segments and to_local(now, plan.timezone).date() != self.day:
            self.note()

    def note(self) -> Mapping[str, int]:
        """Count now; a later count of the day takes its place."""
        plan, now = self.stores.installation_stream.current().plan(), self.stores.clock.now()
        counts, day = self.stores.views.segments.counts(), to_local(now, plan.timezone).date()
        if counts:
            self.stores.desk.keep_segment_counts(day, counts)
        self.day = day
        return counts


@dataclass(slots=True)
class KeptCounts:
    """How many are in each segment that is built, counted at most once a minute."""

    count: Callable[[], Mapping[str, int]]
    now: Callable[[], float] = time.monotonic
    _counted: Mapping[str, int] = field(default_factory=dict)
    _until: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    def read(self) -> Mapping[str, int]:
        with self._lock:
            if self.now() >= self._until:
                self._counted = self.count()
                self._until = self.now() + COUNTS_LAST_SECONDS
            return self._counted


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment of the tree, `depth` segments deep. `members`: None while it is being built; `week`
    and `month`: how many more or fewer than then, None where nobody had counted. `grew`: whether
    more were in it on any day of the last 90 than the day before; None where they were not counted
    for so long.
    """

    segment: Segment
    depth: int
    members: int | None
    week: int | None
    month: int | None
    grew: bool | None
    uses: tuple[SegmentUse, ...]


@dataclass(frozen=True, slots=True)
class LineCount:
    way: Way
    condition: Condition
    people: PeopleCount


@dataclass(frozen=True, slots=True)
class LineTruth:
    """What a line comes to for somebody, and when time alone may change that (ms, 0: never)."""

    way: Way
    condition: Condition
    truth: Truth
    changes_at: int


@dataclass(frozen=True, slots=True)
class SegmentTruth:
    """Of one segment, the ones around it left out of its lines."""

    segment: Segment
    truth: Truth
    changes_at: int
    lines: tuple[LineTruth, ...]


def tree(plan: Plan, counts: Mapping[str, int], kept: Counts, today: date) -> list[SegmentRow]:
    """Every segment after the one around it. `counts` are of now, `kept` of days before."""
    uses = uses_of(plan)

    def below(parent: str, depth: int) -> Iterator[SegmentRow]:
        for segment in plan.segments.values():
            if segment.parent != parent:
                continue
            now, days = counts.get(segment.id), kept.get(segment.id, {})
            yield SegmentRow(
                segment=segment,
                depth=depth,
                members=now,
                week=_change(now, days, today - WEEK),
                month=_change(now, days, today - MONTH),
                grew=_grew(now, days, today),
                uses=uses[segment.id],
            )
            yield from below(segment.id, depth + 1)

    return list(below("", 0))


def _change(now: int | None, days: Mapping[date, int], then: date) -> int | None:
    """Since the last day up to `then` on which it was counted, a few days before at most."""
    counted = [day for day in days if then - timedelta(days=3) <= day <= then]
    return None if now is None or not counted else now - days[max(counted)]


def _grew(now: int | None, days: Mapping[date, int], today: date) -> bool | None:
    recent = {day: n for day, n in days.items() if day >= today - IDLE - timedelta(days=3)}
    if now is None or not recent or min(recent) > today - IDLE:
        return None
    in_order = [n for _day, n in sorted(recent.items())]
    return any(later > before for before, later in zip(in_order, [*in_order[1:], now], strict=True))


def too_many(plan: Plan) -> Mapping[str, int]:
    """The dialogues that have more segments than anybody keeps apart, and how many."""
    by_file = Counter(segment.file for segment in plan.segments.values())
    return {file: n for file, n in by_file.items() if n > MAX_SEGMENTS}


def own_lines(segment: Segment) -> Iterator[tuple[Way, Condition]]:
    ways: tuple[tuple[Way, tuple[Condition, ...]], ...] = (
        ("all", segment.own.all),
        ("any", segment.own.any),
        ("none", segment.own.none),
    )
    for way, conditions in ways:
        for condition in conditions:
            yield way, condition


def line_counts(
    segment: Segment, views: SegmentViews, at: int, tell: Callable[[int, int], None]
) -> list[LineCount]:
    """Of everybody, whoever else is left out by the other lines."""
    lines, counts = list(own_lines(segment)), list[LineCount]()
    for way, condition in lines:
        counts.append(LineCount(way, condition, views.counted(condition, at)))
        tell(len(counts), len(lines))
    return counts


def around(plan: Plan, segment: Segment) -> list[Segment]:
    """A segment and those around it, the outermost first."""
    chain = [segment]
    while chain[0].parent:
        chain.insert(0, plan.segments[chain[0].parent])
    return chain


class WhyStores(SegmentStores, Protocol):
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def database(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...


def why(stores: WhyStores, segment: Segment, subscriber: str) -> list[SegmentTruth]:
    """What it comes to for somebody, from their facts and fields as they are now."""
    person = stores.command_handler.load([subscriber])[subscriber]
    people = with_measured(stores.database, stores.vault.people([subscriber]))
    plan, now = stores.installation_stream.current().plan(), stores.clock.now()
    return truths_about(plan, segment, person, people.get(subscriber), now)


def behind(stores: WhyStores, address: str) -> str | None:
    """The id of who has a normalised address, or had it."""
    return stores.vault.find(address) or stores.vault.formerly(address)


def truths_about(
    plan: Plan, segment: Segment, person: Person, known: Known | None, at: int
) -> list[SegmentTruth]:
    """What a segment and those around it come to for somebody, the outermost first."""
    conditions = SegmentConditions(plan)

    def asked(condition: Condition) -> tuple[Truth, int]:
        return conditions.truth_of(conditions.resolved(condition), person, known, at)

    return [
        SegmentTruth(
            one,
            *asked(InSegment(one.id)),
            tuple(
                LineTruth(way, condition, *asked(condition)) for way, condition in own_lines(one)
            ),
        )
        for one in around(plan, segment)
    ]
