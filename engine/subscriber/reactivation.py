"""Who gets letters of a purpose and has long done nothing themselves is asked by the letters of a
list of the author's own, and not written to for that purpose any more when no answer comes. Pure.

It is no withdrawal: the ground stands, nothing is erased, and what they do later ends it at once.
A pause of their own is not silence, nor is a time in which too few letters were sent to them.
"""

from __future__ import annotations

from engine.sequence.model import Plan, Reactivation
from engine.sequence.timing import earlier, later
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Act, zone_of
from engine.subscriber.eligibility import EVERYTHING, live_ground, why_not
from engine.subscriber.inactivity import heard_at
from engine.subscriber.joining import RULE, entry
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import Person

NOT_SILENT = NothingToDo(Unchanged.HEARD_SINCE)


def silent_since(person: Person) -> int:
    """When they were last heard of, or the end of their pause (ms)."""
    return max(heard_at(person), person.preferences.paused_until)


def is_silent(person: Person, plan: Plan, reactivation: Reactivation, at: int) -> bool:
    return later(silent_since(person), reactivation.silent_for, zone_of(person, plan)) <= at


def is_to_be_asked(person: Person, plan: Plan, reactivation: Reactivation, at: int) -> bool:
    """Whether they have been silent at letters of the purpose that were sent to them, and were not
    asked in that time. Letters of a service that somebody asked for are not theirs to be stopped.
    """
    purpose = plan.lists[reactivation.list].purpose
    ground = live_ground(person, purpose)
    if ground is None or ground.basis == "service" or why_not(person, "letter", purpose):
        return False
    if reactivation.list in person.memberships or EVERYTHING in person.requests:
        return False
    if not is_silent(person, plan, reactivation, at):
        return False
    begins = earlier(at, reactivation.silent_for, zone_of(person, plan))
    if person.joined_at.get(reactivation.list, begins - 1) >= begins:
        return False
    received = [sent for sent in person.received.get(purpose, ()) if sent >= begins]
    return len(received) >= reactivation.received


def ask_the_silent(command: c.AskTheSilent, person: Person, plan: Plan) -> Outcome:
    reactivation = plan.reactivations.get(command.list)
    if not person.registered or person.erased:
        return Refused(Refusal.PERSON_UNKNOWN)
    if reactivation is None or not is_to_be_asked(person, plan, reactivation, command.at):
        return NOT_SILENT
    permission = entry(person, plan, command.list, command.at)
    if isinstance(permission, Refused):
        return permission
    joins = e.ListJoined(command.at, command.list, permission.run)
    return done(RULE, joins, *permission.leaves)


def end_of_question(act: Act, person: Person, plan: Plan, at: int) -> Outcome:
    """The list that asks has ended for them: its purpose is stopped if they are silent still. A
    letter that was never sent has asked nothing.
    """
    left = e.ListLeft(at, act.list, act.run, "ended")
    reactivation = plan.reactivations.get(act.list)
    letters = person.memberships[act.list].letters.values()
    is_asked = any(state.status == "sent" for state in letters)
    if reactivation is None or not is_asked or not is_silent(person, plan, reactivation, at):
        return done(RULE, left)
    purpose = plan.lists[act.list].purpose
    stopped = e.PurposeStopped(at, purpose, plan.edition, heard_at(person))
    return done(RULE, stopped, left)
