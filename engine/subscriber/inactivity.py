"""A person inactive for long is asked once whether to go on, and erased when no answer comes (CNIL;
D12). Pure.

Only what a person did themselves counts as contact (C10): neither an opened letter nor a page that
acted by itself does.
"""

from __future__ import annotations

from engine.sequence.declared import Retention
from engine.sequence.model import Plan
from engine.sequence.timing import later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import zone_of
from engine.subscriber.eligibility import EVERYTHING, may_be_asked
from engine.subscriber.evolve import HUMAN_ACTS
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person

HEARD_SINCE = NothingToDo(Unchanged.HEARD_SINCE)
NOT_TO_BE_ASKED = NothingToDo(Unchanged.MAY_NOT_BE_ASKED)


def retention_of(plan: Plan) -> Retention:
    return plan.declared.retention if plan.declared is not None else Retention()


def heard_at(person: Person) -> int:
    """The last contact (ms), 0 for never: the person's last own act, the day their data was
    collected, or the day their ground ended.
    """
    return max(
        [person.last_contact, *(ground.since for ground in person.grounds.values())], default=0
    )


def heard_in(event: e.PersonEvent) -> int:
    """The contact that one event tells of (ms), 0 for none: `heard_at` is the greatest over a
    history.
    """
    match event:
        case (
            e.ConsentGiven(at)
            | e.GroundDeclared(at)
            | e.ConsentConfirmed(at)
            | e.ConsentWithdrawn(at)
            | e.OrderRecorded(at)
        ):
            return at
        case e.ContactNoted(_, contacted_at):
            return contacted_at
        case (
            e.ListMoved()
            | e.ListCopied()
            | e.LetterAnswered()
            | e.MoveUndone()
            | e.PermissionRenewed()
            | e.PreferencesSet()
        ):
            return event.at if event.act in HUMAN_ACTS else 0
        case _:
            return 0


def silent_from(person: Person, plan: Plan) -> int:
    """From when on (ms) the person counts as inactive."""
    return later(heard_at(person), retention_of(plan).silent_after, zone_of(person, plan))


def ask_again(command: c.AskAgain, person: Person, plan: Plan) -> Outcome:
    """`NOT_TO_BE_ASKED` where no mail may be sent to them: retention then erases them without
    asking.
    """
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if person.restricted:
        return NothingToDo(Unchanged.SENDING_RESTRICTED)
    if silent_from(person, plan) > command.at:
        return HEARD_SINCE
    if EVERYTHING in person.requests:
        return NothingToDo(Unchanged.ASKED_ALREADY)
    if not may_be_asked(person):
        return NOT_TO_BE_ASKED
    expires = later(command.at, retention_of(plan).answer_within, zone_of(person, plan))
    return done(command.cause, e.PermissionAsked(command.at, command.request, expires))


def is_unanswered(person: Person, at: int) -> bool:
    """Whether the person was asked and the time for an answer is over. A mail that was never sent
    has asked nothing.
    """
    request = person.requests.get(EVERYTHING)
    mail = request.letters.get("ask") if request is not None else None
    return (
        request is not None
        and request.expires_at <= at
        and mail is not None
        and not mail.to_correct
        and mail.status in ("sent", "failed", "withheld")
    )


def renew_permission(command: c.RenewPermission, person: Person) -> Outcome:
    """ "Yes, go on" was pressed. It may come late, as long as the person was not erased."""
    if person.erased:
        return Refused(Refusal.ERASED)
    request = person.requests.get(EVERYTHING)
    if request is None:
        return HEARD_SINCE
    if command.act not in HUMAN_ACTS:
        return Refused(Refusal.NOT_ONES_OWN_ACT)
    return done(command.cause, e.PermissionRenewed(command.at, request.request, command.act))
