"""What the agenda asks for: begin the letter that is due, end a list, let a request expire; and
what became of a letter.
"""

from __future__ import annotations

from typing import assert_never

from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.model import Plan
from engine.sequence.timing import later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.agenda import Act, Calendar, act_for, backoff, zone_of
from engine.subscriber.agenda_key import (
    BroadcastKey,
    ListKey,
    RequestKey,
    WithheldKey,
    decode,
    encode,
)
from engine.subscriber.eligibility import EVERYTHING, why_not
from engine.subscriber.inactivity import retention_of
from engine.subscriber.joining import entry
from engine.subscriber.letters import letters_at
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import InFlight, LetterState, Person
from engine.subscriber.terms import MailKind

GIVE_UP = 72 * HOUR
GIVE_UP_CONFIRMATION = 24 * HOUR
SOFT_LIMIT = 5
SOFT_SPAN = 14 * DAY
RULE = e.Cause("rule")
NOT_WITHHELD = NothingToDo(Unchanged.NOT_WITHHELD)
PAST_LATENESS = NothingToDo(Unchanged.PAST_LATENESS)


def perform(command: c.Perform, person: Person, plan: Plan, calendar: Calendar) -> Outcome:
    act = act_for(person, command.key, plan, calendar)
    if act is None or act.due == 0 or act.due > command.at:
        return NothingToDo(Unchanged.NOTHING_DUE)
    key = decode(command.key)
    request = person.requests.get(key.purpose) if isinstance(key, RequestKey) else None
    if request is not None and act.kind == "letter" and request.expires_at <= command.at:
        return done(RULE, e.ConsentExpired(command.at, request.purpose, request.request))
    match act.kind:
        case "letter":
            return _begin(command, act, person, plan)
        case "end":
            return _end(command, act, person, plan)
        case "expire":
            assert request is not None
            return done(RULE, e.ConsentExpired(command.at, request.purpose, request.request))
        case "settle" | "idle" | "right" | "withheld":
            return NothingToDo(Unchanged.LETTER_UNDER_WAY)
        case _:
            assert_never(act.kind)


def purpose_of(person: Person, plan: Plan, key: str) -> str:
    """The purpose a matter of the agenda belongs to, "" when the plan no longer knows it."""
    match decode(key):
        case RequestKey(purpose):
            return purpose
        case BroadcastKey(name):
            broadcast = plan.broadcasts.get(name)
            return broadcast.purpose if broadcast else ""
        case ListKey(number):
            listed = plan.lists.get(number)
            return listed.purpose if listed else ""
        case _:
            return ""


def _begin(command: c.Perform, act: Act, person: Person, plan: Plan) -> Outcome:
    kind, purpose = _mail_kind(command.key), purpose_of(person, plan, command.key)
    asks_consent = kind in ("confirmation", "permission")
    request = person.requests[purpose].request if asks_consent else ""
    before = _state(person, command.key, act)
    reason = why_not(person, kind, purpose, request=request)
    if reason or _too_late(command, act, person, plan):
        why = f"{e.NOT_ELIGIBLE}{reason}" if reason else "too late"
        return done(
            RULE,
            e.LetterWithheld(
                command.at,
                command.key,
                act.letter,
                why,
                act.list,
                act.run,
                before.message if before else "",
            ),
        )
    begun = e.LetterBegun(
        command.at,
        command.key,
        kind,
        act.letter,
        before.message if before else command.message,
        plan.edition,
        act.list,
        act.run,
        purpose,
        command.sender,
        before.attempts + 1 if before else 1,
    )
    return done(command.cause, begun)


def _mail_kind(key: str) -> MailKind:
    match decode(key):
        case RequestKey(purpose):
            return "permission" if purpose == EVERYTHING else "confirmation"
        case BroadcastKey():
            return "broadcast"
        case _:
            return "letter"


def _too_late(command: c.Perform | c.RetryLetter, act: Act, person: Person, plan: Plan) -> bool:
    lateness = _lateness(plan, command.key, act.list)
    if command.at - act.planned <= lateness.least_ms:
        return False
    return command.at > later(act.planned, lateness, zone_of(person, plan))


def retry(command: c.RetryLetter, person: Person, plan: Plan, calendar: Calendar) -> Outcome:
    """The letter is due again, under its own message and in the words in force by then; whether it
    may leave is asked again at its claim.
    """
    matter = decode(command.key)
    if not isinstance(matter, ListKey | RequestKey | BroadcastKey):
        return NOT_WITHHELD
    act = act_for(person, encode(WithheldKey(matter, command.letter)), plan, calendar)
    if act is None:
        return NOT_WITHHELD
    if not command.late and _too_late(command, act, person, plan):
        return PAST_LATENESS
    message = letters_at(person, command.key, act.run)[command.letter].message
    return done(
        command.cause,
        e.LetterRetried(
            command.at, message, command.key, command.letter, act.list, act.run, command.late
        ),
    )


def _state(person: Person, key: str, act: Act) -> LetterState | None:
    match decode(key):
        case RequestKey(purpose):
            return person.requests[purpose].letters.get(act.letter)
        case BroadcastKey():
            mailing = person.mailings.get(key)
            return mailing.letters.get(act.letter) if mailing else None
        case _:
            return person.memberships[act.list].letters.get(act.letter)


def _lateness(plan: Plan, key: str, number: int) -> Delay:
    match decode(key):
        case BroadcastKey(name):
            return plan.broadcasts[name].max_lateness
        case RequestKey(purpose):
            asks_to_go_on = purpose == EVERYTHING
            return (
                retention_of(plan).answer_within
                if asks_to_go_on
                else plan.confirmation.expire_after
            )
        case _:
            return plan.lists[number].max_lateness


