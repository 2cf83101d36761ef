"""What an auditor looks into without reading anybody: the story of a person by their id and of the
installation, and who was chosen for a broadcast, decided again from the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.audit.broadcast_question import (
    ReplayStores,
    broadcast_key,
    head_lines,
    is_personal,
    occurrence_of,
    tally_of,
)
from engine.audit.broadcast_replay import BroadcastReplay
from engine.audit.broadcast_report import as_lines
from engine.audit.identity import identified
from engine.audit.installation_story import installation_facts, installation_report
from engine.audit.published import Published
from engine.audit.report import Report, Section
from engine.audit.story import StoryStores, nameless_facts, nameless_report
from engine.console.access import Right
from engine.console.proof_pages import MAX_ENTRIES
from engine.console.slow_counts import SlowCounts
from engine.console.visit import Mistake, Route, Visit
from engine.desk.clock import Clock
from engine.i18n.dates import moment_in_words
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM
from engine.ledger.chronology import Descents, DescentsKept
from engine.ledger.codec import STREAM_ID
from engine.ledger.store import Ledger
from engine.proof.signer import SigningRefused
from engine.subscriber.agenda_key import BroadcastKey, decode

AT = "/operator/story"
SHOWN = 200
"""Facts on one page, the latest first."""
BROADCASTS_SHOWN = 50


class StoryPageStores(StoryStores, ReplayStores, Protocol):
    @property
    def clock(self) -> Clock: ...


class FallenDue(NamedTuple):
    broadcast: str
    occurrence: str
    when: str


class DatesRead:
    """The dates of the whole ledger, read once for all; of a long one, beside the pages."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._kept = ledger, DescentsKept(ledger)
        self._beside = SlowCounts[None, int](lambda _: len(self._kept.upto(ledger.head())))

    def descents(self) -> Descents | None:
        """None while they are being read."""
        if self._ledger.head() > MAX_ENTRIES and self._beside.ask(None) is None:
            return None
        return self._kept.upto


def routes(stores: StoryPageStores) -> Sequence[Route]:
    audit, dates = Right.AUDIT, DatesRead(stores.ledger)
    return (
        Route("GET", AT, audit, lambda visit: _ask(stores, visit)),
        Route("POST", AT, audit, lambda visit: _asked(stores, visit)),
        Route(
            "GET", f"{AT}/installation", audit, lambda visit: _installation(stores, dates, visit)
        ),
        Route("GET", f"{AT}/{{subscriber}}", audit, lambda visit: _person(stores, dates, visit)),
        Route(
            "GET", "/operator/replay/{broadcast}", audit, lambda visit: _broadcast(stores, visit)
        ),
    )


def _ask(stores: StoryPageStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    published = Published(stores.ledger.stream(STREAM))
    return visit.page(
        "operator_story.html",
        mistakes=mistakes,
        id=visit.inputs.get("id", ""),
        broadcasts=list(_fallen_due(stores, published, visit)),
        too_long=stores.ledger.head() > MAX_ENTRIES,
    )


def _fallen_due(stores: StoryPageStores, published: Published, visit: Visit) -> Sequence[FallenDue]:
    """The latest first; of those on each reader's own date an auditor asks at the command line."""
    zone = stores.config.site.timezone
    latest = reversed(published.fallen_due[-BROADCASTS_SHOWN:])
    return [
        FallenDue(
            occurrence.broadcast,
            key.occurrence,
            moment_in_words(occurrence.at, zone, visit.language),
        )
        for _position, occurrence in latest
        if isinstance(key := decode(occurrence.key), BroadcastKey)
    ]


def _asked(stores: StoryPageStores, visit: Visit) -> Response:
    _, identifier = visit.say, visit.inputs.get("id", "").strip().lower()
    if not STREAM_ID.fullmatch(identifier):
        wanting = _("An id is what a receipt, a link of this console or a proof names: 36 signs.")
        return _ask(stores, visit, [Mistake("id", wanting)])
    return visit.goes_to(f"{AT}/{identifier}")


def _installation(stores: StoryPageStores, dates: DatesRead, visit: Visit) -> Response:
    descents = dates.descents()
    if descents is None:
        return _reading(visit, f"{AT}/installation")
    try:
        entries, facts = installation_facts(stores, visit.language, descents)
    except SigningRefused as error:
        return visit.refused(error.words.said(visit.say))
    before = visit.number("before") or len(entries)
    older = before - SHOWN if before > SHOWN else 0
    report = installation_report(list(reversed(entries[older:before])), facts, stores.clock.now())
    return _told(visit, report, f"{AT}/installation?before={older}" if older else "")


def _person(stores: StoryPageStores, dates: DatesRead, visit: Visit) -> Response:
    """Of the vault nothing is told, so that nobody is read."""
    _, subscriber = visit.say, visit.path["subscriber"]
    if not STREAM_ID.fullmatch(subscriber):
        return visit.not_found(_("There is nobody of this id."))
    descents = dates.descents()
    if descents is None:
        return _reading(visit, f"{AT}/{subscriber}")
    try:
        person = identified(stores.ledger, stores.vault, subscriber)
        facts = nameless_facts(stores, person, visit.language, descents)
    except UserError:
        return visit.not_found(_("There is nobody of this id."))
    except SigningRefused as error:
        return visit.refused(error.words.said(_))
    return _told(visit, nameless_report(person, facts, stores.clock.now()))


def _reading(visit: Visit, address: str) -> Response:
    """The dates of a long ledger are being read: the page asks again by itself."""
    return visit.page("operator_told.html", title=visit.say("Stories"), reading=address)


def _told(visit: Visit, report: Report, older: str = "") -> Response:
    sections: Sequence[Section] = report.sections
    return visit.page(
        "operator_told.html",
        title=report.title,
        sections=sections,
        faulty=report.faulty,
        older=older,
        reading="",
    )


def _broadcast(stores: StoryPageStores, visit: Visit) -> Response:
    _, name = visit.say, visit.path["broadcast"]
    if stores.ledger.head() > MAX_ENTRIES:
        words = _("This ledger is long: reading it whole is done at the command line:")
        return visit.refused(f"{words} relance audit broadcast {name}")
    published = Published(stores.ledger.stream(STREAM))
    if not any(name in published.plan(number).broadcasts for number in published.state.editions):
        return visit.not_found(_("There was never such a broadcast."))
    occurrence = visit.query.get("occurrence", "")
    try:
        key = broadcast_key(published, name, occurrence)
    except UserError as error:
        return visit.refused(error.said(_))
    replay = BroadcastReplay(published, name, key)
    tally = tally_of(stores, replay)
    zone = stores.config.site.timezone
    head = list(head_lines(replay, published, name, key, zone, visit.language))
    return visit.page(
        "operator_replay.html",
        name=name,
        occurrence=occurrence_of(key),
        personal=is_personal(published, name),
        head=[line.strip() for line in head],
        lines=[line.strip() for line in as_lines(tally, visit.language)],
        faulty=tally.faulty,
        people=sum(tally.people.values()),
    )
