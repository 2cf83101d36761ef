"""`relance lists`: the lists with how many stand on each, and what falls due in the next day.
`relance members LIST`: who stands on one, since when, on what ground, and what comes next; as a
table or as CSV.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.audit.standing import act_in_words
from engine.cli.arguments_of_people import STDOUT
from engine.cli.people_file import refuse_taken, write_people
from engine.cli.progress import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import Say, counting_translator, grouped, translator
from engine.i18n.phrases import values_in_words
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import list_of
from engine.sequence.condition import On
from engine.sequence.delay import DAY
from engine.sequence.model import List
from engine.subscriber.agenda import acts
from engine.subscriber.agenda_key import list_key

Row = dict[str, int | str]
NUMBERS = ("list", "people", "due_next_day", "held_back")


def lists(context: AppContext, args: argparse.Namespace) -> int:
    catch_up(context)
    rows = standing(context)
    if args.json:
        print(json_text(rows))
        return 0
    _ = translator(context.config.site.language)
    if not rows:
        print(_("no list is published yet"))
    else:
        _show(rows, _)
    paused = context.installation_stream.current().paused
    if 0 in paused:
        print(
            _("sending as a whole is paused ({why}); `relance resume` lets it go on").format(
                why=stored_in_words(paused[0], _)
            )
        )
    return 0


def standing(context: AppContext) -> list[Row]:
    """Every published list in order, and those no longer published on which people still stand.
    `paused` is the reason, "" for none.
    """
    installation = context.installation_stream.current()
    plan, people = installation.plan(), context.views.standing()
    held_back = context.views.held_back()
    due = {
        number: count
        for number, kind, count in context.views.due_until(context.clock.now() + DAY)
        if kind == "letter"
    }
    rows: list[Row] = [
        {
            "list": listed.id,
            "name": listed.name,
            "group": listed.group,
            "purpose": listed.purpose,
            "people": people.get(listed.id, 0),
            "due_next_day": due.get(listed.id, 0),
            "held_back": held_back.get(listed.id, 0),
            "paused": installation.paused.get(listed.id) or installation.paused.get(0) or "",
        }
        for listed in sorted(plan.lists.values(), key=lambda listed: listed.id)
    ]
    nothing: Row = {
        "name": "",
        "group": "",
        "purpose": "",
        "people": 0,
        "due_next_day": 0,
        "held_back": 0,
        "paused": "not published",
    }
    return rows + [
        {"list": number, **nothing, "people": count}
        for number, count in sorted(people.items())
        if number not in plan.lists
    ]


def _show(rows: list[Row], _: Say) -> None:
    heads = (
        _("list"),
        _("name"),
        _("group"),
        _("purpose"),
        _("people"),
        _("due within a day"),
        _("held back"),
        _("paused"),
    )
    table = [
        heads,
        *(
            tuple(
                stored_in_words(str(value), _) if key == "paused" else str(value)
                for key, value in row.items()
            )
            for row in rows
        ),
    ]
    widths = [max(len(line[i]) for line in table) for i in range(len(heads))]
    right = [name in NUMBERS for name in rows[0]]
    for line in table:
        cells = (
            cell.rjust(w) if r else cell.ljust(w)
            for cell, w, r in zip(line, widths, right, strict=True)
        )
        print("  ".join(cells).rstrip())


BATCH = 500


@dataclass(frozen=True, slots=True)
class Member:
    """`since` and `due` (0: nothing comes) are engine time, ms; `ground` and `following` in the
    installation's language.
    """

    address: str
    fields: Mapping[str, str]
    since: int
    ground: str
    following: str
    due: int


def members(context: AppContext, args: argparse.Namespace) -> int:
    """Streamed: a list may hold everybody."""
    listed = list_of(context.installation_stream.current().plan(), args.list)
    refuse_taken(args.csv)
    catch_up(context)
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    if args.csv is None:
        count = _as_table(context, listed, _)
        sentence = ngettext("{n} person on list {list}", "{n} people on list {list}", count)
        print(sentence.format(n=grouped(count, _), list=f"{listed.id} {listed.name}"))
        return 0
    count = _as_csv(context, listed, args.csv, _)
    if args.csv != STDOUT:
        print(
            ngettext("{n} row written: {file}", "{n} rows written: {file}", count).format(
                n=grouped(count, _), file=args.csv
            )
        )
    return 0


def standing_on(context: AppContext, listed: List, _: Say) -> Iterator[list[Member]]:
    """In the order in which they joined, a batch at a time. Who was erased, or has left since, is
    passed over.
    """
    installation = context.installation_stream.current()
    plan, key = installation.plan(), list_key(listed.id)
    for batch in context.views.members_of(listed.id, BATCH):
        known, people = context.vault.people(batch), context.command_handler.load(batch)
        standing = []
        for subscriber in batch:
            membership = people[subscriber].memberships.get(listed.id)
            if subscriber not in known or membership is None:
                continue
            person = people[subscriber]
            act = acts(person, plan, installation.calendar).get(key)
            ground = person.grounds.get(listed.purpose)
            standing.append(
                Member(
                    known[subscriber].address,
                    known[subscriber].fields,
                    membership.joined_at,
                    (
                        f"{stored_in_words(ground.basis, _)}, {stored_in_words(ground.status, _)}"
                        if ground is not None
                        else ""
                    ),
                    (
                        act_in_words(key, act, plan, known[subscriber].fields, _)
                        if act is not None and act.due
                        else ""
                    ),
                    act.due if act is not None else 0,
                )
            )
        yield standing


def _cells(member: Member, values: Iterable[str], zone: str) -> list[str]:
    """`values` are those of its fields, in words or as they are kept."""
    due = shown(member.due, zone)[:16] if member.due else ""
    return [
        member.address,
        *values,
        shown(member.since, zone)[:16],
        member.ground,
        due,
        member.following,
    ]


def _as_table(context: AppContext, listed: List, _: Say) -> int:
    """Columns as wide as a batch wants them. What a person has written steers no terminal."""
    plan, zone = context.installation_stream.current().plan(), context.config.site.timezone
    heads = [_("address"), *plan.fields, _("since"), _("ground"), _("next"), _("what comes")]
    count = 0
    for batch in standing_on(context, listed, _):
        rows = [
            [printable(cell) for cell in _cells(member, values_in_words(plan, member.fields), zone)]
            for member in batch
        ]
        table = [heads, *rows] if not count else rows
        widths = [max(len(row[i]) for row in table) for i in range(len(heads))] if table else []
        for row in table:
            print(
                "  ".join(
                    cell.ljust(width) for cell, width in zip(row, widths, strict=True)
                ).rstrip()
            )
        count += len(rows)
    return count


def _as_csv(context: AppContext, listed: List, path: Path, _: Say) -> int:
    """The names of columns are the same in every language, so that a program can go by them."""
    fields = list(context.installation_stream.current().plan().fields)
    zone = context.config.site.timezone
    pages = (
        [_cells(one, (one.fields.get(name, "") for name in fields), zone) for one in batch]
        for batch in standing_on(context, listed, _)
    )
    columns = ["address", *fields, "since", "ground", "next_at", "next"]
    chosen_by: dict[str, object] = {"conditions": [str(On(listed.id))]}
    return write_people(context, path, columns, pages, chosen_by)
