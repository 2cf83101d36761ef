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
from engine.console.slow_counts import SlowCounts
from engine.console.visit import Mistake, Route, Visit
from engine.delivery import suppressions
from engine.delivery.report import DeliveryReport, DeliveryStores, ProviderDelivery, delivery_report
from engine.delivery.report_words import LEVELS, DeliveryWords, RateWords
from engine.delivery.suppressions import Standing, SuppressionCounts, SuppressionStores
from engine.i18n.in_words import in_words
from engine.i18n.language import Language, Say
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, address_of
from engine.shaping.guards import PASSED, Level
from engine.subscriber.outcome import NothingToDo, Refused
from engine.views import Views

PERIODS = (7, 30, 90)
SOURCES_SHOWN = 50
COUNTS_SECONDS = 10.0
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
    acting, listed = Right.ACT_ON_PEOPLE, "/operator/suppressions"
    pages = _Suppressions(stores)
    return (
        Route("GET", "/operator/delivery", Right.SEE, lambda visit: _delivery(stores, visit)),
        Route("GET", listed, acting, pages.show),
        Route("POST", listed, acting, pages.ask),
        Route("POST", f"{listed}/lift", acting, pages.lift),
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


class _Suppressions:
    """Of very many, the counts are made beside the page, and kept for a moment."""

    def __init__(self, stores: DeliveryPageStores) -> None:
        self._stores = stores
        self._counts = SlowCounts[None, SuppressionCounts](
            lambda _: suppressions.counts(stores), lasts=COUNTS_SECONDS
        )

    def show(
        self, visit: Visit, mistakes: Sequence[Mistake] = (), stands: Standing | None = None
    ) -> Response:
        _, counts = visit.say, self._counts.ask(None)
        return visit.page(
            "suppressions.html",
            mistakes=mistakes,
            reasons=list(_reasons(counts, _)) if counts is not None else None,
            address=visit.inputs.get("address", "").strip(),
            note=visit.inputs.get("note", "").strip(),
            stands=stands,
            why=stored_in_words(stands.reason, _) if stands is not None else "",
        )

    def ask(self, visit: Visit) -> Response:
        """Nothing is changed, and the answer is on this page alone: asked again, it is given
        again.
        """
        try:
            address = address_of(visit.inputs.get("address", "").strip())
        except UserError as error:
            return self.show(visit, [Mistake("address", error.said(visit.say))])
        return self.show(visit, stands=suppressions.standing(self._stores, address))

    def lift(self, visit: Visit) -> Response:
        _ = visit.say
        try:
            address = address_of(visit.inputs.get("address", "").strip())
        except UserError as error:
            return self.show(visit, [Mistake("address", error.said(_))])
        note = visit.inputs.get("note", "").strip()
        if not note:
            stands = suppressions.standing(self._stores, address)
            wanting = Mistake("note", _("say why: it stays with the fact"))
            return self.show(visit, [wanting], stands)
        match suppressions.lift(self._stores, address, visit.cause(note=note)):
            case Refused() as refused:
                return visit.refused(in_words(refused, _))
            case NothingToDo() as nothing:
                return visit.goes_to("/operator/suppressions", in_words(nothing, _))
            case None:
                done = _("Letters may go to this address again.")
                return visit.goes_to("/operator/suppressions", done)


def _reasons(counts: SuppressionCounts, _: Say) -> Iterator[ReasonRow]:
    for reason in dict.fromkeys((*counts.people, *counts.hashes)):
        yield ReasonRow(
            stored_in_words(reason, _), counts.people.get(reason, 0), counts.hashes.get(reason, 0)
        )
