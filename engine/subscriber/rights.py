"""The rights of a person over their data (GDPR 7(3), 15 to 21): exercised, extended, answered; each
a fact with its dates.
"""

from __future__ import annotations

from engine.sequence.delay import Delay
from engine.sequence.model import Plan
from engine.sequence.timing import later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.consenting import REPEATED, profile, withdraw_everything
from engine.subscriber.evolve import HUMAN_ACTS
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person
from engine.subscriber.terms import RIGHTS as RIGHTS

RightsCommand = c.GrantAccess | c.Rectify | c.Restrict | c.Object
ANSWER_WITHIN = Delay(months=1)
EXTENDED_WITHIN = Delay(months=3)
UNKNOWN = Refused(Refusal.PERSON_UNKNOWN)
MORE_TO_SEAL = Refused(Refusal.MORE_TO_SEAL)


def due_at(asked_at: int, zone: str, within: Delay = ANSWER_WITHIN) -> int:
    """One calendar month later at the same time of day (GDPR 12(3)); Regulation 1182/71 would grant
    the rest of that day.
    """
    return later(asked_at, within, zone)


def exercise(command: c.ExerciseRight, person: Person, plan: Plan) -> Outcome:
    refusal = _refusal(command, person)
    if refusal is not None:
        return refusal
    if command.right not in RIGHTS:
        return Refused(Refusal.RIGHT_UNKNOWN, right=command.right)
    if any(standing.right == command.right for standing in person.rights.values()):
        return NothingToDo(Unchanged.RIGHT_ASKED_ALREADY)
    requested_at = min(command.received_at or command.at, command.at)
    exercised = e.RightExercised(
        requested_at, command.right, command.request, due_at(requested_at, plan.timezone)
    )
    return done(command.cause, exercised, *_honoured(command.at, command.call))


def extend(command: c.ExtendRight, person: Person, plan: Plan) -> Outcome:
    standing = person.rights.get(command.request)
    if standing is None:
        return Refused(Refusal.NO_SUCH_REQUEST)
    if command.at > due_at(standing.asked_at, plan.timezone):
        return Refused(Refusal.EXTENSION_TOO_LATE)
    longest = due_at(standing.asked_at, plan.timezone, EXTENDED_WITHIN)
    if standing.due_at >= longest:
        return NothingToDo(Unchanged.REQUEST_EXTENDED)
    return done(command.cause, e.RightExtended(command.at, command.request, longest))


def answer(command: c.AnswerRight, person: Person) -> Outcome:
    if command.request not in person.rights:
        return Refused(Refusal.NO_SUCH_REQUEST)
    return done(command.cause, e.RightAnswered(command.at, command.request, command.how))


def grant_access(command: c.GrantAccess, person: Person, plan: Plan) -> Outcome:
    heard = (e.ContactNoted(command.at, command.at),) if command.act in HUMAN_ACTS else ()
    return _refusal(command, person) or _carried_out(command, command.right, person, plan, *heard)


def rectify(command: c.Rectify, person: Person, plan: Plan) -> Outcome:
    refusal = _refusal(command, person)
    if refusal is not None:
        return refusal
    changes = profile(command.at, person, command.fields, command.timezone, command.language)
    if not changes and (
        command.own_act
        or not any(
            right_request.right == "rectification" for right_request in person.rights.values()
        )
    ):
        return NothingToDo(Unchanged.NOTHING_CHANGED)
    if command.own_act:
        exercised = e.RightExercised(
            command.at, "rectification", command.request, due_at(command.at, plan.timezone)
        )
        return done(
            command.cause,
            exercised,
            *changes,
            e.RightAnswered(command.at, command.request, "done"),
            *_honoured(command.at, command.call),
        )
    return _carried_out(command, "rectification", person, plan, *changes)


