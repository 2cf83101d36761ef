"""`relance audit retention`: what was declared held against the oldest that is kept, and what the
last nights did about it (D14).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from engine.cli.catch_up import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.phrases import language_of, say_delay
from engine.installation.events import STREAM, RetentionApplied
from engine.privacy.fact_values import iso
from engine.privacy.retention_due import terms
from engine.privacy.retention_night import RULES, past
from engine.sequence.declared import Retention
from engine.sequence.delay import Delay
from engine.subscriber.inactivity import retention_of

NIGHTS = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help=N_("the same for programs; instants in ISO 8601")
    )


def run(context: AppContext, args: argparse.Namespace) -> int:
    """Exit status 1 while something is kept past its time."""
    catch_up(context)
    declared = retention_of(context.installation_stream.current().plan())
    found = past(context, terms(declared, context.clock.now(), context.config.site.timezone))
    nights = [
        entry.event
        for entry in context.ledger.stream(STREAM)
        if isinstance(entry.event, RetentionApplied)
    ][-NIGHTS:]
    late = any(count for count, _oldest in found.values())
    if args.json:
        rules = {
            rule: {
                "past": found[rule][0],
                "oldest": iso(found[rule][1]) if found[rule][1] else None,
            }
            for rule in RULES
        }
        told = [
            {
                "night": night.night,
                "mode": night.mode,
                "rules": [list(rule) for rule in night.rules],
            }
            for night in nights
        ]
        print(json_text({"mode": declared.mode, "rules": rules, "nights": told}))
    else:
        print("\n".join(_lines(context, declared, found, nights)))
    return 1 if late else 0


def _lines(
    context: AppContext,
    declared: Retention,
    found: dict[str, tuple[int, int]],
    nights: list[RetentionApplied],
) -> Iterator[str]:
    language, zone = language_of(context.config), context.config.site.timezone
    _ = translator(language)
    names = _names(_)
    said = _declared(declared, lambda delay: say_delay(delay, language), _)
    heads = ("", _("declared"), _("oldest kept"), _("past its time"))
    rows = [
        heads,
        *(
            (names[rule], said[rule], shown(oldest, zone) if oldest else "–", grouped(count, _))
            for rule, (count, oldest) in found.items()
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    if declared.mode == "report":
        held = _(
            "nothing is asked, erased or purged: [retention] mode is “report”; with “enforce”, at"
            " most {n} people a night"
        )
        yield held.format(n=declared.nightly_cap)
    else:
        yield _("applied every night, to at most {n} people").format(n=declared.nightly_cap)
    for night in nights:
        rules = (
            (names[rule], due, count)
            for rule, due, count, _oldest in night.rules
            if rule in names and (due or count)
        )
        done = ", ".join(
            f"{name} {grouped(count, _)}/{grouped(due, _)}" for name, due, count in rules
        )
        yield _("night of {night} ({mode}): {done}").format(
            night=night.night, mode=night.mode, done=done or _("nothing was past its time")
        )
    yield _(
        "letters and their outcomes are facts of the ledger, kept as proof: they name nobody once"
        " the person is erased"
    )


def _names(_: Say) -> dict[str, str]:
    return {
        "silent": _("silent people, to be asked once"),
        "unanswered": _("asked, and no answer: to be erased"),
        "unconfirmed": _("requests nobody confirmed"),
        "visitor": _("IP addresses and browsers"),
        "relay": _("mail servers’ words"),
        "archive": _("sealed proof of erased people"),
        "suppression": _("hashes never to be written to"),
    }


def _declared(declared: Retention, delay: Callable[[Delay], str], _: Say) -> dict[str, str]:
    end = delay(declared.suppression) if declared.suppression is not None else _("no end")
    return {
        "silent": delay(declared.silent_after),
        "unanswered": delay(declared.answer_within),
        "unconfirmed": delay(declared.unconfirmed),
        "visitor": delay(declared.ip),
        "relay": delay(declared.delivery),
        "archive": delay(declared.proof),
        "suppression": end,
    }
