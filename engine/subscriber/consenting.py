"""Grounds: asking, confirming, declaring, withdrawing; and joining a list on one of them."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.sequence.delay import DAY
from engine.sequence.model import MEASURE, Plan
from engine.sequence.timing import is_zone, later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.command import Command
from engine.subscriber.eligibility import EVERYTHING, live_ground
from engine.subscriber.evolve import HUMAN_ACTS, fold
from engine.subscriber.joining import Entry, ends, entry
from engine.subscriber.outcome import (
    Done,
    Fact,
    NothingToDo,
    Outcome,
    Refusal,
    Refused,
    Unchanged,
    done,
)
from engine.subscriber.person import Membership, Person
from engine.subscriber.terms import Basis, Proof
from engine.words import Words

OWN_PRODUCTS = frozenset(
    {"soft-optin", "b2b", "service"}
)  # CPCE L34-5 al. 4: one's own, never a third party's
NOT_ONES_OWN_ACT = Refused(Refusal.NOT_ONES_OWN_ACT)
"""A page that submits itself gives no consent (P6; GDPR 4(11))."""
REPEATED = NothingToDo(Unchanged.CALL_REPEATED)
FARTHEST_COUNT = 150 * 365 * DAY
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def subscribe(command: c.Subscribe, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    permission = _entry_of(command, person, plan, command.basis, own_act=command.own_act)
    if isinstance(permission, Refused):
        return permission
    purpose = permission.target.purpose
    facts = _registration(command.at, person, command.timezone, command.language)
    facts += _ground(command, person, purpose, plan.partner_of(purpose))
    facts += _told(command, person)
    facts += _preferred(command, person, plan, command.notice)
    if command.own_act and person.stopped:
        facts += (e.ContactNoted(command.at, command.at),)
    facts += _joins(command.at, permission, command.start, command.counted_from)
    facts += _enters(command.at, command.segments, person, plan)
    measured = agreed_to_be_measured(
        command, command.chosen, person, plan, proof=command.proof, notice=command.notice
    )
    if not facts and not measured:
        return NothingToDo(Unchanged.ON_LIST_ALREADY, list=command.list)
    return Done(done(command.cause, *facts, *_honoured(command.at, command.call)).facts + measured)


def ask_first(command: c.AskFirst, person: Person, plan: Plan) -> Outcome:
    permission = _entry_of(command, person, plan, "consent", own_act=False)
    if isinstance(permission, Refused):
        return permission
    purpose = permission.target.purpose
    facts = _registration(command.at, person, command.timezone, command.language)
    facts += _told(command, person)
    facts += _enters(command.at, command.segments, person, plan)
    if live_ground(person, purpose) is not None:
        facts += _joins(command.at, permission, command.start, command.counted_from)
        unchanged = NothingToDo(Unchanged.ON_LIST_ALREADY, list=command.list)
    else:
        if purpose not in person.requests and purpose not in person.asked_first:
            facts += (_declared_request(command, purpose, person, plan),)
        unchanged = NothingToDo(Unchanged.ASKED_TO_CONFIRM_ALREADY)
    return done(command.cause, *facts) if facts else unchanged


def _entry_of(
    command: c.Subscribe | c.AskFirst, person: Person, plan: Plan, basis: Basis, *, own_act: bool
) -> Entry | Refused:
    """How the person gets onto the list of the command, on this basis."""
    target = plan.lists.get(command.list)
    if target is None:
        return Refused(Refusal.LIST_UNKNOWN, list=command.list)
    if basis in OWN_PRODUCTS and plan.partner_of(target.purpose)[0]:
        return Refused(Refusal.PARTNER_NEEDS_CONSENT)
    barred = _barred(person, target.purpose, own_act=own_act)
    if barred is not None:
        return barred
    if command.counted_from and abs(command.at - command.counted_from) > FARTHEST_COUNT:
        return Refused(Refusal.COUNTED_FROM_TOO_FAR)
    return entry(person, plan, command.list, command.at, assume_ground=True)


def _enters(
    at: int, segments: tuple[str, ...], person: Person, plan: Plan
) -> tuple[e.PersonEvent, ...]:
    """Of somebody who is put into static segments, but for those they are in."""
    return tuple(
        e.SegmentEntered(at, segment)
        for segment in segments
        if (known := plan.segments.get(segment)) is not None
        and known.static
        and segment not in person.segments
    )


def _segments_of_form(form: str, plan: Plan) -> tuple[str, ...]:
    return (plan.forms[form].segment,) if form in plan.forms else ()


def _told(command: c.Subscribe | c.AskFirst, person: Person) -> tuple[e.PersonEvent, ...]:
    """What is new about a person of what came with the command."""
    facts = profile(command.at, person, command.fields, command.timezone, command.language)
    if command.last_contact > person.last_contact:
        facts += (e.ContactNoted(command.at, command.last_contact),)
    return facts


def _declared_request(
    command: c.AskFirst, purpose: str, person: Person, plan: Plan
) -> e.ConsentRequested:
    expires = later(command.at, plan.confirmation.expire_after, zone_of(person, plan))
    return e.ConsentRequested(
        at=command.at,
        purpose=purpose,
        request=command.request,
        lists=(command.list,),
        expires_at=expires,
        declared=True,
        start=command.start,
        counted_from=command.counted_from,
    )


def request_consent(command: c.RequestConsent, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    targets = [plan.lists.get(number) for number in command.lists]
    purposes = {target.purpose for target in targets if target is not None}
    if None in targets or len(purposes) != 1:
        return Refused(Refusal.REQUEST_OF_SEVERAL_PURPOSES)
    (purpose,) = purposes
    if person.erased:
        return Refused(Refusal.ERASED)
    facts = _registration(command.at, person, command.timezone, command.language)
    facts += profile(command.at, person, command.fields)
    ground = live_ground(person, purpose)
    if ground is not None and not person.suppressed and purpose not in person.stopped:
        joins = _joins_all(command.at, command.lists, person, plan)
        if isinstance(joins, Refused):
            return joins
        if not (joins and command.by_anybody):
            facts += joins
            if not command.by_anybody:
                facts += _enters(command.at, _segments_of_form(command.form, plan), person, plan)
            return (
                done(command.cause, *facts, *_honoured(command.at, command.call))
                if facts
                else NothingToDo(Unchanged.THERE_ALREADY)
            )
    pending = person.requests.get(purpose)
    pending = pending if pending is not None and pending.expires_at > command.at else None
    if pending is not None and set(command.lists) <= set(pending.lists):
        return NothingToDo(Unchanged.ASKED_TO_CONFIRM_ALREADY)
    lists = tuple(sorted({*command.lists, *(pending.lists if pending else ())}))
    expires = later(
        max(command.at, command.hold_until), plan.confirmation.expire_after, zone_of(person, plan)
    )
    facts += (
        e.ConsentRequested(
            command.at,
            purpose,
            command.request,
            lists,
            expires,
            command.notice,
            command.form,
            command.hold_until,
        ),
    )
    return done(command.cause, *facts, *_honoured(command.at, command.call))


def confirm(command: c.Confirm, person: Person, plan: Plan) -> Outcome:
    if person.erased:
        return Refused(Refusal.ERASED)
    pending = person.requests.get(command.purpose)
    if pending is None or command.request not in (pending.request, *pending.earlier):
        if live_ground(person, command.purpose) is not None:
            return NothingToDo(Unchanged.CONFIRMED_ALREADY)
        return Refused(Refusal.REQUEST_EXPIRED)
    if pending.expires_at <= command.at:
        return Refused(Refusal.REQUEST_EXPIRED)
    if command.act not in HUMAN_ACTS:
        return NOT_ONES_OWN_ACT
    facts: tuple[e.PersonEvent, ...] = ()
    if person.suppressed:
        facts += (e.SubscriberReachable(command.at, "confirmed by the person"),)
    facts += (
        e.ConsentConfirmed(
            command.at,
            command.purpose,
            command.request,
            command.act,
            pending.notice,
            *plan.partner_of(command.purpose),
        ),
    )
    facts += profile(command.at, person, command.fields)
    facts += _preferred(command, person, plan, pending.notice, command.act)
    joins = _joins_all(command.at, pending.lists, person, plan, pending.start, pending.counted_from)
    if not isinstance(joins, Refused):
        facts += joins
    facts += _enters(command.at, _segments_of_form(pending.form, plan), person, plan)
    measured = agreed_to_be_measured(
        command,
        command.chosen,
        person,
        plan,
        proof="page",
        notice=pending.notice,
        act=command.act,
    )
    return Done(done(command.cause, *facts).facts + measured)


def _preferred(
    command: c.Subscribe | c.Confirm, person: Person, plan: Plan, offered: str, act: str = ""
) -> tuple[e.PersonEvent, ...]:
    """What the person chose on the form; what they left open there stays as it is."""
    chosen, before = command.chosen, person.preferences
    themes = tuple(code for code in plan.themes if code in chosen.themes) or before.themes
    contents = tuple(code for code in plan.contents if code in chosen.contents) or before.contents
    frequency = chosen.frequency or before.frequency
    if (themes, contents, frequency) == (before.themes, before.contents, before.frequency):
        return ()
    paused_until = before.paused_until if before.paused_until > command.at else 0
    return (e.PreferencesSet(command.at, themes, contents, frequency, paused_until, offered, act),)


def agreed_to_be_measured(
    command: Command,
    chosen: c.Chosen,
    person: Person,
    plan: Plan,
    *,
    proof: Proof,
    notice: str,
    act: str = "",
) -> tuple[Fact, ...]:
    """The consent to what they open and click being noted (CNIL 2026-042), which has a proof as any
    has. Nothing where they agreed before, or nobody is asked to any more.
    """
    if not chosen.measured or plan.measured is None or person.measured_since:
        return ()
    cause = replace(command.cause, evidence=chosen.evidence or command.cause.evidence)
    return done(cause, e.ConsentGiven(command.at, MEASURE, proof, notice, act)).facts


def decline_request(command: c.DeclineRequest, person: Person) -> Outcome:
    pending = person.requests.get(command.purpose)
    if (
        person.erased
        or pending is None
        or command.request not in (pending.request, *pending.earlier)
    ):
        return NothingToDo(Unchanged.REQUEST_CLOSED)
    return done(command.cause, e.ConsentExpired(command.at, command.purpose, pending.request))


def resubscribe(command: c.Resubscribe, person: Person, plan: Plan) -> Outcome:
    """The person's own act, on the page of a link that only they received: a new consent."""
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if person.suppressed and person.suppressed != "complained":
        return Refused(Refusal.UNREACHABLE)
    if command.purpose == EVERYTHING:
        return Refused(Refusal.ONE_PURPOSE_AT_A_TIME)
    ground = live_ground(person, command.purpose)
    if ground is not None and not person.suppressed:
        return NothingToDo(Unchanged.RECEIVES_ALREADY)
    if command.act not in HUMAN_ACTS:
        return NOT_ONES_OWN_ACT
    facts: tuple[e.PersonEvent, ...] = ()
    if person.suppressed:
        facts += (e.SubscriberReachable(command.at, "asked for by the person"),)
    if ground is None:
        facts += (
            e.ConsentGiven(
                command.at,
                command.purpose,
                "page",
                command.notice,
                command.act,
                *plan.partner_of(command.purpose),
            ),
        )
    listed = plan.lists.get(command.list)
    if listed is not None and listed.purpose == command.purpose:
        permission = entry(person, plan, command.list, command.at, assume_ground=True)
        if isinstance(permission, Entry):
            facts += _joins(command.at, permission)
    return done(command.cause, *facts)


