"""What a click on an answer link does: move, copy, change an earlier answer, undo. A move whose
target list refuses the person leaves them where they were.
"""

from __future__ import annotations

from dataclasses import replace

from engine.sequence.delay import MINUTE
from engine.sequence.model import Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import live_ground
from engine.subscriber.evolve import HUMAN_ACTS
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
"""Within this time (ms) two different automatic answers to one letter contradict each other; for as
long, an automatic answer sends no letter.
"""


def answer(command: c.Answer, person: Person, plan: Plan) -> Outcome:
    """What changes nothing else is written all the same where it lets stopped letters go on."""
    outcome = _answer(command, person, plan)
    if isinstance(outcome, NothingToDo) and person.stopped and command.act in HUMAN_ACTS:
        return _answered(command)
    return outcome


def _answer(command: c.Answer, person: Person, plan: Plan) -> Outcome:
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
    standing = _current_membership(person, command)
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
    descends = standing is not None and (
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
        0 if descends else command.run,
        command.question,
        command.label,
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
        command.question,
        command.label,
    )
    return joined(done(command.cause, *consent, copied), done(RULE, *permission.leaves))


def _current_membership(person: Person, command: c.Answer) -> Membership | None:
    """The membership that a new answer to the letter moves: where an earlier answer to it led, else
    the run that got the letter or one that descends from it, else a later run of the letter's list.
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
            return _answered(command)
    return NothingToDo(Unchanged.STANDS_THERE)


def _answered(command: c.Answer) -> Outcome:
    answered = e.LetterAnswered(
        at=command.at,
        message=command.message,
        link=command.link,
        act=command.act,
        question=command.question,
        label=command.label,
    )
    return done(command.cause, answered)


def _consent(command: c.Answer, person: Person, plan: Plan) -> tuple[e.PersonEvent, ...]:
    purpose = needs_consent(person, plan, command.target)
    if not purpose or command.consented != purpose or person.suppressed or person.erased:
        return ()
    if command.act not in HUMAN_ACTS:
        return ()
    return (
        e.ConsentGiven(
            command.at, purpose, "page", command.notice, command.act, *plan.partner_of(purpose)
        ),
    )


def _contradiction(command: c.Answer, person: Person, plan: Plan) -> Outcome | None:
    """Two different automatic answers to one letter within minutes are a robot's: neither holds,
    and the page asks the person (C09).

    From then on only a person can answer that letter: a robot that tries a third link, or the first
    one again, moves nobody.
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
    undone = _undo_event(person, plan, move, command.at, "contradictory", "")
    return (
        Refused(Refusal.ANSWERS_CONTRADICT)
        if isinstance(undone, Refused)
        else _with_rule_leaves(command.cause, undone, person, plan)
    )


def undo(command: c.UndoMove, person: Person, plan: Plan) -> Outcome:
    move = person.last_move
    if move is None or move.message != command.message:
        return NothingToDo(Unchanged.NO_MOVE_TO_UNDO)
    undone = _undo_event(person, plan, move, command.at, "asked", command.act)
    return (
        undone
        if isinstance(undone, Refused)
        else _with_rule_leaves(command.cause, undone, person, plan)
    )


def can_undo(message: str, person: Person, plan: Plan) -> bool:
    """Whether `undo` of the move made by this letter would be carried out."""
    move = person.last_move
    return (
        move is not None
        and move.message == message
        and isinstance(_undo_event(person, plan, move, 0, "asked", ""), e.MoveUndone)
    )


def _with_rule_leaves(cause: e.Cause, undone: e.MoveUndone, person: Person, plan: Plan) -> Done:
    """A person whom the undo puts back into a group leaves the lists of the groups that yield to it
    which they have joined since.
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


def _undo_event(
    person: Person, plan: Plan, move: LastMove, at: int, why: str, act: str
) -> e.MoveUndone | Refused:
    """Back to the list where the move began, and to the lists that a rule made the person leave
    because of it, as far as joining them is still permitted.
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
