"""What a click does: move, copy, change one's mind, take it back. A target that refuses costs nobody the place they had."""

from __future__ import annotations

from engine.sequence.delay import MINUTE
from engine.sequence.model import Plan
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.eligibility import live_ground
from engine.subscriber.joining import entry
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Refused, done, joined
from engine.subscriber.person import Membership, Person

AUTOMATIC = "auto_submit"
HOLD_AFTER_AUTOMATIC = 10 * MINUTE
CONTRADICTION = 10_000
RULE = e.Cause("rule")
CONTRADICTORY = "two different answers came within seconds of each other; please choose"


def answer(command: c.Answer, person: Person, plan: Plan) -> Outcome:
    contradiction = _contradiction(command, person)
    if contradiction is not None:
        return contradiction
    if command.kind == "copy":
        return _copy(command, person, plan)
    return _move(command, person, plan)


def needs_consent(person: Person, plan: Plan, target: int) -> str:
    """The purpose a person must consent to before a click can lead them to `target`, or "" when there is a ground."""
    listed = plan.lists.get(target)
    if listed is None or live_ground(person, listed.purpose) is not None:
        return ""
    return listed.purpose


def _move(command: c.Answer, person: Person, plan: Plan) -> Outcome:
    standing = _stands_at(person, command)
    if standing is not None and _is_current_answer(standing, command):
        return NothingToDo("this answer is given already")
    consent = _consent(command, person, plan)
    permission = entry(person, plan, command.target, command.at, source=standing.list if standing else 0, assume_ground=bool(consent))
    if isinstance(permission, Refused):
        return permission
    if standing is not None and standing.list == command.target:
        return _answered_only(command, person)
    hold = command.at + HOLD_AFTER_AUTOMATIC if command.act == AUTOMATIC else 0
    if standing is None and permission.already:
        return _answered_only(command, person)
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
        command.at, command.source, command.run, command.target, permission.run, command.message, command.link, command.act, hold
    )
    return joined(done(command.cause, *consent, copied), done(RULE, *permission.leaves))


def _stands_at(person: Person, command: c.Answer) -> Membership | None:
    """Where the letter's reader stands now: on the run that got it, on what came of it, or on the list that sent it in a later run."""
    return person.standing_from(command.run) or person.memberships.get(command.source)


def _is_current_answer(standing: Membership, command: c.Answer) -> bool:
    given = [hop.link for hop in standing.trail if hop.message == command.message]
    return bool(given) and given[-1] == command.link


def _answered_only(command: c.Answer, person: Person) -> Outcome:
    letters = [m.letters for m in person.memberships.values()] + [m.letters for m in person.mailings.values()]
    for states in letters:
        if any(state.message == command.message and not state.answered for state in states.values()):
            return done(command.cause, e.LetterAnswered(command.at, command.message, command.link, command.act))
    return NothingToDo("this person stands there already")


def _consent(command: c.Answer, person: Person, plan: Plan) -> tuple[e.PersonEvent, ...]:
    purpose = needs_consent(person, plan, command.target)
    if not purpose or command.consented != purpose or person.suppressed or person.erased:
        return ()
    return (e.ConsentGiven(command.at, purpose, "page", command.notice),)


def _contradiction(command: c.Answer, person: Person) -> Outcome | None:
    """Two different automatic answers to one letter within ten seconds are no person's: neither holds, and the page asks (C09)."""
    move = person.last_move
    if command.act != AUTOMATIC or move is None or move.act != AUTOMATIC or move.message != command.message:
        return None
    if move.link == command.link or command.at - move.at > CONTRADICTION:
        return None
    undone = _undoing(person, command.at, "contradictory")
    return done(command.cause, undone) if undone is not None else Refused(CONTRADICTORY)


def undo(command: c.UndoMove, person: Person, plan: Plan) -> Outcome:
    move = person.last_move
    if move is None or move.message != command.message:
        return NothingToDo("there is no move of this letter to take back")
    undone = _undoing(person, command.at, "asked")
    if undone is None:
        return Refused("too late: the way has gone on since this answer")
    return done(command.cause, undone)


def _undoing(person: Person, at: int, why: str) -> e.MoveUndone | None:
    move = person.last_move
    if move is None:
        return None
    standing = person.memberships.get(move.target)
    if standing is None or standing.run != move.run:
        return None
    reopened = tuple((m.list, m.run) for m in move.closed if m.list not in person.memberships or m.list == move.target)
    left_run = move.run if move.joined else 0
    return e.MoveUndone(at, move.message, move.target, left_run, reopened, why)


def is_contradiction(outcome: Outcome) -> bool:
    return isinstance(outcome, Done) and any(isinstance(event, e.MoveUndone) and event.why == "contradictory" for event in outcome.events)
