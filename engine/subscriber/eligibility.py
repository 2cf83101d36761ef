"""P1 in one function: may we write to this person now, and on what ground? Asked at the claim,
again just before the hand-over to the relay, and by the auditor.
"""

from __future__ import annotations

from typing import assert_never

from engine.sequence.model import Plan
from engine.subscriber.person import Ground, Person
from engine.subscriber.terms import MailKind

EVERYTHING = "*"
"""Stands in place of a purpose for all purposes."""
SILENT = "long silent"
"""Why nothing is written for a purpose to who was asked, and did not answer."""


def live_ground(person: Person, purpose: str) -> Ground | None:
    ground = person.grounds.get(purpose)
    return ground if ground is not None and ground.status == "live" else None


def why_not(person: Person, kind: MailKind, purpose: str, *, request: str = "") -> str:
    """The reason a mail for `purpose` may not be sent, or "" when it may.

    A confirmation is the one mail that needs no ground, because the person asked for it; its
    request must still be open. The mail that asks an inactive person whether to go on needs any
    live ground.
    """
    if person.erased:
        return "erased"
    if person.restricted:
        return "processing restricted"
    if kind == "confirmation":
        if not any(r.request == request for r in person.requests.values()):
            return "the request is no longer open"
        return "complained" if person.suppressed == "complained" else ""
    if person.suppressed:
        return person.suppressed
    match kind:
        case "letter" | "broadcast":
            ground = person.grounds.get(purpose)
            if ground is None:
                return "no ground for this purpose"
            if ground.status != "live":
                return "consent withdrawn"
            return SILENT if purpose in person.stopped else ""
        case "permission":
            pending = person.requests.get(EVERYTHING)
            if pending is None or pending.request != request:
                return "the request is no longer open"
            return "" if may_be_asked(person) else "no live ground"
        case _:
            assert_never(kind)


def why_not_at_all(person: Person) -> str:
    """The reason a letter may be sent for no purpose, or "" when it may for one."""
    reasons = [why_not(person, "letter", purpose) for purpose in person.grounds or ("",)]
    return "" if "" in reasons else reasons[0]


def may_be_asked(person: Person) -> bool:
    """Whether an inactive person may be asked whether to go on: there is a live ground to go on
    with.
    """
    return not person.suppressed and any(
        ground.status == "live" for ground in person.grounds.values()
    )


def is_measured(person: Person, plan: Plan) -> bool:
    """Whether what they click and open may be noted: they agreed to it, and are still asked to."""
    return bool(person.measured_since) and plan.measured is not None
