"""`relance results [LETTER|FILE]`: what came of letters, as a table, in full for one letter, or as
CSV. Counters that name nobody; shares are of what mail servers accepted.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext

from engine.audience.arrivals import cohort_rows, cohorts_of, write_cohorts
from engine.audience.measured import MeasuredPeople, measured_people
from engine.audience.result_files import as_rows, write_cells, write_csv
from engine.audience.result_words import (
    COLUMNS,
    earned,
    link_in_words,
    measured_in_words,
    share,
    shown_name,
    told,
)
from engine.audience.results import (
    Results,
    VisitCount,
    letters_meant,
    name_of,
    results,
    results_among,
    visits_of,
)
from engine.audience.sources import tally_of_sources
from engine.audience.trial_words import told_trial, trial_lines
from engine.cli.arguments_of_people import STDOUT
from engine.cli.private_file import private_file
from engine.cli.progress import catch_up
from engine.cli.terminal import json_text, wrapped
from engine.context import AppContext
from engine.i18n.dates import read_date
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.printable import printable
from engine.i18n.user_error import UserError, segment_of
from engine.sequence.condition import InSegment
from engine.sequence.model import Plan
from engine.views import FIRST_WEEK, LAST_WEEK, Grouping, week_of

Visits = Mapping[str, Sequence[VisitCount]]
BEFORE_A_DATE = re.compile(r" (?=\d{4}(-\d{2}-\d{2})?$)")
WIDTH = 80
MIN_NAME = 20


def run(context: AppContext, args: argparse.Namespace) -> int:
    zone, language = context.config.site.timezone, context.config.site.language
    since = week_of(read_date(args.since, zone)) if args.since else FIRST_WEEK
    until = week_of(read_date(args.until, zone)) if args.until else LAST_WEEK
    if since > until:
        raise UserError(N_("--since lies after --until"), 2)
    if args.csv is not None and args.csv != STDOUT and args.csv.exists():
        raise UserError(N_("{file} is there already: choose another name"), file=args.csv)
    catch_up(context)
    installation = context.installation_stream.current()
    plan = installation.plan()
    if args.joined:
        if args.letter or args.by or args.source or args.segment or args.until:
            raise UserError(N_("--joined stands alone, with --since at the most"), 2)
        return _by_arrival(context, args, since)
    if args.source or args.segment:
        if args.letter or args.by or (args.source and (args.since or args.until)):
            raise UserError(N_("--source and --segment stand alone: each is a table of its own"), 2)
        return _of_few(context, args, plan, since, until)
    letters: Sequence[str] = ("",)
    if args.letter:
        counted = {count.letter for count in context.views.counted([""])}
        letters = letters_meant(plan, counted, args.letter)
    by: Grouping = args.by or "letter"
    found = results(context.views, plan, letters, by, since, until)
    visits = visits_of(context.desk, letters, since, until) if by == "letter" else {}
    measured: Mapping[str, MeasuredPeople] | None = None
    if by == "letter" and plan.measured is not None:
        measured = measured_people(context.views, context.database, letters, since, until)
    _ = translator(language)
    if args.json:
        tried = {
            one.name: trial[1]
            for one in found
            if by == "letter" and (trial := told_trial(installation, one.name, context.views))
        }
        print(json_text(as_rows(found, visits, measured, tried)))
    elif args.csv is not None:
        to_file = args.csv != STDOUT
        with private_file(args.csv, "utf-8-sig") if to_file else nullcontext(sys.stdout) as file:
            write_csv(found, by, file, measured)
        if to_file:
            ngettext = counting_translator(language)
            written = ngettext("{n} row written: {file}", "{n} rows written: {file}", len(found))
            print(written.format(n=grouped(len(found), _), file=args.csv))
    elif not found:
        print(_("no letter has fallen due in these weeks"))
    else:
        alone = bool(args.letter) and args.by is None and len(letters) <= 2
        trials = _trials(context, found, _) if alone else {}
        lines = (
            _in_full(found, visits, measured, trials, plan, _)
            if alone
            else _table(found, plan, by, _)
        )
        for line in lines:
            print(wrapped(line, WIDTH))
    return 0


def _trials(context: AppContext, found: Sequence[Results], _: Say) -> dict[str, list[str]]:
    """How the last trial of each letter stands, of those that are or were tried."""
    installation, now = context.installation_stream.current(), context.clock.now()
    told = {}
    for one in found:
        if standing := told_trial(installation, one.name, context.views):
            told[one.name] = list(trial_lines(*standing, now, _))
    return told


def _of_few(
    context: AppContext, args: argparse.Namespace, plan: Plan, since: int, until: int
) -> int:
    """What is told of people by a source or segment of theirs: no cell of fewer than ten, nor
    of all but so few.
    """
    _ = translator(context.config.site.language)
    if args.source:
        tallies = tally_of_sources(context.database, context.views.folds)
        table = {source: tally.shown() for source, tally in tallies.items()}
        names = {source: source or _("not known") for source in table}
    else:
        chosen = InSegment(segment_of(plan, args.segment).id)
        people = context.views.segments.chosen(chosen, context.clock.now())
        table = results_among(context.views, plan, people, since, until)
        names = {ref: name_of(plan, ref) for ref in table}
    first = "source" if args.source else "letter"
    if args.json:
        print(json_text([{first: name, **cells} for name, cells in table.items()]))
    elif args.csv is not None:
        to_file = args.csv != STDOUT
        with private_file(args.csv, "utf-8-sig") if to_file else nullcontext(sys.stdout) as file:
            write_cells(first, table, file)
    else:
        for line in _few_lines(table, names, _):
            print(line)
    return 0


def _by_arrival(context: AppContext, args: argparse.Namespace, since: int) -> int:
    """How those who came in one week went on; fewer than ten are not told."""
    _ = translator(context.config.site.language)
    cohorts = cohorts_of(context.views.arrivals(since), week_of(context.clock.now()))
    if args.json:
        print(json_text(list(cohort_rows(cohorts))))
    elif args.csv is not None:
        to_file = args.csv != STDOUT
        with private_file(args.csv, "utf-8-sig") if to_file else nullcontext(sys.stdout) as file:
            write_cohorts(cohorts, file)
    elif not cohorts:
        print(_("nothing is known yet"))
    else:
        rows = [[_("people"), _("accepted"), _("answered"), _("left")]]
        for cohort in cohorts:
            total, people = cohort.total, cohort.people
            if people is None:
                rows.append(["–"] * 4)
                continue
            cells = ((total.answered, total.accepted), (total.unsubscribed, people))
            shares = (f"{grouped(n, _)} {share(n, of, _)}".rstrip() for n, of in cells)
            rows.append([grouped(people, _), grouped(total.accepted, _), *shares])
        for line in _aligned(["", *(cohort.monday for cohort in cohorts)], rows):
            print(line)
        print(_("– stands for fewer than ten people, or for all but fewer than ten"))
    return 0


def _few_lines(
    table: Mapping[str, Mapping[str, int | None]], names: Mapping[str, str], _: Say
) -> Iterator[str]:
    if not table:
        yield _("nothing is known yet")
        return
    columns = list(next(iter(table.values())))
    rows = [[_(COLUMNS[column]) for column in columns]]
    for cells in table.values():
        rows.append(["–" if n is None else grouped(n, _) for n in cells.values()])
    yield from _aligned(["", *(printable(names[name]) for name in table)], rows)
    yield _("– stands for fewer than ten people, or for all but fewer than ten")


def _aligned(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """At most 80 columns: closer together where they must be, a longer name shortened; it stands
    above its row where the row leaves it too little room.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    longest = max(map(len, names))
    for gap in ("  ", " "):
        room = WIDTH - sum(widths) - len(gap) * len(widths)
        if room >= min(MIN_NAME, longest):
            break
    for name, row in zip(names, rows, strict=True):
        cells = [cell.rjust(size) for cell, size in zip(row, widths, strict=True)]
        if room >= min(MIN_NAME, longest):
            width = min(room, longest)
            yield gap.join((shortened(name, width).ljust(width), *cells)).rstrip()
            continue
        if name:
            yield shortened(name, WIDTH)
        yield gap.join(("", *cells)).rstrip()


