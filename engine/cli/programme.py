"""`relance programme`: the year as it is written in the author's files, what is only intended, and
how many letters the dialogues will send from where people stand now. `--ics` writes it as a
calendar file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from engine.audience.calendar_file import calendar_file
from engine.audience.programme import Entry, Programme, bounds, programme
from engine.authoring.inspection import read_folder
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import N_, Say, counting_translator, grouped, month_in_words, translator
from engine.i18n.phrases import cap_in_words, quoted, say_list, say_moment, weekdays
from engine.i18n.user_error import UserError
from engine.runtime.scheduler import recurrences
from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.simulation.forecast import Cohort, forecast
from engine.words import Language

FIRST_YEAR, LAST_YEAR = 2000, 2199
MAX_COHORTS = 3000
KINDS = {
    "broadcast": N_("broadcast"),
    "letter": N_("letter"),
    "anchor": N_("date"),
    "feast": N_("feast"),
    "holiday": N_("public holiday"),
    "intended": N_("intended"),
    "personal": N_("on each reader's own day"),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """`people` are those the forecast was made for, `others` those it leaves out."""

    edition: int
    people: int
    others: int


def run(context: AppContext, args: argparse.Namespace) -> int:
    """Raises Unpublishable when the files hold a fatal mistake, UserError for a year that is none
    or a file that cannot be written.
    """
    context.views.catch_up()
    now, zone = context.clock.now(), context.config.site.timezone
    year = args.year or to_local(now, zone).year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise UserError(
            N_("--year is a year from {first} to {last}"), 2, first=FIRST_YEAR, last=LAST_YEAR
        )
    plan = read_folder(context.config).sound().plan
    letters, counted = _forecast(context, year, now)
    made = programme(plan, year, recurrences, letters)
    language = context.config.site.language
    _ = translator(language)
    if args.ics:
        host = urlsplit(context.config.site.url).hostname or "localhost"
        _write(Path(args.ics), calendar_file(made, host, now, lambda entry: _line(entry, plan, _)))
    if args.json:
        print(json_text(asdict(made) | {"forecast_of": asdict(counted)}))
    else:
        for line in tell(made, counted, plan, language):
            print(line)
        if args.ics:
            print("\n" + _("Calendar file: {file}").format(file=args.ics))
    return 0


def _write(path: Path, octets: bytes) -> None:
    try:
        path.write_bytes(octets)
    except OSError as error:
        raise UserError(
            N_("{file} cannot be written: {why}"), file=path, why=error.strerror or str(error)
        ) from error


def _forecast(context: AppContext, year: int, now: int) -> tuple[dict[str, int], Counted]:
    """Letters by day, of what is published, and of how many people. A year that is over has
    none.
    """
    installation = context.installation_stream.current()
    plan = installation.plan()
    _start, end = bounds(year, plan.timezone)
    rows = context.views.cohorts(MAX_COHORTS) if end > now else []
    folds = context.views.folds([subscriber for subscriber, _list, _count in rows])
    cohorts = [
        Cohort(folds[subscriber], number, count)
        for subscriber, number, count in rows
        if subscriber in folds
    ]
    people = sum(cohort.count for cohort in cohorts)
    standing = sum(context.views.standing().values()) if end > now else 0
    counted = Counted(installation.edition, people, max(0, standing - people))
    return dict(forecast(plan, cohorts, now, end)), counted


def _line(entry: Entry, plan: Plan, _: Say) -> str:
    """ "broadcast cadeau “Un cadeau” → 1 prospects"."""
    everyone = len(entry.lists) > 1 and set(entry.lists) == set(plan.lists)
    lists = [_("everyone")] if everyone else [say_list(plan, number) for number in entry.lists]
    to = [*lists, *entry.to]
    what = (
        quoted(entry.what, _) if entry.kind in ("broadcast", "letter", "personal") else entry.what
    )
    named = f"{entry.id} {what}" if entry.kind in ("broadcast", "letter", "personal") else what
    line = _("{kind}: {what}").format(kind=_(KINDS[entry.kind]), what=named)
    line += f" → {', '.join(to)}" if to else ""
    if entry.kind == "intended":
        done = _("carried out by {broadcast}").format(broadcast=entry.done_by)
        line += f" ({done if entry.done_by else _('not written yet')})"
    return line


def tell(made: Programme, counted: Counted, plan: Plan, language: Language) -> Iterator[str]:
    _ = translator(language)
    yield _("Programme of {year} ({zone})").format(year=made.year, zone=plan.timezone)
    month = ""
    for entry in made.entries:
        if entry.day[:7] != month:
            month = entry.day[:7]
            yield ""
            yield month_in_words(int(month[5:]), language)
        yield f"  {_when(entry, plan, language):<20}  {_line(entry, plan, _)}"
    yield ""
    if made.empty_months:
        months = ", ".join(month_in_words(number, language) for number in made.empty_months)
        yield _("Months in which nothing is written: {months}").format(months=months)
    for collision in made.collisions:
        yield _(
            "{day}: the cap “{cap}” leaves no room on list {list} for all of {broadcasts}"
        ).format(
            day=collision.day,
            cap=cap_in_words(collision.cap, _),
            list=say_list(plan, collision.list),
            broadcasts=", ".join(collision.broadcasts),
        )
    yield from _forecast_lines(made, counted, language)


def _when(entry: Entry, plan: Plan, language: Language) -> str:
    if entry.at:
        return say_moment(entry.at, plan.timezone, language)
    if len(entry.day) < len("2027-05-12"):
        return entry.day
    return f"{weekdays(language)[date.fromisoformat(entry.day).weekday()]} {entry.day}"


def _forecast_lines(made: Programme, counted: Counted, language: Language) -> Iterator[str]:
    """Letters by month, with the day that has most."""
    _, ngettext = translator(language), counting_translator(language)
    people = ngettext("{n} person", "{n} people", counted.people).format(
        n=grouped(counted.people, _)
    )
    yield _("Letters of dialogues from where {people} stand now (edition {n}):").format(
        people=people, n=counted.edition
    )
    for month in sorted({day[:7] for day in made.forecast}):
        days = {day: count for day, count in made.forecast.items() if day.startswith(month)}
        most = max(days, key=lambda day: (days[day], day))
        yield "  " + _("{month}: {letters}, most on {day} ({most})").format(
            month=month_in_words(int(month[5:]), language),
            letters=grouped(sum(days.values()), _),
            day=most,
            most=grouped(days[most], _),
        )
    if not made.forecast:
        yield "  " + _("none in this year")
    if counted.others:
        yield "  " + ngettext(
            "{n} membership has nothing due, and is not counted",
            "{n} memberships have nothing due, and are not counted",
            counted.others,
        ).format(n=grouped(counted.others, _))
    yield "  " + _(
        "Unknown, and not counted: who will join, leave or answer. Reminders are counted as if"
        " nobody answered."
    )