def _end(command: c.Perform, act: Act, person: Person, plan: Plan) -> Outcome:
    """Where the next list takes nobody in, a list that moves on is simply over, and one that copies
    is over with the person still on it.
    """
    listed = plan.lists[act.list]
    ending = listed.ends
    assert ending is not None
    if ending.kind == "leave":
        return done(RULE, e.ListLeft(command.at, act.list, act.run, "ended"))
    copied = ending.kind == "copy"
    permission = entry(person, plan, ending.target, command.at, source=0 if copied else act.list)
    if isinstance(permission, Refused):
        refused = e.ListTransferred(
            command.at, act.list, act.run, ending.target, 0, "refused", False, True
        )
        return done(RULE, refused if copied else e.ListLeft(command.at, act.list, act.run, "ended"))
    joined = not permission.already
    return done(
        RULE,
        e.ListTransferred(
            command.at, act.list, act.run, ending.target, permission.run, "ended", joined, copied
        ),
        *permission.leaves,
    )


def transfer(command: c.Transfer, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return NothingToDo(Unchanged.CALL_REPEATED)
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    source = person.memberships.get(command.source)
    standing = person.memberships.get(command.target)
    if standing is not None and (source is None or source is standing):
        return NothingToDo(Unchanged.ON_LIST_ALREADY, list=command.target)
    if command.source and source is None:
        return Refused(Refusal.NOT_ON_LIST, list=command.source)
    permission = entry(person, plan, command.target, command.at, source=command.source)
    if isinstance(permission, Refused):
        return permission
    moved = e.ListTransferred(
        command.at,
        source.list if source else 0,
        source.run if source else 0,
        command.target,
        permission.run,
        command.cause.door,
        not permission.already,
    )
    honoured = (e.CallHonoured(command.at, command.call),) if command.call else ()
    facts = done(command.cause, moved, *honoured).facts + done(RULE, *permission.leaves).facts
    return Done(facts)


def record(command: c.RecordOutcome, person: Person, plan: Plan) -> Outcome:
    """An outcome is a fact: appended whatever else has happened, once."""
    flight = person.in_flight.get(command.message)
    if flight is None:
        return NothingToDo(Unchanged.OUTCOME_RECORDED)
    at, message, code, enhanced = command.at, command.message, command.code, command.enhanced
    match command.verdict:
        case "sent":
            return done(command.cause, e.LetterSent(at, message, code, enhanced, command.mail))
        case "temporary" | "blocked":
            return _defer(command, flight, person)
        case "hard":
            failed = e.LetterFailed(at, message, code, enhanced, "refused")
            return done(command.cause, failed, e.MailBounced(at, "hard", message, code, enhanced))
        case "soft":
            return done(
                command.cause,
                e.LetterFailed(at, message, code, enhanced, "refused"),
                *_counted(command, person),
            )
        case "doubt":
            return (
                NothingToDo(Unchanged.IN_DOUBT_ALREADY)
                if flight.doubt
                else done(command.cause, e.LetterInDoubt(at, message, mail=command.mail))
            )
        case "resend" | "taken-as-sent":
            if not flight.doubt:
                return Refused(Refusal.NOT_IN_DOUBT)
            return done(command.cause, e.LetterInDoubt(at, message, command.verdict))
        case "cannot-render" | "cannot-carry":
            why = (
                e.CANNOT_BE_RENDERED if command.verdict == "cannot-render" else e.CANNOT_BE_CARRIED
            )
            return done(
                command.cause,
                e.LetterWithheld(
                    at,
                    flight.key,
                    flight.letter,
                    why,
                    flight.list,
                    flight.run,
                    message,
                    command.why,
                ),
            )
        case "not-eligible":
            why = f"{e.NOT_ELIGIBLE}{command.why}"
            return done(
                command.cause,
                e.LetterWithheld(
                    at, flight.key, flight.letter, why, flight.list, flight.run, message
                ),
            )
        case "released":
            return done(command.cause, e.LetterDeferred(at, message, at, why="never handed over"))
        case _:
            assert_never(command.verdict)


def _defer(command: c.RecordOutcome, flight: InFlight, person: Person) -> Outcome:
    """Patience has an end (A75). What was said of the address to the last then counts as one soft
    bounce; a refusal of the sender never does.
    """
    retry_at = command.at + backoff(flight.attempt, command.message)
    give_up = GIVE_UP_CONFIRMATION if flight.kind == "confirmation" else GIVE_UP
    if retry_at - flight.first_begun > give_up:
        failed = e.LetterFailed(
            command.at, command.message, command.code, command.enhanced, "gave up"
        )
        return done(
            command.cause,
            failed,
            *(_counted(command, person) if command.verdict == "temporary" else ()),
        )
    why = "blocked" if command.verdict == "blocked" else command.why
    return done(
        command.cause,
        e.LetterDeferred(
            command.at, command.message, retry_at, command.code, command.enhanced, why
        ),
    )


def _counted(command: c.RecordOutcome, person: Person) -> tuple[e.PersonEvent, ...]:
    """A refusal about the mailbox does not condemn the address, until five in a row over a
    fortnight do (B05); one that is about us, or of which nobody can tell, never counts.
    """
    if command.fault != "mailbox":
        return ()
    at = command.at
    facts: tuple[e.PersonEvent, ...] = (
        e.MailBounced(at, "soft", command.message, command.code, command.enhanced),
    )
    if (
        not person.suppressed
        and person.soft_bounces + 1 >= SOFT_LIMIT
        and at - (person.soft_since or at) >= SOFT_SPAN
    ):
        facts += (e.SubscriberSuppressed(at, "bounced"),)
    return facts
