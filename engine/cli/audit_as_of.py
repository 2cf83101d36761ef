"""`relance audit as-of DATE`: who was on which list, and on what ground, as the ledger knew it
then; computed by replaying it, person by person.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from engine.audit.identity import whose
from engine.audit.known_then import Stood, stood_then
from engine.audit.membership_report import Row, Rows, as_csv, as_json, as_lines
from engine.audit.nothing_held_statement import nothing_held_about_address
from engine.audit.published import Published
from engine.context import AppContext
from engine.i18n.dates import read_date
from engine.i18n.language import LANGUAGES, N_, Language
from engine.i18n.phrases import language_of
from engine.i18n.refusal import NOTHING_PUBLISHED, Refusal
from engine.installation.events import STREAM
from engine.ledger.codec import Entry
from engine.ledger.histories import histories
from engine.sequence.delay import DAY
from engine.sequence.timing import to_instant, to_local

FIRST, LAST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "date",
        metavar="DATE",
        help=N_("in the installation's zone: 2026-03-15 (the end of that day) or 2026-03-15T09:00"),
    )
    parser.add_argument(
        "address", nargs="?", default="", metavar="ADDRESS|ID", help=N_("only this person")
    )
    parser.add_argument(
        "--list",
        default="",
        metavar="ID",
        help=N_("only this list: its number, or a name it ever had"),
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help=N_("write a table there instead (readable by its owner alone, inert in a sheet)"),
    )
    parser.add_argument(
        "--json", action="store_true", help=N_("the same for a program, with opaque ids only")
    )
    parser.add_argument("--addresses", action="store_true", help=N_("with --json: addresses too"))
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=N_("the language it is told in (default: the installation's)"),
    )


def run(context: AppContext, args: argparse.Namespace) -> int:
    language: Language = args.lang or language_of(context.config)
    instant = _instant(context, args.date)
    published = Published(context.ledger.stream(STREAM))
    number = _list(published, args.list)
    found = whose(context, args.address) if args.address else None
    if args.address and found is None:
        return nothing_held_about_address(context, args, language)
    people = iter([found.entries]) if found else _everybody(context)
    rows = Rows(
        instant,
        context.config.site.timezone,
        number,
        _rows(context, published, people, instant, number),
    )
    if args.csv is not None:
        return as_csv(rows, args.csv, language)
    return as_json(rows, with_addresses=args.addresses) if args.json else as_lines(rows, language)


def _instant(context: AppContext, said: str) -> int:
    """A day without an hour is known at its end."""
    zone = context.config.site.timezone
    instant = read_date(said, zone)
    if not any(sign in said for sign in ":T"):
        midnight = to_local(instant + DAY + DAY // 8, zone).replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        instant = min(to_instant(midnight, zone) - 1, max(instant, context.clock.now()))
    if instant > context.clock.now():
        raise Refusal(N_("{date} lies in the future: nothing is known of it"), 2, date=said)
    return instant


def _list(published: Published, said: str) -> int:
    if not said:
        return 0
    number = published.listed(said)
    if number is None:
        if not published.state.editions:
            raise Refusal(NOTHING_PUBLISHED, 2)
        raise Refusal(N_("no list {list} was ever published here"), 2, list=said)
    return number


def _everybody(context: AppContext) -> Iterator[list[Entry]]:
    """Stream by stream, a batch in memory at a time."""
    for batch in histories(context.database, FIRST, LAST, context.ledger.head()):
        for stream, entries in groupby(batch, key=lambda entry: entry.stream):
            if stream != STREAM:
                yield list(entries)


def _rows(
    context: AppContext,
    published: Published,
    people: Iterator[list[Entry]],
    instant: int,
    number: int,
) -> Iterator[Row]:
    """Rows with the addresses the vault still has, looked up a few hundred people at a time."""
    then, latest = published.plan_known(instant), published.state.plan()

    def purpose_of(asked: int) -> str:
        listed = then.lists.get(asked) or latest.lists.get(asked)
        return listed.purpose if listed else ""

    def joined(waiting: list[Stood]) -> Iterator[Row]:
        known = context.vault.people({each.subscriber for each in waiting})
        for each in waiting:
            listed = then.lists.get(each.list) or latest.lists.get(each.list)
            yield Row(
                each,
                listed.name if listed else "",
                known[each.subscriber].address if each.subscriber in known else "",
            )

    waiting: list[Stood] = []
    for history in people:
        for each in stood_then(history, instant, purpose_of):
            if (
                not number
                or number == each.list
                or (each.list == 0 and each.purpose == purpose_of(number))
            ):
                waiting.append(each)
        if len(waiting) >= 500:
            yield from joined(waiting)
            waiting = []
    yield from joined(waiting)
