"""What came of sources of addresses, of letters among the people of a segment, and of letters that
are tried in versions. Each counts over everybody, so no page waits for it (slow_counts.py); of
sources and segments no cell of fewer than ten people is shown.
"""

from __future__ import annotations

import io
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from fastapi.responses import Response

from engine.audience.experiments import Arm, rate_bounds
from engine.audience.people import HasSegments
from engine.audience.result_files import Cells, write_cells
from engine.audience.result_words import COLUMNS, share, titled_letter
from engine.audience.results import PeopleViews, results_among
from engine.audience.sources import FoldViews, SourceStores, tally_of_sources
from engine.audience.trial_words import (
    Trial,
    TrialViews,
    caused_in_words,
    incremental,
    percent,
    told_trial,
    verdicts,
)
from engine.console.access import Right
from engine.console.charts import Bar, Whisker, bars, whiskers
from engine.console.results_shown import MOST_BARS, PERIODS, USUAL_WEEKS, WEEK, periods
from engine.console.slow_counts import LIVE_UP_TO, SlowCounts, StandingViews
from engine.console.visit import Route, Visit
from engine.desk.clock import Clock
from engine.i18n.language import N_, Say, amount_in_words, grouped
from engine.installation.stream import InstallationStream
from engine.sequence.condition import InSegment
from engine.sequence.model import HOLDOUT, Plan
from engine.views import FIRST_WEEK, LAST_WEEK, ArmCount, week_of

K = TypeVar("K", bound=Hashable)
STILL_COUNTING = N_("This is still being counted: take the file along once the table is here.")


class PeopleResultViews(
    FoldViews, PeopleViews, HasSegments, StandingViews, TrialViews, Protocol
): ...


class PeopleResultStores(SourceStores, Protocol):
    @property
    def views(self) -> PeopleResultViews: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


class AmongWhom(NamedTuple):
    """Letters begun since a Monday (days since 1970-01-01) among who is in a segment now, by the
    plan of an edition.
    """

    segment: str
    since: int
    edition: int


class TriedLetter(NamedTuple):
    ref: str
    trial: Trial
    counts: list[ArmCount]


class Tried(NamedTuple):
    """A trial as it is shown. `rates` are those of answers where the letter asks, else of orders;
    `runs`: people still get one version or another.
    """

    name: str
    url: str
    runs: bool
    asks: bool
    rates: tuple[Whisker, ...]
    rows: tuple[tuple[str, int, int | None, int, str], ...]
    says: tuple[str, ...]


class Row(NamedTuple):
    """`cells`: in numbers with their share of the first; "–" where they are not shown."""

    name: str
    url: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleResults:
    stores: PeopleResultStores
    by_source: SlowCounts[int, Cells]
    among: SlowCounts[AmongWhom, Cells]
    tried: SlowCounts[int, list[TriedLetter]]

    def sources(self, visit: Visit) -> Response:
        table, _ = self.by_source.ask(0), visit.say
        names = {source: source or _("not known") for source in table or ()}
        return visit.page(
            "results_sources.html",
            is_counting=table is None,
            columns=_columns(table or {}, _),
            rows=list(_rows(table or {}, names, {}, _)),
            people=_bars(table or {}, names, "people", "", _),
        )

    def source_file(self, visit: Visit) -> Response:
        table = self._whole(self.by_source, 0)
        if table is None:
            return visit.goes_to("/results/sources", visit.say(STILL_COUNTING))
        return _file(visit, "source", table)

    def _whole(self, counts: SlowCounts[K, Cells], key: K) -> Cells | None:
        """For a file, which waits for it while few people are there."""
        table = counts.ask(key)
        if table is None and sum(self.stores.views.standing().values()) <= LIVE_UP_TO:
            return counts.count(key)
        return table

    def segments(self, visit: Visit) -> Response:
        plan, _ = self.stores.installation_stream.current().plan(), visit.say
        asked, weeks = self._asked(visit, plan)
        table = self.among.ask(asked) if asked.segment else {}
        names = {ref: titled_letter(plan, ref) for ref in table or ()}
        return visit.page(
            "results_segments.html",
            segments=[(segment.id, segment.name) for segment in plan.segments.values()],
            segment=asked.segment,
            weeks=weeks,
            periods=periods(_),
            is_counting=table is None,
            columns=_columns(table or {}, _),
            rows=list(_rows(table or {}, names, {r: f"/results/letter/{r}" for r in names}, _)),
            answers=_bars(table or {}, names, "answered", "accepted", _),
        )

    def segment_file(self, visit: Visit) -> Response:
        asked, weeks = self._asked(visit, self.stores.installation_stream.current().plan())
        if not asked.segment:
            return visit.not_found(visit.say(N_("There is no such segment.")))
        table = self._whole(self.among, asked)
        if table is None:
            address = f"/results/segments?segment={asked.segment}&weeks={weeks}"
            return visit.goes_to(address, visit.say(STILL_COUNTING))
        return _file(visit, "letter", table)

    def trials(self, visit: Visit) -> Response:
        installation, _ = self.stores.installation_stream.current(), visit.say
        plan, now = installation.plan(), self.stores.clock.now()
        known = self.tried.ask(installation.edition)
        in_force = installation.editions.get(installation.edition)
        running = dict(in_force.tried) if in_force is not None else {}
        return visit.page(
            "results_trials.html",
            is_counting=known is None,
            trials=[
                shown_trial(one, plan, running.get(one.ref) == one.trial.since, now, _)
                for one in known or ()
            ],
        )

    def _asked(self, visit: Visit, plan: Plan) -> tuple[AmongWhom, int]:
        """The first segment, unless one of the plan is named."""
        named, first = visit.query.get("segment", ""), next(iter(plan.segments), "")
        weeks = next((n for n in PERIODS if str(n) == visit.query.get("weeks")), USUAL_WEEKS)
        now = week_of(self.stores.clock.now())
        since = now - WEEK * (weeks - 1) if weeks else FIRST_WEEK
        return AmongWhom(named if named in plan.segments else first, since, plan.edition), weeks


