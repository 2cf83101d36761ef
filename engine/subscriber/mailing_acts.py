"""The next act of a mailing: a broadcast to one person, and its reminder."""

from __future__ import annotations

from collections.abc import Mapping

from engine.sequence.anchors import Anchor, PersonalDate
from engine.sequence.delay import NONE
from engine.sequence.model import Broadcast, Plan
from engine.sequence.timing import due, later
from engine.subscriber.act import Act, Calendar, Occurrence, under_way_of, zone_of
from engine.subscriber.agenda_key import BroadcastKey, encode
from engine.subscriber.condition_answers import Truth
from engine.subscriber.eligibility import why_not
from engine.subscriber.membership_acts import in_window
from engine.subscriber.person import Known, LetterState, Mailing, Membership, Person
from engine.subscriber.personal_dates import own_occurrences, planned_from
from engine.subscriber.terms import PRESSURE
from engine.subscriber.truth import conditions_of


def mailing_act(
    person: Person,
    occurrence: Occurrence,
    plan: Plan,
    known: Known | None = None,
    *,
    is_claimed: bool = False,
) -> Act | None:
    """The broadcast, for a person who was on one of its lists or in one of its segments when it
    fell due; then its reminder, for who has not answered and is still on the list.

    `known` is what the vault knows of them. Without it a broadcast to a segment that asks the vault
    is for whoever may be in it by the ledger, so an auditor's copy finds more rows than the
    installation had, and never fewer. Of one that `is_claimed` the claim asks.
    """
    broadcast = plan.broadcasts.get(occurrence.broadcast)
    if broadcast is None:
        return None
    mailing = person.mailings.get(occurrence.key)
    if mailing is None and occurrence.at <= person.mailed_before:
        return None
    letters: Mapping[str, LetterState] = mailing.letters if mailing else {}
    under_way = under_way_of(person, letters)
    if under_way is not None:
        return under_way
    meant_for = mailing_planned(person, broadcast, occurrence, plan)
    place = _place(person, broadcast, meant_for, mailing, plan, known, is_claimed=is_claimed)
    if place is None or why_not(person, "broadcast", broadcast.purpose):
        return None
    first = letters.get(broadcast.letter.id)
    if first is None:
        when = planned = meant_for
    elif first.status == "deferred":
        when, planned = first.retry_at, first.planned or meant_for
    else:
        return _reminder(person, broadcast, first, letters, place, plan)
    return Act(
        kind="letter",
        letter=broadcast.letter.id,
        due=when,
        planned=planned,
        list=place[0],
        run=place[1],
    )


def mailing_planned(
    person: Person, broadcast: Broadcast, occurrence: Occurrence, plan: Plan
) -> int:
    """When an occurrence of a broadcast is meant to leave to this person (ms)."""
    anchored = broadcast.anchored
    if anchored is not None and isinstance(anchored.date, PersonalDate):
        return planned_from(broadcast, occurrence.at, zone_of(person, plan))
    return occurrence.at


def date_of_mailing(person: Person, broadcast: Broadcast, name: str, plan: Plan) -> int:
    """The date (ms) before which the occurrence called `name` has to leave; 0 where it may leave
    afterwards too.
    """
    anchored = broadcast.anchored
    if anchored is None or not anchored.before:
        return 0
    if isinstance(anchored.date, Anchor):
        feast = anchored.date.feast
        return anchored.date.of_year(int(name)) if feast and name.isdecimal() else anchored.date.at
    key = encode(BroadcastKey(broadcast.id, name))
    begins = next((own.at for own in own_occurrences(person, plan) if own.key == key), 0)
    return later(begins, anchored.offset, zone_of(person, plan)) if begins else 0


def mailing_retry_act(
    person: Person, matter: BroadcastKey, letter: str, plan: Plan, calendar: Calendar
) -> Act | None:
    key = encode(matter)
    known = (*calendar, *own_occurrences(person, plan))
    occurrence = next((occurrence for occurrence in known if occurrence.key == key), None)
    broadcast = plan.broadcasts.get(matter.broadcast)
    if occurrence is None or broadcast is None or why_not(person, "broadcast", broadcast.purpose):
        return None
    mailing = person.mailings[key]
    first = mailing.letters.get(broadcast.letter.id)
    reminds = broadcast.reminder is not None and letter == broadcast.reminder.id
    if letter != broadcast.letter.id and not (
        reminds and first is not None and first.status == "sent" and not first.answered
    ):
        return None
    fell_due = mailing_planned(person, broadcast, occurrence, plan)
    place = _place(person, broadcast, fell_due, mailing, plan)
    return Act("idle", list=place[0], run=mailing.run) if place is not None else None


def _place(
    person: Person,
    broadcast: Broadcast,
    fell_due: int,
    mailing: Mailing | None,
    plan: Plan,
    known: Known | None = None,
    *,
    is_claimed: bool = False,
) -> tuple[int, int] | None:
    """The list and the run that bring the broadcast to them, 0 and 0 for a segment; None where it
    is not for them.
    """
    standing = _addressed_membership(person, broadcast, fell_due, mailing)
    if standing is not None:
        return standing.list, standing.run
    if mailing is not None and mailing.directed and mailing.list in person.memberships:
        brings = person.memberships[mailing.list]
        return (brings.list, brings.run) if brings.run == mailing.run else None
    if mailing is not None and (mailing.run or mailing.segment):
        return (0, 0) if mailing.segment else None
    if is_claimed and broadcast.segments:
        return 0, 0
    return (0, 0) if _segment_of(person, broadcast, fell_due, mailing, plan, known) else None


