"""What comes next for a person, and when: one act per membership, request and mailing. Pure timing over facts and the published plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.sequence.delay import MINUTE, NONE
from engine.sequence.model import Broadcast, Letter, List, Plan
from engine.sequence.timing import due, first_permitted, later
from engine.subscriber.eligibility import why_not
from engine.subscriber.person import LetterState, Membership, Person, Request

NEVER = 0


@dataclass(frozen=True, slots=True)
class Act:
    """`kind`: letter, settle (begun without outcome), end, expire, idle. `due` is 0 for never; `planned` is when the author meant it."""

    kind: str
    letter: str = ""
    due: int = NEVER
    planned: int = NEVER
    list: int = 0
    run: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A broadcast that has fallen due, once for everybody: `key` is "broadcast:<id>/<local date>"."""

    broadcast: str
    key: str
    at: int


Calendar = tuple[Occurrence, ...]


def acts(person: Person, plan: Plan, calendar: Calendar = ()) -> dict[str, Act]:
    """Every open matter of a person by agenda key: "list:12", "ask:conseils", "broadcast:enfants/2026-12-01"."""
    found = {f"list:{m.list}": membership_act(person, m, plan) for m in person.memberships.values()}
    for request in person.requests.values():
        found[f"ask:{request.purpose}"] = request_act(person, request, plan)
    for occurrence in calendar:
        act = mailing_act(person, occurrence, plan)
        if act is not None:
            found[occurrence.key] = act
    for message, flight in person.in_flight.items():
        if flight.key not in found or (found[flight.key].kind != "settle"):
            found[f"flight:{message}"] = Act("settle", flight.letter, flight.begun_at, flight.begun_at, flight.list, flight.run)
    return found


def act_for(person: Person, key: str, plan: Plan, calendar: Calendar) -> Act | None:
    return acts(person, plan, calendar).get(key)


def zone_of(person: Person, plan: Plan) -> str:
    return person.timezone or plan.timezone


def membership_act(person: Person, m: Membership, plan: Plan) -> Act:
    listed = plan.lists.get(m.list)
    for name, state in m.letters.items():
        if state.status in ("begun", "doubt"):
            return Act("settle", name, state.at, state.at, m.list, m.run)
    if listed is None:
        return Act("idle", list=m.list, run=m.run, why="this list is no longer published")
    reason = why_not(person, "letter", listed.purpose)
    if reason:
        return Act("idle", list=m.list, run=m.run, why=reason)
    if m.start == "none":
        return Act("idle", list=m.list, run=m.run, why="imported without letters")
    best = min(_letters_to_come(m, listed, zone_of(person, plan)), key=lambda act: act.due, default=None)
    if best is not None:
        return best
    return _ending(m, listed, zone_of(person, plan))


def natural_due(m: Membership, letter: Letter, zone: str) -> int:
    """When a letter counted from joining is meant to leave."""
    assert letter.after is not None
    return due(m.since, letter.after, letter.hours, zone)


def _letters_to_come(m: Membership, listed: List, zone: str) -> Iterator[Act]:
    before: int | None = m.since
    for letter in listed.letters:
        state = m.letters.get(letter.id)
        if state is not None and state.status == "deferred":
            planned = state.first_begun or state.at
            yield Act("letter", letter.id, max(state.retry_at, m.hold_until), planned, m.list, m.run)
            before = None
            continue
        if state is not None:
            before = state.at
            continue
        if letter.reminds:
            reminded = m.letters.get(letter.reminds)
            if reminded is None or reminded.status != "sent" or reminded.answered:
                continue
            base: int | None = reminded.at
        elif letter.after is not None:
            base = m.since
        else:
            base = before
        if base is None:
            continue
        planned = due(base, letter.after or letter.wait or _NO_DELAY, letter.hours, zone)
        if _is_past(m, letter, planned):
            before = planned if before is None else max(before, planned)
            continue
        planned = max(planned, letter.added_at) if letter.backfill else planned
        yield Act("letter", letter.id, _after_gap(m, listed, letter, planned, zone), planned, m.list, m.run)
        before = None


_NO_DELAY = NONE


def _is_past(m: Membership, letter: Letter, planned: int) -> bool:
    """Left out: meant for before an import's counted start, or published after its moment had passed (unless published with backfill)."""
    return planned < m.skip_before or (planned < letter.added_at and m.joined_at < letter.added_at and not letter.backfill)


