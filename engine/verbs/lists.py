"""`relance lists`: the lists with how many stand on each, and what falls due in the next day."""

from __future__ import annotations

import argparse
import json

from engine.house import House
from engine.language import translator
from engine.sequence.delay import DAY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def lists(house: House, args: argparse.Namespace) -> int:
    house.views.catch_up()
    installation = house.publications.current()
    plan, standing = installation.plan(), house.views.standing()
    due = {number: count for number, kind, count in house.views.due_until(house.clock.now() + DAY) if kind == "letter"}
    rows = [
        {
            "list": each.id,
            "name": each.name,
            "group": each.group,
            "purpose": each.purpose,
            "people": standing.get(each.id, 0),
            "due_next_day": due.get(each.id, 0),
            "paused": installation.paused.get(each.id) or installation.paused.get(0) or "",
        }
        for each in sorted(plan.lists.values(), key=lambda each: each.id)
    ]
    gone = [{"list": n, "name": "", "group": "", "purpose": "", "people": count, "due_next_day": 0, "paused": "not published"}
            for n, count in sorted(standing.items()) if n not in plan.lists]
    if args.json:
        print(json.dumps(rows + gone, ensure_ascii=False, indent=2))
        return 0
    _ = translator("fr" if house.config.site.language == "fr" else "en")
    heads = (_("list"), _("name"), _("group"), _("purpose"), _("people"), _("due within a day"), _("paused"))
    table = [heads, *(tuple(str(value) for value in row.values()) for row in rows + gone)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    for row in table:
        print("  ".join(cell.rjust(w) if i in (0, 4, 5) else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))).rstrip())
    return 0