def _table(found: Sequence[Results], plan: Plan, by: Grouping, _: Say) -> Iterator[str]:
    heads = [
        _("due"), _("accepted"), _("bounces"), _("answered"), _("left"), _("orders"), _("amount"),
    ]  # fmt: skip
    names = ["", *(shown_name(one, plan, by, _) for one in found)]
    yield from _aligned(names, [heads, *(_cells(one, _) for one in found)])


def shortened(name: str, width: int) -> str:
    """At most `width` columns of "list/letter" or "letter date": the first part is cut before the
    last one, by which those of one dialogue differ.
    """
    if len(name) <= width:
        return name
    cut = max(name.rfind("/"), *(blank.start() for blank in BEFORE_A_DATE.finditer(name)), -1)
    room = width - len(name[cut:]) - 1
    if cut > 0 and room > 0:
        return f"{name[:room]}…{name[cut:]}"
    return name[: width - 1] + "…"


def _cells(one: Results, _: Say) -> list[str]:
    return [
        grouped(one.due, _),
        grouped(one.accepted, _),
        grouped(sum(one.bounced.values()), _),
        f"{grouped(one.answered, _)} {share(one.answered, one.accepted, _)}".rstrip(),
        grouped(one.unsubscribed, _),
        grouped(sum(sale.orders for sale in one.sales), _),
        earned(one, _),
    ]


def _in_full(
    found: Sequence[Results],
    visits: Visits,
    measured: Mapping[str, MeasuredPeople] | None,
    trials: Mapping[str, Sequence[str]],
    plan: Plan,
    _: Say,
) -> Iterator[str]:
    for number, one in enumerate(found):
        if number:
            yield ""
        yield name_of(plan, one.name)
        lines = [(("  " if line.within else "") + line.label, line) for line in told(one, plan, _)]
        width = max(len(label) for label, _line in lines)
        for label, line in lines:
            of = share(line.count, one.accepted, _) if line.shared else ""
            count = grouped(line.count, _)
            yield f"  {label.ljust(width)} {count:>9} {of:>7}  {line.note}".rstrip()
        yield from _visits(visits.get(one.name, ()), _)
        if measured and one.name in measured:
            yield "  " + measured_in_words(measured[one.name], _)
        trial = trials.get(one.name, ())
        yield from trial
        if one.sales and not trial:
            yield "  " + _(
                "what the letter itself brought about is not measurable: nobody was left out of it"
                " to compare with"
            )


def _visits(visits: Sequence[VisitCount], _: Say) -> Iterator[str]:
    """Visits, presumed people and acts are three things, and stand apart."""
    if not visits:
        return
    yield "  " + _("visits to its links, and those presumed to be people’s (neither is an act):")
    for visit in visits:
        counts = f"{grouped(visit.visits, _):>9} {grouped(visit.presumed_human, _):>7}"
        yield f"  {counts}  {link_in_words(visit, _)}"
