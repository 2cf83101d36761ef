"""`relance suppressions`: how many addresses are never to be written to, by reason. With --ask,
whether one is; with --lift, it may be written to again.

The address is typed, or comes as a line on the standard input: never as an argument, which shells
and lists of processes keep.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from engine.cli.operator_acts import operator_cause
from engine.cli.progress import catch_up
from engine.cli.terminal import ask, json_text
from engine.context import AppContext
from engine.delivery import suppressions
from engine.delivery.suppressions import Standing, SuppressionCounts
from engine.i18n.in_words import in_words
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.phrases import say_moment
from engine.i18n.stored_words import stored_in_words
from engine.i18n.user_error import UserError, address_of
from engine.subscriber.outcome import NothingToDo, Refused

MAX_LINE = 1000


def run(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    if args.ask and args.lift is not None:
        raise UserError(N_("--ask and --lift stand alone"), 2)
    if args.lift is not None:
        return _lift(context, args.lift.strip(), _)
    catch_up(context)
    if args.ask:
        stands = suppressions.standing(context, _address(_))
        print(json_text(_as_row(stands)) if args.json else _in_words(context, stands, _))
        return 0
    counts = suppressions.counts(context)
    if args.json:
        print(json_text({"people": dict(counts.people), "addresses": dict(counts.hashes)}))
        return 0
    for line in _lines(counts, _):
        print(line)
    return 0


def _address(_: Say) -> str:
    """Raises UserError for what is no address."""
    if sys.stdin.isatty():
        try:
            typed = ask(_("Address: "))
        except EOFError:
            typed = ""
    else:
        typed = sys.stdin.readline(MAX_LINE)
    if not typed.strip():
        raise UserError(N_("no address was given: type it, or hand it over as a line"), 2)
    return address_of(typed.strip())


def _as_row(stands: Standing) -> dict[str, object]:
    return {
        "suppressed": stands.reason or None,
        "liftable": stands.liftable,
        "known": bool(stands.subscriber),
        "subscriber": stands.subscriber or None,
    }


def _in_words(context: AppContext, stands: Standing, _: Say) -> str:
    known = (
        _("known as {subscriber}").format(subscriber=stands.subscriber)
        if stands.subscriber
        else _("nobody is known under this address")
    )
    if not stands.reason:
        return _("not suppressed; {known}").format(known=known)
    site = context.config.site
    since = say_moment(stands.since, site.timezone, site.language) if stands.since else ""
    why = stored_in_words(stands.reason, _)
    head = (
        _("suppressed since {when} ({why}); {known}") if since else _("suppressed ({why}); {known}")
    ).format(when=since, why=why, known=known)
    tail = (
        _("`relance suppressions --lift REASON` lets it be written to again")
        if stands.liftable
        else _("only their own act lifts it, by a form or by a link")
    )
    return f"{head}\n{tail}"


def _lines(counts: SuppressionCounts, _: Say) -> Iterator[str]:
    for head, by_reason in (
        (_("people who are known"), counts.people),
        (_("addresses of nobody known, as keyed hashes"), counts.hashes),
    ):
        line = _("{name}: {value}")
        yield line.format(name=head, value=grouped(sum(by_reason.values()), _))
        for reason, n in by_reason.items():
            yield "  " + line.format(name=stored_in_words(reason, _), value=grouped(n, _))


def _lift(context: AppContext, reason: str, _: Say) -> int:
    if not reason:
        raise UserError(N_("say why: `relance suppressions --lift REASON`"), 2)
    address = _address(_)
    match suppressions.lift(context, address, operator_cause({"note": reason})):
        case Refused() as refused:
            raise UserError(refused)
        case NothingToDo() as nothing:
            print(in_words(nothing, _))
        case None:
            print(_("lifted: letters may go to this address again"))
    return 0
