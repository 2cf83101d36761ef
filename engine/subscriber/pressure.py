"""Pressure: whether there is room for one more letter to a person, under every cap that holds for
it. Pure. Asked at the claim, by the auditor's replay, and for the year's programme.

A cap has room while the letters begun in the window that ends now and the heavier ones that are
planned in the window that begins now are fewer than its count. Confirmations, the question whether
to go on, mails about rights and the letters of a service are neither asked about nor counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from engine.frozen import dataclass
from engine.sequence.delay import Delay
from engine.sequence.model import Broadcast, Letter, Plan
from engine.sequence.pressure import Cap, ScopedCap
from engine.sequence.timing import later, read_local_minute, to_instant
from engine.subscriber.act import Act, Calendar, zone_of
from engine.subscriber.agenda_key import BroadcastKey, ListKey, decode, encode, letter_ref
from engine.subscriber.eligibility import why_not
from engine.subscriber.letters import COUNTED, letters_at
from engine.subscriber.mailing_acts import is_for, segment_addressed
from engine.subscriber.person import Person
from engine.subscriber.terms import Frequency


@dataclass(frozen=True, slots=True)
class PlannedLetter:
    """A letter that is meant to leave at `at` (ms); `letter` is its letter_ref."""

    at: int
    purpose: str
    letter: str
    weight: int


@dataclass(frozen=True, slots=True)
class NoRoom:
    """`cap` is full: of letters begun or, where it yields to one, in favour of the letter_ref
    `favoured`. `until` (ms) is the first instant at which the answer can change; `may_wait` whether
    the letter is asked about again.
    """

    cap: Cap
    until: int
    favoured: str = ""
    may_wait: bool = True


Begun = Mapping[str, Sequence[int]]
"""When letters were begun (ms), by purpose."""


CHOSEN: Mapping[Frequency, Cap] = {
    "weekly": Cap(1, Delay(days=7)),
    "monthly": Cap(1, Delay(months=1)),
}
"""What a person's own choice of how often allows, of all purposes together."""


def caps_for(person: Person, plan: Plan, purpose: str) -> tuple[ScopedCap, ...]:
    """Every cap that holds for a letter of a purpose to a person: of the house, of the purpose, and
    what they chose themselves. None for the letters of a service they asked for.
    """
    if _is_service(person, purpose):
        return ()
    declared, own = plan.caps_for(purpose), CHOSEN.get(person.preferences.frequency)
    return declared if own is None else (*declared, ("", own))


def begun_by(person: Person, message: str = "") -> Begun:
    """When the letters that count were begun, `message` aside; of a sent one, when it was sent,
    though it came back. One that was in doubt may have been received, and counts until it is sent.
    """
    begun = dict(person.received)
    for purpose, instants in person.came_back.items():
        begun[purpose] = (*begun.get(purpose, ()), *instants)
    for flight in person.in_flight.values():
        if flight.kind in COUNTED:
            begun[flight.purpose] = (*begun.get(flight.purpose, ()), flight.begun_at)
    for doubted, (purpose, begun_at) in person.doubted.items():
        if doubted != message and doubted not in person.in_flight:
            begun[purpose] = (*begun.get(purpose, ()), begun_at)
    return {p: instants for p, instants in begun.items() if not _is_service(person, p)}


def _is_service(person: Person, purpose: str) -> bool:
    """Whether they get its letters because they asked for the service these belong to."""
    ground = person.grounds.get(purpose)
    return ground is not None and ground.basis == "service"


def no_room(
    letter: PlannedLetter,
    caps: Iterable[ScopedCap],
    begun: Begun,
    planned: Iterable[PlannedLetter],
    zone: str,
) -> NoRoom | None:
    """Why a letter may not leave at `letter.at`, or None where every cap has room. Of several that
    are full, the one that is so for longest.
    """
    others = [other for other in planned if other.weight > letter.weight]
    full = (_full(letter, *cap, begun, others, zone) for cap in caps)
    return max(
        (refusal for refusal in full if refusal is not None),
        key=lambda refusal: refusal.until,
        default=None,
    )


