"""`relance lists`: the lists with how many stand on each, and what falls due in the next day."""

from __future__ import annotations

import argparse

from engine.cli.catch_up import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import Say, translator
from engine.i18n.stored_words import stored_in_words
from engine.sequence.delay import DAY

Row = dict[str, int | str]
NUMBERS = ("list", "people", "due_next_day")


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
