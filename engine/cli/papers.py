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
from engine.i18n.phrases import say_delay
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM, BreachRecorded, InstallationEvent
from engine.privacy.breach_log import StepTaken, breach_log
from engine.privacy.paper_markdown import Speech
from engine.privacy.processing_register import InForce, in_force, missing_in_register, register
from engine.privacy.processor_annex import annex, missing_in_annex


def papers(context: AppContext, args: argparse.Namespace) -> int:
    zone, now = context.config.site.timezone, context.clock.now()
    at = read_date(args.as_of, zone) if args.as_of else now
    if at > now:
        raise UserError(N_("{date} is still to come"), 2, date=shown(at, zone))
    language = cast(Language, args.lang) if args.lang else context.config.site.language
    speech = Speech(
        translator(language),
        lambda instant: shown(instant, zone),
        lambda delay: say_delay(delay, language),
    )
    writers: Mapping[str, Callable[[], str]] = {
        "register": lambda: _register(context, _in_force(context, at), speech),
        "processor": lambda: _annexes(_in_force(context, at), args.name, speech),
        "breaches": lambda: breach_log(_steps(context), at, speech),
    }
    text = writers[args.paper]()
    if args.file:
        Path(args.file).write_text(text, encoding="utf-8")
        print(speech._("{file} is written").format(file=args.file))
    else:
        print(text, end="")
    return 0


def _in_force(context: AppContext, at: int) -> InForce:
    """What was in force. Raises UserError where nothing had been published by then."""
    entries = context.ledger.stream(STREAM)
    then = in_force(
        ((entry.recorded_at, cast(InstallationEvent, entry.event)) for entry in entries), at
    )
    if then is None:
        raise UserError(
            N_("nothing had been published by {date}"), date=shown(at, context.config.site.timezone)
        )
    return then


def _register(context: AppContext, then: InForce, speech: Speech) -> str:
    smtp = context.config.smtp
    _complete(missing_in_register(then, relay="" if smtp.is_mailbox else smtp.host), speech)
    return register(then, speech)


def _annexes(then: InForce, name: str, speech: Speech) -> str:
    _complete(missing_in_annex(then), speech)
    chosen = [processor for processor in then.declared.processors if name in ("", processor.name)]
    if not chosen:
        known = ", ".join(processor.name for processor in then.declared.processors)
        raise UserError(
            N_("no processor {name} was declared; there are: {known}"), 2, name=name, known=known
        )
    return "\n".join(annex(then, processor, speech) for processor in chosen)


def _complete(missing: Iterable[str], speech: Speech) -> None:
    """Raises UserError with everything that is missing."""
    listed = "".join(f"\n  {speech._(sentence)}" for sentence in missing)
    if listed:
        raise UserError(
            N_(
                "this paper would not be complete. Missing in what was published from"
                " config.toml:{missing}"
            ),
            missing=listed,
        )


def _steps(context: AppContext) -> list[StepTaken]:
    kept = context.vault.evidence_of(STREAM)
    steps = []
    for entry in context.ledger.stream(STREAM):
        if isinstance(entry.event, BreachRecorded):
            words = kept.get(entry.cause.evidence, {}).get("words", {})
            steps.append(StepTaken(entry.event, entry.recorded_at, cast(Mapping[str, str], words)))
    return steps