def _full(
    letter: PlannedLetter,
    purpose: str,
    cap: Cap,
    begun: Begun,
    others: Sequence[PlannedLetter],
    zone: str,
) -> NoRoom | None:
    now, window = letter.at, cap.window
    counted = [
        instant
        for name, instants in begun.items()
        if purpose in ("", name)
        for instant in instants
        if cap.covers(instant, now, zone)
    ]
    heavier: list[PlannedLetter] = []
    if others and len(counted) < cap.count:
        ends = later(now, window, zone)
        heavier = [o for o in others if purpose in ("", o.purpose) and o.at < ends]
    beyond = len(counted) + len(heavier) - cap.count
    if beyond < 0:
        return None
    begins = [*counted, *(max(now, other.at) for other in heavier)]
    free_at = sorted(later(instant, window, zone) for instant in begins)[beyond]
    if not heavier:
        return NoRoom(cap, free_at)
    # A heavier letter that does not leave after all makes room when it was to.
    decided_at = [other.at for other in heavier if other.at > now]
    favoured = max(heavier, key=lambda other: (other.weight, -other.at))
    return NoRoom(cap, min([free_at, *decided_at]), favoured.letter)


def held_back(
    person: Person, plan: Plan, calendar: Calendar, acts: Mapping[str, Act], key: str, now: int
) -> NoRoom | None:
    """Why the letter of the act under `key` may not leave now, or None. `acts` are the person's
    acts by their encoded AgendaKey. A letter that may wait is asked about again at `until` or, if
    that comes first, when it is too late for it.
    """
    purpose, letter = _letter_at(plan, key, acts[key].letter)
    caps = caps_for(person, plan, purpose)
    if letter is None or not caps:
        return None
    before = letters_at(person, key, acts[key].run).get(letter.id) if person.doubted else None
    zone, begun = zone_of(person, plan), begun_by(person, before.message if before else "")
    if _has_ample_room(caps, begun, now, zone, _most_that_are_heavier(plan, acts, letter)):
        return None
    own = PlannedLetter(now, purpose, letter_ref(key, letter.id), letter.weight)
    planned = planned_letters(person, plan, calendar, acts, key, own)
    refusal = no_room(own, caps, begun, planned, zone)
    return refusal and replace(refusal, may_wait=letter.when_full == "wait")


def _most_that_are_heavier(plan: Plan, acts: Mapping[str, Act], letter: Letter) -> int:
    """An upper bound of the letters for which room is to be kept: every other letter that is due,
    and every broadcast that is heavier.
    """
    due = sum(act.kind == "letter" for act in acts.values()) - 1
    return due + sum(b.letter.weight > letter.weight for b in plan.broadcasts.values())


def _has_ample_room(
    caps: Iterable[ScopedCap], begun: Begun, now: int, zone: str, planned: int
) -> bool:
    """Whether every cap has room though as many letters were `planned` under it."""
    for purpose, cap in caps:
        left = cap.count - planned
        for name, instants in begun.items():
            if left > 0 and purpose in ("", name):
                left -= sum(cap.covers(instant, now, zone) for instant in instants)
        if left <= 0:
            return False
    return True


