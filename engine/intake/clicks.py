"""A link of a letter, and what was posted on its page, read as a command. Pure: whether the link is
genuine and whose it is was checked before.

Opening a link is no command. `act` is the class of evidence: "human_button", "auto_submit" or
"rfc8058" (C05).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.sequence.model import Link
from engine.subscriber import commands as c
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.answering import CONTRADICTION
from engine.subscriber.eligibility import live_ground
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.outcome import Refusal, Refused
from engine.subscriber.person import Person

Action = Literal["answer", "unsubscribe", "everything", "confirm", "undo", "not-me"]
PostKind = Literal["nothing", "button", "auto", "one-click", "again"]

HUMAN, AUTOMATIC, ONE_CLICK = "human_button", "auto_submit", "rfc8058"
MAY_ACT_ALONE: frozenset[Action] = frozenset({"answer"})
"""The only actions that a page may carry out without a press. Whatever withdraws something or gives
a ground needs a person's press (C03).
"""


@dataclass(frozen=True, slots=True)
class Click:
    """One link of one letter: its action, the claim of its letter, for an answer the published
    link, for a confirmation the request (`told`: the commitment to what was entered with the
    request; `declined`: whoever got its mail has said that it was not theirs).

    `notice` is the digest of the words of the page on which a press gives a ground.
    """

    action: Action
    claim: LetterBegun
    link: Link | None = None
    request: str = ""
    notice: str = ""
    told: str = ""
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What a POST holds. `consented` is the purpose whose box was ticked."""

    kind: PostKind
    nonce: str = ""
    consented: str = ""


def read_body(fields: Mapping[str, str]) -> Body:
    """RFC 8058 section 3.2: `List-Unsubscribe=One-Click`, and nothing else, makes a POST a
    one-click; our own forms use other fields (A25).
    """
    if fields.get("List-Unsubscribe", "").strip().lower() == "one-click":
        return Body("one-click")
    nonce, consented = fields.get("nonce", ""), fields.get("consent", "")
    match fields.get("act", "button" if nonce else ""):
        case "button":
            return Body("button", nonce, consented)
        case "auto":
            return Body("auto", nonce)
        case "again":
            return Body("again", nonce)
        case _:
            return Body("nothing", nonce)


def act_class_of(kind: PostKind) -> str:
    return {"auto": AUTOMATIC, "one-click": ONE_CLICK}.get(kind, HUMAN)


def cause_of(click: Click, act: str, commitment: str = "") -> Cause:
    number = click.link.index if click.link is not None else -1
    return Cause(
        "one-click" if act == ONE_CLICK else "click", click.claim.message, number, commitment
    )


def contradicts(click: Click, person: Person, at: int) -> bool:
    """Whether an automatic press would be a second, different automatic answer to a letter answered
    just before. `at` is the engine's time in ms.
    """
    move, link = person.last_move, click.link
    if link is None or link.kind != "move" or move is None:
        return False
    return (
        move.act == AUTOMATIC
        and move.message == click.claim.message
        and move.link != link.index
        and at - move.at <= CONTRADICTION
    )


def command_of(
    click: Click, body: Body, at: int, person: Person, commitment: str = ""
) -> c.AnyCommand | Refused:
    """`at` is the engine's time in milliseconds, `commitment` that of the evidence kept. Refused
    only for "this was not me" where the person's consent is confirmed.
    """
    act = act_class_of(body.kind)
    claim, cause = click.claim, cause_of(click, act, commitment)
    if body.kind == "again":
        return c.Resubscribe(
            at=at, cause=cause, purpose=claim.purpose, act=act, notice=click.notice, list=claim.list
        )
    match click.action:
        case "unsubscribe":
            return c.withdrawal(at, cause, claim.purpose, act)
        case "everything":
            return c.WithdrawEverything(at, cause, act)
        case "confirm":
            if claim.kind == "permission":
                return c.RenewPermission(at, cause, act)
            return c.Confirm(
                at=at, cause=cause, purpose=claim.purpose, request=click.request, act=act
            )
        case "undo":
            return c.UndoMove(at, cause, claim.message, act)
        case "not-me":
            if click.declined or (
                claim.purpose in person.grounds and claim.purpose in person.requests
            ):
                return c.DeclineRequest(at, cause, claim.purpose, click.request)
            if live_ground(person, claim.purpose) is not None:
                return Refused(Refusal.CONFIRMED)
            return c.withdrawal(at, cause, claim.purpose, act)
        case "answer":
            assert click.link is not None
            link = click.link
            return c.Answer(
                at=at,
                cause=cause,
                message=claim.message,
                source=claim.list,
                run=claim.run,
                link=link.index,
                kind=link.kind,
                target=link.target,
                act=act,
                consented=body.consented,
                notice=click.notice,
                question=letter_ref(claim.key, claim.letter),
                label=link.readable,
            )
