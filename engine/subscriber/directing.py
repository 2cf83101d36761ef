"""A letter that somebody who works here directs to a person: it is to leave now, whenever its
author meant it to. Pure.

Only what decides when it leaves is set aside: its delay, its hours, the list's gap. Whether there
is a ground, whether the person wants such letters, whether a cap has room, is asked at its claim as
of every letter.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.sequence.model import List, Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.agenda_key import BroadcastKey, ListKey, decode
from engine.subscriber.eligibility import why_not
from engine.subscriber.membership_acts import still_reminds
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import LetterState, Membership, Person
from engine.words import Words

NOT_MEANT = NothingToDo(Unchanged.NOT_MEANT_FOR_THEM)
HAD = NothingToDo(Unchanged.LETTER_HAD_ALREADY)


def direct(command: c.DirectLetter, person: Person, plan: Plan) -> Outcome:
    """Nothing where they have had it, or it is under way to them."""
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    match decode(command.key):
        case ListKey(number) if number in plan.lists:
            return _of_list(command, person, plan.lists[number])
        case BroadcastKey(name) if name in plan.broadcasts:
            return _of_broadcast(command, person, plan.broadcasts[name].purpose)
        case _:
            return NOT_MEANT


def _of_list(command: c.DirectLetter, person: Person, listed: List) -> Outcome:
    membership = person.memberships.get(listed.id)
    letter = listed.letter(command.letter)
    if membership is None:
        return NothingToDo(Unchanged.NOT_ON_LIST, list=listed.id)
    if letter is None or membership.start == "none":
        return NOT_MEANT
    if _is_had(membership.letters, letter.id, command.at):
        return HAD
    if letter.reminds and not still_reminds(membership, listed, letter):
        return NOT_MEANT
    if reason := why_not(person, "letter", listed.purpose):
        return NothingToDo(Unchanged.MAY_NOT_BE_WRITTEN_TO, why=Words(reason))
    return done(command.cause, _directed(command, membership))


def _of_broadcast(command: c.DirectLetter, person: Person, purpose: str) -> Outcome:
    mailing = person.mailings.get(command.key)
    if mailing is not None and _is_had(mailing.letters, command.letter, command.at):
        return HAD
    membership = person.memberships.get(command.list)
    if command.list and membership is None:
        return NothingToDo(Unchanged.NOT_ON_LIST, list=command.list)
    if membership is None and not command.segment:
        return NOT_MEANT
    if reason := why_not(person, "broadcast", purpose):
        return NothingToDo(Unchanged.MAY_NOT_BE_WRITTEN_TO, why=Words(reason))
    return done(command.cause, _directed(command, membership))


def _is_had(letters: Mapping[str, LetterState], letter: str, at: int) -> bool:
    """Whether it was begun or settled, or is due already; one that waits for room is not."""
    state = letters.get(letter)
    return state is not None and not (state.waits and state.retry_at > at)


def _directed(command: c.DirectLetter, membership: Membership | None) -> e.LetterDirected:
    return e.LetterDirected(
        at=command.at,
        key=command.key,
        letter=command.letter,
        list=membership.list if membership is not None else 0,
        run=membership.run if membership is not None else 0,
        segment=command.segment if membership is None else "",
    )
