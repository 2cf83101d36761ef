"""`pause` and `resume`: nothing leaves by surprise, and before anything leaves it is said how
much.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from engine.authoring.going_live import hindrances
from engine.authoring.new_installation import sample_site
from engine.cli.people import operator_cause
from engine.cli.progress import catch_up
from engine.cli.terminal import agreed
from engine.context import AppContext
from engine.desk.processes import Processes
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_list
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, list_of
from engine.installation.events import SendingPaused, SendingResumed
from engine.installation.state import Installation
from engine.sequence.delay import HOUR
from engine.sequence.model import Plan

SINK = N_("(For trials, a relay that hands letters to nobody: [smtp] sink = true)")


def pause(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    installation = context.installation_stream.current()
    plan = installation.plan()
    number = _number(plan, args.list)
    if number in installation.paused:
        print(
            _("paused already ({why})").format(why=stored_in_words(installation.paused[number], _))
        )
        return 0
    now = context.clock.now()
    context.installation_stream.execute(
        lambda state: () if number in state.paused else [SendingPaused(now, "operator", number)],
        operator_cause({})[0],
        now,
    )
    if number:
        print(_("sending for list {list} is paused").format(list=say_list(plan, number)))
    else:
        print(_("sending is paused; `relance resume` lets it go on"))
    return 0


def resume(context: AppContext, args: argparse.Namespace) -> int:
    """Without a list, everything goes on, lists that were paused one by one too. A list alone stays
    held while sending as a whole is.
    """
    _ = translator(context.config.site.language)
    installation = context.installation_stream.current()
    plan, paused = installation.plan(), installation.paused
    number = _number(plan, args.list)
    lines = "".join(
        f"\n  config.toml: {hindrance.words.said(_)}"
        for hindrance in hindrances(context.config, sample_site())
    )
    if (
        context.config.smtp.reaches_people
        and (trial := context.clock.trial) is not None
        and not trial.over_people
    ):
        lines += "\n  " + _(
            "this installation is a trial, whose dates are not real: `relance trial reset` begins"
            " afresh"
        )
    if lines:
        raise UserError(
            N_("nobody is written to before this is set right:{hindrances}\n{sink}"),
            hindrances=lines,
            sink=_(SINK),
        )
    catch_up(context)
    now = context.clock.now()
    for line in _leaving(context, plan, number, now):
        print(line)
    if not _held(installation, number):
        print(_("sending is not paused"))
    elif not args.yes and not _agreed(_):
        raise UserError(N_("nothing was changed"))
    else:
        context.installation_stream.execute(
            lambda state: [SendingResumed(now, number)] if _held(state, number) else (),
            operator_cause({})[0],
            now,
        )
        print(
            _("sending for list {list} goes on").format(list=say_list(plan, number))
            if number
            else _("sending goes on")
        )
    if number and 0 in paused:
        print(
            _("sending as a whole is paused ({why}); `relance resume` lets it go on").format(
                why=stored_in_words(paused[0], _)
            )
        )
    if not number:
        Processes(context.database).settle()
        context.desk.set_mark(context.config.smtp.armed_mark, now, 0)
        context.desk.set_mark("tick", now, 0)
    return 0


def _number(plan: Plan, text: str) -> int:
    """The list's number; 0, which is everything, where none is said."""
    return list_of(plan, text).id if text else 0


def _held(installation: Installation, number: int) -> bool:
    """Whether this list is paused by itself; for 0, whether anything is."""
    return number in installation.paused if number else bool(installation.paused)


def _leaving(context: AppContext, plan: Plan, number: int, now: int) -> Iterator[str]:
    """What is due within the hour, of one list or of all; list 0 holds what belongs to none."""
    language = context.config.site.language
    _, ngettext = translator(language), counting_translator(language)
    due = {
        of_list: count
        for of_list, kind, count in context.views.due_until(now + HOUR)
        if kind == "letter" and number in (0, of_list)
    }
    total = sum(due.values())
    yield ngettext(
        "In the next hour {n} letter will leave.", "In the next hour {n} letters will leave.", total
    ).format(n=total)
    for of_list, count in sorted(due.items()):
        what = (
            _("list {list}").format(list=say_list(plan, of_list))
            if of_list
            else _("requests to confirm")
        )
        yield f"{grouped(count, _):>9}  {what}"


def _agreed(_: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("say --yes to let them leave"))
    return agreed(_("Let them leave? [y/N] "))
