"""Rights that people have asked for: those that wait for an answer, the latest deadline last;
recorded by hand where they came by post or by telephone, put off, answered, refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.audit.event_sentences import sentence
from engine.config import Config
from engine.console.access import Right
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.dates import moment_in_words, read_date
from engine.i18n.in_words import in_words
from engine.i18n.language import N_, Say
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError
from engine.installation.stream import InstallationStream
from engine.intake.instants import not_after
from engine.ledger.store import Ledger
from engine.privacy.rights_requests import (
    OpenRequest,
    RequestStores,
    Settlement,
    due_at,
    open_requests,
    person_of,
    record_request,
    settle_request,
)
from engine.subscriber.outcome import NothingToDo, Refused
from engine.subscriber.terms import RIGHTS, one_of
from engine.words import capitalised

SHOWN = 200
SETTLED = ("right-answered", "right-extended")
SETTLED_SHOWN = 8
MAX_NOTE_CHARACTERS = 2_000
SETTLEMENTS: dict[str, Settlement] = {
    "put-off": "extended",
    "answered": "done",
    "refused": "refused",
}
"""By the button that is pressed."""
BUSY = N_("Too much is changing for this person at once: please try again.")


class RequestPageStores(RequestStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def ledger(self) -> Ledger: ...


class Waiting(NamedTuple):
    request: OpenRequest
    right: str
    late: bool


class Settled(NamedTuple):
    """`by`: who did it, "" where nothing tells any more."""

    at: int
    subscriber: str
    words: str
    by: str


def routes(stores: RequestPageStores) -> Sequence[Route]:
    right = Right.HANDLE_RIGHTS
    return (
        Route("GET", "/requests", right, lambda visit: _show(stores, visit)),
        Route("POST", "/requests", right, lambda visit: _record(stores, visit)),
        Route("POST", "/requests/settle", right, lambda visit: _settle(stores, visit)),
    )


def _show(stores: RequestPageStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    _, now = visit.say, stores.clock.now()
    standing = open_requests(stores)
    return visit.page(
        "requests.html",
        mistakes=mistakes,
        waiting=[
            Waiting(row, stored_in_words(row.right, _), row.due_at < now)
            for row in standing[:SHOWN]
        ],
        total=len(standing),
        late=sum(row.due_at < now for row in standing),
        settled=list(_settled(stores, visit)),
        choices=[(right, stored_in_words(right, _)) for right in RIGHTS],
        inputs=visit.inputs,
    )


def _settled(stores: RequestPageStores, visit: Visit) -> Iterator[Settled]:
    """The latest first."""
    plan, zone = stores.installation_stream.current().plan(), stores.config.site.timezone

    def moment(at: int) -> str:
        return moment_in_words(at, zone, visit.language)

    for entry in stores.ledger.latest(SETTLED, SETTLED_SHOWN):
        kept = stores.vault.evidence_of(entry.stream, [entry.cause.evidence]).get(
            entry.cause.evidence, {}
        )
        words = sentence(entry.event, plan, moment, visit.say, {})
        yield Settled(entry.event.at, entry.stream, words, str(kept.get("operator", "")))


def _record(stores: RequestPageStores, visit: Visit) -> Response:
    _, zone = visit.say, stores.config.site.timezone
    right, by = visit.inputs.get("right", ""), visit.inputs.get("by", "").strip()
    received_text, note = visit.inputs.get("received", "").strip(), _note(visit)
    mistakes, subscriber = [], ""
    received: int | None = stores.clock.now()
    if right not in RIGHTS:
        mistakes.append(Mistake("right", _("Choose what they ask for.")))
    try:
        subscriber = person_of(stores, by)
    except UserError as error:
        mistakes.append(Mistake("by", capitalised(error.said(_))))
    try:
        if received_text:
            received = not_after(read_date(received_text, zone), stores.clock.now())
    except UserError as error:
        mistakes.append(Mistake("received", capitalised(error.said(_))))
    if received is None:
        mistakes.append(Mistake("received", _("This day is still to come.")))
    mistakes += _too_long(note, _)
    if mistakes or received is None:
        return _show(stores, visit, mistakes)
    cause = visit.cause(right=right, **({"note": note} if note else {}))
    request, result = record_request(stores, subscriber, one_of(right, RIGHTS), received, cause)
    if result.conflict:
        return visit.refused(_(BUSY), 503)
    if isinstance(result.outcome, Refused | NothingToDo):
        return _show(stores, visit, [Mistake("right", capitalised(in_words(result.outcome, _)))])
    return visit.goes_to("/requests", _answer_by(stores, visit, due_at(result, request)))


def _settle(stores: RequestPageStores, visit: Visit) -> Response:
    _, note = visit.say, _note(visit)
    request = visit.inputs.get("request", "")
    how = SETTLEMENTS.get(visit.inputs.get("how", ""))
    if how is None:
        return visit.refused(_("Say whether it was answered, refused or put off."), 422)
    mistakes = _too_long(note, _)
    if mistakes:
        return _show(stores, visit, [Mistake(f"note-{request}", mistakes[0].words)])
    try:
        result = settle_request(
            stores, request, how, visit.cause(**({"note": note} if note else {}))
        )
    except UserError:
        return visit.goes_to("/requests", _("That request does not wait for an answer any more."))
    if result.conflict:
        return visit.refused(_(BUSY), 503)
    if isinstance(result.outcome, Refused | NothingToDo):
        return visit.refused(capitalised(in_words(result.outcome, _)))
    if how == "extended":
        return visit.goes_to("/requests", _answer_by(stores, visit, due_at(result, request)))
    done = _("Noted as refused.") if how == "refused" else _("Noted as answered.")
    return visit.goes_to("/requests", done)


def _answer_by(stores: RequestPageStores, visit: Visit, when: int) -> str:
    _ = visit.say
    moment = moment_in_words(when, stores.config.site.timezone, visit.language)
    return _("To be answered by {when}.").format(when=moment)


def _note(visit: Visit) -> str:
    return visit.inputs.get("note", "").strip()


def _too_long(note: str, _: Say) -> list[Mistake]:
    if len(note) <= MAX_NOTE_CHARACTERS:
        return []
    words = _("A note has at most {n} characters.").format(n=MAX_NOTE_CHARACTERS)
    return [Mistake("note", words)]
