"""The year's programme: what is written for every day of it, what is only intended, feasts and
public holidays, the months that stay empty, and where broadcasts collide with a cap. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import holidays

from engine.i18n.phrases import subject_of
from engine.sequence.anchors import Anchor, PersonalDate
from engine.sequence.feasts import FEASTS, NAMES, feast_day
from engine.sequence.model import Broadcast, Plan
from engine.sequence.pressure import Cap
from engine.sequence.timing import read_local_minute, to_instant, to_local

Kind = Literal["broadcast", "letter", "anchor", "feast", "holiday", "intended", "personal"]
Recurring = Callable[[str, str, int], Iterator[int]]


@dataclass(frozen=True, slots=True)
class Entry:
    """`day` is "2027-05-12", "2027-05" for some day of a month, "" for each reader's own; `at` (ms)
    is 0 where there is no hour. `what` is a letter's subject or a day's name, `done_by` the
    broadcast that carries out an intended entry.
    """

    day: str
    at: int
    kind: Kind
    id: str
    what: str
    lists: tuple[int, ...] = ()
    to: tuple[str, ...] = ()
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class Collision:
    """More broadcasts to one list than a cap lets leave: the last of them is on `day`. `purpose`:
    whose cap it is, "" for that of all purposes.
    """

    day: str
    list: int
    cap: str
    purpose: str
    broadcasts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    year: int
    entries: tuple[Entry, ...]
    empty_months: tuple[int, ...]
    collisions: tuple[Collision, ...] = ()
    forecast: Mapping[str, int] = field(default_factory=dict)


def programme(
    plan: Plan, year: int, recurring: Recurring, forecast: Mapping[str, int]
) -> Programme:
    """`recurring(cron line, zone, after)` yields the instants (ms) later than `after` at which a
    recurring broadcast falls due; `forecast` is letters of lists by day.
    """
    start, end = bounds(year, plan.timezone)
    entries = [
        *_broadcasts(plan, recurring, start, end),
        *_anchors(plan, start, end),
        *_intended(plan, year),
        *_days(year),
    ]
    busy = {entry.day[:7] for entry in entries if entry.kind in ("broadcast", "letter")}
    empty = tuple(month for month in range(1, 13) if f"{year}-{month:02d}" not in busy)
    return Programme(
        year,
        tuple(sorted(entries, key=lambda entry: (entry.day, entry.at, entry.kind, entry.id))),
        empty,
        tuple(collisions(plan, entries)),
        {day: count for day, count in forecast.items() if day.startswith(f"{year}-")},
    )


def bounds(year: int, zone: str) -> tuple[int, int]:
    """When a year begins and ends on the clock of a zone (ms)."""
    return to_instant(datetime(year, 1, 1), zone), to_instant(datetime(year + 1, 1, 1), zone)


def _day(at: int, plan: Plan) -> str:
    return f"{to_local(at, plan.timezone):%Y-%m-%d}"


def _broadcasts(plan: Plan, recurring: Recurring, start: int, end: int) -> Iterator[Entry]:
    for broadcast in plan.broadcasts.values():
        subject = subject_of(broadcast.letter)
        to = broadcast.segments
        anchored = broadcast.anchored
        if anchored is not None and isinstance(anchored.date, PersonalDate):
            yield Entry("", 0, "personal", broadcast.id, subject, broadcast.to, to)
            continue
        for at in moments_of(broadcast, plan, recurring, start - 1):
            if at >= end:
                break
            yield Entry(_day(at, plan), at, "broadcast", broadcast.id, subject, broadcast.to, to)


def moments_of(broadcast: Broadcast, plan: Plan, recurring: Recurring, after: int) -> Iterator[int]:
    """When it leaves to everybody (ms), later than `after` (ms), in order; nothing for one that
    each reader has a date of their own for.
    """
    hours = broadcast.letter.hours
    if broadcast.every:
        yield from recurring(broadcast.every, plan.timezone, after)
    elif broadcast.on:
        moment = to_instant(read_local_minute(broadcast.on), plan.timezone)
        yield from (moment,) if moment > after else ()
    elif (anchored := broadcast.anchored) is not None:
        while (following := anchored.following(after, hours, plan.timezone)) is not None:
            yield following
            after = following


def _anchors(plan: Plan, start: int, end: int) -> Iterator[Entry]:
    """Dates of the year, and the letters of lists that are counted from one."""
    for anchor in plan.anchors.values():
        at = anchor.of_year(to_local(start, plan.timezone).year) if anchor.feast else anchor.at
        if start <= at < end:
            yield Entry(_day(at, plan), at, "anchor", anchor.id, NAMES.get(anchor.feast, anchor.id))
    for listed in plan.lists.values():
        for letter in listed.letters:
            anchored = letter.anchored
            if anchored is None or not isinstance(anchored.date, Anchor):
                continue
            for moment in anchored.date.moments(start):
                at = anchored.planned(moment, letter.hours, plan.timezone)
                if start <= at < end:
                    yield Entry(
                        _day(at, plan), at, "letter", letter.id, subject_of(letter), (listed.id,)
                    )


def _intended(plan: Plan, year: int) -> Iterator[Entry]:
    done = {broadcast.programme: broadcast.id for broadcast in plan.broadcasts.values()}
    for entry in plan.programme.values():
        if entry.on.startswith(f"{year}-"):
            to = (entry.to,) if entry.to else ()
            yield Entry(
                entry.on, 0, "intended", entry.id, entry.what, (), to, done.get(entry.id, "")
            )


def _days(year: int) -> Iterator[Entry]:
    """Public holidays of France, and feasts on other days."""
    public = holidays.country_holidays("FR", years=year, language="fr")
    for day, name in sorted(public.items()):
        yield Entry(day.isoformat(), 0, "holiday", "", name.replace("'", "’"))
    for feast in FEASTS:
        day = feast_day(feast, year)
        if day not in public:
            yield Entry(day.isoformat(), 0, "feast", feast, NAMES[feast])


def collisions(plan: Plan, entries: Iterable[Entry]) -> Iterator[Collision]:
    """Broadcasts and anchored letters to the same list that a cap has no room for: what else those
    people get is not counted here.
    """
    sent = sorted(
        (entry for entry in entries if entry.kind in ("broadcast", "letter")),
        key=lambda entry: entry.at,
    )
    caps = [("", cap) for cap in plan.caps]
    caps += [(purpose.id, cap) for purpose in plan.purposes.values() for cap in purpose.caps]
    for number in plan.lists:
        for purpose, cap in caps:
            to_list = [
                entry
                for entry in sent
                if number in entry.lists and purpose in ("", _purpose(plan, entry))
            ]
            yield from _over(plan, number, purpose, cap, to_list)


def _over(
    plan: Plan, number: int, purpose: str, cap: Cap, sent: list[Entry]
) -> Iterator[Collision]:
    for index, entry in enumerate(sent):
        within = [
            other for other in sent[: index + 1] if cap.covers(other.at, entry.at, plan.timezone)
        ]
        if len(within) > cap.count:
            names = tuple(other.id for other in within)
            yield Collision(entry.day, number, str(cap), purpose, names)


def _purpose(plan: Plan, entry: Entry) -> str:
    if entry.kind == "letter":
        return plan.lists[entry.lists[0]].purpose
    return plan.broadcasts[entry.id].purpose
