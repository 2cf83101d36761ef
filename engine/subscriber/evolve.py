"""`evolve` copies facts into a person's state. It decides nothing and never fails: history is what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.subscriber.person import (
    NOBODY,
    Ground,
    Hop,
    InFlight,
    LastMove,
    LetterState,
    Mailing,
    Membership,
    Person,
    Request,
)

HUMAN_ACTS = frozenset({"human_button", "rfc8058", "mailto", "reply"})
CALLS_KEPT = 30 * DAY
TRAIL_KEPT = 40
BROADCASTS_KEPT = 64
V = TypeVar("V")


def fold(events: Iterable[e.PersonEvent], person: Person = NOBODY) -> Person:
    for event in events:
        person = evolve(person, event)
    return person


def evolve(person: Person, event: e.PersonEvent) -> Person:
    return _apply(replace(person, version=person.version + 1), event)


def _apply(p: Person, event: e.PersonEvent) -> Person:
    match event:
        case e.LetterBegun():
            return _begun(p, event)
        case e.LetterSent(at, message):
            return _outcome(replace(p, soft_bounces=0, soft_since=0), message, "sent", at)
        case e.LetterDeferred(at, message, retry_at):
            return _outcome(p, message, "deferred", at, retry_at)
        case e.LetterFailed(at, message):
            return _outcome(p, message, "failed", at)
        case e.LetterWithheld():
            return _withheld(p, event)
        case e.LetterInDoubt(at, message, settled):
            return _in_doubt(p, message, settled, at)
        case e.ListMoved():
            return _moved(p, event)
        case e.ListCopied():
            trail = (Hop(0, event.message, event.link),)
            p = _contacted(_answered(p, event.message), event.act, event.at)
            return _open(p, Membership(event.target, event.run, event.at, event.at, hold_until=event.hold_until, trail=trail))
        case e.ListJoined(at, number, run, start, counted_from):
            return _open(p, Membership(number, run, counted_from or at, at, start))
        case e.ListLeft(at, number, run, _):
            return _close(p, number, run, at, undoable=event.why == "rule")
        case e.ListTransferred():
            return _transferred(p, event)
        case e.LetterAnswered(at, message, _, act):
            return _contacted(_answered(p, message), act, at)
        case e.MoveUndone():
            return _undone(p, event)
        case e.SubscriberRegistered(_, timezone, language):
            return replace(p, timezone=timezone, language=language)
        case e.ProfileChanged(_, _, timezone, language):
            return replace(p, timezone=timezone or p.timezone, language=language or p.language)
        case e.ConsentRequested(at, purpose, request, lists, expires_at, notice, form):
            return replace(p, requests={**p.requests, purpose: Request(request, purpose, lists, at, expires_at, form, notice)})
        case e.ConsentGiven(at, purpose, proof, _):
            return _granted(p, purpose, Ground("consent", "live", at, proof))
        case e.GroundDeclared(at, purpose, basis, proof, _):
            return _granted(p, purpose, Ground(basis, "live", at, proof))
        case e.ConsentConfirmed(at, purpose, _, act, _):
            p = replace(p, requests=_without(p.requests, purpose), objected=False)
            return _contacted(_granted(p, purpose, Ground("consent", "live", at, "confirmed")), act, at)
        case e.ConsentExpired(_, purpose, _):
            return replace(p, requests=_without(p.requests, purpose))
        case e.ConsentWithdrawn():
            return _withdrawn(p, event)
        case e.MailBounced(at, kind):
            if kind == "hard":
                return replace(p, suppressed=p.suppressed or "bounced")
            return replace(p, soft_bounces=p.soft_bounces + 1, soft_since=p.soft_since or at)
        case e.MailComplained():
            return replace(p, suppressed="complained")
        case e.SubscriberSuppressed(_, why):
            return replace(p, suppressed=why)
        case e.SubscriberReachable():
            return replace(p, suppressed="", soft_bounces=0, soft_since=0)
        case e.ContactNoted(_, contacted_at):
            return replace(p, last_contact=max(p.last_contact, contacted_at))
        case e.CallHonoured(at, call):
            return replace(p, calls={**{c: t for c, t in p.calls.items() if t > at - CALLS_KEPT}, call: at})
        case e.ProcessingRestricted(_, lifted):
            return replace(p, restricted=not lifted)
        case e.SubscriberErased():
            return replace(Person(), version=p.version, erased=True, runs=p.runs, in_flight=p.in_flight)
        case _:
            assert_never(event)


def _without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    return {k: v for k, v in mapping.items() if k != key}


def _contacted(p: Person, act: str, at: int) -> Person:
    return replace(p, last_contact=max(p.last_contact, at)) if act in HUMAN_ACTS else p


def _granted(p: Person, purpose: str, ground: Ground) -> Person:
    return replace(p, grounds={**p.grounds, purpose: ground})


def _withdrawn(p: Person, event: e.ConsentWithdrawn) -> Person:
    everything = event.purpose == "*"
    touched = set(p.grounds) if everything else {event.purpose}
    grounds = dict(p.grounds)
    for purpose in touched:
        before = grounds.get(purpose, Ground("consent", "live", event.at))
        grounds[purpose] = replace(before, status="withdrawn", since=event.at)
    requests = {} if everything else _without(p.requests, event.purpose)
    p = replace(p, grounds=grounds, requests=requests, objected=p.objected or everything)
    return _contacted(p, event.act, event.at)


def _open(p: Person, membership: Membership) -> Person:
    return replace(p, memberships={**p.memberships, membership.list: membership}, runs=max(p.runs, membership.run))


def _close(p: Person, number: int, run: int, at: int, *, undoable: bool) -> Person:
    membership = p.memberships.get(number)
    if membership is None or membership.run != run:
        return p
    move = p.last_move
    if undoable and move is not None and move.at == at:
        p = replace(p, last_move=replace(move, closed=(*move.closed, membership)))
    remaining = {n: m for n, m in p.memberships.items() if n != number}
    return replace(p, memberships=remaining, left_at={**p.left_at, number: at})


def _trail_of(p: Person, run: int) -> tuple[Hop, ...]:
    membership = next((m for m in p.memberships.values() if m.run == run), None)
    return membership.trail if membership else ()


def _longer(trail: tuple[Hop, ...], hop: Hop) -> tuple[Hop, ...]:
    return (*trail, hop)[-TRAIL_KEPT:]


def _moved(p: Person, event: e.ListMoved) -> Person:
    p = _contacted(_answered(p, event.message), event.act, event.at)
    hop = Hop(event.source_run, event.message, event.link)
    trail = _longer(_trail_of(p, event.source_run), hop)
    source = p.memberships.get(event.source)
    closed = (source,) if source is not None and source.run == event.source_run else ()
    p = _close(p, event.source, event.source_run, event.at, undoable=False)
    move = LastMove(event.message, event.link, event.at, event.act, event.target, event.run, event.joined, closed)
    p = replace(p, last_move=move)
    if event.joined:
        return _open(p, Membership(event.target, event.run, event.at, event.at, hold_until=event.hold_until, trail=trail))
    standing = p.memberships[event.target]
    return _open(p, replace(standing, trail=(*standing.trail, *trail)[-TRAIL_KEPT:]))


def _transferred(p: Person, event: e.ListTransferred) -> Person:
    trail = _longer(_trail_of(p, event.source_run), Hop(event.source_run)) if event.source_run else ()
    if event.source_run and not event.copied:
        p = _close(p, event.source, event.source_run, event.at, undoable=False)
    return _open(p, Membership(event.target, event.run, event.at, event.at, trail=trail)) if event.joined else p


def _undone(p: Person, event: e.MoveUndone) -> Person:
    if event.left_run:
        p = _close(p, event.left, event.left_run, event.at, undoable=False)
    closed = p.last_move.closed if p.last_move else ()
    memberships = dict(p.memberships)
    for membership in closed:
        if (membership.list, membership.run) in event.reopened:
            letters = {k: replace(s, answered=False) if s.message == event.message else s for k, s in membership.letters.items()}
            memberships[membership.list] = replace(membership, letters=letters)
    mailings = {
        key: replace(m, letters={k: replace(s, answered=False) if s.message == event.message else s for k, s in m.letters.items()})
        for key, m in p.mailings.items()
    }
    return replace(p, memberships=memberships, mailings=mailings, last_move=None)


def _begun(p: Person, event: e.LetterBegun) -> Person:
    before = _letters_at(p, event.key, event.run).get(event.letter)
    first = before.first_begun if before else event.at
    state = LetterState(event.message, "begun", event.at, event.attempt, first)
    flight = InFlight(
        event.key, event.kind, event.letter, event.edition, event.list, event.run, event.at, event.sender, event.attempt, first_begun=first
    )
    p = replace(p, in_flight={**p.in_flight, event.message: flight})
    if event.kind == "broadcast" and event.key not in p.mailings:
        kept = dict(list(p.mailings.items())[-BROADCASTS_KEPT + 1 :])
        p = replace(p, mailings={**kept, event.key: Mailing(event.list, event.run)})
    return _with_letter(p, event.key, event.run, event.letter, state)


def _outcome(p: Person, message: str, status: str, at: int, retry_at: int = 0) -> Person:
    flight = p.in_flight.get(message)
    if flight is None:
        return p
    before = _letters_at(p, flight.key, flight.run).get(flight.letter)
    p = replace(p, in_flight=_without(p.in_flight, message))
    if before is None:
        return p
    return _with_letter(p, flight.key, flight.run, flight.letter, replace(before, status=status, at=at, retry_at=retry_at))


def _in_doubt(p: Person, message: str, settled: str, at: int) -> Person:
    if settled == "taken-as-sent":
        return _outcome(p, message, "sent", at)
    if settled == "resend":
        return _outcome(p, message, "deferred", at, at)
    flight = p.in_flight.get(message)
    return replace(p, in_flight={**p.in_flight, message: replace(flight, doubt=True)}) if flight else p


def _withheld(p: Person, event: e.LetterWithheld) -> Person:
    if event.message and event.message in p.in_flight:
        return _outcome(p, event.message, "withheld", event.at)
    if event.key.startswith("broadcast:") and event.key not in p.mailings:
        p = replace(p, mailings={**p.mailings, event.key: Mailing(event.list, event.run)})
    return _with_letter(p, event.key, event.run, event.letter, LetterState(event.message, "withheld", event.at))


def _letters_at(p: Person, key: str, run: int) -> Mapping[str, LetterState]:
    kind, _, name = key.partition(":")
    if kind == "ask":
        request = p.requests.get(name)
        return request.letters if request else {}
    if kind == "broadcast":
        mailing = p.mailings.get(key)
        return mailing.letters if mailing else {}
    closed = p.last_move.closed if p.last_move else ()
    return next((m.letters for m in (*p.memberships.values(), *closed) if m.run == run), {})


def _with_letter(p: Person, key: str, run: int, letter: str, state: LetterState) -> Person:
    """The letter's state wherever its run stands: open, or closed by the last move and still to be reopened by an undo."""
    kind, _, name = key.partition(":")
    if kind == "ask":
        request = p.requests.get(name)
        if request is None:
            return p
        return replace(p, requests={**p.requests, name: replace(request, letters={**request.letters, letter: state})})
    if kind == "broadcast":
        mailing = p.mailings.get(key)
        if mailing is None:
            return p
        return replace(p, mailings={**p.mailings, key: replace(mailing, letters={**mailing.letters, letter: state})})
    for membership in p.memberships.values():
        if membership.run == run:
            changed = replace(membership, letters={**membership.letters, letter: state})
            return replace(p, memberships={**p.memberships, membership.list: changed})
    if p.last_move is not None:
        closed = tuple(replace(m, letters={**m.letters, letter: state}) if m.run == run else m for m in p.last_move.closed)
        return replace(p, last_move=replace(p.last_move, closed=closed))
    return p


def _answered(p: Person, message: str) -> Person:
    for membership in p.memberships.values():
        for name, state in membership.letters.items():
            if state.message == message:
                letters = {**membership.letters, name: replace(state, answered=True)}
                return replace(p, memberships={**p.memberships, membership.list: replace(membership, letters=letters)})
    for key, mailing in p.mailings.items():
        for name, state in mailing.letters.items():
            if state.message == message:
                letters = {**mailing.letters, name: replace(state, answered=True)}
                return replace(p, mailings={**p.mailings, key: replace(mailing, letters=letters)})
    return p
