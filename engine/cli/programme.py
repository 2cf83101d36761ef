"""`relance programme`: the year as it is written in the author's files, what is only intended, and
how many letters the dialogues will send from where people stand now. `--ics` writes it as a
calendar file.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from engine.audience.calendar_file import calendar_file
from engine.audience.programme import Entry, Programme, programme
from engine.audience.year import (
    FIRST_YEAR,
    LAST_YEAR,
    Counted,
    collision_in_words,
    entry_in_words,
    forecast_of_year,
)
from engine.authoring.inspection import read_folder
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import N_, counting_translator, grouped, month_in_words, translator
from engine.i18n.phrases import say_moment, weekdays
from engine.i18n.user_error import UserError
from engine.runtime.scheduler import recurrences
from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.words import Language, words_of_file_error


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
    letters, counted = forecast_of_year(context, year)
    made = programme(plan, year, recurrences, letters)
    language = context.config.site.language
    _ = translator(language)
    if args.ics:
        host = urlsplit(context.config.site.url).hostname or "localhost"
        _write(
            Path(args.ics),
            calendar_file(made, host, now, lambda entry: entry_in_words(entry, plan, _)),
        )
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
            N_("{file} cannot be written: {why}"), file=path, why=words_of_file_error(error)
        ) from error


def tell(made: Programme, counted: Counted, plan: Plan, language: Language) -> Iterator[str]:
    _ = translator(language)
    yield _("Programme of {year} ({zone})").format(year=made.year, zone=plan.timezone)
    month = ""
    for entry in made.entries:
        if entry.day[:7] != month:
            month = entry.day[:7]
            yield ""
            yield month_in_words(int(month[5:]), language)
        yield f"  {_when(entry, plan, language):<20}  {entry_in_words(entry, plan, _)}"
    yield ""
    if made.empty_months:
        months = ", ".join(month_in_words(number, language) for number in made.empty_months)
        yield _("Months in which nothing is written: {months}").format(months=months)
    for collision in made.collisions:
        yield collision_in_words(collision, plan, _)
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
