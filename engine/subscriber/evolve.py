"""`evolve` applies one event to a person's state. It decides nothing and never fails: events are
facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from engine.sequence.delay import DAY
from engine.sequence.model import MEASURE
from engine.subscriber import events as e
from engine.subscriber.bounces import NO_BOUNCES
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.letters import (
    answered,
    begun,
    came_back,
    directed,
    forget_answer,
    in_doubt,
    is_answered,
    keep_answer,
    outcome,
    retried,
    withheld,
)
from engine.subscriber.person import (
    ANY_PRODUCT,
    INSTANTS_KEPT,
    NOBODY,
    ORDERS_KEPT,
    PRODUCTS_KEPT,
    TRAIL_KEPT,
    WAYS_KEPT,
    FormerTrail,
    Ground,
    LastMove,
    Membership,
    OpenRight,
    Order,
    Person,
    Preferences,
    Request,
    Stopped,
    TrailStep,
    frequency_of,
)
from engine.subscriber.person_draft import PersonDraft
from engine.subscriber.personal_dates import reached

HUMAN_ACTS = frozenset({"human_button", "rfc8058", "mailto", "reply"})
CALLS_KEPT = 30 * DAY
MOST_CALLS = 200
EARLIER_KEPT = 8
ANSWERED_KEPT = 8
V = TypeVar("V")
CANNOT_BE_FOLDED = "what has happened to this person cannot be taken in"
"""Prefix of the reason why a person is quarantined; the type of the error follows."""


def fold(events: Iterable[e.PersonEvent], person: Person = NOBODY) -> Person:
    draft = PersonDraft(person)
    for event in events:
        draft.version += 1
        _apply(draft, event)
    return draft.frozen()


def evolve(person: Person, event: e.PersonEvent) -> Person:
    return fold((event,), person)


def _apply(p: PersonDraft, event: e.PersonEvent) -> None:
    """The most frequent events come first: cases are tried in order."""
    match event:
        case e.LetterBegun():
            begun(p, event)
        case e.LetterSent(at, message):
            if p.bounces is not None and p.bounces.row.soft:
                p.bounces = p.bounces.accepted(message)
            outcome(p, message, "sent", at)
        case e.SubscriberRegistered(at, timezone, language):
            p.timezone, p.language, p.registered_at = timezone, language, at
        case e.ConsentGiven(at, purpose, proof, _, act):
            if purpose == MEASURE:
                p.measured_since, p.last_contact = at, max(p.last_contact, at)
                _heard(p, at)
            else:
                _granted(p, purpose, Ground("consent", "live", at, proof, event.partner))
            _contacted(p, act, at)
        case e.ListJoined(at, number, run, start, counted_from):
            _open(p, Membership(number, run, counted_from or at, at, start))
        case e.LetterDeferred(at, message, retry_at):
            outcome(p, message, "deferred", at, retry_at)
        case e.LetterFailed(at, message):
            outcome(p, message, "failed", at)
        case e.LetterWithheld():
            withheld(p, event)
        case e.LetterRetried():
            retried(p, event)
        case e.LetterDirected():
            directed(p, event)
        case e.LetterInDoubt():
            in_doubt(p, event)
        case e.ListMoved():
            _moved(p, event)
        case e.ListCopied(at, _, _, target, run, message):
            answered(p, message)
            keep_answer(p, event)
            _contacted(p, event.act, at)
            _open(p, Membership(target, run, at, at, hold_until=event.hold_until))
        case e.ListLeft(at, number, run, why):
            _left(p, number, run, at, by_rule=why == "rule")
        case e.ListTransferred():
            _transferred(p, event)
        case e.LetterAnswered(at, message, _, act):
            answered(p, message)
            keep_answer(p, event)
            _contacted(p, act, at)
        case e.MoveUndone():
            _undone(p, event)
        case e.ProfileChanged(at, _, timezone, language):
            p.profile_at = at
            p.timezone, p.language = timezone or p.timezone, language or p.language
        case e.ConsentRequested():
            _requested(p, event)
        case e.GroundDeclared(at, purpose, basis, proof, _):
            _granted(p, purpose, Ground(basis, "live", at, proof))
        case e.ConsentConfirmed(at, purpose, _, act, _):
            p.requests, p.objected = _without(p.requests, purpose), False
            _granted(p, purpose, Ground("consent", "live", at, "confirmed", event.partner))
            _contacted(p, act, at)
        case e.ConsentExpired(_, purpose, _):
            p.requests = _without(p.requests, purpose)
        case e.PermissionAsked(at, request, expires_at):
            renewal = Request(request, EVERYTHING, (), at, expires_at)
            p.requests = {**p.requests, EVERYTHING: renewal}
        case e.PermissionRenewed(at, _, act):
            _contacted(p, act, at)
        case e.ConsentWithdrawn():
            _withdrawn(p, event)
        case e.PurposeStopped(at, purpose, _, silent_since):
            p.stopped = {**p.stopped, purpose: Stopped(at, silent_since)}
        case e.MailBounced(at, kind, message):
            if kind == "hard":
                p.suppressed = p.suppressed or "bounced"
                came_back(p, message)
            p.bounces = (p.bounces or NO_BOUNCES).bounced(at, kind, message)
        case e.MailComplained():
            p.suppressed = "complained"
        case e.SubscriberSuppressed(_, why):
            p.suppressed = why
        case e.SubscriberReachable():
            p.suppressed = ""
            _arrives(p)
        case e.ContactNoted(_, contacted_at, act):
            p.last_contact = max(p.last_contact, contacted_at)
            _contacted(p, act, contacted_at)
            _heard(p, contacted_at)
        case e.AnchorReached():
            reached(p, event)
        case e.CallHonoured(at, call):
            kept = [(c, t) for c, t in p.calls.items() if t > at - CALLS_KEPT and c != call]
            p.calls = {**dict(kept[-MOST_CALLS + 1 :]), call: at}
        case e.SegmentEntered(at, segment):
            p.segments = {**p.segments, segment: at}
        case e.SegmentLeft(_, segment):
            p.segments = _without(p.segments, segment)
        case e.RulesApplied():
            p.ruled = {**p.ruled, event.segment: event.entered}
        case e.OrderRecorded():
            _ordered(p, event)
        case e.OrderRefunded(_, order, amount):
            _refunded(p, order, amount)
        case e.ProcessingRestricted(_, lifted):
            p.restricted = not lifted
        case e.RightExercised(at, right, request, due_at):
            p.rights = {**p.rights, request: OpenRight(right, at, due_at)}
        case e.RightExtended(_, request, due_at):
            if request in p.rights:
                extended = replace(p.rights[request], due_at=due_at)
                p.rights = {**p.rights, request: extended}
        case e.RightAnswered(_, request, _, by):
            ids = (request, by) if by else (request,)
            p.rights = _without(p.rights, request)
            p.answered = (*p.answered, *ids)[-ANSWERED_KEPT:]
        case e.PreferencesSet(at):
            paused_until = event.paused_until or min(p.preferences.paused_until, at)
            p.preferences = Preferences(
                event.themes, event.contents, frequency_of(event.frequency), paused_until
            )
            _contacted(p, event.act, at)
        case e.ProofArchived() | e.ProofOpened() | e.ProfileRead():
            pass
        case e.SubscriberErased():
            p.take_over(Person(version=p.version, erased=True, runs=p.runs, in_flight=p.in_flight))
        case _:
            assert_never(event)


def _without(mapping: Mapping[str, V], key: str) -> dict[str, V]:
    return {k: v for k, v in mapping.items() if k != key}


def _contacted(p: PersonDraft, act: str, at: int) -> None:
    """Only acts that a person must have done themselves count as contact (C10); they also show that
    mail arrives (B05).
    """
    if act in HUMAN_ACTS:
        p.last_contact = max(p.last_contact, at)
        _arrives(p)
        _heard(p, at)


def _arrives(p: PersonDraft) -> None:
    """Mail to the person does: what had bounced softly counts no more."""
    if p.bounces is not None:
        p.bounces = p.bounces.heard()


def _heard(p: PersonDraft, at: int) -> None:
    """Any contact since the person was asked whether to go on counts as an answer, and what was
    stopped because they were silent goes on.
    """
    if p.stopped:
        p.stopped = {n: stop for n, stop in p.stopped.items() if stop.silent_since >= at}
    request = p.requests.get(EVERYTHING)
    if request is not None and at >= request.asked_at:
        p.requests = _without(p.requests, EVERYTHING)


def _ordered(p: PersonDraft, event: e.OrderRecorded) -> None:
    order = Order(event.at, event.amount, event.currency, event.products)
    p.orders = dict([*p.orders.items(), (event.order, order)][-ORDERS_KEPT:])
    ordered = dict(p.ordered)
    for product in (ANY_PRODUCT, *event.products):
        instants = sorted((*ordered.get(product, ()), event.at))
        ordered[product] = tuple(instants[-INSTANTS_KEPT:])
    products = ordered.keys() - {ANY_PRODUCT}
    oldest_first = sorted(products, key=lambda product: (ordered[product][-1], product))
    for product in oldest_first[:-PRODUCTS_KEPT]:
        del ordered[product]
    p.ordered = ordered
    p.last_contact = max(p.last_contact, event.at)
    _heard(p, event.at)


def _refunded(p: PersonDraft, number: str, amount: int) -> None:
    """What was wholly refunded was not ordered; that the person was in touch stays so."""
    order = p.orders.get(number)
    if order is None:
        return
    order = replace(order, refunded=order.refunded + amount)
    p.orders = {**p.orders, number: order}
    if order.left <= 0:
        ordered = dict(p.ordered)
        for product in (ANY_PRODUCT, *order.products):
            instants = list(ordered.pop(product, ()))
            if order.at in instants:
                instants.remove(order.at)
            if instants:
                ordered[product] = tuple(instants)
        p.ordered = ordered


def _granted(p: PersonDraft, purpose: str, ground: Ground) -> None:
    p.grounds = {**p.grounds, purpose: ground}
    _heard(p, ground.since)


def _requested(p: PersonDraft, event: e.ConsentRequested) -> None:
    before = p.requests.get(event.purpose)
    earlier = (
        (*before.earlier, before.request)[-EARLIER_KEPT:]
        if before and before.expires_at > event.at
        else ()
    )
    leaves_at = max(event.at, event.hold_until)
    request = Request(
        event.request,
        event.purpose,
        event.lists,
        leaves_at,
        event.expires_at,
        event.form,
        event.notice,
        earlier=earlier,
        declared=event.declared,
        start=event.start,
        counted_from=event.counted_from,
    )
    if event.declared:
        p.asked_first |= {event.purpose}
    p.requests = {**p.requests, event.purpose: request}


def _withdrawn(p: PersonDraft, event: e.ConsentWithdrawn) -> None:
    everything = event.purpose == EVERYTHING
    if p.measured_since and event.purpose in (EVERYTHING, MEASURE):
        p.measured_since, p.last_contact = 0, max(p.last_contact, event.at)
    grounds = dict(p.grounds)
    for purpose in set(p.grounds) if everything else {event.purpose} - {MEASURE}:
        before = grounds.get(purpose, Ground("consent", "live", event.at))
        grounds[purpose] = replace(before, status="withdrawn", since=event.at)
    p.grounds = grounds
    p.requests = {} if everything else _without(p.requests, event.purpose)
    p.objected = p.objected or everything
    stopped = p.stopped
    _contacted(p, event.act, event.at)
    p.stopped = stopped


def _open(p: PersonDraft, membership: Membership) -> None:
    p.memberships = {**p.memberships, membership.list: membership}
    p.joined_at = {**p.joined_at, membership.list: membership.joined_at}
    p.runs = max(p.runs, membership.run)


def _close(p: PersonDraft, number: int, run: int, at: int) -> None:
    membership = p.memberships.get(number)
    if membership is not None and membership.run == run:
        p.memberships = {n: m for n, m in p.memberships.items() if n != number}
        p.left_at = {**p.left_at, number: at}


def _left(p: PersonDraft, number: int, run: int, at: int, *, by_rule: bool) -> None:
    """Lists that a rule makes a person leave directly after a move, in the same append, are
    recorded with the move: its undo reopens them.
    """
    membership, move = p.memberships.get(number), p.last_move
    if (
        by_rule
        and membership is not None
        and membership.run == run
        and move is not None
        and p.version == move.version + 1
    ):
        p.last_move = replace(move, closed=(*move.closed, membership), version=p.version)
    _remember_trail(p, membership, run)
    _close(p, number, run, at)


def _remember_trail(p: PersonDraft, membership: Membership | None, run: int) -> None:
    """Keep the trail of a run that is left, since a click in one of its letters can still come."""
    if membership is not None and membership.run == run:
        p.ways = (*p.ways, FormerTrail(run, membership.trail))[-WAYS_KEPT:]


def _former_trail(p: PersonDraft, run: int) -> tuple[TrailStep, ...]:
    """The trail of a run that was left, as far as it is remembered; at least `run` itself."""
    known = (way.steps for way in reversed(p.ways) if any(step.run == run for step in way.steps))
    return next(known, (TrailStep(run),))


def _trail_of(p: PersonDraft, run: int) -> tuple[TrailStep, ...]:
    return next((m.trail for m in p.memberships.values() if m.run == run), ())


def _moved(p: PersonDraft, event: e.ListMoved) -> None:
    before = is_answered(p, event.message)
    answered(p, event.message)
    keep_answer(p, event)
    _contacted(p, event.act, event.at)
    trail = (
        *(_former_trail(p, event.letter_run) if event.letter_run else ()),
        *_trail_of(p, event.source_run),
        TrailStep(event.source_run or event.letter_run, event.message, event.link),
    )
    source = p.memberships.get(event.source)
    closed = (source,) if source is not None and source.run == event.source_run else ()
    _close(p, event.source, event.source_run, event.at)
    standing = None if event.joined else p.memberships.get(event.target)
    p.last_move = LastMove(
        message=event.message,
        link=event.link,
        at=event.at,
        act=event.act,
        target=event.target,
        run=event.run,
        joined=event.joined,
        closed=closed,
        trail=standing.trail if standing else (),
        answered=before,
        version=p.version,
    )
    if event.joined:
        _open(
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
    else:
        _extend_trail(p, standing, trail)


def _transferred(p: PersonDraft, event: e.ListTransferred) -> None:
    if event.copied:
        source = p.memberships.get(event.source)
        if source is not None and source.run == event.source_run:
            p.memberships = {**p.memberships, event.source: replace(source, ended=True)}
        if event.joined:
            _open(p, Membership(event.target, event.run, event.at, event.at))
        return
    trail = (
        (*_trail_of(p, event.source_run), TrailStep(event.source_run)) if event.source_run else ()
    )
    _close(p, event.source, event.source_run, event.at)
    if event.joined:
        _open(p, Membership(event.target, event.run, event.at, event.at, trail=trail[-TRAIL_KEPT:]))
    else:
        _extend_trail(p, p.memberships.get(event.target), trail)


def _extend_trail(
    p: PersonDraft, standing: Membership | None, trail: tuple[TrailStep, ...]
) -> None:
    """A person who moves to a list they are on already is found there from then on by the answers
    that led them.
    """
    if standing is not None:
        _open(p, replace(standing, trail=(*standing.trail, *trail)[-TRAIL_KEPT:]))


def _undone(p: PersonDraft, event: e.MoveUndone) -> None:
    """A run that is undone before any of its letters was sent does not count as having been on the
    list.
    """
    move, target = p.last_move, p.memberships.get(event.left)
    if event.left_run and target is not None and target.run == event.left_run:
        left_at = p.left_at
        if not event.reopened:
            _remember_trail(p, target, target.run)
        _close(p, event.left, event.left_run, event.at)
        if not target.letters:
            p.left_at = left_at
            p.joined_at = {n: at for n, at in p.joined_at.items() if n != event.left}
    elif move is not None and target is not None and not move.joined:
        _open(p, replace(target, trail=move.trail))
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
            reopened[number],
            trail=(*reopened[number].trail, TrailStep(event.left_run))[-TRAIL_KEPT:],
        )
    p.memberships, p.last_move = {**p.memberships, **reopened}, None
    answered(p, event.message, yes=move.answered if move else False)
    if move is not None and move.message == event.message:
        forget_answer(p, event.message)
    if event.why == "contradictory":
        p.contradicted = event.message
    _contacted(p, event.act, event.at)
