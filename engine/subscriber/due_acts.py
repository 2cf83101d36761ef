"""What the agenda asks for: begin the letter that is due, end a list, let a request expire; and
try again a letter that was withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engine.sequence.delay import Delay
from engine.sequence.model import HOLDOUT, Letter, Plan
from engine.sequence.timing import later
from engine.sequence.versions import arm_of
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.act import Act, Calendar, zone_of
from engine.subscriber.agenda import act_for, acts
from engine.subscriber.agenda_key import (
    BroadcastKey,
    ListKey,
    RequestKey,
    WithheldKey,
    decode,
    encode,
    letter_ref,
)
from engine.subscriber.eligibility import EVERYTHING, why_not
from engine.subscriber.inactivity import retention_of
from engine.subscriber.joining import RULE, entry
from engine.subscriber.letters import letters_at
from engine.subscriber.mailing_acts import date_of_mailing, segment_addressed
from engine.subscriber.membership_acts import date_of
from engine.subscriber.outcome import NothingToDo, Outcome, Refused, Unchanged, done
from engine.subscriber.person import LetterState, Person
from engine.subscriber.pressure import NoRoom, held_back, patience
from engine.subscriber.reactivation import end_of_question
from engine.subscriber.terms import (
    HELD_OUT,
    NOT_CHOSEN,
    NOT_ELIGIBLE,
    NOT_IN_SEGMENT,
    PAUSED,
    PRESSURE,
    MailKind,
)
from engine.subscriber.truth import conditions_of

NOT_WITHHELD = NothingToDo(Unchanged.NOT_WITHHELD)
PAST_LATENESS = NothingToDo(Unchanged.PAST_LATENESS)


def perform(
    command: c.Perform, person: Person, plan: Plan, calendar: Calendar, brought_by: str = ""
) -> Outcome:
    """`brought_by`: the segment that a broadcast is taken to come by, where an auditor can no
    longer ask its conditions.
    """
    next_acts = acts(person, plan, calendar, claimed=command.key)
    act = next_acts.get(command.key)
    if act is None or act.due == 0 or act.due > command.at:
        return NothingToDo(Unchanged.NOTHING_DUE)
    key = decode(command.key)
    request = person.requests.get(key.purpose) if isinstance(key, RequestKey) else None
    if request is not None and act.kind == "letter" and request.expires_at <= command.at:
        return done(RULE, e.ConsentExpired(command.at, request.purpose, request.request))
    match act.kind:
        case "letter":
            return _begin(command, act, person, plan, calendar, next_acts, brought_by)
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
    """The purpose that a matter of the agenda belongs to, "" when the plan no longer has it."""
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


def _begin(
    command: c.Perform,
    act: Act,
    person: Person,
    plan: Plan,
    calendar: Calendar,
    next_acts: Mapping[str, Act],
    brought_by: str,
) -> Outcome:
    kind, purpose = _mail_kind(command.key), purpose_of(person, plan, command.key)
    asks_consent = kind in ("confirmation", "permission")
    request = person.requests[purpose].request if asks_consent else ""
    before = _state(person, command.key, act)
    letter = _published(plan, command.key, act)
    theme, content = (letter.theme, letter.content) if letter is not None else ("", "")
    reason = why_not(person, kind, purpose, request=request)
    is_addressed, segment = True, brought_by
    if not brought_by and (plan.segments or not act.run):
        is_addressed, segment = _addressed(command, act, person, plan, calendar)
        if not (is_addressed or act.run or command.key in acts(person, plan, calendar)):
            return NothingToDo(Unchanged.NOTHING_DUE)
    if reason:
        why = f"{NOT_ELIGIBLE}{reason}"
    elif _too_late(command, act, person, plan):
        why = "too late"
    elif not person.preferences.chooses(theme, content):
        why = NOT_CHOSEN
    elif kind == "broadcast" and command.at < person.preferences.paused_until:
        why = PAUSED
    elif not is_addressed:
        why = NOT_IN_SEGMENT
    else:
        why = ""
    if why:
        return done(
            RULE,
            e.LetterWithheld(
                at=command.at,
                key=command.key,
                letter=act.letter,
                why=why,
                list=act.list,
                run=act.run,
                message=before.message if before else "",
            ),
        )
    if not asks_consent and (
        refusal := held_back(person, plan, calendar, next_acts, command.key, command.at)
    ):
        return done(RULE, _without_room(command, act, person, plan, refusal))
    version = _version(command, act, letter)
    if version == HOLDOUT:
        # The last to be asked: whoever is held out would have got it otherwise.
        held_out = e.LetterWithheld(
            at=command.at,
            key=command.key,
            letter=act.letter,
            why=HELD_OUT,
            list=act.list,
            run=act.run,
            message=before.message if before else "",
            edition=plan.edition,
        )
        return done(RULE, held_out)
    begun = e.LetterBegun(
        at=command.at,
        key=command.key,
        kind=kind,
        letter=act.letter,
        message=before.message if before and before.message else command.message,
        edition=plan.edition,
        list=act.list,
        run=act.run,
        purpose=purpose,
        sender=command.sender,
        attempt=before.attempts + 1 if before else 1,
        theme=theme,
        content=content,
        segment=segment,
        version=version,
    )
    return done(command.cause, begun)


def _addressed(
    command: c.Perform, act: Act, person: Person, plan: Plan, calendar: Calendar
) -> tuple[bool, str]:
    """Whether the letter is for them by the segments it names, and the segment that brings it where
    no list does.
    """
    match decode(command.key):
        case BroadcastKey() as key if not act.run:
            segment = segment_addressed(person, key, act.letter, plan, calendar, command.known)
            return bool(segment), segment
        case ListKey(number):
            letter = plan.lists[number].letter(act.letter)
            if letter is None or not (letter.only or letter.unless):
                return True, ""
            conditions, known, at = conditions_of(plan), command.known, command.at
            only = not letter.only or conditions.is_in(letter.only, person, known, at)
            spared = letter.unless and conditions.is_in(letter.unless, person, known, at)
            return bool(only and not spared), ""
        case _:
            return True, ""


def _published(plan: Plan, key: str, act: Act) -> Letter | None:
    """The letter that is due, or the broadcast whose reminder is; None of what asks for consent."""
    match decode(key):
        case BroadcastKey(name):
            return plan.broadcasts[name].letter
        case ListKey(number):
            return plan.lists[number].letter(act.letter)
        case _:
            return None


def _version(command: c.Perform, act: Act, letter: Letter | None) -> str:
    """The version they get of a letter that is tried, "" of any other."""
    if letter is None or letter.id != act.letter or not letter.arms:
        return ""
    ref = letter_ref(command.key, letter.id)
    return arm_of(letter.arms, ref, letter.tried_since, command.subscriber)


def _without_room(
    command: c.Perform, act: Act, person: Person, plan: Plan, refusal: NoRoom
) -> e.LetterWithheld:
    """A letter that waits is due again at the latest when it is too late for it."""
    before = _state(person, command.key, act)
    until = 0
    if refusal.may_wait:
        lateness = patience(plan, command.key)
        until = min(refusal.until, later(act.planned, lateness, zone_of(person, plan)) + 1)
    return e.LetterWithheld(
        at=command.at,
        key=command.key,
        letter=act.letter,
        why=PRESSURE,
        list=act.list,
        run=act.run,
        message=before.message if before else "",
        until=until,
        favoured=refusal.favoured,
        cap=str(refusal.cap),
        edition=plan.edition,
        purpose=purpose_of(person, plan, command.key),
    )


def _mail_kind(key: str) -> MailKind:
    match decode(key):
        case RequestKey(purpose):
            return "permission" if purpose == EVERYTHING else "confirmation"
        case BroadcastKey():
            return "broadcast"
        case _:
            return "letter"


def _too_late(command: c.Perform | c.RetryLetter, act: Act, person: Person, plan: Plan) -> bool:
    if _is_over(command, act, person, plan):
        return True
    lateness = _lateness(plan, command.key)
    if command.at - act.planned <= lateness.least_ms:
        return False
    return command.at > later(act.planned, lateness, zone_of(person, plan))


def _is_over(command: c.Perform | c.RetryLetter, act: Act, person: Person, plan: Plan) -> bool:
    """Whether the date has come before which the letter had to leave; a letter that somebody let
    leave late all the same is not held back for it.
    """
    letter = command.letter if isinstance(command, c.RetryLetter) else act.letter
    match decode(command.key):
        case ListKey(number) if number in plan.lists and number in person.memberships:
            published = plan.lists[number].letter(letter)
            anchored = published.anchored if published is not None else None
            if published is None or anchored is None or not anchored.before:
                return False
            membership = person.memberships[number]
            day = date_of(membership, published, anchored, zone_of(person, plan))
        case BroadcastKey(name, occurrence) if name in plan.broadcasts:
            broadcast = plan.broadcasts[name]
            if letter != broadcast.letter.id:
                return False
            day = date_of_mailing(person, broadcast, occurrence, plan)
        case _:
            return False
    return act.planned < day <= command.at


def retry(command: c.RetryLetter, person: Person, plan: Plan, calendar: Calendar) -> Outcome:
    """The withheld letter is due again, under its own message id and in the words then published;
    whether it may leave is asked again at its claim.
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
            at=command.at,
            message=message,
            key=command.key,
            letter=command.letter,
            list=act.list,
            run=act.run,
            late=command.late,
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


