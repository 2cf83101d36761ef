"""What a click does: move, copy, change one's mind, take it back. A target that refuses costs
nobody the place they had.
"""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.delay import MINUTE
from engine.sequence.model import Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import live_ground
from engine.subscriber.joining import RULE, entry, group_refusal
from engine.subscriber.outcome import (
    Done,
    NothingToDo,
    Outcome,
    Refusal,
    Refused,
    Unchanged,
    done,
    joined,
)
from engine.subscriber.person import LastMove, Membership, Person

AUTOMATIC = "auto_submit"
HOLD_AFTER_AUTOMATIC = 10 * MINUTE
CONTRADICTION = HOLD_AFTER_AUTOMATIC
"""As long as nothing has come of the first."""


def answer(command: c.Answer, person: Person, plan: Plan) -> Outcome:
    if command.kind == "copy":
        return _copy(command, person, plan)
    contradiction = _contradiction(command, person, plan)
    if contradiction is not None:
        return contradiction
    return _move(command, person, plan)


def needs_consent(person: Person, plan: Plan, target: int) -> str:
    """The purpose a person must consent to before a click can lead them to `target`, or "" when
    there is a ground.
    """
    listed = plan.lists.get(target)
    if listed is None or live_ground(person, listed.purpose) is not None:
        return ""
    return listed.purpose


def _move(command: c.Answer, person: Person, plan: Plan) -> Outcome:
    standing = _stands_at(person, command)
    if standing is not None and standing.answers.get(command.message) == command.link:
        return NothingToDo(Unchanged.ANSWERED_ALREADY)
    consent = _consent(command, person, plan)
    permission = entry(
        person,
        plan,
        command.target,
        command.at,
        source=standing.list if standing else 0,
        assume_ground=bool(consent),
    )
    if isinstance(permission, Refused):
        return permission
    if permission.already and (standing is None or standing.list == command.target):
        return _answered_only(command, person)
    hold = command.at + HOLD_AFTER_AUTOMATIC if command.act == AUTOMATIC else 0
    came_of_it = standing is not None and (
        standing.run == command.run or standing.descends_from(command.run)
    )
    moved = e.ListMoved(
        command.at,
        standing.list if standing else 0,
        standing.run if standing else 0,
        command.target,
        permission.run,
        command.message,
        command.link,
        not permission.already,
        command.act,
        0 if permission.already else hold,
        0 if came_of_it else command.run,
    )
    return joined(done(command.cause, *consent, moved), done(RULE, *permission.leaves))


def _copy(command: c.Answer, person: Person, plan: Plan) -> Outcome:
    consent = _consent(command, person, plan)
    permission = entry(person, plan, command.target, command.at, assume_ground=bool(consent))
    if isinstance(permission, Refused):
        return permission
    if permission.already:
        return _answered_only(command, person)
    hold = command.at + HOLD_AFTER_AUTOMATIC if command.act == AUTOMATIC else 0
    copied = e.ListCopied(
        command.at,
        command.source,
        command.run,
        command.target,
        permission.run,
        command.message,
        command.link,
        command.act,
        hold,
    )
    return joined(done(command.cause, *consent, copied), done(RULE, *permission.leaves))


def _stands_at(person: Person, command: c.Answer) -> Membership | None:
    """Where the letter's reader stands now: where an answer to it led, on the run that got it or
    what came of it, or on its list in a later run.
    """
    return (
        person.standing_by(command.message)
        or person.standing_from(command.run)
        or person.memberships.get(command.source)
    )


def _answered_only(command: c.Answer, person: Person) -> Outcome:
    letters = [m.letters for m in person.memberships.values()] + [
        m.letters for m in person.mailings.values()
    ]
    for states in letters:
        if any(
            state.message == command.message and not state.answered for state in states.values()
        ):
            return done(
                command.cause,
                e.LetterAnswered(command.at, command.message, command.link, command.act),
            )
    return NothingToDo(Unchanged.STANDS_THERE)


