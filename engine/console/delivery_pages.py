"""What arrives by receiving provider, and why the rest waits; addresses never to be written to
again. An address that is asked about stands in no address of a page, and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.console.access import Right
from engine.console.charts import line_chart
from engine.console.results_shown import Series, short_day
from engine.console.visit import Mistake, Route, Visit
from engine.delivery import suppressions
from engine.delivery.report import DeliveryReport, DeliveryStores, ProviderDelivery, delivery_report
from engine.delivery.report_words import LEVELS, DeliveryWords, RateWords
from engine.delivery.suppressions import Standing, SuppressionStores
from engine.i18n.in_words import in_words
from engine.i18n.language import Language, Say
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, address_of
from engine.shaping.guards import PASSED, Level
from engine.subscriber.outcome import NothingToDo, Refused
from engine.views import Views

PERIODS = (7, 30, 90)
SOURCES_SHOWN = 50
BADGES: dict[Level, str] = {"": "good", "few": "", "warn": "warn", "over": "bad"}


class DeliveryPageStores(DeliveryStores, SuppressionStores, Protocol):
    @property
    def views(self) -> Views: ...


class ProviderRow(NamedTuple):
    name: str
    title: str
    one: ProviderDelivery
    rates: Sequence[RateWords]


class ReasonRow(NamedTuple):
    """By what an address or a person is suppressed, in words."""

    why: str
    people: int
    hashes: int


def routes(stores: DeliveryPageStores) -> Sequence[Route]:
    acting = Right.ACT_ON_PEOPLE
    listed = "/operator/suppressions"
    return (
        Route("GET", "/operator/delivery", Right.SEE, lambda visit: _delivery(stores, visit)),
        Route("GET", listed, acting, lambda visit: _suppressions(stores, visit)),
        Route("POST", listed, acting, lambda visit: _ask(stores, visit)),
        Route("POST", f"{listed}/lift", acting, lambda visit: _lift(stores, visit)),
    )


def _delivery(stores: DeliveryPageStores, visit: Visit) -> Response:
    asked, _ = visit.number("days"), visit.say
    days = asked if asked in PERIODS else PERIODS[0]
    titles = {known.name: known.title for known in stores.config.providers}
    provider = visit.query.get("provider", "")
    report = delivery_report(stores, days, provider if provider in titles else "")
    words = DeliveryWords(stores.config.site.timezone, visit.language)
    return visit.page(
        "delivery.html",
        days=days,
        provider=report.providers[0].provider if len(report.providers) == 1 else provider,
        periods=[(n, _("{n} days").format(n=n)) for n in PERIODS],
        chosen=[("", _("all")), *sorted(titles.items(), key=lambda item: item[1].lower())],
        report=report,
        rows=[_row(one, words) for one in report.providers],
        whole=words.rates(report.whole),
        waiting=[(words.title(one), list(words.why_slow(one))) for one in _waiting(report)],
        arrived=_chart(report, ("sent", "deferred"), _, visit.language),
        lost=_chart(report, ("bounced", "failed", "complained"), _, visit.language),
        levels=LEVELS,
        kinds=BADGES,
        passed=PASSED,
        sources=report.sources[:SOURCES_SHOWN],
        stopped=next(
            (fault for name, _p, fault in stores.views.positions() if name == "delivery"), ""
        ),
    )


def _waiting(report: DeliveryReport) -> Iterator[ProviderDelivery]:
    return (one for one in report.providers if one.is_slow)


def _row(one: ProviderDelivery, words: DeliveryWords) -> ProviderRow:
    return ProviderRow(one.provider, words.title(one), one, words.rates(one))


def _chart(report: DeliveryReport, names: Sequence[str], _: Say, language: Language) -> Series:
    """A line for each of these, day by day."""
    heads = {
        "sent": _("accepted"),
        "deferred": _("deferred"),
        "failed": _("failed"),
        "bounced": _("bounces"),
        "complained": _("complaints"),
    }
    labels = [short_day(report.since + number, language) for number in range(report.days)]
    values = [[getattr(sums, name) for sums in report.whole.days] for name in names]
    shown = tuple(heads[name] for name in names)
    rows = tuple(zip(labels, zip(*values, strict=True), strict=True))
    return Series(line_chart(labels, list(zip(shown, values, strict=True))), shown, rows)


# Addresses never to be written to again.


def _suppressions(
    stores: DeliveryPageStores,
    visit: Visit,
    mistakes: Sequence[Mistake] = (),
    stands: Standing | None = None,
) -> Response:
    _ = visit.say
    return visit.page(
        "suppressions.html",
        mistakes=mistakes,
        reasons=_reasons(stores, _),
        address=visit.inputs.get("address", "").strip(),
        note=visit.inputs.get("note", "").strip(),
        stands=stands,
        why=stored_in_words(stands.reason, _) if stands is not None else "",
    )


def _reasons(stores: DeliveryPageStores, _: Say) -> list[ReasonRow]:
    counts = suppressions.counts(stores)
    return [
        ReasonRow(
            stored_in_words(reason, _), counts.people.get(reason, 0), counts.hashes.get(reason, 0)
        )
        for reason in dict.fromkeys((*counts.people, *counts.hashes))
    ]


def _ask(stores: DeliveryPageStores, visit: Visit) -> Response:
    """Nothing is changed, and the answer is on this page alone: asked again, it is given again."""
    try:
        address = address_of(visit.inputs.get("address", "").strip())
    except UserError as error:
        return _suppressions(stores, visit, [Mistake("address", error.said(visit.say))])
    return _suppressions(stores, visit, stands=suppressions.standing(stores, address))


def _lift(stores: DeliveryPageStores, visit: Visit) -> Response:
    _ = visit.say
    try:
        address = address_of(visit.inputs.get("address", "").strip())
    except UserError as error:
        return _suppressions(stores, visit, [Mistake("address", error.said(_))])
    note = visit.inputs.get("note", "").strip()
    if not note:
        stands = suppressions.standing(stores, address)
        wanting = Mistake("note", _("say why: it stays with the fact"))
        return _suppressions(stores, visit, [wanting], stands)
    match suppressions.lift(stores, address, visit.cause(note=note)):
        case Refused() as refused:
            return visit.refused(in_words(refused, _))
        case NothingToDo() as nothing:
            return visit.goes_to("/operator/suppressions", in_words(nothing, _))
        case None:
            done = _("Letters may go to this address again.")
            return visit.goes_to("/operator/suppressions", done)
