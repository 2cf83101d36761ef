"""`relance papers`: the register, the annexes of processors and the breach log, as of any day.
`relance breach` writes that log.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

from engine.cli.private_file import private_file
from engine.commands.operators import at_the_command_line
from engine.context import AppContext
from engine.i18n.dates import read_date, shown
from engine.i18n.language import N_, Language, translator
from engine.i18n.user_error import UserError
from engine.installation.breaches import Step
from engine.privacy.paper_markdown import speech_in
from engine.privacy.papers import TEXTS, NewStep, paper, what_is_owed, write_step


def papers(context: AppContext, args: argparse.Namespace) -> int:
    zone, now = context.config.site.timezone, context.clock.now()
    at = read_date(args.as_of, zone) if args.as_of else now
    if at > now:
        raise UserError(N_("{date} is still to come"), 2, date=shown(at, zone))
    language = cast(Language, args.lang) if args.lang else context.config.site.language
    speech = speech_in(language, zone)
    processor = args.name if args.paper == "processor" else ""
    text = paper(context, args.paper, at, speech, processor=processor)
    if args.file:
        with private_file(Path(args.file)) as file:
            file.write(text)
        print(speech._("{file} is written").format(file=args.file))
    else:
        print(text, end="")
    return 0


def breach(context: AppContext, args: argparse.Namespace) -> int:
    zone, _ = context.config.site.timezone, translator(context.config.site.language)
    name = "" if args.part == "record" else args.breach
    step, when = _step(args)
    new = NewStep(
        breach=name,
        step=step,
        at=read_date(when, zone) if when else 0,
        risk=args.risk,
        people=args.people,
        words={text: getattr(args, text) for text in TEXTS if getattr(args, text)},
    )
    known = write_step(context, new, at_the_command_line())
    print(_("written down as breach {breach}").format(breach=known.breach))
    for line in what_is_owed(known, zone, _):
        print(line)
    return 0


def _step(args: argparse.Namespace) -> tuple[Step, str]:
    """What kind of step it is, and when it was."""
    if args.part == "record":
        return "detected", args.detected
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