def _lateness(plan: Plan, key: str) -> Delay:
    decoded = decode(key)
    if not isinstance(decoded, RequestKey):
        return patience(plan, key)
    asks_to_go_on = decoded.purpose == EVERYTHING
    return retention_of(plan).answer_within if asks_to_go_on else plan.confirmation.expire_after


def _end(command: c.Perform, act: Act, person: Person, plan: Plan) -> Outcome:
    """The list's ending. If the next list refuses the person, "move" only takes them off this list,
    and "copy" leaves them on it.
    """
    listed = plan.lists[act.list]
    ending = listed.ends
    assert ending is not None
    if ending.kind == "leave":
        return done(RULE, e.ListLeft(command.at, act.list, act.run, "ended"))
    if ending.kind == "stop":
        return end_of_question(act, person, plan, command.at)
    copied = ending.kind == "copy"
    permission = entry(person, plan, ending.target, command.at, source=0 if copied else act.list)
    if isinstance(permission, Refused):
        refused = e.ListTransferred(
            at=command.at,
            source=act.list,
            source_run=act.run,
            target=ending.target,
            run=0,
            why="refused",
            joined=False,
            copied=True,
        )
        return done(RULE, refused if copied else e.ListLeft(command.at, act.list, act.run, "ended"))
    joined = not permission.already
    return done(
        RULE,
        e.ListTransferred(
            at=command.at,
            source=act.list,
            source_run=act.run,
            target=ending.target,
            run=permission.run,
            why="ended",
            joined=joined,
            copied=copied,
        ),
        *permission.leaves,
    )
