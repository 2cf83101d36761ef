"""`relance papers`: the register, the annexes of processors and the breach log, as of any day;
complete, or refused with what is missing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import cast

from engine.context import AppContext
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_, Language, translator
from engine.i18n.phrases import language_of, say_delay
from engine.i18n.refusal import Refusal
from engine.installation.events import STREAM, BreachRecorded, InstallationEvent
from engine.privacy.breach_log import StepTaken, breach_log
from engine.privacy.declared_then import Day, day
from engine.privacy.missing_declarations import missing_in_annex, missing_in_register
from engine.privacy.paper_markdown import Speech
from engine.privacy.processing_register import register
from engine.privacy.processor_annex import annex


def papers(context: AppContext, args: argparse.Namespace) -> int:
    zone, now = context.config.site.timezone, context.clock.now()
    at = read_date(args.as_of, zone) if args.as_of else now
    if at > now:
        raise Refusal(N_("{date} is still to come"), 2, date=shown(at, zone))
    language = cast(Language, args.lang) if args.lang else language_of(context.config)
    speech = Speech(
        translator(language),
        lambda instant: shown(instant, zone),
        lambda delay: say_delay(delay, language),
    )
    writers: Mapping[str, Callable[[], str]] = {
        "register": lambda: _register(context, _day(context, at), speech),
        "processor": lambda: _annexes(_day(context, at), args.name, speech),
        "breaches": lambda: breach_log(_steps(context), at, speech),
    }
    text = writers[args.paper]()
    if args.file:
        Path(args.file).write_text(text, encoding="utf-8")
        print(speech._("{file} is written").format(file=args.file))
    else:
        print(text, end="")
    return 0


def _day(context: AppContext, at: int) -> Day:
    """What was in force. Raises Refusal where nothing had been published by then."""
    entries = context.ledger.stream(STREAM)
    found = day(
        ((entry.recorded_at, cast(InstallationEvent, entry.event)) for entry in entries), at
    )
    if found is None:
        raise Refusal(
            N_("nothing had been published by {date}"), date=shown(at, context.config.site.timezone)
        )
    return found


def _register(context: AppContext, found: Day, speech: Speech) -> str:
    smtp = context.config.smtp
    _complete(missing_in_register(found, relay="" if smtp.is_mailbox else smtp.host), speech)
    return register(found, speech)


def _annexes(found: Day, name: str, speech: Speech) -> str:
    _complete(missing_in_annex(found), speech)
    chosen = [each for each in found.declared.processors if name in ("", each.name)]
    if not chosen:
        known = ", ".join(each.name for each in found.declared.processors)
        raise Refusal(
            N_("no processor {name} was declared; there are: {known}"), 2, name=name, known=known
        )
    return "\n".join(annex(found, each, speech) for each in chosen)


def _complete(missing: Iterable[str], speech: Speech) -> None:
    """Raises Refusal with everything that is missing."""
    listed = "".join(f"\n  {speech._(each)}" for each in missing)
    if listed:
        raise Refusal(
            N_(
                "this paper would not be complete. Missing in what was published from"
                " config.toml:{missing}"
            ),
            missing=listed,
        )


def _steps(context: AppContext) -> list[StepTaken]:
    kept = context.vault.evidence_of(STREAM)
    found = []
    for entry in context.ledger.stream(STREAM):
        if isinstance(entry.event, BreachRecorded):
            words = kept.get(entry.cause.evidence, {}).get("words", {})
            found.append(StepTaken(entry.event, entry.recorded_at, cast(Mapping[str, str], words)))
    return found
