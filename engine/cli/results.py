"""`relance results [LETTER|FILE]`: what came of letters, as a table, in full for one letter, or as
CSV. Counters that name nobody; shares are of what mail servers accepted.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TextIO

from engine.audience.measured import NOBODY_MEASURED, MeasuredPeople, measured_people
from engine.audience.results import (
    Results,
    Sales,
    VisitCount,
    letters_meant,
    name_of,
    results,
    results_among,
    visits_of,
)
from engine.audience.sources import SHOWN_FROM, tally_of_sources
from engine.audience.trial_words import told_trial, trial_lines
from engine.cli.arguments_of_people import STDOUT
from engine.cli.private_file import private_file
from engine.cli.progress import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.dates import read_date
from engine.i18n.language import N_, Say, amount_in_words, counting_translator, grouped, translator
from engine.i18n.phrases import quoted, say_list, titled_purpose
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, segment_of
from engine.imports.rejected_rows import inert
from engine.intake.amounts import decimal
from engine.sequence.condition import InSegment
from engine.sequence.model import Plan
from engine.views import FIRST_WEEK, LAST_WEEK, ORDER_DAYS, Grouping, week_of

BOUNCES = {
    "hard": N_("no such address"),
    "soft": N_("mailbox refused"),
    "blocked": N_("refused for the sender’s sake"),
    "gave-up": N_("given up after many tries"),
}
KINDS: Mapping[str, str] = {
    "unsubscribe": N_("unsubscribe from this purpose"),
    "everything": N_("unsubscribe from everything"),
    "confirm": N_("confirm"),
    "undo": N_("take back"),
    "not-me": N_("this was not me"),
    "image": N_("loads of its picture"),
}
COLUMNS: Mapping[str, str] = {
    "people": N_("people"),
    "joined": N_("joined"),
    "confirmed": N_("confirmations"),
    "left_soon": N_("left in 30 d"),
    "accepted": N_("accepted"),
    "bounced": N_("bounces"),
    "answered": N_("answered"),
    "unsubscribed": N_("left"),
    "complained": N_("complaints"),
    "ordered": N_("orders"),
}
Visits = Mapping[str, Sequence[VisitCount]]
NUMBERS = (
    "due", "accepted", "refused", "withheld", "put_off", "in_doubt", "under_way", "complained",
    "unsubscribed", "answered", "unanswered",
)  # fmt: skip
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
    measured: Mapping[str, MeasuredPeople] = {}
    if by == "letter" and plan.measured is not None:
        measured = measured_people(context.views, context.database, letters, since, until)
    _ = translator(language)
    if args.json:
        rows = [asdict(one) | {"unanswered": one.unanswered} for one in found]
        for row, one in zip(rows, found, strict=True):
            row |= {"visits": [asdict(visit) for visit in visits.get(one.name, ())]}
            if by == "letter" and plan.measured is not None:
                row |= {"measured": measured.get(one.name, NOBODY_MEASURED).shown()}
            if by == "letter" and (told := told_trial(installation, one.name, context.views)):
                row |= {"versions": [asdict(arm) for arm in told[1]]}
        print(json_text(rows))
    elif args.csv is not None:
        to_file = args.csv != STDOUT
        with private_file(args.csv, "utf-8-sig") if to_file else nullcontext(sys.stdout) as file:
            asked = plan.measured is not None and by == "letter"
            _write_csv(found, by, file, measured if asked else None)
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
            print(line)
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
            writer = csv.writer(file, quoting=csv.QUOTE_ALL)
            columns = [name for cells in [*table.values()][:1] for name in cells]
            writer.writerow([first, *columns])
            for name, cells in table.items():
                shown = ("" if n is None else str(n) for n in cells.values())
                writer.writerow([inert(name), *shown])
    else:
        for line in _few_lines(table, names, _):
            print(line)
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
    """At most 80 columns; a longer name is shortened."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = max(MIN_NAME, WIDTH - sum(widths) - 2 * len(widths))
    width = min(room, max(map(len, names)))
    for name, row in zip(names, rows, strict=True):
        shown = shortened(name, width)
        cells = (cell.rjust(size) for cell, size in zip(row, widths, strict=True))
        yield "  ".join((shown.ljust(width), *cells)).rstrip()


def _shown_name(one: Results, plan: Plan, by: Grouping, _: Say) -> str:
    match by:
        case "letter":
            return name_of(plan, one.name)
        case "mailing":
            ref, _blank, occurrence = one.name.partition(" ")
            return f"{name_of(plan, ref)} {occurrence}".rstrip()
        case "dialogue":
            return one.name or _("published no more")
        case "list":
            return say_list(plan, int(one.name)) if one.name != "0" else _("no list")
        case "purpose":
            return titled_purpose(plan, one.name) or _("published no more")
        case "week":
            return one.name


def _table(found: Sequence[Results], plan: Plan, by: Grouping, _: Say) -> Iterator[str]:
    heads = [
        _("due"), _("accepted"), _("bounces"), _("answered"), _("left"), _("orders"), _("amount"),
    ]  # fmt: skip
    names = ["", *(_shown_name(one, plan, by, _) for one in found)]
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
        f"{grouped(one.answered, _)} {_share(one.answered, one.accepted, _)}".rstrip(),
        grouped(one.unsubscribed, _),
        grouped(sum(sale.orders for sale in one.sales), _),
        " + ".join(amount_in_words(s.amount - s.refunded, s.currency, _) for s in one.sales),
    ]