def withdraw(command: c.Withdraw, person: Person, plan: Plan) -> Outcome:
    """Never refused: a person who asks to leave has left (GDPR 7(3), 21(3)). A repeated call is
    carried out again where there is something to leave.
    """
    if not person.registered or person.erased:
        return NothingToDo(Unchanged.NOBODY_WRITTEN_TO)
    if command.purpose == MEASURE:
        return _withdrawn(command, MEASURE, [], person, already=not person.measured_since)
    ground = person.grounds.get(command.purpose)
    already = (
        ground is not None
        and ground.status == "withdrawn"
        and command.purpose not in person.requests
    )
    ended = [
        m
        for m in person.memberships.values()
        if (listed := plan.lists.get(m.list)) is None or listed.purpose == command.purpose
    ]
    return _withdrawn(command, command.purpose, ended, person, already=already)


def withdraw_everything(command: c.WithdrawEverything, person: Person) -> Outcome:
    """As `withdraw`, of every purpose at once."""
    if not person.registered or person.erased:
        return NothingToDo(Unchanged.NOBODY_WRITTEN_TO)
    already = (
        person.objected
        and not person.requests
        and not person.measured_since
        and all(g.status == "withdrawn" for g in person.grounds.values())
    )
    ended = list(person.memberships.values())
    return _withdrawn(command, EVERYTHING, ended, person, already=already)


