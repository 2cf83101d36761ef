"""`relance suppress FILE`: the addresses of a file, never to be written to again."""

from __future__ import annotations

import argparse

from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import translator
from engine.i18n.refusal import Refusal
from engine.imports.columns import EMAIL
from engine.imports.refusals import TableRefused
from engine.imports.suppression import NO_MAPPING, run_suppress
from engine.subscriber.terms import SUPPRESSION_REASONS, one_of


def suppress(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    try:
        with Progress(_("Suppressing"), say=_) as tell:
            report = run_suppress(
                context,
                args.file,
                one_of(args.reason, SUPPRESSION_REASONS),
                tell,
                {args.email: EMAIL} if args.email else NO_MAPPING,
            )
    except TableRefused as error:
        raise Refusal(error.reason, 2) from error
    for line in report.lines(_):
        print(line)
    return report.exit_code
