"""The start page: what leaves within a day, what is stuck and where it is put right, the latest
answers, rights to be answered, and what is written but not published.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.authoring.publication import ListCounts, PublicationStores, unpublished_changes
from engine.console.access import Right
from engine.console.first_steps import FirstStepsStores, StepViews, steps_for
from engine.console.places import letter_url, list_url
from engine.console.slow_counts import DueLetters, due_of
from engine.console.visit import Route, Visit
from engine.i18n.language import N_, Say
from engine.i18n.phrases import letter_at, say_list, say_place, subject_of
from engine.i18n.stored_words import stored_in_words
from engine.installation.state import Installation
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.status.facts import Facts
from engine.status.finding import WRONG, Finding
from engine.status.finding_words import FindingWords
from engine.status.findings import findings
from engine.status.gather import CountingViews, Due, StatusStores, gather
from engine.subscriber.events import LetterAnswered, ListCopied, ListMoved
from engine.views import Figures, week_of

ANSWERS = ("list-moved", "list-copied", "letter-answered")
ANSWERS_SHOWN, REQUESTS_SHOWN = 8, 8
DAYS = 7


class Remedy(NamedTuple):
    """Where a finding is put right."""

    url: str
    words: str
    right: Right


_SENDING = Remedy("/operator#sending", N_("Look at sending"), Right.SEE)
_PROCESSES = Remedy("/operator#processes", N_("Look at what runs"), Right.SEE)
_PROOF = Remedy("/operator/proof", N_("Look at the checkpoints"), Right.AUDIT)
_PAPERS = Remedy("/operator/papers", N_("Open the papers"), Right.HANDLE_RIGHTS)
_REQUESTS = Remedy("/requests", N_("Answer them"), Right.HANDLE_RIGHTS)
_DELIVERY = Remedy("/operator/delivery", N_("Look at what arrives"), Right.SEE)
_WEEK = Remedy("/operator/week", N_("Look at the week"), Right.SEE)
_KEYS = Remedy("/operator/keys", N_("Look at the keys"), Right.OPERATE)
_CONNECTIONS = Remedy("/connections", N_("Look at the connections"), Right.SEE)
REMEDIES: Mapping[str, Remedy] = {
    "paused": _SENDING,
    "list-paused": _SENDING,
    "relay": _SENDING,
    "blocked": _SENDING,
    "summary": _WEEK,
    "summary-doubt": _WEEK,
    "slow": _SENDING,
    "complaints": _DELIVERY,
    "bounces": _DELIVERY,
    "provider-refuses": _DELIVERY,
    "provider-stopped": _DELIVERY,
    "provider-waits": _DELIVERY,
    "nothing-runs": _PROCESSES,
    "no-web": _PROCESSES,
    "no-follow": _PROCESSES,
    "no-send": _PROCESSES,
    "vanished": _PROCESSES,
    "stands-still": _PROCESSES,
    "view-stopped": _PROCESSES,
    "view-ahead": _PROCESSES,
    "unsigned": _PROOF,
    "unwitnessed": _PROOF,
    "uncosigned": _PROOF,
    "unstamped": _PROOF,
    "checkpoint-late": _PROOF,
    "in-doubt": Remedy("/operator/in-doubt", N_("Decide about them"), Right.OPERATE),
    "withheld": Remedy("/operator/withheld", N_("Look at them"), Right.OPERATE),
    "stuck": Remedy("/operator/set-aside", N_("Look at them"), Right.OPERATE),
    "breach-late": _PAPERS,
    "breach": _PAPERS,
    "request-late": _REQUESTS,
    "requests": _REQUESTS,
    "hook-secret": _CONNECTIONS,
    "hook-off": _CONNECTIONS,
    "hook-failing": _CONNECTIONS,
    "hook-given-up": _CONNECTIONS,
    "webhook-secret": _CONNECTIONS,
    "webhook-refused": _CONNECTIONS,
    "key-expires": _KEYS,
    "key-expired": _KEYS,
}


class TodayViews(Protocol):
    def figures(self, lists: Collection[int], since: int, week: int) -> Figures: ...

    def open_rights(self, limit: int = 1000) -> list[tuple[str, str, str, int]]: ...

    def standing(self) -> dict[int, int]: ...


class AllTodayViews(TodayViews, CountingViews, ListCounts, StepViews, Protocol):
    """What is told here, beside what the state of things and a publication ask."""


class TodayStores(StatusStores, PublicationStores, FirstStepsStores, Protocol):
    @property
    def views(self) -> AllTodayViews: ...


@dataclass(frozen=True, slots=True)
class Told:
    """A finding in words; `remedy` where a page of the console puts it right."""

    level: str
    what: str
    how: str
    remedy: Remedy | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """Letters of one place that fall due by now, within the hour and within a day."""

    place: str
    url: str
    now: int
    hour: int
    day: int
    held: bool


@dataclass(frozen=True, slots=True)
class Answered:
    at: int
    label: str
    letter: str
    url: str
    subscriber: str
    to: str


@dataclass(frozen=True, slots=True)
class Requested:
    subscriber: str
    right: str
    due: int
    late: bool


def routes(stores: TodayStores) -> Sequence[Route]:
    due = due_of(stores)
    return (
        Route("GET", "/", Right.SEE, lambda visit: _today(stores, visit, due)),
        Route("GET", "/today/live", Right.SEE, lambda visit: _live(stores, visit, due)),
    )


def _today(stores: TodayStores, visit: Visit, counts: DueLetters) -> Response:
    installation = stores.installation_stream.current()
    plan = installation.plan()
    figures = _figures(stores, plan)
    due = counts.ask(None, figures.standing)
    return visit.page(
        "today.html",
        now=stores.clock.now(),
        figures=figures,
        within_a_day=_within_a_day(due),
        told=list(_told(gather(stores, due or {}), visit, plan)),
        leaving=list(_leaving(due or {}, plan, installation, visit.say)),
        answers=list(_answers(stores, plan)),
        requests=list(_requests(stores, visit.say)),
        edition=installation.edition,
        since=installation.editions[installation.edition].at if installation.edition else 0,
        unpublished=unpublished_changes(stores),
        steps=steps_for(stores, visit),
    )


def _live(stores: TodayStores, visit: Visit, counts: DueLetters) -> Response:
    """What changes while one looks."""
    figures = _figures(stores, stores.installation_stream.current().plan())
    within_a_day = _within_a_day(counts.ask(None, figures.standing))
    return visit.page("today_live.html", figures=figures, within_a_day=within_a_day)


def _figures(stores: TodayStores, plan: Plan) -> Figures:
    """Of the last seven days (UTC), and of the letters begun this week."""
    now = stores.clock.now()
    return stores.views.figures(plan.lists, now // DAY - (DAYS - 1), week_of(now))


def _within_a_day(due: Due | None) -> int | None:
    """Letters that leave; None while they are being counted."""
    return sum(day for _now, _hour, day in due.values()) if due is not None else None


def _told(facts: Facts, visit: Visit, plan: Plan) -> Iterator[Told]:
    words = FindingWords(plan, visit.language)
    for finding in findings(facts):
        remedy = REMEDIES.get(finding.code)
        may = remedy is not None and visit.account.may(remedy.right)
        yield Told(
            _level(finding),
            words.what(finding),
            words.remedy(finding),
            remedy if may else None,
        )


def _level(finding: Finding) -> str:
    return "wrong" if finding.level in WRONG else "notice"


def _leaving(due: Due, plan: Plan, installation: Installation, _: Say) -> Iterator[Leaving]:
    for number, (now, hour, day) in sorted(due.items()):
        yield Leaving(
            say_place(plan, number, _) if number <= 0 else say_list(plan, number),
            list_url(plan, number),
            now,
            hour,
            day,
            0 in installation.paused or number in installation.paused,
        )


def _answers(stores: TodayStores, plan: Plan) -> Iterator[Answered]:
    for entry in stores.ledger.latest(ANSWERS, ANSWERS_SHOWN):
        yield _answer(entry, plan)


def _answer(entry: Entry, plan: Plan) -> Answered:
    event = entry.event
    assert isinstance(event, ListMoved | ListCopied | LetterAnswered)
    key, _, name = event.question.partition("/")
    letter = letter_at(plan, key, name) if name else None
    target = 0 if isinstance(event, LetterAnswered) else event.target
    return Answered(
        at=event.at,
        label=event.label,
        letter=subject_of(letter, plan=plan) if letter is not None else "",
        url=letter_url(event.question),
        subscriber=entry.stream,
        to=say_list(plan, target) if target else "",
    )


def _requests(stores: TodayStores, _: Say) -> Iterator[Requested]:
    now = stores.clock.now()
    for subscriber, _request, right, due in stores.views.open_rights(REQUESTS_SHOWN):
        yield Requested(subscriber, stored_in_words(right, _), due, due < now)
