"""How the installation stands, and what an operator does about it: sending held and released,
letters in doubt settled, withheld ones tried again, what was set aside, keys of the API.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from fastapi.responses import Response

from engine.api.api_keys import (
    Listed,
    calendar_address,
    create,
    expiry,
    listing,
    refuse_mixed,
    revoke,
)
from engine.api.scopes import SCOPES
from engine.commands.operators import operator_cause
from engine.config import Config
from engine.console.access import Right
from engine.console.api_reference import SCOPE_WORDS
from engine.console.slow_counts import DueLetters, DueViews, due_of
from engine.console.visit import Mistake, Route, Visit
from engine.desk.clock import wall_now
from engine.i18n.in_words import in_words
from engine.i18n.language import Say
from engine.i18n.phrases import say_letter, say_list, say_place
from engine.i18n.stored_words import stored_in_words, what_is_wanting
from engine.i18n.user_error import UserError
from engine.sending import holding
from engine.sending.holding import EVERYTHING, HoldingStores
from engine.sequence.model import Plan
from engine.status.facts import Stuck
from engine.status.gather import StatusStores, gather
from engine.status.state_words import StateWords
from engine.subscriber.outcome import Refused
from engine.subscriber.terms import LetterVerdict

SHOWN = 200
ANCHORS = {"running": "processes", "sending": "sending", "proof": "proof"}
"""Where other pages lead to, by the subject as it is called in English."""


class OperatorViews(DueViews, holding.HeldViews, Protocol):
    def withheld(self) -> list[tuple[str, int, str, str, int]]: ...


class OperatorStores(HoldingStores, StatusStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def views(self) -> OperatorViews: ...


class HeldPlace(NamedTuple):
    """What is held: a list, or everything; `why` in words."""

    number: int
    words: str
    why: str


class Doubtful(NamedTuple):
    message: str
    subscriber: str
    letter: str
    at: int


class WithheldLetter(NamedTuple):
    letter: str
    words: str
    wanting: str
    people: int


def routes(stores: OperatorStores) -> Sequence[Route]:
    acting, due = Right.OPERATE, due_of(stores)
    return (
        Route("GET", "/operator", Right.SEE, lambda visit: _state(stores, visit, due)),
        Route("POST", "/operator/pause", Right.SEND, lambda visit: _pause(stores, visit)),
        Route("GET", "/operator/resume", Right.SEND, lambda visit: _before(stores, visit)),
        Route("POST", "/operator/resume", Right.SEND, lambda visit: _resume(stores, visit)),
        Route("GET", "/operator/in-doubt", acting, lambda visit: _in_doubt(stores, visit)),
        Route("POST", "/operator/in-doubt", acting, lambda visit: _settle(stores, visit)),
        Route("GET", "/operator/withheld", acting, lambda visit: _withheld(stores, visit)),
        Route("POST", "/operator/withheld", acting, lambda visit: _retry(stores, visit)),
        Route("GET", "/operator/set-aside", acting, lambda visit: _set_aside(stores, visit)),
        Route("POST", "/operator/set-aside", acting, lambda visit: _seen_to(stores, visit)),
        Route("GET", "/operator/keys", acting, lambda visit: _keys(stores, visit)),
        Route("POST", "/operator/keys", acting, lambda visit: _new_key(stores, visit)),
        Route("POST", "/operator/keys/revoke", acting, lambda visit: _revoke(stores, visit)),
    )


# How it stands, and sending as a whole.


def _state(stores: OperatorStores, visit: Visit, due: DueLetters) -> Response:
    installation = stores.installation_stream.current()
    plan, _ = installation.plan(), visit.say
    words = StateWords(stores.config.site, plan, visit.language)
    facts = gather(stores, due.ask(None) or {})
    anchors = {_(english): anchor for english, anchor in ANCHORS.items()}
    held = [
        HeldPlace(number, _place(plan, number, _), stored_in_words(why, _))
        for number, why in sorted(installation.paused.items())
    ]
    return visit.page(
        "operator.html",
        subjects=[
            (anchors.get(head, ""), head, lines)
            for head, lines in words.subjects(facts)
            if lines and lines != ["0"]
        ],
        held=held,
        lists=[(number, say_list(plan, number)) for number in plan.lists],
        matters=[
            ("/operator/in-doubt", _("in doubt"), facts.in_doubt),
            ("/operator/withheld", _("withheld"), sum(one.people for one in facts.withheld)),
            ("/operator/set-aside", _("set aside"), len(facts.stuck)),
        ],
    )


def _place(plan: Plan, number: int, _: Say) -> str:
    return say_list(plan, number) if number else _("everything")


def _number(visit: Visit, plan: Plan) -> int | None:
    """The list that is meant; EVERYTHING; None for what is neither."""
    text = visit.inputs.get("list", visit.query.get("list", "0"))
    number = int(text) if text.isdecimal() and len(text) < 10 else -1
    return number if number == EVERYTHING or number in plan.lists else None


def _pause(stores: OperatorStores, visit: Visit) -> Response:
    plan, _ = stores.installation_stream.current().plan(), visit.say
    number = _number(visit, plan)
    if number is None:
        return visit.not_found(_("There is no such list."))
    paused = holding.pause(stores, number, visit.cause())
    done = _("Sending is held: {what}.").format(what=_place(plan, number, _))
    return visit.goes_to("/operator#sending", done if paused else _("It was held already."))


def _before(stores: OperatorStores, visit: Visit) -> Response:
    """What leaves once it is released, before it is."""
    installation, _ = stores.installation_stream.current(), visit.say
    plan = installation.plan()
    number = _number(visit, plan)
    if number is None or not holding.is_held(installation, number):
        return visit.goes_to("/operator#sending", _("Nothing is held there."))
    leaving = holding.leaving_within_the_hour(stores, number)
    return visit.page(
        "operator_resume.html",
        number=number,
        what=_place(plan, number, _),
        leaving=[
            (say_list(plan, one) if one > 0 else say_place(plan, one, _), count)
            for one, count in sorted(leaving.items())
        ],
        total=sum(leaving.values()),
        wanting=[(one.file, one.words.said(_)) for one in holding.in_the_way(stores)],
        absolute=bool(holding.in_the_way(stores, anyway=True)),
        whole_held=bool(number) and EVERYTHING in installation.paused,
    )


def _resume(stores: OperatorStores, visit: Visit) -> Response:
    plan, _ = stores.installation_stream.current().plan(), visit.say
    number = _number(visit, plan)
    if number is None:
        return visit.not_found(_("There is no such list."))
    anyway = visit.inputs.get("anyway") == "yes"
    if holding.in_the_way(stores, anyway=anyway):
        return visit.goes_to(f"/operator/resume?list={number}")
    against = ", ".join(obstacle.key for obstacle in holding.in_the_way(stores))
    cause = visit.cause(against=against) if against else visit.cause()
    resumed = holding.resume(stores, number, cause)
    done = _("Sending goes on: {what}.").format(what=_place(plan, number, _))
    return visit.goes_to("/operator#sending", done if resumed else _("Nothing is held there."))


# Letters that somebody has to decide about.


def _in_doubt(stores: OperatorStores, visit: Visit) -> Response:
    doubtful = [Doubtful(*row) for row in stores.views.in_doubt()]
    return visit.page("operator_in_doubt.html", doubtful=doubtful[:SHOWN], total=len(doubtful))


def _settle(stores: OperatorStores, visit: Visit) -> Response:
    _, again = visit.say, visit.inputs.get("verdict") == "resend"
    if seen := visit.inputs.get("messages"):
        return _settle_all(stores, visit, seen.split(), again=again)
    message = visit.inputs.get("message", "")
    verdict = partial(holding.settle_doubt, stores, message)
    cause = visit.cause()
    result = verdict("resend", cause) if again else verdict("taken-as-sent", cause)
    if result is None:
        return visit.goes_to("/operator/in-doubt", _("That letter is not in doubt any more."))
    if isinstance(result.outcome, Refused):
        return visit.refused(in_words(result.outcome, _))
    done = _("It will be sent again.") if again else _("It is taken as sent.")
    return visit.goes_to("/operator/in-doubt", done)


def _settle_all(
    stores: OperatorStores, visit: Visit, seen: Sequence[str], *, again: bool
) -> Response:
    """Those that stood on the page: what came to be in doubt since is not meant."""
    cause = partial(operator_cause, visit.account.operator)
    verdict: LetterVerdict = "resend" if again else "taken-as-sent"
    settled = holding.settle_all_doubt(stores, seen[:SHOWN], verdict, cause)
    done = visit.say_counted("{n} letter settled", "{n} letters settled", settled)
    return visit.goes_to("/operator/in-doubt", done.format(n=settled))


def _withheld(stores: OperatorStores, visit: Visit) -> Response:
    plan, _ = stores.installation_stream.current().plan(), visit.say
    letters = [
        WithheldLetter(letter, say_letter(plan, key, letter, _), what_is_wanting(what, _), people)
        for key, _list, letter, what, people in stores.views.withheld()
    ]
    return visit.page("operator_withheld.html", letters=letters)


def _retry(stores: OperatorStores, visit: Visit) -> Response:
    letter, ngettext = visit.inputs.get("letter", ""), visit.say_counted
    if letter not in {name for _key, _list, name, _what, _people in stores.views.withheld()}:
        _ = visit.say
        return visit.goes_to("/operator/withheld", _("That letter is withheld from nobody now."))
    late = visit.inputs.get("late") == "yes"
    cause = partial(operator_cause, visit.account.operator)
    retried = holding.retry(stores, letter, cause, late=late)
    again = sum(count for (_about, how), count in retried.counts.items() if how == "again")
    done = ngettext("Tried again for {n} person.", "Tried again for {n} people.", again)
    return visit.goes_to("/operator/withheld", done.format(n=again))


def _set_aside(stores: OperatorStores, visit: Visit) -> Response:
    _ = visit.say
    stuck: Sequence[Stuck] = gather(stores, {}).stuck
    rows = [(one.subscriber, one.key, stored_in_words(one.why, _)) for one in stuck[:SHOWN]]
    return visit.page("operator_set_aside.html", rows=rows, total=len(stuck))


def _seen_to(stores: OperatorStores, visit: Visit) -> Response:
    stores.desk.settle_stuck()
    _ = visit.say
    return visit.goes_to("/operator/set-aside", _("Noted as seen to. What is still wrong returns."))


# Keys of the API.


def _keys(
    stores: OperatorStores, visit: Visit, mistakes: Sequence[Mistake] = (), made: str = ""
) -> Response:
    site, chosen = stores.config.site, {v for name, v in visit.all_inputs if name == "scope"}
    return visit.page(
        "operator_keys.html",
        mistakes=mistakes,
        made=made,
        calendar=calendar_address(site.url, made, chosen) if made else "",
        keys=list(_shown(listing(stores.desk), ZoneInfo(site.timezone), visit.say)),
        scopes=SCOPES,
        scope_words=SCOPE_WORDS,
        chosen=chosen,
        name=visit.inputs.get("name", ""),
        expires=visit.inputs.get("expires", ""),
    )


def _shown(keys: Sequence[Listed], zone: ZoneInfo, _: Say) -> Iterator[tuple[Listed, str, bool]]:
    """Each key, how it stands in words, and whether it opens anything."""
    now = datetime.now(UTC)
    for key in keys:
        if key.revoked is not None:
            state = _("revoked on {day}").format(day=f"{key.revoked:%Y-%m-%d}")
            yield key, state, False
        elif key.expires is not None and key.expires <= now:
            when = f"{key.expires.astimezone(zone):%Y-%m-%d %H:%M}"
            yield key, _("expired on {when}").format(when=when), False
        elif key.last_used is not None:
            when = f"{key.last_used.astimezone(zone):%Y-%m-%d %H:%M}"
            yield key, _("last used on {when}").format(when=when), True
        else:
            yield key, _("never used"), True


def _new_key(stores: OperatorStores, visit: Visit) -> Response:
    """The key is on this page, this once, and in no session or address."""
    scopes = {value for name, value in visit.all_inputs if name == "scope"}
    text = visit.inputs.get("expires", "").strip()
    try:
        zone = stores.config.site.timezone
        expires = expiry(text, zone, wall_now()) if text else None
    except UserError as error:
        return _keys(stores, visit, [Mistake("expires", error.said(visit.say))])
    try:
        refuse_mixed(scopes)
        made = create(stores.desk, visit.inputs.get("name", ""), scopes, expires)
    except UserError as error:
        return _keys(stores, visit, [Mistake("name", error.said(visit.say))])
    return _keys(stores, visit, made=made)


def _revoke(stores: OperatorStores, visit: Visit) -> Response:
    try:
        revoke(stores.desk, visit.inputs.get("key", ""))
    except UserError as error:
        return visit.refused(error.said(visit.say))
    _ = visit.say
    return visit.goes_to("/operator/keys", _("The key opens nothing any more."))
