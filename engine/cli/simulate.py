"""A dialogue seen before it runs, from the author's files as they are now. `relance simulate FILE`:
a reader lives through it, and the calendar is printed. `relance graph FILE`: it is drawn, as text
for the terminal, as Mermaid or Graphviz for a page. Nothing is sent or written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from engine.authoring.calendar_words import in_calendar_words
from engine.authoring.dialogue_file import files_asked_for, find_file, lists_in
from engine.authoring.graph import draw_dot, draw_mermaid, draw_text
from engine.authoring.inspection import read_folder
from engine.cli.operator_acts import fields_of
from engine.cli.terminal import json_text
from engine.config import Config
from engine.desk.clock import wall_now
from engine.i18n.dates import read_date, zone_argument
from engine.i18n.in_words import in_english
from engine.i18n.language import N_, translator
from engine.i18n.phrases import say_moment
from engine.i18n.user_error import UnreadableInput, UserError, list_of
from engine.runtime.scheduler import recurrences
from engine.sequence.delay import DAY
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.sequence.versions import plan_in
from engine.simulation.answers import (
    read_answers,
    read_measured,
    read_orders,
    read_preferences,
)
from engine.simulation.calendar_entries import CalendarEntry
from engine.simulation.live import live
from engine.words import Language

MAX_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Options:
    """What to live through. `start` is an instant in milliseconds, `days` how far to look."""

    file: str
    answers: Sequence[str] = ()
    list: str = ""
    start: int = 0
    timezone: str = ""
    days: int = 365
    fields: Sequence[str] = ()
    orders: Sequence[str] = ()
    beside: Sequence[str] = ()
    preferences: Sequence[str] = ()
    measured: Sequence[str] = ()


def run(config: Config, args: argparse.Namespace) -> int:
    """Raises Unpublishable when the files hold a fatal mistake."""
    zone = zone_argument(args.timezone) or config.site.timezone
    if not 0 < args.days <= MAX_DAYS:
        raise UserError(N_("--days is a number from 1 to {most}"), 2, most=MAX_DAYS)
    start = read_date(args.start, zone) if args.start else wall_now()
    plan = plan_in(read_folder(config).sound().plan, args.version)
    options = Options(
        file=args.file,
        answers=args.answer,
        list=args.list,
        start=start,
        timezone=zone,
        days=args.days,
        fields=args.field,
        orders=args.order,
        beside=args.pressure_from,
        preferences=args.prefer,
        measured=args.measured,
    )
    if args.json:
        print(json_text([_as_json(entry) for entry in lived(plan, options)]))
    else:
        simulate(plan, options, print, config.site.language)
    return 0


def _as_json(entry: CalendarEntry) -> dict[str, object]:
    """An entry's fields; a refusal stands under `why`, in English."""
    fields = asdict(entry)
    del fields["refused"]
    if entry.refused is not None:
        fields["why"] = in_english(entry.refused)
    return fields


def lived(plan: Plan, options: Options) -> tuple[CalendarEntry, ...]:
    """Raises UserError of status 2 for a file, list, letter or link that does not exist."""
    file = find_file(plan.titles, options.file)
    first = lists_in(plan, file)
    if not options.list and not first:
        raise UserError(N_("there is no list in {file}: say --list"), 2, file=file)
    start = list_of(plan, options.list) if options.list else first[0]
    try:
        answers = read_answers(plan, options.answers, [listed.id for listed in first])
        fields = fields_of(list(options.fields), plan.fields)
        orders = read_orders(plan, options.orders)
        zone = options.timezone or plan.timezone
        preferences = read_preferences(plan, options.preferences, zone)
        measured = read_measured(plan, options.measured, [listed.id for listed in first])
    except Unreadable as error:
        raise UnreadableInput(error) from error
    return live(
        plan,
        start.id,
        answers,
        options.start,
        options.timezone or plan.timezone,
        options.days * DAY,
        recurrences,
        fields,
        orders,
        [list_of(plan, name).id for name in options.beside],
        preferences,
        measured,
    )


def simulate(
    plan: Plan, options: Options, tell: Callable[[str], None], language: Language | None = None
) -> None:
    """Tell the calendar, a line for each entry: days since joining, date and hour of the reader's
    zone, what happens.
    """
    spoken = language or plan.language
    _ = translator(spoken)
    zone = options.timezone or plan.timezone
    calendar = lived(plan, options)
    tell(f"{plan.titles[find_file(plan.titles, options.file)]} ({zone})")
    first_day = to_local(options.start, zone).date()
    before = ""
    for index, entry in enumerate(calendar):
        if (
            entry.kind in ("moves", "copies")
            and index
            and calendar[index - 1].kind in ("answers", "agrees")
        ):
            continue
        days = _("D+{days}").format(days=(to_local(entry.at, zone).date() - first_day).days)
        when = f"{days:<6} {say_moment(entry.at, zone, spoken)}"
        words = in_calendar_words(entry, plan, zone, _)
        tell(f"{when if when != before else ' ' * len(when)}  {words}".rstrip())
        before = when
    came = {reference for entry in calendar for reference in _references(entry)}
    given = dict.fromkeys(option.partition("=")[0].strip() for option in options.answers)
    for reference in [reference for reference in given if reference not in came]:
        sentence = _(
            "the answer to {letter} was not given: that letter did not come;"
            " --list says where to begin"
        )
        tell(sentence.format(letter=reference))


def _references(entry: CalendarEntry) -> tuple[str, ...]:
    """How an option may name the letter that came."""
    if entry.kind not in ("letter", "broadcast"):
        return ()
    return (entry.letter, f"{entry.list}/{entry.letter}")


DRAWINGS = {"text": draw_text, "mermaid": draw_mermaid, "dot": draw_dot}


def graph(config: Config, args: argparse.Namespace) -> int:
    """Raises Unpublishable when the files hold a fatal mistake."""
    plan = read_folder(config).sound().plan
    files = files_asked_for(plan, args.file)
    for number, file in enumerate(files):
        if number:
            print()
        for line in DRAWINGS[args.format](plan, file, config.site.language):
            print(line)
    return 0
