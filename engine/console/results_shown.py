"""What came of letters as pages show it: rows, charts over weeks, the times in which a letter was
the same, and the three ways in which orders are counted. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Literal, NamedTuple

from engine.audience.arrivals import Cohort
from engine.audience.result_words import (
    earned,
    link_in_words,
    sale_in_words,
    share,
    shown_name,
    titled_letter,
)
from engine.audience.results import (
    EPOCH,
    Results,
    added,
    letters_in,
    results_of,
    visits_in,
)
from engine.audience.trial_words import (
    Trial,
    caused_in_words,
    incremental,
)
from engine.console.charts import Bar, Chart, bars, column_chart, line_chart
from engine.desk.desk import VisitCell
from engine.i18n.language import N_, Language, Say, grouped, month_in_words, translator
from engine.i18n.phrases import letter_at, quoted
from engine.installation.state import Installation
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.views import (
    FIRST_WEEK,
    ArmCount,
    Grouping,
    LetterCount,
)

WEEK = 7
PERIODS = (4, 13, 26, 52, 0)
"""Weeks that can be chosen; 0 is all there are."""
USUAL_WEEKS = 13
MOST_ROWS = 200
MOST_BARS = 10
MOST_WEEKS_SINCE = 13
HEAT = 4
Measure = Literal["answered", "unsubscribed"]
MEASURES: Mapping[Measure, str] = {
    "answered": N_("Answered, of what was accepted in that week"),
    "unsubscribed": N_("Unsubscribed until then, of who came"),
}
MOST_EDITIONS = 24
"""The latest, of which a letter's page says when it changed."""
VisitCells = Sequence[tuple[VisitCell, int, int]]
WeekVisits = Iterable[tuple[int, int, int]]
"""A Monday (days since 1970-01-01), visits, and those presumed to be people's."""
GROUPING_WORDS: Mapping[Grouping, str] = {
    "letter": N_("letter"),
    "mailing": N_("mailing"),
    "dialogue": N_("dialogue"),
    "list": N_("list"),
    "group": N_("group"),
    "purpose": N_("purpose"),
    "week": N_("week"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked at: letters begun in the last `weeks` (0: in all), added up by `by`; of one
    dialogue's file, of one list, or ("" and 0) of all. `now`: this week's Monday, in days since
    1970-01-01.
    """

    weeks: int
    by: Grouping
    file: str
    list: int
    now: int

    @property
    def since(self) -> int:
        return self.now - WEEK * (self.weeks - 1) if self.weeks else FIRST_WEEK

    @property
    def query(self) -> str:
        listed = f"&list={self.list}" if self.list else ""
        return f"?weeks={self.weeks}&by={self.by}&dialogue={self.file}{listed}"


class Row(NamedTuple):
    """`named`: as files and the command line name the letter, "" for what is no letter."""

    name: str
    named: str
    url: str
    due: int
    accepted: int
    bounced: int
    answered: int
    answered_share: str
    left: int
    left_share: str
    complained: int
    ordered: int
    amount: str


class Series(NamedTuple):
    """A chart with what it shows as a table: a row for each label."""

    chart: Chart
    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


class Weekly(NamedTuple):
    """Charts over the same weeks, never mixed."""

    accepted: Series
    acts: Series
    visited: Series
    presumed: Series


class Span(NamedTuple):
    """Editions between which a letter was the same, since when (ms), and what came of it."""

    first: int
    last: int
    at: int
    results: Results


class SpanRow(NamedTuple):
    first: int
    last: int
    at: int
    accepted: int
    answered: int
    answered_share: str
    left: int
    left_share: str


class Orders(NamedTuple):
    """Within days of a letter, after an act in it, and what it brought about; each in words too."""

    within: int
    within_amounts: tuple[str, ...]
    after_act: int
    after_act_amounts: tuple[str, ...]
    caused: str


class CohortCell(NamedTuple):
    """`heat`: 0 to HEAT, by its share of the greatest one shown; "" and 0 where there is none."""

    words: str
    heat: int


class CohortRow(NamedTuple):
    """`people` and cells are those of one week's arrivals; "–" where they are too few."""

    label: str
    people: str
    cells: tuple[CohortCell, ...]


class LinkCount(NamedTuple):
    """`acts`: None where what the link did is no act of its own."""

    words: str
    visits: int
    presumed: int
    acts: int | None


def periods(_: Say) -> list[tuple[int, str]]:
    return [(n, _("the last {n} weeks").format(n=n) if n else _("all weeks")) for n in PERIODS]


def shares(one: Results, _: Say) -> dict[str, str]:
    return {
        "bounced": share(sum(one.bounced.values()), one.accepted, _),
        "answered": share(one.answered, one.accepted, _),
        "left": share(one.unsubscribed, one.accepted, _),
        "complained": share(one.complained, one.accepted, _),
        "ordered": share(sum(sale.orders for sale in one.sales), one.accepted, _),
    }


def row_of(one: Results, plan: Plan, by: Grouping, _: Say) -> Row:
    return Row(
        name=_titled(one, plan, by, _),
        named=shown_name(one, plan, by, _) if by in ("letter", "mailing") else "",
        url=_url(one, by),
        due=one.due,
        accepted=one.accepted,
        bounced=sum(one.bounced.values()),
        answered=one.answered,
        answered_share=share(one.answered, one.accepted, _),
        left=one.unsubscribed,
        left_share=share(one.unsubscribed, one.accepted, _),
        complained=one.complained,
        ordered=sum(sale.orders for sale in one.sales),
        amount=earned(one, _),
    )


def _titled(one: Results, plan: Plan, by: Grouping, _: Say) -> str:
    if by == "letter" or by == "mailing":
        return titled_letter(plan, one.name.partition(" ")[0])
    return plan.titles.get(one.name) or shown_name(one, plan, by, _)


def _url(one: Results, by: Grouping) -> str:
    match by:
        case "letter" | "mailing":
            return f"/results/letter/{one.name.partition(' ')[0]}"
        case "dialogue":
            return f"/results/dialogue/{one.name.removesuffix('.toml')}" if one.name else ""
        case "list":
            return f"/results?list={one.name}" if one.name != "0" else ""
        case "group" | "purpose" | "week":
            return ""


def answer_bars(found: Iterable[Results], plan: Plan, by: Grouping, _: Say) -> tuple[Bar, ...]:
    """The share of each that was answered, the greatest first; the whole width is every letter."""
    ordered = sorted(found, key=lambda one: -one.answered / one.accepted)[:MOST_BARS]
    return bars(
        (
            (
                _titled(one, plan, by, _),
                one.answered / one.accepted,
                share(one.answered, one.accepted, _),
            )
            for one in ordered
        ),
        top=1,
    )


def bars_of_answers(one: Results, _: Say) -> tuple[Bar, ...]:
    """How many gave each answer, and who gave none."""
    rows = [(quoted(answer.label, _), answer.people) for answer in one.answers]
    rows += [(_("without an answer"), one.unanswered)] if rows else []
    return bars(((label, n, _counted(n, one.accepted, _)) for label, n in rows), one.accepted)


def _counted(count: int, accepted: int, _: Say) -> str:
    """ "53 (41 %)" """
    part = share(count, accepted, _)
    return f"{grouped(count, _)} ({part})" if part else grouped(count, _)


def lost_bars(
    lost: Mapping[str, int], letters: Collection[str], plan: Plan, _: Say
) -> tuple[Bar, ...]:
    known = sorted(((n, ref) for ref, n in lost.items() if ref in letters), reverse=True)
    return bars((titled_letter(plan, ref), n, grouped(n, _)) for n, ref in known[:MOST_BARS])


def weekly(
    counts: Iterable[LetterCount],
    visits: WeekVisits,
    asked: Asked,
    plan: Plan,
    language: Language,
    marks: Iterable[tuple[int, str]] = (),
) -> Weekly:
    """What came of the letters of each week: columns of letters, lines of acts, and of visits and
    of those presumed to be people's each a chart of its own. `marks` at instants (ms).
    """
    _ = translator(language)
    by_week = {one.name: one for one in results_of(counts, plan, "week")}
    visited, presumed = Counter[int](), Counter[int]()
    for week, count, people in visits:
        visited[week] += count
        presumed[week] += people
    known = [(date.fromisoformat(name) - EPOCH).days for name in by_week]
    first = asked.since if asked.weeks else min([*known, *visited], default=asked.now)
    weeks = range(first, asked.now + 1, WEEK)
    nothing = added("", ())
    of = [by_week.get((EPOCH + timedelta(days=week)).isoformat(), nothing) for week in weeks]
    labels = [short_day(week, language) for week in weeks]
    placed = (((instant / DAY - first) / WEEK, words) for instant, words in marks)
    at = [(x, words) for x, words in placed if x >= 0]

    def columns(name: str, values: Sequence[int]) -> Series:
        rows = tuple(zip(labels, ((value,) for value in values), strict=True))
        return Series(column_chart(labels, values, at), (name,), rows)

    acts = (
        (_("answered"), [one.answered for one in of]),
        (_("unsubscribed"), [one.unsubscribed for one in of]),
        (_("orders"), [sum(sale.orders for sale in one.sales) for one in of]),
    )
    rows = tuple(zip(labels, zip(*(values for _name, values in acts), strict=True), strict=True))
    names = tuple(name for name, _values in acts)
    return Weekly(
        columns(_("accepted"), [one.accepted for one in of]),
        Series(line_chart(labels, acts, at), names, rows),
        columns(_("visits"), [visited[week] for week in weeks]),
        columns(_("presumed people"), [presumed[week] for week in weeks]),
    )


def short_day(week: int, language: Language) -> str:
    """ "03/11", "3 Nov": of a Monday, in days since 1970-01-01."""
    day = EPOCH + timedelta(days=week)
    if language == "fr":
        return f"{day:%d/%m}"
    return f"{day.day} {month_in_words(day.month, language)[:3]}"


def spans_of(
    installation: Installation, ref: str, counts: Sequence[tuple[int, LetterCount]]
) -> Iterator[Span]:
    """The times in which a letter was the same, the first of them first."""
    by_edition: dict[int, list[LetterCount]] = {}
    for edition, count in counts:
        by_edition.setdefault(edition, []).append(count)
    begun = [number for number in by_edition if number in installation.editions]
    if not begun:
        return
    numbers = [n for n in sorted(installation.editions) if n >= min(begun)][-MOST_EDITIONS:]
    for _same, group in groupby(numbers, key=lambda number: _as_written(installation, number, ref)):
        of = list(group)
        during = [count for number in of for count in by_edition.get(number, ())]
        if during:
            at = installation.editions[of[0]].at
            yield Span(of[0], of[-1], at, added(ref, during))


def _as_written(installation: Installation, number: int, ref: str) -> object:
    """What a letter was in an edition: when, to whom, and its words."""
    plan = installation.plan(number)
    key, _slash, name = ref.rpartition("/")
    letter = letter_at(plan, key, name)
    if letter is None:
        return None
    bodies = [letter.body, *(version.body for version in letter.versions)]
    words = [plan.words.get(body, "") for body in bodies]
    return replace(letter, added_at=0, backfill=False, tried_since=0), words


def span_row(span: Span, _: Say) -> SpanRow:
    one = span.results
    return SpanRow(
        first=span.first,
        last=span.last,
        at=span.at,
        accepted=one.accepted,
        answered=one.answered,
        answered_share=share(one.answered, one.accepted, _),
        left=one.unsubscribed,
        left_share=share(one.unsubscribed, one.accepted, _),
    )


def link_counts(one: Results, cells: VisitCells, _: Say) -> list[LinkCount]:
    """Each link as it was visited; what was pressed on its page, where that is an act."""
    acts = {answer.label: answer.people for answer in one.answers}
    links = [link for visits in visits_in(cells).values() for link in visits]
    return [
        LinkCount(
            link_in_words(link, _),
            link.visits,
            link.presumed_human,
            acts.get(link.link, 0) if link.kind == "answer" else None,
        )
        for link in links
    ]


def orders_of(one: Results, standing: Sequence[tuple[Trial, list[ArmCount]]], _: Say) -> Orders:
    counts = [count for _trial, arms in standing for count in arms]
    caused = incremental(counts)
    if caused is None:
        words = _("not measurable (n = 0): nobody was left out of it to compare with")
    else:
        words = caused_in_words(caused, next((c.currency for c in counts if c.currency), ""), _)
    return Orders(
        sum(sale.orders for sale in one.sales),
        tuple(sale_in_words(sale, _) for sale in one.sales),
        sum(sale.orders for sale in one.after_act),
        tuple(sale_in_words(sale, _) for sale in one.after_act),
        words,
    )


def file_of(plan: Plan, key: str) -> str:
    """The dialogue's file of a letter's matter; "" where it is published no more."""
    return next(
        (
            file
            for file in plan.titles
            for ref, _ in letters_in(plan, file)
            if ref.rpartition("/")[0] == key
        ),
        "",
    )


def cohort_rows(
    cohorts: Sequence[Cohort], measure: Measure, language: Language
) -> tuple[CohortRow, ...]:
    """Answers of each week; who unsubscribed, added up from the first week on."""
    _ = translator(language)
    shares = [list(_shares_of(cohort, measure))[:MOST_WEEKS_SINCE] for cohort in cohorts]
    top = max((part / whole for row in shares for part, whole in row if whole), default=0)

    def cell(part: int, whole: int) -> CohortCell:
        if not whole:
            return CohortCell("", 0)
        heat = -(-HEAT * part // (top * whole)) if part else 0
        return CohortCell(share(part, whole, _) or _("{n} %").format(n=0), int(heat))

    return tuple(
        CohortRow(
            short_day(cohort.week, language),
            "–" if cohort.people is None else grouped(cohort.people, _),
            tuple(cell(part, whole) for part, whole in row),
        )
        for cohort, row in zip(cohorts, shares, strict=True)
    )


def _shares_of(cohort: Cohort, measure: Measure) -> Iterator[tuple[int, int]]:
    gone = 0
    for week in cohort.weeks:
        gone += week.unsubscribed
        match measure:
            case "answered":
                yield week.answered, week.accepted
            case "unsubscribed":
                yield gone, cohort.people or 0


def arrivals_by_week(cohorts: Sequence[Cohort], weeks: int, now: int, language: Language) -> Series:
    """How many came, but for weeks of few; a column for each week."""
    _ = translator(language)
    people = {cohort.week: cohort.people or 0 for cohort in cohorts}
    first = now - WEEK * (weeks - 1) if weeks else min(people, default=now)
    labels = [short_day(week, language) for week in range(first, now + 1, WEEK)]
    values = [people.get(week, 0) for week in range(first, now + 1, WEEK)]
    rows = tuple((label, (value,)) for label, value in zip(labels, values, strict=True))
    return Series(column_chart(labels, values), (_("people"),), rows)