def planned_letters(
    person: Person,
    plan: Plan,
    calendar: Calendar,
    acts: Mapping[str, Act],
    key: str,
    own: PlannedLetter,
) -> Iterator[PlannedLetter]:
    """The letters that are heavier than one's `own`, under other keys than `key`: the next of each
    list and mailing, and dated broadcasts that are still to fall due. Once it has fallen due, none
    is kept for one that, by the ledger, is only perhaps for them.
    """
    zone = zone_of(person, plan)
    for other, act in acts.items():
        if other == key or act.kind != "letter":
            continue
        purpose, letter = _letter_at(plan, other, act.letter)
        if (
            letter is not None
            and letter.weight > own.weight
            and person.preferences.chooses(letter.theme, letter.content)
            and not _is_service(person, purpose)
            and (act.due > own.at or own.at <= later(act.planned, patience(plan, other), zone))
            and _is_surely_for(person, plan, calendar, other, act)
        ):
            yield PlannedLetter(act.due, purpose, letter_ref(other, letter.id), letter.weight)
    fallen_due = {occurrence.broadcast for occurrence in calendar}
    for broadcast in plan.broadcasts.values():
        if (
            broadcast.letter.weight > own.weight
            and (at := _to_fall_due(broadcast, plan.timezone, own.at)) > own.at
            and (not broadcast.on or broadcast.id not in fallen_due)
            and is_for(person, broadcast, plan, at)
            and at >= person.preferences.paused_until
            and person.preferences.chooses(broadcast.letter.theme, broadcast.letter.content)
            and not why_not(person, "broadcast", broadcast.purpose)
            and not _is_service(person, broadcast.purpose)
        ):
            name = letter_ref(encode(BroadcastKey(broadcast.id)), broadcast.letter.id)
            yield PlannedLetter(at, broadcast.purpose, name, broadcast.letter.weight)


def _is_surely_for(person: Person, plan: Plan, calendar: Calendar, key: str, act: Act) -> bool:
    mailing = decode(key)
    if act.run or key in person.mailings or not isinstance(mailing, BroadcastKey):
        return True
    return bool(segment_addressed(person, mailing, act.letter, plan, calendar, None))


def _to_fall_due(broadcast: Broadcast, zone: str, after: int) -> int:
    """When a broadcast with a date, or counted from one, is still to fall due after an instant
    (ms); 0 where it does not, or nothing is known of it yet.
    """
    if broadcast.anchored is not None:
        return broadcast.anchored.following(after, broadcast.letter.hours, zone) or 0
    return _instant_of(broadcast.on, zone) if broadcast.on else 0


@lru_cache(maxsize=256)
def _instant_of(minute: str, zone: str) -> int:
    return to_instant(read_local_minute(minute), zone)


def _letter_at(plan: Plan, key: str, name: str) -> tuple[str, Letter | None]:
    """The purpose and the letter of that id, where the plan still has it and it counts."""
    match decode(key):
        case ListKey(number):
            listed = plan.lists.get(number)
            return (listed.purpose, listed.letter(name)) if listed else ("", None)
        case BroadcastKey(broadcast_id):
            broadcast = plan.broadcasts.get(broadcast_id)
            if broadcast is None:
                return "", None
            first = name == broadcast.letter.id
            return broadcast.purpose, broadcast.letter if first else broadcast.reminder
        case _:
            return "", None


def patience(plan: Plan, key: str) -> Delay:
    """How late a letter of a list or a broadcast may be."""
    decoded = decode(key)
    if isinstance(decoded, BroadcastKey):
        return plan.broadcasts[decoded.broadcast].max_lateness
    assert isinstance(decoded, ListKey)
    return plan.lists[decoded.list].max_lateness


@dataclass(frozen=True, slots=True)
class Collision:
    """A letter for which there is no room at its time, and why."""

    letter: PlannedLetter
    refusal: NoRoom


def collisions(
    letters: Iterable[PlannedLetter], plan: Plan, begun: Begun | None = None
) -> list[Collision]:
    """The letters of a programme for which one reader, who gets them all, has no room, by the caps
    of the house and of purposes and in the installation's zone. `begun` is what they got before.

    A letter that finds no room is left out; those that may wait would leave later, if at all.
    """
    left: dict[str, list[int]] = {
        purpose: list(instants) for purpose, instants in (begun or {}).items()
    }
    found: list[Collision] = []
    waiting = sorted(letters, key=lambda letter: (letter.at, -letter.weight))
    for index, letter in enumerate(waiting):
        caps = plan.caps_for(letter.purpose)
        refusal = no_room(letter, caps, left, waiting[index + 1 :], plan.timezone)
        if refusal is None:
            left.setdefault(letter.purpose, []).append(letter.at)
        else:
            found.append(Collision(letter, refusal))
    return found
