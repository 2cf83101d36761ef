"""What became of each letter, as `evolve` keeps it: under its membership, its request or its
mailing, and in flight until its outcome is known.

Outcomes find their letter by message id, so that one of a run, request or mailing that is over
changes nothing but `in_flight`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.subscriber import events as e
from engine.subscriber.person import InFlight, LetterState, Mailing, Person, put

BROADCASTS_KEPT = 64


def letters_at(p: Person, key: str, run: int) -> Mapping[str, LetterState]:
    """The letters of an agenda key; of a run that is open, or closed by the last move and still to
    be reopened by an undo.
    """
    kind, _, name = key.partition(":")
    if kind == "ask":
        request = p.requests.get(name)
        return request.letters if request else {}
    if kind == "broadcast":
        mailing = p.mailings.get(key)
        return mailing.letters if mailing else {}
    for membership in p.memberships.values():
        if membership.run == run:
            return membership.letters
    return next((m.letters for m in p.last_move.closed if m.run == run), {}) if p.last_move else {}


def begun(p: Person, event: e.LetterBegun) -> Person:
    before = letters_at(p, event.key, event.run).get(event.letter)
    first = (before.first_begun if before else 0) or event.at
    state = LetterState(
        event.message,
        "begun",
        event.at,
        event.attempt,
        first,
        planned=before.planned if before else 0,
    )
    flight = InFlight(
        event.key,
        event.kind,
        event.letter,
        event.edition,
        event.list,
        event.run,
        event.at,
        event.sender,
        event.attempt,
        False,
        first,
    )
    p = put(p, in_flight={**p.in_flight, event.message: flight})
    if event.kind == "broadcast":
        p = _with_mailing(p, event.key, event.list, event.run)
    return _with_letter(p, event.key, event.run, event.letter, state)


def outcome(
    p: Person, message: str, status: str, at: int, retry_at: int = 0, aside: str = ""
) -> Person:
    """A retry that is due at once follows an attempt that was never made, or was settled: patience
    begins anew with it.
    """
    flight = p.in_flight.get(message)
    if flight is None:
        return p
    before = letters_at(p, flight.key, flight.run).get(flight.letter)
    p = put(p, in_flight={m: f for m, f in p.in_flight.items() if m != message})
    if before is None or before.message != message:
        return p
    first = 0 if status == "deferred" and retry_at <= at else before.first_begun
    state = LetterState(
        message,
        status,
        at,
        before.attempts,
        first,
        retry_at,
        before.answered,
        aside,
        before.planned,
    )
    return _with_letter(p, flight.key, flight.run, flight.letter, state)


def in_doubt(p: Person, event: e.LetterInDoubt) -> Person:
    match event.settled:
        case "taken-as-sent":
            return outcome(p, event.message, "sent", event.at)
        case "resend":
            return outcome(p, event.message, "deferred", event.at, event.at)
    flight = p.in_flight.get(event.message)
    return (
        put(p, in_flight={**p.in_flight, event.message: replace(flight, doubt=True)})
        if flight
        else p
    )


def withheld(p: Person, event: e.LetterWithheld) -> Person:
    if event.message in p.in_flight:
        mendable = event.why in (e.CANNOT_BE_RENDERED, e.CANNOT_BE_CARRIED)
        return outcome(
            p, event.message, "withheld", event.at, aside=event.what or "words" if mendable else ""
        )
    if event.key.startswith("broadcast:"):
        p = _with_mailing(p, event.key, event.list, event.run)
    return _with_letter(
        p, event.key, event.run, event.letter, LetterState(event.message, "withheld", event.at)
    )


def retried(p: Person, event: e.LetterRetried) -> Person:
    state = letters_at(p, event.key, event.run).get(event.letter)
    if state is None or state.message != event.message:
        return p
    planned = event.at if event.late else state.meant_for
    again = LetterState(
        event.message,
        "deferred",
        event.at,
        state.attempts,
        0,
        event.at,
        state.answered,
        planned=planned,
    )
    return _with_letter(p, event.key, event.run, event.letter, again)


def is_answered(p: Person, message: str) -> bool:
    mine = [*(m.letters for m in p.memberships.values()), *(m.letters for m in p.mailings.values())]
    return message in [
        state.message for letters in mine for state in letters.values() if state.answered
    ]


def answered(p: Person, message: str, yes: bool = True) -> Person:
    """The letter of `message`, where it is still known, has been answered; or has not, when an undo
    says so.
    """
    memberships = {
        n: m.with_letters(_answered(m.letters, message, yes))
        for n, m in p.memberships.items()
        if _holds(m.letters, message)
    }
    if memberships:
        p = put(p, memberships={**p.memberships, **memberships})
    mailings = {
        k: m.with_letters(_answered(m.letters, message, yes))
        for k, m in p.mailings.items()
        if _holds(m.letters, message)
    }
    if mailings:
        p = put(p, mailings={**p.mailings, **mailings})
    move = p.last_move
    if move is not None:
        closed = tuple(
            m.with_letters(_answered(m.letters, message, yes)) if _holds(m.letters, message) else m
            for m in move.closed
        )
        p = put(
            p,
            last_move=replace(
                move, closed=closed, answered=yes if move.message == message else move.answered
            ),
        )
    return p


def _holds(letters: Mapping[str, LetterState], message: str) -> bool:
    return message in [state.message for state in letters.values()]


def _answered(
    letters: Mapping[str, LetterState], message: str, yes: bool
) -> Mapping[str, LetterState]:
    return {
        name: state.with_answered(yes) if state.message == message else state
        for name, state in letters.items()
    }


def _with_mailing(p: Person, key: str, number: int, run: int) -> Person:
    """Mailings are bounded: the oldest is forgotten, and with it every occurrence up to then, so
    that it is never taken for new.
    """
    if key in p.mailings:
        return p
    mailings = dict(p.mailings)
    forgotten = p.mailed_before
    while len(mailings) >= BROADCASTS_KEPT:
        oldest = min(mailings, key=lambda k: _begun_at(mailings[k]))
        forgotten = max(forgotten, _begun_at(mailings.pop(oldest)))
    return put(p, mailings={**mailings, key: Mailing(number, run)}, mailed_before=forgotten)


def _begun_at(mailing: Mailing) -> int:
    return min((state.first_begun or state.at for state in mailing.letters.values()), default=0)


def _with_letter(p: Person, key: str, run: int, letter: str, state: LetterState) -> Person:
    kind, _, name = key.partition(":")
    if kind == "ask":
        request = p.requests.get(name)
        if request is None:
            return p
        return put(
            p,
            requests={
                **p.requests,
                name: replace(request, letters={**request.letters, letter: state}),
            },
        )
    if kind == "broadcast":
        mailing = p.mailings.get(key)
        if mailing is None:
            return p
        return put(
            p,
            mailings={**p.mailings, key: mailing.with_letters({**mailing.letters, letter: state})},
        )
    for membership in p.memberships.values():
        if membership.run == run:
            return put(
                p,
                memberships={
                    **p.memberships,
                    membership.list: membership.with_letters({**membership.letters, letter: state}),
                },
            )
    if p.last_move is not None:
        closed = tuple(
            m.with_letters({**m.letters, letter: state}) if m.run == run else m
            for m in p.last_move.closed
        )
        return put(p, last_move=replace(p.last_move, closed=closed))
    return p