def _after_gap(m: Membership, listed: List, letter: Letter, planned: int, zone: str) -> int:
    """`planned`, or later when the list wrote too recently: never piled up after an outage, never further apart than the author wrote."""
    sent = [(state.at, name) for name, state in m.letters.items() if state.status == "sent"]
    earliest = max(planned, m.hold_until)
    if sent:
        last_at, last_name = max(sent)
        gap = listed.min_gap.nominal_ms
        last = listed.letter(last_name)
        if last is not None and last.after is not None and letter.after is not None:
            gap = min(gap, max(0, planned - natural_due(m, last, zone)))
        elif letter.after is None:
            gap = 0
        earliest = max(earliest, last_at + gap)
    return planned if earliest == planned else first_permitted(earliest, letter.hours, zone)


def _ending(m: Membership, listed: List, zone: str) -> Act:
    if listed.ends is None:
        return Act("idle", list=m.list, run=m.run, why="every letter of this list has been sent")
    resolved = max([m.joined_at, *(state.at for state in m.letters.values())])
    at = later(resolved, listed.ends.after, zone)
    return Act("end", "", at, at, m.list, m.run)


def request_act(person: Person, request: Request, plan: Plan) -> Act:
    """Confirmation mail, one reminder, then the request expires."""
    asked, again = request.letters.get("ask"), request.letters.get("ask-again")
    for name, state in request.letters.items():
        if state.status in ("begun", "doubt"):
            return Act("settle", name, state.at, state.at)
    expiry = Act("expire", "", request.expires_at, request.expires_at)
    if why_not(person, "confirmation", request.purpose, request=request.request):
        return expiry
    if asked is None:
        return Act("letter", "ask", request.asked_at, request.asked_at)
    if asked.status == "deferred":
        return Act("letter", "ask", asked.retry_at, request.asked_at)
    if again is not None and again.status == "deferred":
        return Act("letter", "ask-again", again.retry_at, again.first_begun)
    if asked.status == "sent" and again is None and plan.confirmation.remind_subject:
        at = later(asked.at, plan.confirmation.remind_after, zone_of(person, plan))
        if at < request.expires_at:
            return Act("letter", "ask-again", at, at)
    return expiry


def mailing_act(person: Person, occurrence: Occurrence, plan: Plan) -> Act | None:
    """A broadcast to whoever stood on its lists when it fell due, and its reminder to the silent who stand there still."""
    broadcast = plan.broadcasts.get(occurrence.broadcast)
    if broadcast is None:
        return None
    mailing = person.mailings.get(occurrence.key)
    standing = next((person.memberships[n] for n in broadcast.to if n in person.memberships), None)
    letters: Mapping[str, LetterState] = mailing.letters if mailing else {}
    for name, state in letters.items():
        if state.status in ("begun", "doubt"):
            return Act("settle", name, state.at, state.at, mailing.list if mailing else 0, mailing.run if mailing else 0)
    if standing is None or why_not(person, "broadcast", broadcast.purpose):
        return None
    first = letters.get(broadcast.letter.id)
    if first is None:
        if standing.joined_at > occurrence.at:
            return None
        return Act("letter", broadcast.letter.id, occurrence.at, occurrence.at, standing.list, standing.run)
    if first.status == "deferred":
        return Act("letter", broadcast.letter.id, first.retry_at, occurrence.at, standing.list, standing.run)
    return _reminder(person, broadcast, first, letters, standing, plan)


def _reminder(
    person: Person, broadcast: Broadcast, first: LetterState, letters: Mapping[str, LetterState], standing: Membership, plan: Plan
) -> Act | None:
    reminder = broadcast.reminder
    if reminder is None or first.status != "sent" or first.answered:
        return None
    state = letters.get(reminder.id)
    if state is None:
        at = due(first.at, reminder.wait or _NO_DELAY, reminder.hours, zone_of(person, plan))
        return Act("letter", reminder.id, at, at, standing.list, standing.run)
    if state.status == "deferred":
        return Act("letter", reminder.id, state.retry_at, state.first_begun, standing.list, standing.run)
    return None


def backoff(attempt: int, message: str) -> int:
    """Milliseconds until the next attempt after `attempt` (from 1): 5, 15, 30, 60, 120, 240, 480 minutes, spread by a tenth (A75)."""
    steps = (5, 15, 30, 60, 120, 240, 480)
    base = steps[min(attempt, len(steps)) - 1] * MINUTE
    spread = int(message[:4] or "0", 16) if all(c in "0123456789abcdef" for c in message[:4]) else 0
    return base + base * spread // (0xFFFF * 10)