def routes(stores: PeopleResultStores) -> Sequence[Route]:
    def by_source(_key: int) -> Cells:
        tallies = tally_of_sources(stores.database, stores.views.folds)
        return {source: tally.shown() for source, tally in tallies.items()}

    def among(asked: AmongWhom) -> Cells:
        people = stores.views.segments.chosen(InSegment(asked.segment), stores.clock.now())
        plan = stores.installation_stream.current().plan(asked.edition)
        return results_among(stores.views, plan, people, asked.since, LAST_WEEK)

    def tried(_edition: int) -> list[TriedLetter]:
        installation = stores.installation_stream.current()
        editions = sorted(installation.editions.values(), key=lambda edition: -edition.number)
        refs = dict.fromkeys(ref for edition in editions for ref, _since in edition.tried)
        told = ((ref, told_trial(installation, ref, stores.views)) for ref in refs)
        return [TriedLetter(ref, *standing) for ref, standing in told if standing is not None]

    pages = PeopleResults(stores, SlowCounts(by_source), SlowCounts(among), SlowCounts(tried))
    return (
        Route("GET", "/results/sources", Right.SEE, pages.sources),
        Route("GET", "/results/sources/as/{format}", Right.SEE, pages.source_file),
        Route("GET", "/results/segments", Right.SEE, pages.segments),
        Route("GET", "/results/segments/as/{format}", Right.SEE, pages.segment_file),
        Route("GET", "/results/trials", Right.SEE, pages.trials),
    )


def _columns(table: Cells, _: Say) -> list[str]:
    return [_(COLUMNS[name]) for cells in [*table.values()][:1] for name in cells]


def _rows(table: Cells, names: Mapping[str, str], urls: Mapping[str, str], _: Say) -> Iterable[Row]:
    for key, cells in table.items():
        whole = next(iter(cells.values()), None)
        shown = [_cell(n, whole if number else None, _) for number, n in enumerate(cells.values())]
        yield Row(names[key], urls.get(key, ""), tuple(shown))


def _cell(count: int | None, whole: int | None, _: Say) -> str:
    """ "1,234 (9.7 %)"; "–" where it is not shown."""
    if count is None:
        return "–"
    part = share(count, whole or 0, _)
    return f"{grouped(count, _)} ({part})" if part else grouped(count, _)


def _bars(table: Cells, names: Mapping[str, str], what: str, of: str, _: Say) -> tuple[Bar, ...]:
    """The greatest of what is shown; as a share of `of`, where that is named and shown."""
    rows = []
    for key, cells in table.items():
        count, whole = cells.get(what), cells.get(of)
        if count is None or (of and not whole):
            continue
        rows.append((names[key], count / whole if whole else count, _cell(count, whole, _)))
    return bars(sorted(rows, key=lambda row: -row[1])[:MOST_BARS], top=1 if of else 0)


def shown_trial(one: TriedLetter, plan: Plan, runs: bool, now: int, _: Say) -> Tried:
    asks = bool(one.trial.letter.links)
    known = {count.version: count for count in one.counts}
    arms = [known[name] for name, _share in one.trial.letter.arms if name in known]
    shown = [count for count in arms if not (asks and count.version == HOLDOUT)]
    rates = [_rate(count, asks, _) for count in shown]
    top = max((high for _name, _low, _at, high, _words in rates), default=0) or 1
    says = list(verdicts(one.trial, one.counts, now, _))
    caused = incremental(one.counts)
    if caused is not None:
        says.append(caused_in_words(caused, known[HOLDOUT].currency, _))
    is_over = 0 < one.trial.ends_at <= now
    return Tried(
        name=titled_letter(plan, one.ref),
        url=f"/results/letter/{one.ref}",
        runs=runs and not is_over,
        asks=asks,
        rates=whiskers(rates, lambda rate: 100 * rate / top),
        rows=tuple(
            (
                _version(count, _),
                count.people,
                None if count.version == HOLDOUT else count.answered,
                count.ordered,
                amount_in_words(count.amount, count.currency, _) if count.currency else "",
            )
            for count in arms
        ),
        says=tuple(says),
    )


def _rate(count: ArmCount, asks: bool, _: Say) -> tuple[str, float, float, float, str]:
    acted = count.answered if asks else count.ordered
    low, high = rate_bounds(Arm(count.people, acted))
    rate = acted / count.people
    words = _("{estimate} (between {low} and {high})").format(
        estimate=percent(rate, _), low=percent(low, _), high=percent(high, _)
    )
    return _version(count, _), low, rate, high, words


def _version(count: ArmCount, _: Say) -> str:
    return _("held out") if count.version == HOLDOUT else count.version


def _file(visit: Visit, first: str, table: Cells) -> Response:
    """The same cells for a spreadsheet or a program."""
    form = visit.path.get("format", "")
    if form == "csv":
        text = io.StringIO()
        write_cells(first, table, text)
        octets, kind = text.getvalue().encode("utf-8-sig"), "text/csv"
    elif form == "json":
        rows = [{first: name, **cells} for name, cells in table.items()]
        octets = f"{json.dumps(rows, ensure_ascii=False, indent=2)}\n".encode()
        kind = "application/json"
    else:
        return visit.not_found(visit.say(N_("There is no such page.")))
    disposition = {"Content-Disposition": f'attachment; filename="{first}s.{form}"'}
    return Response(octets, headers=disposition, media_type=kind)
