"""The next act of a request: its confirmation mail, one reminder and its expiry, or the mail that
asks whether to go on.
"""

from __future__ import annotations

from engine.sequence.model import Plan
from engine.sequence.timing import later
from engine.subscriber.act import NEVER, Act, under_way_of, zone_of
from engine.subscriber.eligibility import EVERYTHING, live_ground, why_not
from engine.subscriber.person import Person, Request


def request_act(person: Person, request: Request, plan: Plan) -> Act:
    """The confirmation mail, one reminder, then the expiry of the request."""
    if request.purpose == EVERYTHING:
        return permission_act(person, request)
    under_way = under_way_of(person, request.letters)
    if under_way is not None and under_way.due != NEVER:
        return under_way
    expiry = Act("expire", "", request.expires_at, request.expires_at)
    if under_way is not None or why_not(
        person, "confirmation", request.purpose, request=request.request
    ):
        return expiry
    mail = _confirmation_mail(person, request, plan)
    return mail if mail is not None and mail.due < request.expires_at else expiry


def permission_act(person: Person, request: Request) -> Act:
    """One mail that asks whether to go on. What follows when it is not answered is decided nightly,
    by retention.
    """
    under_way = under_way_of(person, request.letters)
    if under_way is not None:
        return under_way
    reason = why_not(person, "permission", EVERYTHING, request=request.request)
    mail = request.letters.get("ask")
    if not reason and (mail is None or mail.status == "deferred"):
        planned = mail.planned if mail is not None and mail.planned else request.asked_at
        return Act(
            "letter", "ask", mail.retry_at if mail is not None else request.asked_at, planned
        )
    return Act("idle", why=reason or "asked whether to go on")


def _confirmation_mail(person: Person, request: Request, plan: Plan) -> Act | None:
    if live_ground(person, request.purpose) is not None and person.memberships.keys() >= set(
        request.lists
    ):
        return None  # they joined by another way meanwhile: nothing is left to confirm
    first = request.first_letter
    first_mail, again = request.letters.get(first), request.letters.get("ask-again")
    if first_mail is None:
        return Act("letter", first, request.asked_at, request.asked_at)
    if first_mail.status == "deferred":
        return Act("letter", first, first_mail.retry_at, first_mail.planned or request.asked_at)
    if request.declared:
        return None  # asked once, and not reminded
    if again is not None and again.status == "deferred":
        return Act("letter", "ask-again", again.retry_at, again.meant_for)
    if first_mail.status == "sent" and again is None and plan.confirmation.remind_subject:
        at = later(first_mail.at, plan.confirmation.remind_after, zone_of(person, plan))
        return Act("letter", "ask-again", at, at)
    return None
