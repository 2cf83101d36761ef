"""`relance people WHERE…`: of whom conditions hold, counted, shown, written to a file, or put into
a segment.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from engine.audience.people import Search, SearchMistake, counted, found, read_lines
from engine.audience.people_export import barred, chosen_by, columns, rows
from engine.cli.arguments_of_people import STDOUT
from engine.cli.people_file import refuse_taken, write_people
from engine.cli.progress import Progress, catch_up
from engine.cli.segments import outcome, put
from engine.cli.terminal import json_text, wrapped
from engine.context import AppContext
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import values_in_words
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, static_segment_of
from engine.sequence.condition import Condition
from engine.sequence.model import Plan
from engine.vault.vault import KnownPerson
from engine.views import PeopleCount

MAX_SHOWN = 50

WIDTH = 80


def people(context: AppContext, args: argparse.Namespace) -> int:
    plan = context.installation_stream.current().plan()
    search = Search(_lines(plan, args.where), args.name, args.address)
    target = static_segment_of(plan, args.put_into) if args.put_into else None
    putting = put(context, target, "put") if target is not None else None
    refuse_taken(args.csv)
    catch_up(context)
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    count = counted(context, search)
    if putting is not None:
        with Progress(_("Putting in"), say=_) as tell:
            done = 0
            for page in found(context, search):
                putting.people([person.subscriber for person in page])
                tell(done := done + len(page), count.holds)
    written = 0
    if args.csv is not None:
        pages, chosen = rows(context, search), chosen_by(search)
        written = write_people(context, args.csv, columns(context), pages, chosen, count.holds)
    quiet = args.count or putting is not None or args.csv is not None
    shown = [] if quiet else list(_first(found(context, search), MAX_SHOWN))
    if args.csv == STDOUT:
        return 0
    why = barred(context, shown)
    if args.json:
        people = [_as_json(person, why[person.subscriber]) for person in shown]
        print(json_text(count._asdict() | {"people": people}))
        return 0
    for line in _table(shown, why, plan, _):
        print(line)
    if not quiet and count.holds > len(shown):
        rest = _("and {n} more: `--csv FILE` writes them all")
        print(rest.format(n=grouped(count.holds - len(shown), _)))
    for line in _numbers(count, _):
        print(line)
    if args.csv is not None:
        sentence = ngettext("{n} row written: {file}", "{n} rows written: {file}", written)
        print(sentence.format(n=grouped(written, _), file=args.csv))
    for line in outcome(putting, _) if putting is not None else ():
        print(line)
    return 0


def _lines(plan: Plan, where: Sequence[str]) -> tuple[Condition, ...]:
    """Raises UserError that points at the word in its line."""
    try:
        return read_lines(where, plan)
    except SearchMistake as error:
        raise UserError(
            N_("column {column}: {why}\n  {line}\n  {pointer}"),
            2,
            column=error.mistake.offset + 1,
            why=error.mistake.words,
            line=printable(error.line),
            pointer=" " * error.mistake.offset + "^",
        ) from None


def _first(pages: Iterator[list[KnownPerson]], most: int) -> Iterator[KnownPerson]:
    return islice((person for page in pages for person in page), most)


def _numbers(count: PeopleCount, _: Say) -> Iterator[str]:
    for n, what in (
        (count.holds, _("of whom it holds")),
        (count.unknown, _("of whom it is not known")),
        (count.does_not, _("of whom it does not hold")),
    ):
        yield f"{grouped(n, _):>11}  {what}"


def _as_json(person: KnownPerson, barred: str) -> dict[str, object]:
    return {
        "subscriber": person.subscriber,
        "address": person.address,
        "fields": dict(person.fields),
        "barred": barred,
    }


def _table(
    people: Sequence[KnownPerson], barred_by: Mapping[str, str], plan: Plan, _: Say
) -> Iterator[str]:
    """What a person has written steers no terminal."""
    if not people:
        return
    lines = [[_("address"), *plan.fields, _("may not be written to")]]
    for person in people:
        why = stored_in_words(barred_by[person.subscriber], _)
        known = [person.address, *values_in_words(plan, person.fields), why]
        lines.append([printable(cell) for cell in known])
    widths = [max(len(row[i]) for row in lines) for i in range(len(lines[0]))]
    if sum(widths) + 2 * (len(widths) - 1) > WIDTH:
        yield from _one_by_one(lines[0], lines[1:], _)
        return
    for row in lines:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _one_by_one(heads: Sequence[str], rows: Sequence[Sequence[str]], _: Say) -> Iterator[str]:
    """Where columns do not fit: each address on a line of its own, what is known below it."""
    for address, *cells in rows:
        yield address
        known = [
            _("{name}: {value}").format(name=head, value=cell)
            for head, cell in zip(heads[1:], cells, strict=True)
            if cell
        ]
        if known:
            yield wrapped("    " + _("; ").join(known), WIDTH)
