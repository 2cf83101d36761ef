"""A date that each reader has of their own, and the day on which it comes round. The date itself is
in the vault and is handed in; the fact `anchor-reached` says which field and which occurrence, and
never the year of the date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time

from engine.sequence.anchors import Anchored, PersonalDate
from engine.sequence.delay import NONE
from engine.sequence.model import Broadcast, Plan
from engine.sequence.timing import due, earlier, later, to_instant, to_local
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Occurrence, zone_of
from engine.subscriber.agenda_key import BroadcastKey, encode
from engine.subscriber.eligibility import why_not
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person, PersonDraft

REACHED_KEPT = 20


def celebrated(born: date, year: int) -> date:
    """The day in a year on which a date comes round: one of 29 February on the 28th in a year that
    has no 29th.
    """
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def personal_broadcasts(
    plan: Plan, field: str = ""
) -> Iterator[tuple[Broadcast, Anchored, PersonalDate]]:
    """Broadcasts that are counted from a date of each reader's own, or from this field."""
    for broadcast in plan.broadcasts.values():
        anchored = broadcast.anchored
        if (
            anchored is not None
            and isinstance(anchored.date, PersonalDate)
            and field in ("", anchored.date.field)
        ):
            yield broadcast, anchored, anchored.date


def reached_key(field: str, occurrence: str, before: str) -> str:
    return f"{field}/{occurrence}/{before}"


def _before(anchored: Anchored) -> str:
    return str(anchored.offset) if anchored.before else ""


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
            key = reached_key(command.field, occurrence, _before(anchored))
            planned = planned_from(broadcast, begins, zone)
            if not begins <= command.at <= later(planned, broadcast.max_lateness, zone):
                continue
            if key in person.reached:
                known = True
            elif _is_addressed(person, broadcast, planned):
                facts[key] = e.AnchorReached(begins, command.field, occurrence, _before(anchored))
    if facts:
        return done(command.cause, *facts.values())
    return NothingToDo(Unchanged.REACHED_ALREADY if known else Unchanged.NOTHING_DUE)


def _is_addressed(person: Person, broadcast: Broadcast, planned: int) -> bool:
    """Whether it may be for them; who is in a segment is asked when it is to leave."""
    standing = (person.memberships[n] for n in broadcast.to if n in person.memberships)
    return bool(
        broadcast.letter.added_at <= planned
        and (broadcast.segments or any(m.joined_at <= planned for m in standing))
        and not why_not(person, "broadcast", broadcast.purpose)
    )


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


def planned_from(broadcast: Broadcast, begins: int, zone: str) -> int:
    """When the broadcast is meant to leave (ms) to somebody whose day began at `begins` (ms)."""
    anchored = broadcast.anchored
    offset = NONE if anchored is None or anchored.before else anchored.offset
    return due(begins, offset, broadcast.letter.hours, zone)


def reached(p: PersonDraft, event: e.AnchorReached) -> None:
    known = {**p.reached, reached_key(event.field, event.occurrence, event.before): event.at}
    latest = sorted(known.items(), key=lambda item: item[1])[-REACHED_KEPT:]
    p.reached = dict(latest)


def own_occurrences(person: Person, plan: Plan) -> tuple[Occurrence, ...]:
    """The mailings that dates of this person's own have brought, as the calendar has those of
    everybody.
    """
    if not person.reached:
        return ()
    return tuple(
        Occurrence(broadcast.id, encode(BroadcastKey(broadcast.id, occurrence)), at)
        for key, at in person.reached.items()
        for field, occurrence, before in (key.split("/", 2),)
        for broadcast, anchored, personal in personal_broadcasts(plan, field)
        if before == _before(anchored) and personal.yearly == (len(occurrence) == len("2027"))
    )
