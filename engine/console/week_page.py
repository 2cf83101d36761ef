"""`/operator/week`: how a week went, as the weekly mail to the operator says it.

Of very many people the counts take a moment: they are made beside the page, and kept for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fastapi.responses import Response

from engine.console.access import Right
from engine.console.slow_counts import CountsOfMany
from engine.console.visit import Route, Visit
from engine.sequence.delay import DAY
from engine.status.week import WEEK_DAYS, Week, WeekStores, last_week, week_of_installation
from engine.status.week_words import WeekWords
from engine.views import Views, week_of

COUNTS_SECONDS = 60.0


class WeekPageStores(WeekStores, Protocol):
    @property
    def views(self) -> Views: ...


def routes(stores: WeekPageStores) -> Sequence[Route]:
    counts = CountsOfMany[int, Week](
        stores.views, lambda monday: week_of_installation(stores, monday), COUNTS_SECONDS
    )
    return (Route("GET", "/operator/week", Right.SEE, lambda visit: _week(stores, visit, counts)),)


def _week(stores: WeekPageStores, visit: Visit, counts: CountsOfMany[int, Week]) -> Response:
    now = stores.clock.now()
    day = visit.number("day")
    monday = min(week_of(day * DAY), week_of(now)) if day else last_week(now)
    week = counts.ask(monday)
    words = WeekWords(stores.installation_stream.current().plan(), visit.language)
    return visit.page(
        "operator_week.html",
        week=week,
        title=words.title(monday, now),
        sections=list(words.sections(week)) if week is not None else [],
        before=monday - WEEK_DAYS,
        after=monday + WEEK_DAYS if monday < week_of(now) else 0,
        operator=stores.config.operator,
    )
