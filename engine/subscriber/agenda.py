"""The next act for a person and when it is due: one act for each membership, request and mailing.
Pure: computed from facts and the published plan; instants are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from engine.sequence.delay import NONE
from engine.sequence.model import Broadcast, Letter, List, Plan
from engine.sequence.timing import Hours, due, first_permitted, is_zone, later
from engine.subscriber.agenda_key import (
    BroadcastKey,
    FlightKey,
    ListKey,
    Matter,
    RequestKey,
    RightKey,
    WithheldKey,
    decode,
    encode,
    list_key,
    request_key,
)
from engine.subscriber.eligibility import EVERYTHING, live_ground, why_not
from engine.subscriber.letters import letters_at
from engine.subscriber.person import InFlight, LetterState, Mailing, Membership, Person, Request
from engine.subscriber.terms import ActKind, MailKind

NEVER = 0


@dataclass(frozen=True, slots=True)
class Act:
    """`due` (ms) is when the act is to be performed, 0 for never; `planned` (ms) when the author
    meant it.

    Three kinds are never due, because a person has to act first: `settle` of a letter in doubt,
    `right` (`letter` is the right's name, `planned` the date by which it must be answered), and
    `withheld` (`why` says what to correct before a retry).
    """

    kind: ActKind
    letter: str = ""
    due: int = NEVER
    planned: int = NEVER
    list: int = 0
    run: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A broadcast date that has come: recorded once for everybody, under its encoded key."""

    broadcast: str
    key: str
    at: int


Calendar = tuple[Occurrence, ...]


def acts(person: Person, plan: Plan, calendar: Calendar = ()) -> dict[str, Act]:
    """The next act of each open matter of a person, by its encoded AgendaKey."""
    next_acts = {
        list_key(m.list): membership_act(person, m, plan) for m in person.memberships.values()
    }
    for request in person.requests.values():
        next_acts[request_key(request.purpose)] = request_act(person, request, plan)
    for occurrence in calendar:
        act = mailing_act(person, occurrence, plan)
        if act is not None:
            next_acts[occurrence.key] = act
    for message, flight in person.in_flight.items():
        if not _is_settle_act_of(person, next_acts.get(flight.key), message, flight):
            next_acts[encode(FlightKey(message))] = settle(flight)
    for identifier, right in person.rights.items():
        next_acts[encode(RightKey(identifier))] = Act("right", right.right, planned=right.due_at)
    for matter, letter, state, act in _withheld(person, plan, calendar):
        next_acts[encode(WithheldKey(matter, letter))] = replace(
            act, kind="withheld", letter=letter, planned=state.meant_for, why=state.to_correct
        )
    return next_acts


def keys(person: Person, plan: Plan, calendar: Calendar = ()) -> set[str]:
    """Every key that `acts` can return for this person: a row of the agenda under any other key is
    outdated.
    """
    open_keys = {list_key(number) for number in person.memberships}
    open_keys |= {request_key(purpose) for purpose in person.requests}
    open_keys |= {encode(FlightKey(message)) for message in person.in_flight}
    open_keys |= {encode(RightKey(request)) for request in person.rights}
    for occurrence in calendar:
        broadcast = plan.broadcasts.get(occurrence.broadcast)
        if occurrence.key in person.mailings or (
            broadcast is not None and any(number in person.memberships for number in broadcast.to)
        ):
            open_keys.add(occurrence.key)
    open_keys |= {encode(WithheldKey(matter, letter)) for matter, letter, _ in _correctable(person)}
    return open_keys


def _correctable(person: Person) -> Iterator[tuple[Matter, str, LetterState]]:
    """Letters withheld for a reason that can be corrected: the matter, the letter, its state."""
    for number, membership in person.memberships.items():
        for letter, state in membership.letters.items():
            if state.to_correct:
                yield ListKey(number), letter, state
    for purpose, request in person.requests.items():
        for letter, state in request.letters.items():
            if state.to_correct:
                yield RequestKey(purpose), letter, state
    for key, mailing in person.mailings.items():
        for letter, state in mailing.letters.items():
            if state.to_correct and isinstance(broadcast := decode(key), BroadcastKey):
                yield broadcast, letter, state


def _withheld(
    person: Person, plan: Plan, calendar: Calendar
) -> Iterator[tuple[Matter, str, LetterState, Act]]:
    """Withheld letters that a retry would send, each with the act to show."""
    for matter, letter, state in _correctable(person):
        act = _retry_act(person, matter, letter, plan, calendar)
        if act is not None:
            yield matter, letter, state, act


def _retry_act(
    person: Person, matter: Matter, letter: str, plan: Plan, calendar: Calendar
) -> Act | None:
    """The act if the withheld letter may still be retried, else None: it must still be published,
    still be permitted, and the person must still be on the list.
    """
    match matter:
        case ListKey(number):
            return _list_letter_retry_act(person, person.memberships[number], letter, plan)
        case RequestKey(purpose):
            mail: MailKind = "permission" if purpose == EVERYTHING else "confirmation"
            request = person.requests[purpose].request
            return None if why_not(person, mail, purpose, request=request) else Act("idle")
        case BroadcastKey():
            return _mailing_retry_act(person, matter, letter, plan, calendar)
        case _:
            assert_never(matter)


def _list_letter_retry_act(person: Person, m: Membership, letter: str, plan: Plan) -> Act | None:
    listed = plan.lists.get(m.list)
    published = listed.letter(letter) if listed else None
    if listed is None or published is None or why_not(person, "letter", listed.purpose):
        return None
    if published.reminds and not _still_reminds(m, listed, published):
        return None
    return Act("idle", list=m.list, run=m.run)


def _mailing_retry_act(
    person: Person, matter: BroadcastKey, letter: str, plan: Plan, calendar: Calendar
) -> Act | None:
    key = encode(matter)
    occurrence = next((known for known in calendar if known.key == key), None)
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
    standing = _addressed_membership(person, broadcast, occurrence, mailing)
    return Act("idle", list=standing.list, run=mailing.run) if standing is not None else None


def _is_settle_act_of(person: Person, act: Act | None, message: str, flight: InFlight) -> bool:
    """Whether `act` already settles this letter in flight. False once the matter belongs to another
    run or request: the letter then gets a row of its own.
    """
    if act is None or (act.kind, act.letter, act.run) != ("settle", flight.letter, flight.run):
        return False
    state = letters_at(person, flight.key, flight.run).get(flight.letter)
    return state is not None and state.message == message


def act_for(person: Person, key: str, plan: Plan, calendar: Calendar) -> Act | None:
    return acts(person, plan, calendar).get(key)


def membership_act(person: Person, m: Membership, plan: Plan) -> Act:
    listed = plan.lists.get(m.list)
    under_way = under_way_of(person, m.letters)
    if under_way is not None:
        return under_way
    if listed is None:
        return Act("idle", list=m.list, run=m.run, why="this list is no longer published")
    reason = why_not(person, "letter", listed.purpose)
    if reason:
        return Act("idle", list=m.list, run=m.run, why=reason)
    if m.start == "none":
        return Act("idle", list=m.list, run=m.run, why="imported without letters")
    best = min(
        _letters_to_come(m, listed, zone_of(person, plan)), key=lambda act: act.due, default=None
    )
    if best is not None:
        return best
    return _ending(m, listed, zone_of(person, plan))


def settle(flight: InFlight) -> Act:
    due, why = (NEVER, "in doubt") if flight.doubt else (flight.begun_at, "")
    return Act(
        kind="settle",
        letter=flight.letter,
        due=due,
        planned=flight.begun_at,
        list=flight.list,
        run=flight.run,
        why=why,
    )


def under_way_of(person: Person, letters: Mapping[str, LetterState]) -> Act | None:
    for state in letters.values():
        if state.status == "begun" and (flight := person.in_flight.get(state.message)) is not None:
            return settle(flight)
    return None


def zone_of(person: Person, plan: Plan) -> str:
    """The person's time zone, or the installation's where theirs is unknown or no longer exists."""
    return person.timezone if is_zone(person.timezone) else plan.timezone


def natural_due(m: Membership, letter: Letter, zone: str) -> int:
    """When a letter counted from joining is meant to leave."""
    assert letter.after is not None
    return due(m.since, letter.after, letter.hours, zone)


def _letters_to_come(m: Membership, listed: List, zone: str) -> Iterator[Act]:
    """The letters of the list that are still to be sent. `before` is when the previous letter was
    settled (for the first letter: when the person joined), None while that letter is still to come.
    """
    before: int | None = m.since
    for letter in listed.letters:
        state = m.letters.get(letter.id)
        if state is not None and state.status != "deferred":
            before = state.at
            continue
        if letter.reminds and not _still_reminds(m, listed, letter):
            continue
        base = _counted_from(m, letter, before)
        if base is None and state is None:
            continue
        planned = (
            state.meant_for
            if state is not None and (state.planned or base is None)
            else _planned(base or m.since, letter, zone)
        )
        if state is None and _is_past(m, letter, planned):
            before = planned if before is None else max(before, planned)
            continue
        if state is not None:
            when = max(_in_window(_retry_at(m, listed, state), letter.hours, zone), m.hold_until)
        else:
            when = _after_gap(m, listed, letter, base, planned, zone)
        yield Act(
            kind="letter", letter=letter.id, due=when, planned=planned, list=m.list, run=m.run
        )
        before = None


def _retry_at(m: Membership, listed: List, state: LetterState) -> int:
    """A withheld letter that is retried keeps the list's minimum gap from what was sent in the
    meantime.
    """
    sent = [attempt.at for attempt in m.letters.values() if attempt.status == "sent"]
    return (
        max(state.retry_at, max(sent) + listed.min_gap.nominal_ms)
        if state.planned and sent
        else state.retry_at
    )


def _still_reminds(m: Membership, listed: List, letter: Letter) -> bool:
    """True only while the letter it reminds of has been sent, and neither that letter nor another
    reminder of the same question has been answered.
    """
    reminded = m.letters.get(letter.reminds)
    if reminded is None or reminded.status != "sent":
        return False
    asked_first = _first_of_reminders(listed, letter)
    return not any(
        state.answered
        for name, state in m.letters.items()
        if (other := listed.letter(name)) is None
        or _first_of_reminders(listed, other) == asked_first
    )


def _first_of_reminders(listed: List, letter: Letter) -> str:
    """The id of the letter at the beginning of a chain of reminders."""
    seen = {letter.id}
    while letter.reminds and letter.reminds not in seen:
        earlier = listed.letter(letter.reminds)
        if earlier is None:
            return letter.reminds
        seen.add(earlier.id)
        letter = earlier
    return letter.id


def _counted_from(m: Membership, letter: Letter, before: int | None) -> int | None:
    if letter.reminds:
        return m.letters[letter.reminds].at
    return m.since if letter.after is not None else before


def _planned(base: int, letter: Letter, zone: str) -> int:
    planned = due(base, letter.after or letter.wait or NONE, letter.hours, zone)
    return max(planned, letter.added_at) if letter.backfill else planned


def _in_window(retry_at: int, hours: Hours, zone: str) -> int:
    """A retry keeps to the author's window and weekdays, but does not wait for the next day's time
    of day.
    """
    return first_permitted(retry_at, replace(hours, at=None), zone)


def _is_past(m: Membership, letter: Letter, planned: int) -> bool:
    """Whether the letter is left out: planned for before the date that an import counts from, or
    published after its moment had passed (unless published with backfill).
    """
    return planned < m.skip_before or (
        planned < letter.added_at and m.joined_at < letter.added_at and not letter.backfill
    )


def _after_gap(
    m: Membership, listed: List, letter: Letter, base: int | None, planned: int, zone: str
) -> int:
    """`planned`, or later when the list has written too recently: letters do not pile up after an
    outage, and are never further apart than the author wrote.
    """
    sent = [(state.at, name) for name, state in m.letters.items() if state.status == "sent"]
    earliest = max(planned, m.hold_until)
    if sent:
        last_at, last_name = max(sent)
        gap = listed.min_gap.nominal_ms
        last = listed.letter(last_name)
        if letter.after is None and base == last_at:
            gap = 0
        elif last is not None and last.after is not None:
            gap = min(gap, max(0, planned - natural_due(m, last, zone)))
        earliest = max(earliest, last_at + gap)
    return planned if earliest == planned else first_permitted(earliest, letter.hours, zone)


def _ending(m: Membership, listed: List, zone: str) -> Act:
    if listed.ends is None or m.ended:
        return Act("idle", list=m.list, run=m.run, why="every letter of this list has been sent")
    resolved = max([m.joined_at, *(state.at for state in m.letters.values())])
    at = later(resolved, listed.ends.after, zone)
    return Act(kind="end", letter="", due=at, planned=at, list=m.list, run=m.run)


def request_act(person: Person, request: Request, plan: Plan) -> Act:
    """The confirmation mail, one reminder, then the expiry of the request."""
    if request.purpose == EVERYTHING:
        return permission_act(person, request)
    under_way = under_way_of(person, request.letters)
    if under_way is not None and under_way.due != NEVER:
        return under_way
    expiry = Act("expire", "", request.expires_at, request.expires_at)
    if under_way is not None or why_not(
        person, "confirmation", request.purpose, request=request.request
    ):
        return expiry
    mail = _confirmation_mail(person, request, plan)
    return mail if mail is not None and mail.due < request.expires_at else expiry


def permission_act(person: Person, request: Request) -> Act:
    """One mail that asks whether to go on. What follows when it is not answered is decided nightly,
    by retention.
    """
    under_way = under_way_of(person, request.letters)
    if under_way is not None:
        return under_way
    reason = why_not(person, "permission", EVERYTHING, request=request.request)
    mail = request.letters.get("ask")
    if not reason and (mail is None or mail.status == "deferred"):
        planned = mail.planned if mail is not None and mail.planned else request.asked_at
        return Act(
            "letter", "ask", mail.retry_at if mail is not None else request.asked_at, planned
        )
    return Act("idle", why=reason or "asked whether to go on")


def _confirmation_mail(person: Person, request: Request, plan: Plan) -> Act | None:
    if live_ground(person, request.purpose) is not None and person.memberships.keys() >= set(
        request.lists
    ):
        return None  # they joined by another way meanwhile: nothing is left to confirm
    first = request.first_letter
    first_mail, again = request.letters.get(first), request.letters.get("ask-again")
    if first_mail is None:
        return Act("letter", first, request.asked_at, request.asked_at)
    if first_mail.status == "deferred":
        return Act("letter", first, first_mail.retry_at, first_mail.planned or request.asked_at)
    if request.declared:
        return None  # asked once, and not reminded
    if again is not None and again.status == "deferred":
        return Act("letter", "ask-again", again.retry_at, again.meant_for)
    if first_mail.status == "sent" and again is None and plan.confirmation.remind_subject:
        at = later(first_mail.at, plan.confirmation.remind_after, zone_of(person, plan))
        return Act("letter", "ask-again", at, at)
    return None


def mailing_act(person: Person, occurrence: Occurrence, plan: Plan) -> Act | None:
    """The broadcast, for a person who was on one of its lists when it fell due; then its reminder,
    for who has not answered and is still on the list.
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
    standing = _addressed_membership(person, broadcast, occurrence, mailing)
    if standing is None or why_not(person, "broadcast", broadcast.purpose):
        return None
    first = letters.get(broadcast.letter.id)
    if first is None:
        when = planned = occurrence.at
    elif first.status == "deferred":
        when, planned = first.retry_at, first.planned or occurrence.at
    else:
        return _reminder(person, broadcast, first, letters, standing, plan)
    return Act(
        kind="letter",
        letter=broadcast.letter.id,
        due=when,
        planned=planned,
        list=standing.list,
        run=standing.run,
    )


def _addressed_membership(
    person: Person, broadcast: Broadcast, occurrence: Occurrence, mailing: Mailing | None
) -> Membership | None:
    """The membership the broadcast is addressed to: one that existed when it fell due; for a
    broadcast already begun, any membership of its lists.
    """
    standing = (person.memberships[n] for n in broadcast.to if n in person.memberships)
    return next((m for m in standing if mailing is not None or m.joined_at <= occurrence.at), None)


def _reminder(
    person: Person,
    broadcast: Broadcast,
    first: LetterState,
    letters: Mapping[str, LetterState],
    standing: Membership,
    plan: Plan,
) -> Act | None:
    reminder = broadcast.reminder
    if reminder is None or first.status != "sent" or first.answered:
        return None
    state = letters.get(reminder.id)
    if state is None:
        when = planned = due(first.at, reminder.wait or NONE, reminder.hours, zone_of(person, plan))
    elif state.status == "deferred":
        when, planned = state.retry_at, state.meant_for
    else:
        return None
    return Act(
        kind="letter",
        letter=reminder.id,
        due=when,
        planned=planned,
        list=standing.list,
        run=standing.run,
    )
