"""Deciding that the day has come on which a date of somebody's own comes round. The date is in the
vault and is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from engine.sequence.anchors import Anchored, PersonalDate
from engine.sequence.model import Broadcast, Plan
from engine.sequence.timing import earlier, later, to_instant, to_local
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.eligibility import why_not
from engine.subscriber.mailing_acts import may_be_addressed
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Known, Person
from engine.subscriber.personal_dates import (
    before_of,
    personal_broadcasts,
    planned_from,
    reached_key,
)


def celebrated(born: date, year: int) -> date:
    """The day in a year on which a date comes round: one of 29 February on the 28th in a year that
    has no 29th.
    """
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def reach(command: c.ReachAnchor, person: Person, plan: Plan) -> Outcome:
    """The day on which a date of this person comes round has begun in their zone: once for each
    occurrence, and only where a published broadcast counts from it and goes to a list they have
    stood on since before it is to leave.
    """
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    try:
        value = date.fromisoformat(command.date)
    except ValueError:
        return NothingToDo(Unchanged.NOTHING_DUE)
    zone = zone_of(person, plan)
    facts: dict[str, e.AnchorReached] = {}
    known = False
    for broadcast, anchored, personal in personal_broadcasts(plan, command.field):
        for occurrence, begins in _days(value, anchored, personal, command.at, zone):
            key = reached_key(command.field, occurrence, before_of(anchored))
            planned = planned_from(broadcast, begins, zone)
            if not begins <= command.at <= later(planned, broadcast.max_lateness, zone):
                continue
            if key in person.reached:
                known = True
            elif _may_leave(person, broadcast, planned, plan, command.known):
                facts[key] = e.AnchorReached(begins, command.field, occurrence, before_of(anchored))
    if facts:
        return done(command.cause, *facts.values())
    return NothingToDo(Unchanged.REACHED_ALREADY if known else Unchanged.NOTHING_DUE)


def _may_leave(
    person: Person, broadcast: Broadcast, planned: int, plan: Plan, known: Known | None
) -> bool:
    return (
        broadcast.letter.added_at <= planned
        and may_be_addressed(person, broadcast, planned, plan, known)
        and not why_not(person, "broadcast", broadcast.purpose)
    )


def days_about(
    kept: str, anchored: Anchored, personal: PersonalDate, at: int, zone: str
) -> list[int]:
    """When the days (ms) about `at` (ms) begin on which a date comes round, the last before it and
    the next after it among them; nothing where `kept` is no date.
    """
    try:
        value = date.fromisoformat(kept)
    except ValueError:
        return []
    return [begins for _, begins in _days(value, anchored, personal, at, zone)]


def _days(
    value: date, anchored: Anchored, personal: PersonalDate, at: int, zone: str
) -> Iterator[tuple[str, int]]:
    """Occurrences about `at` (ms) and when their day begins (ms); where letters leave before the
    date, the day so long before it.
    """
    year = to_local(at, zone).year
    days = (
        [(str(y), celebrated(value, y)) for y in (year - 1, year, year + 1)]
        if personal.yearly
        else [(value.isoformat(), value)]
    )
    for occurrence, day in days:
        begins = to_instant(datetime.combine(day, time()), zone)
        yield occurrence, earlier(begins, anchored.offset, zone) if anchored.before else begins