def _withdrawn(
    command: c.Withdraw | c.WithdrawEverything,
    purpose: str,
    ended: list[Membership],
    person: Person,
    *,
    already: bool,
) -> Outcome:
    if already and not ended:
        return (
            REPEATED if command.call in person.calls else NothingToDo(Unchanged.WITHDRAWN_ALREADY)
        )
    withdrawn = e.ConsentWithdrawn(command.at, purpose, command.act)
    left = [e.ListLeft(command.at, m.list, m.run, "withdrawn") for m in ended]
    return done(command.cause, withdrawn, *left, *_honoured(command.at, command.call))


def needs_evidence(event: e.PersonEvent) -> bool:
    """Whether it tells of a press by which somebody agreed, which proves nothing by itself."""
    match event:
        case e.ConsentConfirmed() | e.PermissionRenewed():
            return True
        case e.ConsentGiven(proof="page"):
            return True
        case _:
            return False


def _barred(person: Person, purpose: str, *, own_act: bool) -> Refused | None:
    ground = person.grounds.get(purpose)
    if person.erased:
        return Refused(Refusal.ERASED)
    if person.suppressed:
        return Refused(Refusal.ADDRESS_SUPPRESSED, why=Words(person.suppressed))
    if person.objected and not own_act and live_ground(person, purpose) is None:
        return Refused(Refusal.HAS_OBJECTED)
    if ground is not None and ground.status == "withdrawn" and not own_act:
        return Refused(Refusal.WITHDRAWN, purpose=purpose)
    return None