def _share(count: int, accepted: int, _: Say) -> str:
    """ "35 %", "1.7 %" below ten; "" where nothing was accepted."""
    if not count or not accepted:
        return ""
    tenths = round(1000 * count / accepted)
    figures = str(round(100 * count / accepted))
    if tenths < 100:
        figures = _("{whole}.{fraction}").format(whole=tenths // 10, fraction=tenths % 10)
    return _("{n} %").format(n=figures)


def _in_full(
    found: Sequence[Results],
    visits: Visits,
    measured: Mapping[str, MeasuredPeople],
    trials: Mapping[str, Sequence[str]],
    plan: Plan,
    _: Say,
) -> Iterator[str]:
    for number, one in enumerate(found):
        if number:
            yield ""
        yield name_of(plan, one.name)
        lines = list(_lines(one, plan, _))
        width = max(len(label) for label, _count, _note in lines)
        for label, count, note in lines:
            share = _share(count, one.accepted, _) if label not in (_("due"), _("withheld")) else ""
            yield f"  {label.ljust(width)} {grouped(count, _):>9} {share:>7}  {note}".rstrip()
        yield from _visits(visits.get(one.name, ()), _)
        if one.name in measured:
            yield "  " + _measured(measured[one.name], _)
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
        name = (
            quoted(visit.link, _) if visit.kind == "answer" else visit.link or _(KINDS[visit.kind])
        )
        yield f"  {grouped(visit.visits, _):>9} {grouped(visit.presumed_human, _):>7}  {name}"


def _measured(people: MeasuredPeople, _: Say) -> str:
    """Apart from everybody: of those alone is it known."""
    cells = {
        name: _("fewer than {n}").format(n=SHOWN_FROM) if n is None else grouped(n, _)
        for name, n in people.shown().items()
    }
    return _(
        "of the people who agreed to be measured ({people}): {clicked} clicked, {opened} opened"
        " (image loads)"
    ).format(**cells)


def _lines(one: Results, plan: Plan, _: Say) -> Iterator[tuple[str, int, str]]:
    """What there is none of is left out, but for what is asked of every letter."""
    yield _("due"), one.due, ""
    yield _("accepted"), one.accepted, _("by the mail server: shares are of these")
    reasons = ", ".join(
        f"{stored_in_words(why, _)} {grouped(n, _)}" for why, n in one.reasons.items()
    )
    bounces = ", ".join(f"{_(BOUNCES[kind])} {grouped(n, _)}" for kind, n in one.bounced.items())
    for label, count, note in (
        (_("withheld"), one.withheld, reasons),
        (_("put off"), one.put_off, ""),
        (_("in doubt"), one.in_doubt, ""),
        (_("under way"), one.under_way, ""),
        (_("bounces"), sum(one.bounced.values()), bounces),
        (_("complaints"), one.complained, ""),
    ):
        if count:
            yield label, count, note
    yield _("unsubscribes"), one.unsubscribed, ""
    if one.answered:
        yield _("answered"), one.answered, _moves(one, plan, _)
        for answer in one.answers:
            note = _("({n} by the page itself)").format(n=answer.by_page) if answer.by_page else ""
            yield "  " + quoted(answer.label, _), answer.people, note
        yield _("without an answer"), one.unanswered, ""
    within = _("ordered within {n} days").format(n=ORDER_DAYS)
    for label, sales in ((within, one.sales), (_("ordered after an act in it"), one.after_act)):
        for sale in sales:
            yield label, sale.orders, _sale(sale, _)


def _moves(one: Results, plan: Plan, _: Say) -> str:
    return ", ".join(
        f"{sign} {say_list(plan, number)} {grouped(n, _)}"
        for sign, lists in (("→", one.moved), ("+", one.copied))
        for number, n in lists.items()
    )


def _sale(sale: Sales, _: Say) -> str:
    amount = amount_in_words(sale.amount, sale.currency, _)
    if not sale.refunded:
        return amount
    back = amount_in_words(sale.refunded, sale.currency, _)
    return _("{amount}, of which {back} paid back").format(amount=amount, back=back)


def _write_csv(
    found: Sequence[Results],
    by: Grouping,
    file: TextIO,
    measured: Mapping[str, MeasuredPeople] | None,
) -> None:
    """The names of columns are the same in every language, so that a program can go by them.
    Orders have columns for each currency; what is `measured` where people are, empty for few.
    """
    currencies = sorted({sale.currency for one in found for sale in one.sales})
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    money = [f"{what}_{c.lower()}" for c in currencies for what in ("orders", "amount", "refunded")]
    of_measured = [f"measured_{name}" for name in NOBODY_MEASURED.shown()]
    columns = [by, *NUMBERS, *(f"bounced_{kind}" for kind in BOUNCES), *money]
    writer.writerow(columns if measured is None else [*columns, *of_measured])
    for one in found:
        sales = {sale.currency: sale for sale in one.sales}
        cells = [one.name, *(str(getattr(one, name)) for name in NUMBERS)]
        cells += [str(one.bounced.get(kind, 0)) for kind in BOUNCES]
        for currency in currencies:
            sale = sales.get(currency) or Sales(currency, 0, 0, 0, 0)
            cells += [str(sale.orders), _decimal(sale.amount, currency)]
            cells.append(_decimal(sale.refunded, currency))
        if measured is not None:
            shown = measured.get(one.name, NOBODY_MEASURED).shown()
            cells += ["" if n is None else str(n) for n in shown.values()]
        writer.writerow(map(inert, cells))


def _decimal(amount: int, currency: str) -> str:
    whole, fraction = decimal(amount, currency)
    return f"{whole}.{fraction}" if fraction else str(whole)
