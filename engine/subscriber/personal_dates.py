"""What dates of a person's own have brought: the days that came round, as facts tell, and the
mailings that are counted from them. The fact `anchor-reached` says which field and which
occurrence: of a date that comes every year the year in which it came round, never that of the date.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.sequence.anchors import Anchored, PersonalDate
from engine.sequence.delay import NONE
from engine.sequence.model import Broadcast, Plan
from engine.sequence.timing import due
from engine.subscriber import events as e
from engine.subscriber.act import Occurrence
from engine.subscriber.agenda_key import BroadcastKey, decode, encode
from engine.subscriber.person import Person
from engine.subscriber.person_draft import PersonDraft

REACHED_KEPT = 20


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


def before_of(anchored: Anchored) -> str:
    return str(anchored.offset) if anchored.before else ""


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
    """The mailings that dates of this person's own have brought, or that were directed to them, as
    the calendar has those of everybody.
    """
    # A list, and looked at before anything is made of it: asked at every claim.
    keys = [key for key, mailing in person.mailings.items() if mailing.directed]
    if not (keys or person.reached):
        return ()
    directed = tuple(
        Occurrence(matter.broadcast, key, person.mailings[key].directed)
        for key in keys
        if isinstance(matter := decode(key), BroadcastKey)
    )
    return directed + tuple(
        Occurrence(broadcast.id, encode(BroadcastKey(broadcast.id, occurrence)), at)
        for key, at in person.reached.items()
        for field, occurrence, before in (key.split("/", 2),)
        for broadcast, anchored, personal in personal_broadcasts(plan, field)
        if before == before_of(anchored) and personal.yearly == (len(occurrence) == len("2027"))
    )
