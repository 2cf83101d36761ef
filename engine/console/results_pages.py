"""What came of letters, as charts with a table beside each: of all letters, of a dialogue, and of
one letter before and after each change of it. All of it is read from counters that name nobody.

Visits, visits presumed to be people's, and acts are three things: each has a chart of its own.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi.responses import Response

from engine.audience.arrivals import Cohort, cohorts_of, write_cohorts
from engine.audience.arrivals import cohort_rows as rows_of
from engine.audience.measured import MeasuredPeople, MeasuredViews, measured_people
from engine.audience.result_files import as_rows, write_csv
from engine.audience.result_words import (
    measured_in_words,
    share,
    told,
)
from engine.audience.results import (
    CounterViews,
    added,
    letters_in,
    name_of,
    of_authors,
    results_of,
    visits_in,
)
from engine.audience.sources import FoldViews, SourceStores
from engine.audience.trial_words import (
    Trial,
    TrialViews,
    told_trial,
    trial_of,
    verdicts,
)
from engine.console.access import Right
from engine.console.places import letter_url
from engine.console.results_shown import (
    GROUPING_WORDS,
    MEASURES,
    MOST_ROWS,
    MOST_WEEKS_SINCE,
    PERIODS,
    USUAL_WEEKS,
    Asked,
    Measure,
    answer_bars,
    arrivals_by_week,
    bars_of_answers,
    cohort_rows,
    file_of,
    link_counts,
    lost_bars,
    orders_of,
    periods,
    row_of,
    shares,
    span_row,
    spans_of,
    weekly,
)
from engine.console.slow_counts import SlowCounts
from engine.console.visit import Route, Visit
from engine.desk.desk import VisitCell
from engine.i18n.language import N_
from engine.i18n.phrases import letter_at, say_list, subject_of
from engine.installation.stream import InstallationStream
from engine.sequence.model import Plan
from engine.subscriber.agenda_key import list_key
from engine.views import (
    GROUPINGS,
    LAST_WEEK,
    ArmCount,
    ArrivalCount,
    LetterCount,
    week_of,
)


class ResultViews(CounterViews, FoldViews, MeasuredViews, TrialViews, Protocol):
    def counted_by_edition(
        self, letter: str, since: int = ..., until: int = ...
    ) -> list[tuple[int, LetterCount]]: ...
    def letters_with(self, messages: Collection[str]) -> dict[str, int]: ...
    def arrivals(self, since: int) -> list[ArrivalCount]: ...


class ResultDesk(Protocol):
    def visited(
        self, letters: Collection[str], since: int, until: int, key: str = ...
    ) -> list[tuple[VisitCell, int, int]]: ...
    def visited_weeks(
        self, letters: Collection[str], since: int, until: int, key: str = ...
    ) -> list[tuple[int, int, int]]: ...
    def lost_messages(self) -> tuple[str, ...]: ...


class Clocked(Protocol):
    def now(self) -> int:
        """Engine time (ms)."""


class ResultStores(SourceStores, Protocol):
    @property
    def views(self) -> ResultViews: ...
    @property
    def desk(self) -> ResultDesk: ...
    @property
    def clock(self) -> Clocked: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


@dataclass(frozen=True, slots=True)
class ResultPages:
    stores: ResultStores
    lost: SlowCounts[int, dict[str, int]]
    trials: SlowCounts[tuple[str, int], list[tuple[Trial, list[ArmCount]]]]
    measured: SlowCounts[int, Mapping[str, MeasuredPeople]]

    def overview(self, visit: Visit) -> Response:
        plan = self.stores.installation_stream.current().plan()
        return self._page(visit, plan, self._asked(visit, plan), "/results")

    def dialogue(self, visit: Visit) -> Response:
        plan = self.stores.installation_stream.current().plan()
        file = f"{visit.path['dialogue']}.toml"
        if file not in plan.titles:
            return visit.not_found(visit.say(N_("This dialogue is not in force.")))
        asked = self._asked(visit, plan, file)
        return self._page(visit, plan, asked, f"/results/dialogue/{visit.path['dialogue']}")

    def _asked(self, visit: Visit, plan: Plan, file: str = "") -> Asked:
        """What cannot be read is as if it had not been asked."""
        query = visit.query
        weeks = next((n for n in PERIODS if str(n) == query.get("weeks")), USUAL_WEEKS)
        by = next((by for by in GROUPINGS if by == query.get("by")), GROUPINGS[0])
        named = query.get("dialogue", "")
        number = query.get("list", "")
        return Asked(
            weeks=weeks,
            by=by,
            file=file or (named if named in plan.titles else ""),
            list=next((n for n in plan.lists if str(n) == number), 0),
            now=week_of(self.stores.clock.now()),
        )

    def _page(self, visit: Visit, plan: Plan, asked: Asked, address: str) -> Response:
        views, _ = self.stores.views, visit.say
        letters, key = _letters(plan, asked), list_key(asked.list) if asked.list else ""
        counts = views.counted(letters, asked.since, LAST_WEEK, asked.list)
        by_week = views.counted_weeks(letters, asked.since, LAST_WEEK, asked.list)
        visits = self.stores.desk.visited_weeks(letters, asked.since, LAST_WEEK, key)
        found = results_of(by_week if asked.by == "week" else counts, plan, asked.by)
        lost = self.lost.ask(0)
        total = added("", of_authors(counts))
        compared = [one for one in found if one.answered and one.accepted]
        return visit.page(
            "results.html",
            asked=asked,
            address=address,
            title=plan.titles.get(asked.file, "") if address != "/results" else "",
            periods=periods(_),
            groupings=[(by, _(words)) for by, words in GROUPING_WORDS.items()],
            dialogues=[("", _("all")), *plan.titles.items()],
            lists=[(0, _("all")), *((number, say_list(plan, number)) for number in plan.lists)],
            total=total,
            shares=shares(total, _),
            rows=[row_of(one, plan, asked.by, _) for one in found[:MOST_ROWS]],
            more=len(found) - MOST_ROWS,
            answers=answer_bars(compared, plan, asked.by, _),
            weekly=weekly(by_week, visits, asked, plan, visit.language),
            lost=lost_bars(lost or {}, {count.letter for count in counts}, plan, _),
            is_counting=lost is None,
            has_any=bool(counts) or bool(views.counted_weeks([""])),
        )

    def letter(self, visit: Visit) -> Response:
        installation = self.stores.installation_stream.current()
        plan, ref = installation.plan(), f"{visit.path['key']}/{visit.path['letter']}"
        asked = self._asked(visit, plan)
        counts = self.stores.views.counted_by_edition(ref, asked.since, LAST_WEEK)
        key, _slash, name = ref.rpartition("/")
        letter, _ = letter_at(plan, key, name), visit.say
        if letter is None and not counts:
            return visit.not_found(_("There is no such letter."))
        one = added(ref, (count for _edition, count in counts))
        cells = self.stores.desk.visited([ref], asked.since, LAST_WEEK)
        spans = list(spans_of(installation, ref, counts))
        lost = self.lost.ask(0)
        tried = trial_of(installation, ref) is not None
        trial = self.trials.ask((ref, installation.edition)) if tried else []
        measured = self.measured.ask(asked.since) if plan.measured is not None else {}
        of_measured = (measured or {}).get(ref)
        marks = [(span.at, _("edition {n}").format(n=span.first)) for span in spans[1:]]
        return visit.page(
            "results_letter.html",
            asked=asked,
            address=f"/results/letter/{ref}",
            subject=subject_of(letter, plan=plan) if letter is not None else name_of(plan, ref),
            name=name_of(plan, ref),
            letter_url=letter_url(ref) if letter is not None else "",
            file=file_of(plan, key),
            periods=periods(_),
            one=one,
            lines=[
                (line, share(line.count, one.accepted, _) if line.shared else "")
                for line in told(one, plan, _)
            ],
            answers=bars_of_answers(one, _),
            spans=[span_row(span, _) for span in reversed(spans)],
            links=link_counts(one, cells, _),
            weekly=weekly(
                [count for _edition, count in counts],
                [(cell.week, visited, presumed) for cell, visited, presumed in cells],
                asked,
                plan,
                visit.language,
                marks,
            ),
            lost=(lost or {}).get(ref, 0),
            is_counting=lost is None or trial is None or measured is None,
            orders=orders_of(one, trial or [], _),
            verdicts=[
                verdict
                for standing in trial or ()
                for verdict in verdicts(*standing, self.stores.clock.now(), _)
            ],
            is_tried=tried,
            measured=measured_in_words(of_measured, _) if of_measured else "",
        )

    def _cohorts(self, visit: Visit) -> tuple[Asked, list[Cohort]]:
        asked = self._asked(visit, self.stores.installation_stream.current().plan())
        return asked, cohorts_of(self.stores.views.arrivals(asked.since), asked.now)

    def joined(self, visit: Visit) -> Response:
        (asked, cohorts), _ = self._cohorts(visit), visit.say
        asked_for = visit.query.get("show")
        measure: Measure = next((name for name in MEASURES if name == asked_for), "answered")
        return visit.page(
            "results_joined.html",
            asked=asked,
            periods=periods(_),
            measure=measure,
            measures=[(name, _(words)) for name, words in MEASURES.items()],
            arrivals=arrivals_by_week(cohorts, asked.weeks, asked.now, visit.language),
            rows=cohort_rows(cohorts, measure, visit.language),
            most=min(MOST_WEEKS_SINCE, max((len(cohort.weeks) for cohort in cohorts), default=0)),
        )

    def joined_file(self, visit: Visit) -> Response:
        _asked, cohorts = self._cohorts(visit)
        form, text = visit.path.get("format", ""), io.StringIO()
        if form == "csv":
            write_cohorts(cohorts, text)
            return _file(text.getvalue().encode("utf-8-sig"), "joined.csv", "text/csv")
        if form == "json":
            rows = json.dumps(list(rows_of(cohorts)), indent=2)
            return _file(f"{rows}\n".encode(), "joined.json", "application/json")
        return visit.not_found(visit.say(N_("There is no such page.")))

    def download(self, visit: Visit) -> Response:
        """The same numbers, for a spreadsheet or a program."""
        installation = self.stores.installation_stream.current()
        plan, form = installation.plan(), visit.path.get("format", "")
        asked = self._asked(visit, plan)
        letters, key = _letters(plan, asked), list_key(asked.list) if asked.list else ""
        counted = self.stores.views.counted
        if asked.by == "week":
            counted = self.stores.views.counted_weeks
        counts = counted(letters, asked.since, LAST_WEEK, asked.list)
        found = results_of(counts, plan, asked.by)
        measured: Mapping[str, MeasuredPeople] | None = None
        if asked.by == "letter" and plan.measured is not None:
            measured = self.measured.count(asked.since)
        if form == "csv":
            text = io.StringIO()
            write_csv(found, asked.by, text, measured)
            return _file(text.getvalue().encode("utf-8-sig"), "results.csv", "text/csv")
        if form == "json":
            visits, tried = {}, {}
            if asked.by == "letter":
                visits = visits_in(self.stores.desk.visited(letters, asked.since, LAST_WEEK, key))
                tried = {
                    one.name: trial[1]
                    for one in found
                    if (trial := told_trial(installation, one.name, self.stores.views))
                }
            rows = json.dumps(as_rows(found, visits, measured, tried), ensure_ascii=False, indent=2)
            return _file(f"{rows}\n".encode(), "results.json", "application/json")
        return visit.not_found(visit.say(N_("There is no such page.")))


def _letters(plan: Plan, asked: Asked) -> list[str]:
    return [ref for ref, _letter in letters_in(plan, asked.file)] if asked.file else [""]


def routes(stores: ResultStores) -> Sequence[Route]:
    def lost(_key: int) -> dict[str, int]:
        return stores.views.letters_with(stores.desk.lost_messages())

    def trial(key: tuple[str, int]) -> list[tuple[Trial, list[ArmCount]]]:
        known = told_trial(stores.installation_stream.current(), key[0], stores.views)
        return [known] if known is not None else []

    def measured(since: int) -> Mapping[str, MeasuredPeople]:
        return measured_people(stores.views, stores.database, [""], since, LAST_WEEK)

    pages = ResultPages(stores, SlowCounts(lost), SlowCounts(trial), SlowCounts(measured))
    return (
        Route("GET", "/results", Right.SEE, pages.overview),
        Route("GET", "/results/as/{format}", Right.SEE, pages.download),
        Route("GET", "/results/joined", Right.SEE, pages.joined),
        Route("GET", "/results/joined/as/{format}", Right.SEE, pages.joined_file),
        Route("GET", "/results/dialogue/{dialogue}", Right.SEE, pages.dialogue),
        Route("GET", "/results/letter/{key}/{letter}", Right.SEE, pages.letter),
    )


def _file(octets: bytes, name: str, media_type: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(octets, headers=disposition, media_type=media_type)