def may_be_addressed(
    person: Person, broadcast: Broadcast, fell_due: int, plan: Plan, known: Known | None
) -> bool:
    """Whether a broadcast that falls due at an instant (ms), not begun before, is for them, or may
    be where that is not known of their fields.
    """
    if _addressed_membership(person, broadcast, fell_due, None) is not None:
        return True
    return bool(_segment_of(person, broadcast, fell_due, None, plan, known, is_sure=False))


def addressed_by_ledger(
    person: Person, broadcast: Broadcast, occurrence: Occurrence, plan: Plan
) -> Truth:
    """Whether an occurrence is for them by the ledger alone; None where the vault decides."""
    mailing = person.mailings.get(occurrence.key)
    fell_due = mailing_planned(person, broadcast, occurrence, plan)
    if _addressed_membership(person, broadcast, fell_due, mailing) is not None:
        return True
    if _segment_of(person, broadcast, fell_due, mailing, plan, is_sure=True):
        return True
    return None if _segment_of(person, broadcast, fell_due, mailing, plan) else False


def segment_addressed(
    person: Person,
    key: BroadcastKey,
    letter: str,
    plan: Plan,
    calendar: Calendar,
    known: Known | None,
) -> str:
    """The segment that brings a letter of a broadcast to them, by what is known at its claim; ""
    where they are in none. The reminder goes to whoever got what it reminds of.
    """
    encoded, broadcast = encode(key), plan.broadcasts[key.broadcast]
    mailing = person.mailings.get(encoded)
    if mailing is not None and (letter != broadcast.letter.id or mailing.directed):
        return mailing.segment
    occurrences = (*calendar, *own_occurrences(person, plan))
    occurrence = next(there for there in occurrences if there.key == encoded)
    fell_due = mailing_planned(person, broadcast, occurrence, plan)
    return _segment_of(person, broadcast, fell_due, mailing, plan, known, is_sure=True)


def _segment_of(
    person: Person,
    broadcast: Broadcast,
    fell_due: int,
    mailing: Mailing | None,
    plan: Plan,
    known: Known | None = None,
    *,
    is_sure: bool | None = None,
) -> str:
    """The first segment of the broadcast in which they were when it fell due (ms) by the facts up
    to then, and were so by all facts since too; of one that was begun, the latter alone. Also
    one in which they may be, unless `is_sure`, as it is where something is `known` of what the
    vault knows.

    The vault keeps no former values: a profile that was changed since is taken as it is now, and as
    long as the broadcast is not too late.
    """
    conditions = conditions_of(plan)
    is_sure = known is not None if is_sure is None else is_sure
    if mailing is None and fell_due < person.registered_at:
        return ""
    lateness = broadcast.max_lateness
    is_over = person.profile_at > fell_due + lateness.least_ms and person.profile_at > later(
        fell_due, lateness, zone_of(person, plan)
    )

    def holds(segment: str) -> bool:
        if is_over and mailing is None and segment in conditions.personal:
            return False
        asked = conditions.is_in if mailing is not None else conditions.was_and_is_in
        truth = asked(segment, person, known, fell_due)
        return truth is True or (truth is None and not is_sure)

    return next(filter(holds, broadcast.segments), "")


def is_for(person: Person, broadcast: Broadcast, plan: Plan, at: int) -> bool:
    """Whether a broadcast that falls due at an instant (ms) would be for them as they are."""
    if any(number in person.memberships for number in broadcast.to):
        return True
    return bool(_segment_of(person, broadcast, at, None, plan))


def _addressed_membership(
    person: Person, broadcast: Broadcast, fell_due: int, mailing: Mailing | None
) -> Membership | None:
    """The membership the broadcast is addressed to: one that existed when it fell due (ms); for a
    broadcast already begun, any membership of its lists.
    """
    standing = (person.memberships[n] for n in broadcast.to if n in person.memberships)
    return next((m for m in standing if mailing is not None or m.joined_at <= fell_due), None)


def _reminder(
    person: Person,
    broadcast: Broadcast,
    first: LetterState,
    letters: Mapping[str, LetterState],
    place: tuple[int, int],
    plan: Plan,
) -> Act | None:
    reminder = broadcast.reminder
    if reminder is None or first.status != "sent" or first.answered:
        return None
    state = letters.get(reminder.id)
    if state is None or state.waits:
        zone = zone_of(person, plan)
        when = planned = due(first.at, reminder.wait or NONE, reminder.hours, zone)
        if state is not None:
            when = max(planned, in_window(state.retry_at, reminder.hours, zone))
    elif state.status == "deferred":
        when, planned = state.retry_at, state.meant_for
    else:
        return None
    return Act(
        kind="letter",
        letter=reminder.id,
        due=when,
        planned=planned,
        list=place[0],
        run=place[1],
        why=PRESSURE if state is not None and state.waits else "",
    )
