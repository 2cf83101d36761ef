"""The state of each letter, as `evolve` keeps it: with its membership, request or mailing, and in
`in_flight` until its outcome is known.

Outcomes find their letter by message id, so an outcome for a run, request or mailing that is over
changes only `in_flight`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.subscriber import events as e
from engine.subscriber.agenda_key import BroadcastKey, RequestKey, decode
from engine.subscriber.person import (
    INSTANTS_KEPT,
    GivenAnswer,
    InFlight,
    LetterState,
    Mailing,
    Person,
)
from engine.subscriber.person_draft import PersonDraft
from engine.subscriber.terms import CANNOT_BE_CARRIED, CANNOT_BE_RENDERED, LetterStatus

BROADCASTS_KEPT = 64
COUNTED = frozenset({"letter", "broadcast"})
"""The kinds of mail that count as letters received: not those that the law or the person asks for.
"""


def letters_at(p: Person | PersonDraft, key: str, run: int) -> Mapping[str, LetterState]:
    """The letters of an agenda key, in an open run or in one that the last move closed and an undo
    can reopen.
    """
    decoded = decode(key)
    if isinstance(decoded, RequestKey):
        request = p.requests.get(decoded.purpose)
        return request.letters if request else {}
    if isinstance(decoded, BroadcastKey):
        mailing = p.mailings.get(key)
        return mailing.letters if mailing else {}
    for membership in p.memberships.values():
        if membership.run == run:
            return membership.letters
    return next((m.letters for m in p.last_move.closed if m.run == run), {}) if p.last_move else {}


def begun(p: PersonDraft, event: e.LetterBegun) -> None:
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
        event.purpose,
    )
    p.in_flight = {**p.in_flight, event.message: flight}
    if event.kind == "broadcast":
        _open_mailing(p, event.key, event.list, event.run, event.segment)
    _put_letter(p, event.key, event.run, event.letter, state)


def outcome(
    p: PersonDraft,
    message: str,
    status: LetterStatus,
    at: int,
    retry_at: int = 0,
    to_correct: str = "",
) -> None:
    """A retry that is due at once follows an attempt that was never made or that was settled: the
    time after which we give up starts anew.
    """
    flight = p.in_flight.get(message)
    if flight is None:
        return
    before = letters_at(p, flight.key, flight.run).get(flight.letter)
    p.in_flight = {m: f for m, f in p.in_flight.items() if m != message}
    if status == "sent" and flight.kind in COUNTED:
        p.received = {**p.received, flight.purpose: _with(p.received.get(flight.purpose, ()), at)}
    if message in p.doubted:
        _doubt(p, message, flight, is_over=status == "sent")
    if before is None or before.message != message:
        return
    first = 0 if status == "deferred" and retry_at <= at else before.first_begun
    state = LetterState(
        message,
        status,
        at,
        before.attempts,
        first,
        retry_at,
        before.answered,
        to_correct,
        before.planned,
    )
    _put_letter(p, flight.key, flight.run, flight.letter, state)


def _with(instants: tuple[int, ...], at: int) -> tuple[int, ...]:
    """The latest instants, oldest first. An outcome that is found late may be the earlier one."""
    if instants and at < instants[-1]:
        return tuple(sorted((*instants, at)))[-INSTANTS_KEPT:]
    return (*instants, at)[-INSTANTS_KEPT:]


def came_back(p: PersonDraft, message: str) -> None:
    """A letter that was sent has come back: it was not received. Nothing is known any more of one
    whose run is long over.
    """
    letters = [
        *(m.letters for m in p.memberships.values()),
        *(m.letters for m in p.mailings.values()),
    ]
    if p.last_move is not None:
        letters += [membership.letters for membership in p.last_move.closed]
    states = (state for of_run in letters for state in of_run.values())
    sent = next((s.at for s in states if s.message == message and s.status == "sent"), 0)
    purpose = next((name for name, instants in p.received.items() if sent in instants), "")
    if purpose:
        received = list(p.received[purpose])
        received.remove(sent)
        p.received = {**p.received, purpose: tuple(received)}
        p.came_back = {**p.came_back, purpose: _with(p.came_back.get(purpose, ()), sent)}


def in_doubt(p: PersonDraft, event: e.LetterInDoubt) -> None:
    match event.settled:
        case "taken-as-sent":
            outcome(p, event.message, "sent", event.at)
        case "resend":
            flight = p.in_flight.get(event.message)
            outcome(p, event.message, "deferred", event.at, event.at)
            if flight is not None and flight.kind in COUNTED:
                _doubt(p, event.message, flight)
        case _:
            flight = p.in_flight.get(event.message)
            if flight is not None:
                p.in_flight = {**p.in_flight, event.message: replace(flight, doubt=True)}


def _doubt(p: PersonDraft, message: str, flight: InFlight, *, is_over: bool = False) -> None:
    others = [(m, letter) for m, letter in p.doubted.items() if m != message]
    doubted = others if is_over else [*others, (message, (flight.purpose, flight.begun_at))]
    p.doubted = dict(doubted[-INSTANTS_KEPT:])


def withheld(p: PersonDraft, event: e.LetterWithheld) -> None:
    if event.message in p.in_flight:
        mendable = event.why in (CANNOT_BE_RENDERED, CANNOT_BE_CARRIED)
        outcome(
            p,
            event.message,
            "withheld",
            event.at,
            to_correct=event.what or "words" if mendable else "",
        )
        return
    if isinstance(decode(event.key), BroadcastKey):
        _open_mailing(p, event.key, event.list, event.run)
    state = LetterState(event.message, "withheld", event.at)
    if event.until:
        state = _waiting(letters_at(p, event.key, event.run).get(event.letter), event)
    _put_letter(p, event.key, event.run, event.letter, state)


def _waiting(before: LetterState | None, event: e.LetterWithheld) -> LetterState:
    """A letter that waits for room: due again at `until`. Where it was begun and put off before, it
    keeps its message, and the time after which we give up starts anew.
    """
    return LetterState(
        event.message,
        "deferred",
        before.at if before else event.at,
        before.attempts if before else 0,
        0,
        event.until,
        planned=before.planned if before else 0,
    )


def retried(p: PersonDraft, event: e.LetterRetried) -> None:
    state = letters_at(p, event.key, event.run).get(event.letter)
    if state is None or state.message != event.message:
        return
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
    _put_letter(p, event.key, event.run, event.letter, again)


def directed(p: PersonDraft, event: e.LetterDirected) -> None:
    """It waits as one that was never begun does, and is due from now on."""
    if isinstance(decode(event.key), BroadcastKey):
        _open_mailing(p, event.key, event.list, event.run, event.segment)
        mailing = replace(p.mailings[event.key], directed=event.at)
        p.mailings = {**p.mailings, event.key: mailing}
    waiting = LetterState("", "deferred", event.at, 0, 0, event.at, planned=event.at)
    _put_letter(p, event.key, event.run, event.letter, waiting)


def is_answered(p: PersonDraft, message: str) -> bool:
    mine = [*(m.letters for m in p.memberships.values()), *(m.letters for m in p.mailings.values())]
    return message in [
        state.message for letters in mine for state in letters.values() if state.answered
    ]


def answered(p: PersonDraft, message: str, yes: bool = True) -> None:
    """Mark the letter `message` as answered, or as not answered when an undo says so; nothing where
    it is no longer known.
    """
    memberships = {
        n: m.with_letters(_answered(m.letters, message, yes))
        for n, m in p.memberships.items()
        if _holds(m.letters, message)
    }
    if memberships:
        p.memberships = {**p.memberships, **memberships}
    mailings = {
        k: m.with_letters(_answered(m.letters, message, yes))
        for k, m in p.mailings.items()
        if _holds(m.letters, message)
    }
    if mailings:
        p.mailings = {**p.mailings, **mailings}
    move = p.last_move
    if move is not None:
        closed = tuple(
            m.with_letters(_answered(m.letters, message, yes)) if _holds(m.letters, message) else m
            for m in move.closed
        )
        p.last_move = replace(
            move, closed=closed, answered=yes if move.message == message else move.answered
        )


def keep_answer(p: PersonDraft, event: e.ListMoved | e.ListCopied | e.LetterAnswered) -> None:
    """The move links of a letter are one answer: the later replaces the earlier."""
    if not event.question:
        return
    copied = isinstance(event, e.ListCopied)
    given = GivenAnswer(event.message, event.label, event.at, copied)
    kept = [
        other
        for other in p.answers.get(event.question, ())
        if other.message != event.message
        or (other.label != event.label and (copied or other.copied))
    ]
    p.answers = {**p.answers, event.question: (*kept, given)[-INSTANTS_KEPT:]}


def forget_answer(p: PersonDraft, message: str) -> None:
    """The answer by which the person moved is taken back."""
    p.answers = {
        question: tuple(a for a in given if a.message != message or a.copied)
        for question, given in p.answers.items()
    }


def _holds(letters: Mapping[str, LetterState], message: str) -> bool:
    return message in [state.message for state in letters.values()]


def _answered(
    letters: Mapping[str, LetterState], message: str, yes: bool
) -> Mapping[str, LetterState]:
    return {
        name: state.with_answered(yes) if state.message == message else state
        for name, state in letters.items()
    }


def _open_mailing(p: PersonDraft, key: str, number: int, run: int, segment: str = "") -> None:
    """The number of mailings kept is limited: the oldest is forgotten, and `mailed_before` keeps
    every occurrence up to it from being taken for new.
    """
    if key in p.mailings:
        if segment and segment != p.mailings[key].segment:
            p.mailings = {**p.mailings, key: replace(p.mailings[key], segment=segment)}
        return
    mailings = dict(p.mailings)
    while len(mailings) >= BROADCASTS_KEPT:
        oldest = min(mailings, key=lambda k: _begun_at(mailings[k]))
        p.mailed_before = max(p.mailed_before, _begun_at(mailings.pop(oldest)))
    p.mailings = {**mailings, key: Mailing(number, run, segment=segment)}


def _begun_at(mailing: Mailing) -> int:
    return min((state.first_begun or state.at for state in mailing.letters.values()), default=0)


def _put_letter(p: PersonDraft, key: str, run: int, letter: str, state: LetterState) -> None:
    decoded = decode(key)
    if isinstance(decoded, RequestKey):
        request = p.requests.get(decoded.purpose)
        if request is not None:
            written = replace(request, letters={**request.letters, letter: state})
            p.requests = {**p.requests, decoded.purpose: written}
        return
    if isinstance(decoded, BroadcastKey):
        mailing = p.mailings.get(key)
        if mailing is not None:
            p.mailings = {
                **p.mailings,
                key: mailing.with_letters({**mailing.letters, letter: state}),
            }
        return
    for membership in p.memberships.values():
        if membership.run == run:
            p.memberships = {
                **p.memberships,
                membership.list: membership.with_letters({**membership.letters, letter: state}),
            }
            return
    if p.last_move is not None:
        closed = tuple(
            m.with_letters({**m.letters, letter: state}) if m.run == run else m
            for m in p.last_move.closed
        )
        p.last_move = replace(p.last_move, closed=closed)
