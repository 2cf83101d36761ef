"""What became of a begun letter: sent, deferred, failed, withheld or in doubt; when it is tried
again, and when it is given up.
"""

from __future__ import annotations

from typing import Literal, assert_never

from engine.sequence.delay import HOUR, MINUTE
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.bounces import NO_BOUNCES
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused, Unchanged, done
from engine.subscriber.person import InFlight, Person
from engine.subscriber.terms import CANNOT_BE_CARRIED, CANNOT_BE_RENDERED, NOT_ELIGIBLE

GIVE_UP = 72 * HOUR
GIVE_UP_CONFIRMATION = 24 * HOUR


def record(command: c.RecordOutcome, person: Person) -> Outcome:
    """An outcome is a fact: appended whatever else has happened, once."""
    flight = person.in_flight.get(command.message)
    if flight is None:
        return NothingToDo(Unchanged.OUTCOME_RECORDED)
    at, message, code, enhanced = command.at, command.message, command.code, command.enhanced
    provider = command.provider
    match command.verdict:
        case "sent":
            return done(
                command.cause,
                e.LetterSent(
                    at=at,
                    message=message,
                    code=code,
                    enhanced=enhanced,
                    mail=command.mail,
                    provider=provider,
                ),
            )
        case "temporary" | "blocked":
            return _defer(command, flight, person)
        case "hard":
            return done(command.cause, _failed(command, "refused"), _bounced(command, "hard"))
        case "soft":
            return done(command.cause, _failed(command, "refused"), *_counted(command, person))
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
        case "cannot-render":
            return _withheld(command, flight, CANNOT_BE_RENDERED, command.why)
        case "cannot-carry":
            return _withheld(command, flight, CANNOT_BE_CARRIED, command.why)
        case "not-eligible":
            return _withheld(command, flight, f"{NOT_ELIGIBLE}{command.why}")
        case "released":
            return done(command.cause, e.LetterDeferred(at, message, at, why="never handed over"))
        case _:
            assert_never(command.verdict)


def _withheld(command: c.RecordOutcome, flight: InFlight, why: str, what: str = "") -> Outcome:
    """It left nobody's hands; `what` is to be mended before it can be sent, "" for nothing."""
    return done(
        command.cause,
        e.LetterWithheld(
            at=command.at,
            key=flight.key,
            letter=flight.letter,
            why=why,
            list=flight.list,
            run=flight.run,
            message=command.message,
            what=what,
        ),
    )


def _defer(command: c.RecordOutcome, flight: InFlight, person: Person) -> Outcome:
    """Patience has an end (A75). What was said of the address to the last then counts as one soft
    bounce; a refusal of the sender never does.
    """
    retry_at = command.at + backoff(flight.attempt, command.message)
    give_up = GIVE_UP_CONFIRMATION if flight.kind == "confirmation" else GIVE_UP
    if retry_at - flight.first_begun > give_up:
        return done(
            command.cause,
            _failed(command, "gave up"),
            *(_counted(command, person) if command.verdict == "temporary" else ()),
        )
    why = "blocked" if command.verdict == "blocked" else command.why
    return done(
        command.cause,
        e.LetterDeferred(
            at=command.at,
            message=command.message,
            retry_at=retry_at,
            code=command.code,
            enhanced=command.enhanced,
            why=why,
            provider=command.provider,
        ),
    )


def _failed(command: c.RecordOutcome, why: str) -> e.LetterFailed:
    return e.LetterFailed(
        at=command.at,
        message=command.message,
        code=command.code,
        enhanced=command.enhanced,
        why=why,
        provider=command.provider,
    )


def _bounced(command: c.RecordOutcome, kind: Literal["hard", "soft"]) -> e.MailBounced:
    return e.MailBounced(
        at=command.at,
        kind=kind,
        message=command.message,
        code=command.code,
        enhanced=command.enhanced,
        provider=command.provider,
    )


def _counted(command: c.RecordOutcome, person: Person) -> tuple[e.PersonEvent, ...]:
    """A refusal about the mailbox does not condemn the address, until five in a row over a
    fortnight do (B05); one that is about us, or of which nobody can tell, never counts.
    """
    bounces = person.bounces or NO_BOUNCES
    if command.fault != "mailbox" or command.message in bounces.messages:
        return ()
    at = command.at
    facts: tuple[e.PersonEvent, ...] = (_bounced(command, "soft"),)
    if not person.suppressed and bounces.suppresses(at, "soft", command.message):
        facts += (e.SubscriberSuppressed(at, "bounced"),)
    return facts


def backoff(attempt: int, message: str) -> int:
    """Milliseconds until the next attempt after `attempt` (from 1): 5, 15, 30, 60, 120, 240, 480
    minutes, spread by a tenth (A75).
    """
    steps = (5, 15, 30, 60, 120, 240, 480)
    base = steps[min(attempt, len(steps)) - 1] * MINUTE
    spread = int(message[:4] or "0", 16) if all(c in "0123456789abcdef" for c in message[:4]) else 0
    return base + base * spread // (0xFFFF * 10)