def restrict(command: c.Restrict, person: Person, plan: Plan) -> Outcome:
    refusal = _refusal(command, person, again=not command.lifted)
    if refusal is not None:
        return refusal
    if command.lifted:
        if not person.restricted:
            return NothingToDo(Unchanged.NOT_RESTRICTED)
        return done(
            command.cause,
            e.ProcessingRestricted(command.at, True),
            *_honoured(command.at, command.call),
        )
    if person.restricted and not any(
        right_request.right == "restriction" for right_request in person.rights.values()
    ):
        return (
            REPEATED if command.call in person.calls else NothingToDo(Unchanged.RESTRICTED_ALREADY)
        )
    changes = () if person.restricted else (e.ProcessingRestricted(command.at),)
    return _carried_out(command, "restriction", person, plan, *changes)


def objection(command: c.Object, person: Person, plan: Plan) -> Outcome:
    refusal = _refusal(command, person, again=True)
    if refusal is not None:
        return refusal
    withdrawn = withdraw_everything(c.WithdrawEverything(command.at, command.cause), person)
    changes = withdrawn.events if isinstance(withdrawn, Done) else ()
    if not changes and not any(
        right_request.right == "objection" for right_request in person.rights.values()
    ):
        return (
            REPEATED if command.call in person.calls else NothingToDo(Unchanged.WITHDRAWN_ALREADY)
        )
    return _carried_out(command, "objection", person, plan, *changes)


def erase(command: c.Erase, person: Person, plan: Plan) -> Outcome:
    """The last event of a person. It answers every open right: nobody is left to be answered."""
    if person.erased:
        return NothingToDo(Unchanged.ERASED)
    if not person.registered:
        return UNKNOWN
    if person.restricted and command.basis != "asked":
        return Refused(Refusal.RESTRICTED)
    if command.archived_until and command.sealed != person.version:
        return MORE_TO_SEAL
    facts: tuple[e.PersonEvent, ...] = ()
    if command.basis == "asked":
        facts += _asked(command.at, command.request, "erasure", person, plan)
    facts += tuple(
        e.RightAnswered(command.at, request, "erased")
        for request, right_request in person.rights.items()
        if right_request.right != "erasure"
    )
    if command.archived_until:
        facts += (e.ProofArchived(command.at, command.archived_until),)
    return done(command.cause, *facts, e.SubscriberErased(command.at, command.basis))


def open_proof(command: c.OpenProof, person: Person) -> Outcome:
    if not person.erased:
        return Refused(Refusal.NOT_ERASED)
    return done(command.cause, e.ProofOpened(command.at))


def note_reading(command: c.NoteReading, person: Person) -> Outcome:
    """Of somebody who is erased nothing is left to read."""
    if person.erased or not person.registered:
        return UNKNOWN
    return done(command.cause, e.ProfileRead(command.at))


def _refusal(
    command: c.ExerciseRight | RightsCommand, person: Person, *, again: bool = False
) -> Outcome | None:
    """`again`: a repeated call that protects the person is carried out once more if it was lifted
    since.
    """
    if not again and command.call and command.call in person.calls:
        return REPEATED
    if command.request in person.answered:
        return NothingToDo(Unchanged.REQUEST_ANSWERED)
    return UNKNOWN if person.erased or not person.registered else None


def _carried_out(
    command: RightsCommand, right: str, person: Person, plan: Plan, *changes: e.PersonEvent
) -> Outcome:
    exercised_now, *answered = _asked(command.at, command.request, right, person, plan)
    first = (exercised_now,) if isinstance(exercised_now, e.RightExercised) else ()
    last = tuple(answered) if first else (exercised_now, *answered)
    return done(command.cause, *first, *changes, *last, *_honoured(command.at, command.call))


def _asked(
    at: int, request: str, right: str, person: Person, plan: Plan
) -> tuple[e.PersonEvent, ...]:
    """RightExercised, unless the right is open already, and its answer."""
    standing = [
        request_id
        for request_id, right_request in person.rights.items()
        if right_request.right == right
    ]
    exercised = (
        () if standing else (e.RightExercised(at, right, request, due_at(at, plan.timezone)),)
    )
    by = request if standing else ""
    return (
        *exercised,
        *(e.RightAnswered(at, asked_before, "done", by) for asked_before in standing or [request]),
    )


def _honoured(at: int, call: str) -> tuple[e.PersonEvent, ...]:
    return (e.CallHonoured(at, call),) if call else ()
