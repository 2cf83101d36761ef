"""`relance summary`: how a week went, as the weekly mail to the operator says it; `--send` sends
that mail now.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import date

from engine.audience.results import EPOCH
from engine.cli.progress import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.i18n.dates import read_date
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError
from engine.runtime.summarising import sent_by_hand, summary_mail
from engine.sending.inert_letter import send_one
from engine.status.week import Week, last_week, week_of_installation
from engine.status.week_words import WeekWords, told_in_text
from engine.views import week_of


def run(context: AppContext, args: argparse.Namespace) -> int:
    """Exit status 0 whatever is stuck: `relance status` is for that."""
    to = context.config.operator.address
    if args.send and not to:
        raise UserError(N_("nobody gets it: set `address` in [operator] of config.toml"), 2)
    catch_up(context)
    now, site = context.clock.now(), context.config.site
    monday = week_of(read_date(args.week, site.timezone)) if args.week else last_week(now)
    if monday > week_of(now):
        raise UserError(N_("that week has not begun"), 2)
    week = week_of_installation(context, monday)
    _ = translator(site.language)
    words = WeekWords(context.installation_stream.current().plan(), site.language)
    if args.json:
        print(json_text(_as_json(week, words)))
    else:
        print(words.title(monday, now))
        print()
        for line in told_in_text(words.sections(week)):
            print(line)
    if args.send:
        send_one(context.config, summary_mail(context.config, week, words, wall_now()))
        sent_by_hand(context, monday)
        if not args.json:
            print("\n" + _("sent to {address}").format(address=to))
    return 0


def _as_json(week: Week, words: WeekWords) -> dict[str, object]:
    told = [
        {"code": one.code, "level": one.level, "what": words.finding(one)} for one in week.findings
    ]
    monday: date = date.fromordinal(EPOCH.toordinal() + week.monday)
    return asdict(week) | {"monday": monday.isoformat(), "findings": told}
