"""What is open for a person: one act for each membership, request and mailing, and for each letter
that is in flight, in doubt or withheld. Pure: computed from facts and the published plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from engine.sequence.model import Plan
from engine.subscriber.act import Act, Calendar, settle
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
from engine.subscriber.eligibility import EVERYTHING, why_not
from engine.subscriber.letters import letters_at
from engine.subscriber.mailing_acts import mailing_act, mailing_retry_act
from engine.subscriber.membership_acts import list_letter_retry_act, membership_act
from engine.subscriber.person import InFlight, Known, LetterState, Person
from engine.subscriber.personal_dates import own_occurrences
from engine.subscriber.request_acts import request_act
from engine.subscriber.terms import MailKind


def acts(
    person: Person,
    plan: Plan,
    calendar: Calendar = (),
    known: Known | None = None,
    claimed: str = "",
) -> dict[str, Act]:
    """The next act of each open matter of a person, by its encoded AgendaKey. `known` is what the
    vault knows of them: without it a mailing to a segment that asks the vault is for whoever may be
    in it. The mailing under the key `claimed` is taken to be for them: its claim asks segments
    itself.
    """
    next_acts = {
        list_key(m.list): membership_act(person, m, plan) for m in person.memberships.values()
    }
    for request in person.requests.values():
        next_acts[request_key(request.purpose)] = request_act(person, request, plan)
    for occurrence in _occurrences(person, plan, calendar):
        is_claimed = occurrence.key == claimed
        act = mailing_act(person, occurrence, plan, known, is_claimed=is_claimed)
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
    for occurrence in _occurrences(person, plan, calendar):
        broadcast = plan.broadcasts.get(occurrence.broadcast)
        if occurrence.key in person.mailings or (
            broadcast is not None
            and (broadcast.segments or any(n in person.memberships for n in broadcast.to))
        ):
            open_keys.add(occurrence.key)
    open_keys |= {encode(WithheldKey(matter, letter)) for matter, letter, _ in _correctable(person)}
    return open_keys


def _occurrences(person: Person, plan: Plan, calendar: Calendar) -> Calendar:
    """Occurrences of broadcasts: those of everybody, and those of the person's own."""
    if not (person.reached or person.mailings):
        return calendar
    own = own_occurrences(person, plan)
    return (*calendar, *own) if own else calendar


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
            return list_letter_retry_act(person, person.memberships[number], letter, plan)
        case RequestKey(purpose):
            mail: MailKind = "permission" if purpose == EVERYTHING else "confirmation"
            request = person.requests[purpose].request
            return None if why_not(person, mail, purpose, request=request) else Act("idle")
        case BroadcastKey():
            return mailing_retry_act(person, matter, letter, plan, calendar)
        case _:
            assert_never(matter)


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
