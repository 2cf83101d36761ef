"""`evolve` copies facts into a person's state. It decides nothing and never fails: history is what
it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.letters import (
    answered,
    begun,
    in_doubt,
    is_answered,
    outcome,
    retried,
    withheld,
)
from engine.subscriber.person import (
    NOBODY,
    TRAIL_KEPT,
    WAYS_KEPT,
    Ground,
    Hop,
    LastMove,
    Membership,
    OpenRight,
    Person,
    Request,
    Way,
    draft_of,
    one_more,
    put,
)

HUMAN_ACTS = frozenset({"human_button", "rfc8058", "mailto", "reply"})
CALLS_KEPT = 30 * DAY
MOST_CALLS = 200
EARLIER_KEPT = 8
ANSWERED_KEPT = 8
V = TypeVar("V")


def fold(events: Iterable[e.PersonEvent], person: Person = NOBODY) -> Person:
    draft = draft_of(person)
    for event in events:
        one_more(draft)
        draft = _apply(draft, event)
    return draft


def evolve(person: Person, event: e.PersonEvent) -> Person:
    return fold((event,), person)


def _apply(p: Person, event: e.PersonEvent) -> Person:
    """Cases are tried in turn: what happens to everybody comes first."""
    match event:
        case e.LetterBegun():
            return begun(p, event)
        case e.LetterSent(at, message):
            return outcome(
                put(p, soft_bounces=0, soft_since=0) if p.soft_bounces else p, message, "sent", at
            )
        case e.SubscriberRegistered(_, timezone, language):
            return put(p, timezone=timezone, language=language)
        case e.ConsentGiven(at, purpose, proof, _, act):
            return _contacted(
                _granted(p, purpose, Ground("consent", "live", at, proof, event.partner)), act, at
            )
        case e.ListJoined(at, number, run, start, counted_from):
            return _open(p, Membership(number, run, counted_from or at, at, start))
        case e.LetterDeferred(at, message, retry_at):
            return outcome(p, message, "deferred", at, retry_at)
        case e.LetterFailed(at, message):
            return outcome(p, message, "failed", at)
        case e.LetterWithheld():
            return withheld(p, event)
        case e.LetterRetried():
            return retried(p, event)
        case e.LetterInDoubt():
            return in_doubt(p, event)
        case e.ListMoved():
            return _moved(p, event)
        case e.ListCopied():
            p = _contacted(answered(p, event.message), event.act, event.at)
            return _open(
                p,
                Membership(
                    event.target, event.run, event.at, event.at, hold_until=event.hold_until
                ),
            )
        case e.ListLeft(at, number, run, why):
            return _left(p, number, run, at, by_rule=why == "rule")
        case e.ListTransferred():
            return _transferred(p, event)
        case e.LetterAnswered(at, message, _, act):
            return _contacted(answered(p, message), act, at)
        case e.MoveUndone():
            return _undone(p, event)
        case e.ProfileChanged(_, _, timezone, language):
            return put(p, timezone=timezone or p.timezone, language=language or p.language)
        case e.ConsentRequested():
            return _requested(p, event)
        case e.GroundDeclared(at, purpose, basis, proof, _):
            return _granted(p, purpose, Ground(basis, "live", at, proof))
        case e.ConsentConfirmed(at, purpose, _, act, _):
            p = put(p, requests=_without(p.requests, purpose), objected=False)
            return _contacted(
                _granted(p, purpose, Ground("consent", "live", at, "confirmed", event.partner)),
                act,
                at,
            )
        case e.ConsentExpired(_, purpose, _):
            return put(p, requests=_without(p.requests, purpose))
        case e.PermissionAsked(at, request, expires_at):
            return put(
                p,
                requests={
                    **p.requests,
                    EVERYTHING: Request(request, EVERYTHING, (), at, expires_at),
                },
            )
        case e.PermissionRenewed(at, _, act):
            return _contacted(p, act, at)
        case e.ConsentWithdrawn():
            return _withdrawn(p, event)
        case e.MailBounced(at, kind):
            if kind == "hard":
                return put(p, suppressed=p.suppressed or "bounced")
            return put(p, soft_bounces=p.soft_bounces + 1, soft_since=p.soft_since or at)
        case e.MailComplained():
            return put(p, suppressed="complained")
        case e.SubscriberSuppressed(_, why):
            return put(p, suppressed=why)
        case e.SubscriberReachable():
            return put(p, suppressed="", soft_bounces=0, soft_since=0)
        case e.ContactNoted(_, contacted_at):
            return _heard(put(p, last_contact=max(p.last_contact, contacted_at)), contacted_at)
        case e.CallHonoured(at, call):
            kept = [(c, t) for c, t in p.calls.items() if t > at - CALLS_KEPT and c != call]
            return put(p, calls={**dict(kept[-MOST_CALLS + 1 :]), call: at})
        case e.ProcessingRestricted(_, lifted):
            return put(p, restricted=not lifted)
        case e.RightExercised(at, right, request, due_at):
            return put(p, rights={**p.rights, request: OpenRight(right, at, due_at)})
        case e.RightExtended(_, request, due_at):
            return put(
                p,
                rights={
                    r: replace(each, due_at=due_at) if r == request else each
                    for r, each in p.rights.items()
                },
            )
        case e.RightAnswered(_, request, _, by):
            ids = (request, by) if by else (request,)
            return put(
                p, rights=_without(p.rights, request), answered=(*p.answered, *ids)[-ANSWERED_KEPT:]
            )
        case e.ProofArchived() | e.ProofOpened():
            return p
        case e.SubscriberErased():
            return put(Person(), version=p.version, erased=True, runs=p.runs, in_flight=p.in_flight)
        case _:
            assert_never(event)


def _without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    return {k: v for k, v in mapping.items() if k != key}


def _contacted(p: Person, act: str, at: int) -> Person:
    """Only what a person must have done themselves counts (C10); it also shows that mail arrives
    (B05).
    """
    return (
        _heard(put(p, last_contact=max(p.last_contact, at), soft_bounces=0, soft_since=0), at)
        if act in HUMAN_ACTS
        else p
    )


def _heard(p: Person, at: int) -> Person:
    """Whoever has been heard of since they were asked whether to go on has answered."""
    asked = p.requests.get(EVERYTHING)
    return (
        put(p, requests=_without(p.requests, EVERYTHING))
        if asked is not None and at >= asked.asked_at
        else p
    )


def _granted(p: Person, purpose: str, ground: Ground) -> Person:
    return _heard(put(p, grounds={**p.grounds, purpose: ground}), ground.since)


def _requested(p: Person, event: e.ConsentRequested) -> Person:
    before = p.requests.get(event.purpose)
    earlier = (
        (*before.earlier, before.request)[-EARLIER_KEPT:]
        if before and before.expires_at > event.at
        else ()
    )
    leaves_at = max(event.at, event.hold_until)
    asked = Request(
        event.request,
        event.purpose,
        event.lists,
        leaves_at,
        event.expires_at,
        event.form,
        event.notice,
        earlier=earlier,
    )
    return put(p, requests={**p.requests, event.purpose: asked})


def _withdrawn(p: Person, event: e.ConsentWithdrawn) -> Person:
    everything = event.purpose == "*"
    touched = set(p.grounds) if everything else {event.purpose}
    grounds = dict(p.grounds)
    for purpose in touched:
        before = grounds.get(purpose, Ground("consent", "live", event.at))
        grounds[purpose] = replace(before, status="withdrawn", since=event.at)
    requests = {} if everything else _without(p.requests, event.purpose)
    p = put(p, grounds=grounds, requests=requests, objected=p.objected or everything)
    return _contacted(p, event.act, event.at)


def _open(p: Person, membership: Membership) -> Person:
    return put(
        p,
        memberships={**p.memberships, membership.list: membership},
        runs=max(p.runs, membership.run),
    )


def _close(p: Person, number: int, run: int, at: int) -> Person:
    membership = p.memberships.get(number)
    if membership is None or membership.run != run:
        return p
    remaining = {n: m for n, m in p.memberships.items() if n != number}
    return put(p, memberships=remaining, left_at={**p.left_at, number: at})


def _left(p: Person, number: int, run: int, at: int, *, by_rule: bool) -> Person:
    """What a rule makes a person leave directly after a move, in the same append, is taken back
    with that move.
    """
    membership, move = p.memberships.get(number), p.last_move
    if (
        by_rule
        and membership is not None
        and membership.run == run
        and move is not None
        and p.version == move.version + 1
    ):
        p = put(p, last_move=replace(move, closed=(*move.closed, membership), version=p.version))
    return _close(_gone(p, membership, run), number, run, at)


def _gone(p: Person, membership: Membership | None, run: int) -> Person:
    """Nothing comes of this run any more, but a click in one of its letters."""
    if membership is None or membership.run != run:
        return p
    return put(p, ways=(*p.ways, Way(run, membership.trail))[-WAYS_KEPT:])


def _trail_of(p: Person, run: int) -> tuple[Hop, ...]:
    return next((m.trail for m in p.memberships.values() if m.run == run), ())


def _moved(p: Person, event: e.ListMoved) -> Person:
    before = is_answered(p, event.message)
    p = _contacted(answered(p, event.message), event.act, event.at)
    before_that = p.way_of(event.letter_run) if event.letter_run else ()
    trail = (
        *before_that,
        *_trail_of(p, event.source_run),
        Hop(event.source_run or event.letter_run, event.message, event.link),
    )
    source = p.memberships.get(event.source)
    closed = (source,) if source is not None and source.run == event.source_run else ()
    p = _close(p, event.source, event.source_run, event.at)
    standing = None if event.joined else p.memberships.get(event.target)
    p = put(
        p,
        last_move=LastMove(
            event.message, event.link, event.at, event.act, event.target, event.run, event.joined, closed,
            standing.trail if standing else (), before, p.version,
        ),
    )  # fmt: skip
    if event.joined:
        return _open(
            p,
            Membership(
                event.target,
                event.run,
                event.at,
                event.at,
                hold_until=event.hold_until,
                trail=trail[-TRAIL_KEPT:],
            ),
        )
    return _come_to(p, standing, trail)


def _transferred(p: Person, event: e.ListTransferred) -> Person:
    if event.copied:
        source = p.memberships.get(event.source)
        if source is not None and source.run == event.source_run:
            p = put(p, memberships={**p.memberships, event.source: replace(source, ended=True)})
        return (
            _open(p, Membership(event.target, event.run, event.at, event.at)) if event.joined else p
        )
    trail = (*_trail_of(p, event.source_run), Hop(event.source_run)) if event.source_run else ()
    p = _close(p, event.source, event.source_run, event.at)
    if event.joined:
        return _open(
            p, Membership(event.target, event.run, event.at, event.at, trail=trail[-TRAIL_KEPT:])
        )
    return _come_to(p, p.memberships.get(event.target), trail)


def _come_to(p: Person, standing: Membership | None, trail: tuple[Hop, ...]) -> Person:
    """Who moves to where they stand already is found there by the links of the letters that led
    them.
    """
    return (
        _open(p, replace(standing, trail=(*standing.trail, *trail)[-TRAIL_KEPT:]))
        if standing is not None
        else p
    )


def _undone(p: Person, event: e.MoveUndone) -> Person:
    """A run taken back before it wrote anything leaves no trace: it does not count as having been
    on the list.
    """
    move, target = p.last_move, p.memberships.get(event.left)
    if event.left_run and target is not None and target.run == event.left_run:
        left_at = p.left_at
        p = _close(
            p if event.reopened else _gone(p, target, target.run),
            event.left,
            event.left_run,
            event.at,
        )
        p = p if target.letters else put(p, left_at=left_at)
    elif move is not None and target is not None and not move.joined:
        p = _open(p, replace(target, trail=move.trail))
    reopened = {
        m.list: m for m in (move.closed if move else ()) if (m.list, m.run) in event.reopened
    }
    if (
        target is not None
        and target.letters
        and event.left_run
        and event.reopened
        and event.reopened[0][0] in reopened
    ):
        number = event.reopened[0][0]
        reopened[number] = replace(
            reopened[number], trail=(*reopened[number].trail, Hop(event.left_run))[-TRAIL_KEPT:]
        )
    p = put(p, memberships={**p.memberships, **reopened}, last_move=None)
    p = answered(p, event.message, yes=move.answered if move else False)
    contradicted = event.message if event.why == "contradictory" else p.contradicted
    return _contacted(put(p, contradicted=contradicted), event.act, event.at)
