"""A dialogue seen before it runs, from the author's files as they are now. `relance simulate FILE`:
a reader lives through it, and the calendar is printed. `relance graph FILE`: it is drawn, as text
for the terminal, as Mermaid or Graphviz for a page. Nothing is sent or written.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from engine.authoring.dialogue_file import files_asked_for, find_file, lists_in
from engine.authoring.graph import draw_dot, draw_mermaid, draw_text
from engine.authoring.inspection import read_folder
from engine.cli.people import fields_of
from engine.cli.terminal import json_text
from engine.config import Config
from engine.desk.clock import wall_now
from engine.i18n.dates import read_date, shown, zone_argument
from engine.i18n.in_words import in_english, in_words
from engine.i18n.language import N_, translator
from engine.i18n.phrases import (
    in_favour_of,
    quoted,
    say_list,
    say_moment,
    subject_of,
    titled_products,
)
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UnreadableInput, UserError, list_of
from engine.runtime.scheduler import recurrences
from engine.sequence.delay import DAY
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Letter, Plan
from engine.sequence.timing import to_local
from engine.sequence.versions import plan_in
from engine.simulation.answers import read_answers, read_orders, read_preferences
from engine.simulation.live import CalendarEntry, live
from engine.words import Language

MAX_DAYS = 3660
AT_REST = (
    N_("every letter of this list has been sent"),
    N_("on no list any more"),
    N_("this list is no longer published"),
)


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
        tell(
            f"{when if when != before else ' ' * len(when)}  {_what(entry, plan, zone, _)}".rstrip()
        )
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


def _what(entry: CalendarEntry, plan: Plan, zone: str, _: Callable[[str], str]) -> str:
    letter = _letter(plan, entry)
    subject = quoted(subject_of(letter), _) if letter is not None else ""
    there, target = say_list(plan, entry.list), say_list(plan, entry.target)
    match entry.kind:
        case "joins":
            return _("joins list {list}").format(list=there)
        case "letter" | "broadcast":
            kind = (
                _("reminder")
                if entry.reminder
                else _("broadcast")
                if entry.kind == "broadcast"
                else _("letter")
            )
            return f"{kind} {entry.letter} {subject}"
        case "answers":
            return _("answers {label} → {list}").format(label=quoted(entry.label, _), list=target)
        case "orders":
            return _("orders {product}").format(product=titled_products(plan, [entry.label]))
        case "moves" | "passes":
            return _("moves to list {list}").format(list=target)
        case "copies":
            return _("joins list {list} too").format(list=target)
        case "agrees":
            return _("agrees on the page to receive “{purpose}”").format(
                purpose=plan.purposes[entry.why].name
            )
        case "stops":
            return _("is not written to for “{purpose}” any more, until they do something").format(
                purpose=plan.purposes[entry.why].name
            )
        case "enters":
            return _("enters segment {segment}: its rules apply").format(
                segment=quoted(plan.segments[entry.label].name, _)
            )
        case "is out":
            return _("is no longer in segment {segment}: its rules apply").format(
                segment=quoted(plan.segments[entry.label].name, _)
            )
        case "leaves":
            return _leaving(entry, there, _)
        case "withheld" if entry.cap:
            return _without_room(entry, plan, zone, _)
        case "withheld":
            return _("letter {letter} is left out: {why}").format(
                letter=entry.letter, why=stored_in_words(entry.why, _)
            )
        case "refused" if entry.refused is not None:
            return _("refused: {why}").format(why=in_words(entry.refused, _))
        case "rests":
            return _("nothing follows: {why}").format(why=_(entry.why))
        case "goes on":
            return _("and so on: the end of the time asked for")
        case _:
            return _("stopped here: this goes on without end")


def _without_room(entry: CalendarEntry, plan: Plan, zone: str, _: Callable[[str], str]) -> str:
    sentence = (
        _("letter {letter} waits until {until}: at most {cap}")
        if entry.until
        else _("letter {letter} is left out: at most {cap}")
    )
    told = sentence.format(
        letter=entry.letter, until=shown(entry.until, zone), cap=quoted(entry.cap, _)
    )
    return told + in_favour_of(entry.favoured, plan, _)


def _leaving(entry: CalendarEntry, there: str, _: Callable[[str], str]) -> str:
    if entry.why == "rule":
        return _("leaves list {list}, by a rule").format(list=there)
    return _("leaves list {list}").format(list=there)


def _letter(plan: Plan, entry: CalendarEntry) -> Letter | None:
    listed = plan.lists.get(entry.list)
    of_list = listed.letter(entry.letter) if listed is not None and entry.kind == "letter" else None
    every = [
        letter
        for broadcast in plan.broadcasts.values()
        for letter in (broadcast.letter, broadcast.reminder)
        if letter is not None
    ]
    return of_list or next((letter for letter in every if letter.id == entry.letter), None)


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
