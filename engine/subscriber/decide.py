"""`decide(command, person, plan, calendar) -> outcome`: every rule about a person, with no clock,
no random and no I/O.
"""

from __future__ import annotations

from typing import assert_never

from engine.sequence.model import Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber import rights
from engine.subscriber.act import Calendar
from engine.subscriber.answering import answer, undo
from engine.subscriber.consenting import (
    REPEATED,
    ask_first,
    confirm,
    decline_request,
    profile,
    request_consent,
    resubscribe,
    subscribe,
    withdraw,
    withdraw_everything,
)
from engine.subscriber.directing import direct
from engine.subscriber.due_acts import perform, retry
from engine.subscriber.inactivity import ask_again, renew_permission
from engine.subscriber.joining import transfer
from engine.subscriber.letter_outcomes import record
from engine.subscriber.orders import record_order, refund_order
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person
from engine.subscriber.preferences import set_preferences
from engine.subscriber.reaching_dates import reach
from engine.subscriber.reactivation import ask_the_silent
from engine.subscriber.returned_mail import record_bounce, record_complaint, record_reply
from engine.subscriber.segment_rules import apply_rules
from engine.subscriber.terms import LIFTABLE, LIFTED
from engine.words import Words


def decide(command: c.AnyCommand, person: Person, plan: Plan, calendar: Calendar = ()) -> Outcome:
    """The most frequent commands come first: cases are tried in order."""
    match command:
        case c.RecordOutcome():
            return record(command, person)
        case c.Perform():
            return perform(command, person, plan, calendar)
        case c.Subscribe():
            return subscribe(command, person, plan)
        case c.Answer():
            return answer(command, person, plan)
        case c.RequestConsent():
            return request_consent(command, person, plan)
        case c.AskFirst():
            return ask_first(command, person, plan)
        case c.Confirm():
            return confirm(command, person, plan)
        case c.DeclineRequest():
            return decline_request(command, person)
        case c.AskAgain():
            return ask_again(command, person, plan)
        case c.RenewPermission():
            return renew_permission(command, person)
        case c.AskTheSilent():
            return ask_the_silent(command, person, plan)
        case c.UndoMove():
            return undo(command, person, plan)
        case c.Withdraw():
            return withdraw(command, person, plan)
        case c.WithdrawEverything():
            return withdraw_everything(command, person)
        case c.Resubscribe():
            return resubscribe(command, person, plan)
        case c.SetPreferences():
            return set_preferences(command, person, plan)
        case c.Transfer():
            return transfer(command, person, plan)
        case c.LeaveList():
            return _leave(command, person)
        case c.Suppress():
            return _suppress(command, person)
        case c.LiftSuppression():
            return _lift(command, person)
        case c.PutIntoSegment():
            return _put_into_segment(command, person, plan)
        case c.TakeOutOfSegment():
            return _take_out_of_segment(command, person, plan)
        case c.ApplyRules():
            return apply_rules(command, person, plan)
        case c.ChangeProfile():
            return _change_profile(command, person)
        case c.RecordOrder():
            return record_order(command, person)
        case c.RefundOrder():
            return refund_order(command, person)
        case c.ReachAnchor():
            return reach(command, person, plan)
        case c.ExerciseRight():
            return rights.exercise(command, person, plan)
        case c.ExtendRight():
            return rights.extend(command, person, plan)
        case c.AnswerRight():
            return rights.answer(command, person)
        case c.GrantAccess():
            return rights.grant_access(command, person, plan)
        case c.Rectify():
            return rights.rectify(command, person, plan)
        case c.Restrict():
            return rights.restrict(command, person, plan)
        case c.Object():
            return rights.objection(command, person, plan)
        case c.Erase():
            return rights.erase(command, person, plan)
        case c.OpenProof():
            return rights.open_proof(command, person)
        case c.NoteReading():
            return rights.note_reading(command, person)
        case c.RetryLetter():
            return retry(command, person, plan, calendar)
        case c.DirectLetter():
            return direct(command, person, plan)
        case c.RecordBounce():
            return record_bounce(command, person)
        case c.RecordComplaint():
            return record_complaint(command, person)
        case c.RecordReply():
            return record_reply(command, person, plan)
        case _:
            assert_never(command)


def _leave(command: c.LeaveList, person: Person) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    membership = person.memberships.get(command.list)
    if membership is None:
        return NothingToDo(Unchanged.NOT_ON_LIST, list=command.list)
    left = e.ListLeft(command.at, membership.list, membership.run, command.why)
    return _done_once(command, left)


def _put_into_segment(command: c.PutIntoSegment, person: Person, plan: Plan) -> Outcome:
    if command.call and command.call in person.calls:
        return REPEATED
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    refused = _not_static(command.segment, plan)
    if refused is not None:
        return refused
    if command.segment in person.segments:
        return NothingToDo(Unchanged.IN_SEGMENT_ALREADY, segment=command.segment)
    return _done_once(command, e.SegmentEntered(command.at, command.segment))


def _take_out_of_segment(command: c.TakeOutOfSegment, person: Person, plan: Plan) -> Outcome:
    """Also from a segment that is no longer published, or no longer static."""
    if command.call and command.call in person.calls:
        return REPEATED
    if command.segment not in person.segments:
        refused = _not_static(command.segment, plan)
        return refused or NothingToDo(Unchanged.NOT_IN_SEGMENT, segment=command.segment)
    return _done_once(command, e.SegmentLeft(command.at, command.segment))


def _not_static(segment_id: str, plan: Plan) -> Refused | None:
    segment = plan.segments.get(segment_id)
    if segment is None:
        return Refused(Refusal.SEGMENT_UNKNOWN, segment=segment_id)
    return None if segment.static else Refused(Refusal.SEGMENT_NOT_STATIC, segment=segment_id)


def _done_once(
    command: c.LeaveList | c.PutIntoSegment | c.TakeOutOfSegment, event: e.PersonEvent
) -> Outcome:
    """With a note that the call is carried out, so that its repeat changes nothing."""
    honoured = (e.CallHonoured(command.at, command.call),) if command.call else ()
    return done(command.cause, event, *honoured)


def _suppress(command: c.Suppress, person: Person) -> Outcome:
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if person.suppressed == command.why or (person.suppressed and command.why != "complained"):
        return NothingToDo(Unchanged.SUPPRESSED_ALREADY, why=Words(person.suppressed))
    if command.why == "complained":
        complained = e.MailComplained(command.at, command.cause.door, command.provider)
        return done(command.cause, complained)
    return done(command.cause, e.SubscriberSuppressed(command.at, command.why))


def _lift(command: c.LiftSuppression, person: Person) -> Outcome:
    """What they said themselves, they alone take back."""
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if not person.suppressed:
        return NothingToDo(Unchanged.NOT_SUPPRESSED)
    if person.suppressed not in LIFTABLE:
        return Refused(Refusal.THEIR_OWN_WISH, why=Words(person.suppressed))
    return done(command.cause, e.SubscriberReachable(command.at, LIFTED))


def _change_profile(command: c.ChangeProfile, person: Person) -> Outcome:
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if command.if_version not in (0, person.version):
        return Refused(Refusal.CHANGED_MEANWHILE)
    facts = profile(command.at, person, command.fields, command.timezone, command.language)
    if command.last_contact > person.last_contact:
        facts += (e.ContactNoted(command.at, command.last_contact),)
    return done(command.cause, *facts) if facts else NothingToDo(Unchanged.NOTHING_CHANGED)
