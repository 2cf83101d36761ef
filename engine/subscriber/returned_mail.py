"""What follows from a mail that came back: a bounce, a complaint, a reply."""

from __future__ import annotations

from engine.sequence.model import Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.bounces import NO_BOUNCES
from engine.subscriber.consenting import withdraw_everything
from engine.subscriber.outcome import (
    Done,
    NothingToDo,
    Outcome,
    Refusal,
    Refused,
    Unchanged,
    done,
)
from engine.subscriber.person import Person
from engine.words import Words

UNKNOWN = Refused(Refusal.PERSON_UNKNOWN)


def record_bounce(command: c.RecordBounce, person: Person) -> Outcome:
    """A fact once per letter, whatever came of it since."""
    if person.erased or not person.registered:
        return UNKNOWN
    bounces = person.bounces or NO_BOUNCES
    if command.message in bounces.messages:
        return NothingToDo(Unchanged.BOUNCED_ALREADY)
    at, kind, message = command.at, command.kind, command.message
    bounced = e.MailBounced(
        at=at,
        kind=kind,
        message=message,
        code=command.code,
        enhanced=command.enhanced,
        provider=command.provider,
    )
    if not person.suppressed and bounces.suppresses(at, kind, message):
        return done(command.cause, bounced, e.SubscriberSuppressed(at, "bounced"))
    return done(command.cause, bounced)


def record_complaint(command: c.RecordComplaint, person: Person) -> Outcome:
    """Everything ends at once (B06)."""
    if person.erased or not person.registered:
        return UNKNOWN
    everything = withdraw_everything(c.WithdrawEverything(command.at, command.cause), person)
    withdrawn = everything.events if isinstance(everything, Done) else ()
    if person.suppressed == "complained" and not withdrawn:
        return NothingToDo(Unchanged.SUPPRESSED_ALREADY, why=Words("complained"))
    complained = e.MailComplained(command.at, command.source, command.provider)
    return done(command.cause, *withdrawn, complained)


def record_reply(command: c.RecordReply, person: Person, plan: Plan) -> Outcome:
    """A contact; where the list says `stop_on_reply`, its letters end too."""
    if person.erased or not person.registered:
        return UNKNOWN
    heard = e.ContactNoted(command.at, command.at, "reply")
    listed, standing = plan.lists.get(command.list), person.standing_from(command.run)
    stops = listed is not None and listed.stop_on_reply
    if standing is None or not stops or standing.list != command.list:
        return done(command.cause, heard)
    left = e.ListLeft(command.at, standing.list, standing.run, "reply")
    return done(command.cause, heard, left)
