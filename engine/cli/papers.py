"""`relance papers`: the register, the annexes of processors and the breach log, as of any day;
complete, or refused with what is missing. `relance breach` writes that log: every breach of
personal data, whatever its risk, with facts, effects and measures (GDPR 33(5)).
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import cast

from engine.cli.people import operator_cause
from engine.cli.private_file import private_file
from engine.context import AppContext
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_, Language, Say, translator
from engine.i18n.user_error import UserError
from engine.installation.breaches import Breach, Step, evolved
from engine.installation.events import STREAM, BreachRecorded, InstallationEvent
from engine.privacy.breach_log import StepTaken, breach_log
from engine.privacy.paper_markdown import Speech, paper_foot, plain, speech_in
from engine.privacy.processing_register import (
    InForce,
    annex,
    in_force,
    missing_in_annex,
    missing_in_register,
    register,
)
from engine.store.sql import AnyCursor
from engine.vault.vault import VaultWrite


def papers(context: AppContext, args: argparse.Namespace) -> int:
    zone, now = context.config.site.timezone, context.clock.now()
    at = read_date(args.as_of, zone) if args.as_of else now
    if at > now:
        raise UserError(N_("{date} is still to come"), 2, date=shown(at, zone))
    language = cast(Language, args.lang) if args.lang else context.config.site.language
    speech = speech_in(language, zone)
    writers: Mapping[str, Callable[[], str]] = {
        "register": lambda: _register(context, _in_force(context, at), speech),
        "processor": lambda: _annexes(_in_force(context, at), args.name, speech),
        "breaches": lambda: breach_log(_steps(context), at, speech),
    }
    text = f"{writers[args.paper]()}\n---\n\n{plain(foot(context, speech))}\n"
    if args.file:
        with private_file(Path(args.file)) as file:
            file.write(text)
        print(speech._("{file} is written").format(file=args.file))
    else:
        print(text, end="")
    return 0


def foot(context: AppContext, speech: Speech) -> str:
    """How far the ledger was read, and the last checkpoint signed over it."""
    signed = context.tree.latest()
    return paper_foot(
        context.config.site.name,
        context.ledger.head(),
        (signed.size, signed.signed_at) if signed is not None else None,
        speech.instant,
        speech._,
    )


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
    return register(then, speech, measure=context.config.measure)


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


MAX_TEXT_CHARACTERS = 20_000
DETECTED: Step = "detected"
TEXTS = ("facts", "effects", "measures", "reason")


def breach(context: AppContext, args: argparse.Namespace) -> int:
    zone, now = context.config.site.timezone, context.clock.now()
    _ = translator(context.config.site.language)
    known = context.installation_stream.current().breaches
    if args.part == "record":
        name, step, said_at = secrets.token_hex(8), DETECTED, args.detected
    else:
        name, (step, said_at) = args.breach, _step(args)
        if name not in known:
            raise UserError(
                N_("no breach {breach} was recorded; there are: {known}"),
                2,
                breach=name,
                known=", ".join(known) or "-",
            )
    at = read_date(said_at, zone) if said_at else now
    if at > now:
        raise UserError(
            N_("{date} is still to come: a breach is written down as it was"),
            2,
            date=shown(at, zone),
        )
    if name in known and at < known[name].detected_at:
        raise UserError(N_("{date} lies before the breach was detected"), 2, date=shown(at, zone))
    if args.people < 0:
        raise UserError(N_("--people is a number of people, 0 where it is not known"), 2)
    event = BreachRecorded(at, name, step, args.risk, args.people)
    _write(
        context,
        event,
        {text: _bounded(text, getattr(args, text)) for text in TEXTS if getattr(args, text)},
        now,
    )
    print(_owed(evolved(known, event)[name], zone, _))
    return 0


def _step(args: argparse.Namespace) -> tuple[Step, str]:
    """What kind of step it is, and when it was."""
    if args.authority_told or args.people_told:
        return (
            ("authority-told", args.authority_told)
            if args.authority_told
            else ("people-told", args.people_told)
        )
    if args.close:
        return "closed", ""
    if not (args.risk or args.people or any(getattr(args, text) for text in TEXTS)):
        raise UserError(
            N_(
                "say what has been learnt or done: --facts, --measures, --risk, --authority-told,"
                " --close …; `--help` has them all"
            ),
            2,
        )
    return "assessed", ""


def _bounded(name: str, text: str) -> str:
    if len(text) > MAX_TEXT_CHARACTERS or not all(
        character.isprintable() or character in "\n\t" for character in text
    ):
        raise UserError(
            N_("--{name} is text of at most {most} characters"),
            2,
            name=name,
            most=MAX_TEXT_CHARACTERS,
        )
    return text


def _write(context: AppContext, event: BreachRecorded, words: dict[str, str], now: int) -> None:
    """Words may name people: they lie in the vault, and the ledger commits to them."""
    cause, kept = operator_cause({"words": words} if words else {})

    def within(cursor: AnyCursor) -> None:
        context.vault.write(cursor, VaultWrite(STREAM, now, evidence=(kept,)))

    context.installation_stream.execute(lambda state: [event], cause, now, within)


def _owed(known: Breach, zone: str, _: Say) -> str:
    lines = [_("written down as breach {breach}").format(breach=known.breach)]
    if known.closed_at:
        return lines[0]
    if known.authority_due_at:
        sentence = _(
            "the authority (CNIL) must be told before {date}, unless there is no risk for the"
            " people (GDPR 33)"
        )
        lines.append(sentence.format(date=shown(known.authority_due_at, zone)))
    if known.people_owed:
        sentence = _(
            "the risk is high: tell those affected without delay, in plain words, what may come of"
            " it and how they protect themselves (GDPR 34)"
        )
        lines.append(sentence)
    return "\n".join(lines)
