"""Grounds: asking, confirming, declaring, withdrawing; and joining a list on one of them."""

from __future__ import annotations

from engine.sequence.model import Plan
from engine.sequence.timing import later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.acts import zone_of
from engine.subscriber.eligibility import live_ground
from engine.subscriber.joining import Entry, entry
from engine.subscriber.outcome import NothingToDo, Outcome, Refused, done
from engine.subscriber.person import Person

REPEATED = NothingToDo("this call was carried out before")


def subscribe(command: c.Subscribe, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    target = plan.lists.get(command.list)
    if target is None:
        return Refused(f"there is no list {command.list} in what is published")
    barred = _barred(person, target.purpose, own_act=command.own_act)
    if barred is not None:
        return barred
    facts = _registration(command.at, person, command.timezone, command.language)
    facts += _ground(command, person, target.purpose)
    permission = entry(person, plan, command.list, command.at, assume_ground=True)
    if isinstance(permission, Refused):
        return permission
    if command.fields or (person.registered and (command.timezone or command.language)):
        facts += _profile(command, person)
    if command.last_contact > person.last_contact:
        facts += (e.ContactNoted(command.at, command.last_contact),)
    facts += _joins(command.at, permission, command.start, command.counted_from)
    if not facts:
        return NothingToDo(f"this person is on list {command.list} already")
    return done(command.cause, *facts, *_honoured(command.at, command.call))


def request_consent(command: c.RequestConsent, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    targets = [plan.lists.get(number) for number in command.lists]
    purposes = {target.purpose for target in targets if target is not None}
    if None in targets or len(purposes) != 1:
        return Refused("a request names published lists of one purpose")
    (purpose,) = purposes
    if person.erased:
        return Refused("this person has been erased")
    facts = _registration(command.at, person, command.timezone, command.language)
    facts += (e.ProfileChanged(command.at, command.fields),) if command.fields else ()
    ground = live_ground(person, purpose)
    if ground is not None and not person.suppressed and not person.objected:
        joins = _joins_all(command.at, command.lists, person, plan)
        if isinstance(joins, Refused):
            return joins
        facts += joins
        return done(command.cause, *facts, *_honoured(command.at, command.call)) if facts else NothingToDo("this person is there already")
    pending = person.requests.get(purpose)
    if pending is not None and pending.expires_at > command.at and set(command.lists) <= set(pending.lists):
        return NothingToDo("this person has been asked to confirm already")
    lists = tuple(sorted({*command.lists, *(pending.lists if pending else ())}))
    expires = later(command.at, plan.confirmation.expire_after, zone_of(person, plan))
    facts += (e.ConsentRequested(command.at, purpose, command.request, lists, expires, command.notice, command.form),)
    return done(command.cause, *facts, *_honoured(command.at, command.call))


def confirm(command: c.Confirm, person: Person, plan: Plan) -> Outcome:
    if person.erased:
        return Refused("this person has been erased")
    pending = person.requests.get(command.purpose)
    if pending is None or pending.request != command.request:
        if live_ground(person, command.purpose) is not None:
            return NothingToDo("this subscription is confirmed already")
        return Refused("this request has expired; please fill in the form again")
    if pending.expires_at <= command.at:
        return Refused("this request has expired; please fill in the form again")
    facts: tuple[e.PersonEvent, ...] = ()
    if person.suppressed:
        facts += (e.SubscriberReachable(command.at, "confirmed by the person"),)
    facts += (e.ConsentConfirmed(command.at, command.purpose, command.request, command.act, pending.notice),)
    joins = _joins_all(command.at, pending.lists, person, plan)
    return done(command.cause, *facts, *(() if isinstance(joins, Refused) else joins))


def resubscribe(command: c.Resubscribe, person: Person, plan: Plan) -> Outcome:
    """The person's own act, on the page of a link only they received: consent anew."""
    if person.erased:
        return Refused("this person has been erased")
    if person.suppressed and person.suppressed != "complained":
        return Refused("this address cannot be written to")
    ground = live_ground(person, command.purpose)
    if ground is not None:
        return NothingToDo("this person receives these letters already")
    facts: tuple[e.PersonEvent, ...] = (e.ConsentGiven(command.at, command.purpose, "page", command.notice),)
    if command.list:
        permission = entry(person, plan, command.list, command.at, assume_ground=True)
        if isinstance(permission, Entry):
            facts += _joins(command.at, permission)
    return done(command.cause, *facts)


def withdraw(command: c.Withdraw, person: Person, plan: Plan) -> Outcome:
    """Never refused: whoever asks to leave has left (GDPR 7(3), 21(3))."""
    if command.call and command.call in person.calls:
        return REPEATED
    if not person.registered or person.erased:
        return NothingToDo("nobody is written to under this address")
    everything = command.purpose == "*"
    ground = person.grounds.get(command.purpose)
    if everything:
        already = person.objected
    else:
        already = ground is not None and ground.status == "withdrawn"
        already = already and command.purpose not in person.requests
    if already:
        return NothingToDo("this has been withdrawn already")
    left = [
        e.ListLeft(command.at, m.list, m.run, "withdrawn")
        for m in person.memberships.values()
        if everything or (listed := plan.lists.get(m.list)) is None or listed.purpose == command.purpose
    ]
    withdrawn = e.ConsentWithdrawn(command.at, command.purpose, command.act)
    return done(command.cause, withdrawn, *left, *_honoured(command.at, command.call))


def _barred(person: Person, purpose: str, *, own_act: bool) -> Refused | None:
    ground = person.grounds.get(purpose)
    if person.erased:
        return Refused("this person has been erased")
    if person.suppressed:
        return Refused(f"this address is suppressed ({person.suppressed})")
    if person.objected and not own_act:
        return Refused("this person has asked for no more letters at all")
    if ground is not None and ground.status == "withdrawn" and not own_act:
        return Refused(f'this person has withdrawn from "{purpose}"')
    return None


def _registration(at: int, person: Person, timezone: str, language: str) -> tuple[e.PersonEvent, ...]:
    return () if person.registered else (e.SubscriberRegistered(at, timezone, language),)


def _ground(command: c.Subscribe, person: Person, purpose: str) -> tuple[e.PersonEvent, ...]:
    """A new ground, unless one of the same or better standing is live: a confirmed consent is not replaced by a declared one."""
    standing = live_ground(person, purpose)
    if standing is not None and (standing.basis == "consent" or standing.basis == command.basis):
        return ()
    when = command.declared_at or command.at
    if command.basis == "consent":
        return (e.ConsentGiven(when, purpose, command.proof, command.notice),)
    return (e.GroundDeclared(when, purpose, command.basis, command.proof, command.notice),)


def _profile(command: c.Subscribe, person: Person) -> tuple[e.PersonEvent, ...]:
    timezone = command.timezone if person.registered and command.timezone != person.timezone else ""
    language = command.language if person.registered and command.language != person.language else ""
    if not (command.fields or timezone or language):
        return ()
    return (e.ProfileChanged(command.at, command.fields, timezone, language),)


def _joins(at: int, permission: Entry, start: str = "welcome", counted_from: int = 0) -> tuple[e.PersonEvent, ...]:
    if permission.already:
        return ()
    return (e.ListJoined(at, permission.target.id, permission.run, start, counted_from), *permission.leaves)


def _joins_all(at: int, lists: tuple[int, ...], person: Person, plan: Plan) -> tuple[e.PersonEvent, ...] | Refused:
    facts: tuple[e.PersonEvent, ...] = ()
    refused: Refused | None = None
    opened = 0
    for number in lists:
        permission = entry(person, plan, number, at, assume_ground=True, reserve=opened)
        if isinstance(permission, Refused):
            refused = permission
            continue
        opened += not permission.already
        facts += tuple(fact for fact in _joins(at, permission) if fact not in facts)
    return refused if refused is not None and not facts else facts


def _honoured(at: int, call: str) -> tuple[e.PersonEvent, ...]:
    return (e.CallHonoured(at, call),) if call else ()
