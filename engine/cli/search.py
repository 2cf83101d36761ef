"""`relance people WHERE…`: of whom conditions hold, counted, shown, written to a file, or put into
a segment.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from engine.audience.people import Search, SearchMistake, counted, found, read_lines
from engine.cli.people import operator_cause
from engine.cli.private_file import private_file
from engine.cli.progress import Progress, catch_up
from engine.cli.segments import outcome, put
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import values_in_words
from engine.i18n.printable import printable
from engine.i18n.user_error import UserError, static_segment_of
from engine.imports.rejected_rows import inert
from engine.installation.events import STREAM, PeopleExported
from engine.sequence.condition import Condition
from engine.sequence.model import Plan
from engine.store.sql import AnyCursor
from engine.vault.vault import KnownPerson, VaultWrite
from engine.views import PeopleCount

MAX_SHOWN = 50


def people(context: AppContext, args: argparse.Namespace) -> int:
    plan = context.installation_stream.current().plan()
    search = Search(_lines(plan, args.where), args.name, args.address)
    target = static_segment_of(plan, args.put_into) if args.put_into else None
    putting = put(context, target, "put") if target is not None else None
    if args.csv is not None and args.csv.exists():
        raise UserError(N_("{file} is there already: choose another name"), file=args.csv)
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
    written = _export(context, search, args.csv, count.holds) if args.csv is not None else 0
    quiet = args.count or putting is not None or args.csv is not None
    shown = [] if quiet else list(_first(found(context, search), MAX_SHOWN))
    if args.json:
        print(json_text(count._asdict() | {"people": [_as_json(person) for person in shown]}))
        return 0
    for line in _table(shown, plan, _):
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
        (count.holds, _("people found")),
        (count.unknown, _("people of whom it is not known")),
        (count.does_not, _("people of whom it does not hold")),
    ):
        yield f"{grouped(n, _):>11}  {what}"


def _as_json(person: KnownPerson) -> dict[str, object]:
    return {
        "subscriber": person.subscriber,
        "address": person.address,
        "fields": dict(person.fields),
    }


def _table(people: Sequence[KnownPerson], plan: Plan, _: Say) -> Iterator[str]:
    """What a person has written steers no terminal."""
    if not people:
        return
    rows = [[_("address"), *plan.fields]]
    for person in people:
        known = [person.address, *values_in_words(plan, person.fields)]
        rows.append([printable(cell) for cell in known])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _cells(person: KnownPerson, fields: Sequence[str]) -> list[str]:
    return [person.address, *(person.fields.get(name, "") for name in fields)]


def _export(context: AppContext, search: Search, path: Path, expected: int) -> int:
    """Every cell inert in a spreadsheet, in a file that only its owner reads; how many rows. The
    fact stands before the file takes its name: there is no list that nobody knows of.
    """
    _ = translator(context.config.site.language)
    fields = list(context.installation_stream.current().plan().fields)
    written = 0
    with (
        Progress(_("Writing"), say=_) as tell,
        private_file(path, "utf-8-sig") as file,
    ):
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["address", *fields])
        for page in found(context, search):
            writer.writerows([map(inert, _cells(person, fields)) for person in page])
            tell(written := written + len(page), expected)
        _record_export(context, search, written, fields)
    return written


def _record_export(
    context: AppContext, search: Search, written: int, fields: Sequence[str]
) -> None:
    now = context.clock.now()
    cause, kept = operator_cause(
        {
            "conditions": [str(line) for line in search.lines],
            "name": bool(search.name),
            "address": bool(search.address),
        }
    )

    def within(cursor: AnyCursor) -> None:
        context.vault.write(cursor, VaultWrite(STREAM, now, evidence=(kept,)))

    event = PeopleExported(now, written, tuple(fields))
    context.installation_stream.execute(lambda state: [event], cause, now, within)