def _registration(
    at: int, person: Person, timezone: str, language: str
) -> tuple[e.PersonEvent, ...]:
    return (
        ()
        if person.registered
        else (e.SubscriberRegistered(at, *valid_zone_and_language(timezone, language)),)
    )


def valid_zone_and_language(timezone: str, language: str) -> tuple[str, str]:
    """The zone and language if they are valid, else "" each (the installation's are used): they
    stand in the ledger unencrypted, so no other text may get there.
    """
    return timezone if is_zone(timezone) else "", language if LANGUAGE.fullmatch(language) else ""


def _ground(
    command: c.Subscribe, person: Person, purpose: str, partner: tuple[str, str]
) -> tuple[e.PersonEvent, ...]:
    """A new ground, unless a live one is of the same or better standing: a confirmed consent is not
    replaced by a declared one.
    """
    standing = live_ground(person, purpose)
    if standing is not None and (standing.basis == "consent" or standing.basis == command.basis):
        return ()
    when = min(command.declared_at or command.at, command.at)
    if command.basis == "consent":
        return (e.ConsentGiven(when, purpose, command.proof, command.notice, "", *partner),)
    return (e.GroundDeclared(when, purpose, command.basis, command.proof, command.notice),)


def profile(
    at: int, person: Person, fields: tuple[str, ...], timezone: str = "", language: str = ""
) -> tuple[e.PersonEvent, ...]:
    """ProfileChanged if something changes: named fields, whose values the vault holds, or another
    zone or language than before.
    """
    zone, tongue = valid_zone_and_language(timezone, language) if person.registered else ("", "")
    zone = zone if zone != person.timezone else ""
    tongue = tongue if tongue != person.language else ""
    return (e.ProfileChanged(at, fields, zone, tongue),) if fields or zone or tongue else ()


def _joins(
    at: int, permission: Entry, start: str = "welcome", counted_from: int = 0
) -> tuple[e.PersonEvent, ...]:
    if permission.already:
        return ()
    return (
        e.ListJoined(at, permission.target.id, permission.run, start, counted_from),
        *permission.leaves,
    )


def _joins_all(
    at: int,
    lists: tuple[int, ...],
    person: Person,
    plan: Plan,
    start: str = "welcome",
    counted_from: int = 0,
) -> tuple[e.PersonEvent, ...] | Refused:
    facts: tuple[e.PersonEvent, ...] = ()
    refused: Refused | None = None
    for number in _compatible(lists, plan):
        permission = entry(person, plan, number, at, assume_ground=True)
        if isinstance(permission, Refused):
            refused = permission
            continue
        joins = _joins(at, permission, start, counted_from)
        person, facts = fold(joins, person), facts + joins
    return refused if refused is not None and not facts else facts


def _compatible(lists: tuple[int, ...], plan: Plan) -> list[int]:
    """Of lists asked for together, those that none of the others would end; of two that end each
    other, the later.
    """

    def by(number: int, other: int) -> bool:
        return other in plan.lists and ends(plan, plan.lists[other], number)

    wanted = list(dict.fromkeys(lists))
    return [
        number
        for place, number in enumerate(wanted)
        if not any(
            by(number, other) and not (by(other, number) and before < place)
            for before, other in enumerate(wanted)
        )
    ]


def _honoured(at: int, call: str) -> tuple[e.PersonEvent, ...]:
    return (e.CallHonoured(at, call),) if call else ()