def _consent(command: c.Answer, person: Person, plan: Plan) -> tuple[e.PersonEvent, ...]:
    purpose = needs_consent(person, plan, command.target)
    if not purpose or command.consented != purpose or person.suppressed or person.erased:
        return ()
    return (
        e.ConsentGiven(
            command.at, purpose, "page", command.notice, command.act, *plan.partner_of(purpose)
        ),
    )


def _contradiction(command: c.Answer, person: Person, plan: Plan) -> Outcome | None:
    """Two different automatic answers to one letter within minutes are no person's: neither holds,
    and the page asks (C09).

    From then on only a person answers that letter: a robot that tries a third link, or the first
    again, moves nobody.
    """
    move = person.last_move
    if command.act != AUTOMATIC:
        return None
    if person.contradicted == command.message:
        return Refused(Refusal.ANSWERS_CONTRADICT)
    if move is None or move.act != AUTOMATIC or move.message != command.message:
        return None
    if move.link == command.link or command.at - move.at > CONTRADICTION:
        return None
    undone = _undoing(person, plan, move, command.at, "contradictory", "")
    return (
        Refused(Refusal.ANSWERS_CONTRADICT)
        if isinstance(undone, Refused)
        else _undone(command.cause, undone, person, plan)
    )


def undo(command: c.UndoMove, person: Person, plan: Plan) -> Outcome:
    move = person.last_move
    if move is None or move.message != command.message:
        return NothingToDo(Unchanged.NO_MOVE_TO_UNDO)
    undone = _undoing(person, plan, move, command.at, "asked", command.act)
    return undone if isinstance(undone, Refused) else _undone(command.cause, undone, person, plan)


def may_take_back(message: str, person: Person, plan: Plan) -> bool:
    """Whether `undo` of this letter's move would be done."""
    move = person.last_move
    return (
        move is not None
        and move.message == message
        and isinstance(_undoing(person, plan, move, 0, "asked", ""), e.MoveUndone)
    )


def _undone(cause: e.Cause, undone: e.MoveUndone, person: Person, plan: Plan) -> Done:
    """Whoever is among the clients again by this leaves the lists of prospects they have joined
    since.
    """
    groups = {
        group
        for number, _ in undone.reopened
        for group in plan.yielding_to(plan.lists[number].group)
    }
    left = [
        e.ListLeft(undone.at, m.list, m.run, "rule")
        for m in person.memberships.values()
        if m.run != undone.left_run
        and (listed := plan.lists.get(m.list)) is not None
        and listed.group in groups
    ]
    return joined(done(cause, undone), done(RULE, *left))


def _undoing(
    person: Person, plan: Plan, move: LastMove, at: int, why: str, act: str
) -> e.MoveUndone | Refused:
    """Back to where the move began, and to what a rule then made them leave as far as that may
    still be. Undoing opens no door that is closed.
    """
    standing = person.memberships.get(move.target)
    if standing is None or standing.run != move.run:
        return Refused(Refusal.TOO_LATE_TO_UNDO)
    before = person
    if move.joined:
        others = {n: m for n, m in person.memberships.items() if n != move.target}
        before = replace(person, memberships=others)
    closed = [m for m in move.closed if m.list not in before.memberships]
    refusals = [_reopening_refusal(before, plan, m.list) for m in closed]
    if closed and closed[0] == move.closed[0] and refusals[0] is not None:
        return refusals[0]
    reopened = tuple(
        (m.list, m.run) for m, refusal in zip(closed, refusals, strict=True) if refusal is None
    )
    return e.MoveUndone(
        at, move.message, move.target, move.run if move.joined else 0, reopened, why, act
    )


def _reopening_refusal(person: Person, plan: Plan, number: int) -> Refused | None:
    listed = plan.lists.get(number)
    if listed is None:
        return Refused(Refusal.LIST_NOT_PUBLISHED, list=number)
    if live_ground(person, listed.purpose) is None:
        return Refused(Refusal.NO_GROUND, purpose=listed.purpose)
    return group_refusal(person, plan, listed)


def is_contradiction(outcome: Outcome) -> bool:
    return isinstance(outcome, Done) and any(
        isinstance(event, e.MoveUndone) and event.why == "contradictory" for event in outcome.events
    )
