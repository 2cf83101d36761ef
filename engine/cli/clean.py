"""`relance clean --plan`: whom `[[reactivation]]` in `sequences/` would ask and then stop, in
numbers, before anything happens. Its publication starts it, and a publication without it ends it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from engine.authoring.inspection import read_folder
from engine.cli.progress import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import Say, counting_translator, day_in_words, grouped, translator
from engine.i18n.phrases import say_list
from engine.ledger.codec import iso
from engine.privacy.reactivation import CleaningPlan, cleaning_plans, shown
from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.words import Language


def clean(context: AppContext, args: argparse.Namespace) -> int:
    """Raises Unpublishable when the files hold a fatal mistake."""
    plan = read_folder(context.config).sound().plan
    catch_up(context)
    plans = cleaning_plans(context, plan)
    in_force = context.installation_stream.current().plan().reactivations
    language = context.config.site.language
    _ = translator(language)
    if args.json:
        print(json_text([_as_json(told, told.list in in_force) for told in plans]))
        return 0
    if not plans:
        print(_("there is no [[reactivation]]: nobody is asked whether to go on by letters"))
        return 0
    for told in plans:
        for line in _lines(told, plan, language, _):
            print(line)
        if told.list not in in_force:
            print(_("not published yet: `relance publish` starts it"))
    return 0


def _as_json(told: CleaningPlan, published: bool) -> dict[str, object]:
    return {
        "purpose": told.purpose,
        "list": told.list,
        "published": published,
        "to_be_asked": told.quiet,
        "asked": told.asked,
        "stopped": told.stopped,
        "nightly_cap": told.cap,
        "nights": told.nights,
        "last_stopped_at": iso(told.last_at) if told.last_at else None,
        "by_list": shown(told.lists)[0],
        "by_source": shown(told.sources)[0],
        "by_provider": shown(told.providers)[0],
    }


def _lines(told: CleaningPlan, plan: Plan, language: Language, _: Say) -> Iterator[str]:
    yield _("“{purpose}”, by list {list}").format(
        purpose=plan.purposes[told.purpose].name, list=say_list(plan, told.list)
    )
    for count, what in (
        (told.quiet, _("people silent, to be asked")),
        (told.asked, _("people asked, with time left to answer")),
        (told.stopped, _("people not written to any more, until they do something themselves")),
    ):
        yield f"{grouped(count, _):>11}  {what}"
    if told.quiet:
        ngettext = counting_translator(language)
        sentence = ngettext(
            "at most {cap} a night: all are asked after {n} night; the last who does not answer is"
            " stopped on {day}",
            "at most {cap} a night: all are asked after {n} nights; the last who does not answer is"
            " stopped on {day}",
            told.nights,
        )
        day = day_in_words(to_local(told.last_at, plan.timezone).date(), language)
        yield sentence.format(cap=grouped(told.cap, _), n=grouped(told.nights, _), day=day)
    for what, cells in (
        (_("by list"), told.lists),
        (_("by source"), told.sources),
        (_("by mail provider"), told.providers),
    ):
        yield from _table(what, cells, _)


def _table(what: str, cells: Mapping[str, int], _: Say) -> Iterator[str]:
    kept, rest = shown(cells)
    if kept:
        yield what
        for name, count in kept.items():
            yield f"{grouped(count, _):>11}  {name or _('given here by themselves')}"
        if rest:
            yield f"{grouped(rest, _):>11}  {_('elsewhere, fewer than ten in each')}"
