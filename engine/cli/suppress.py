"""`relance suppress FILE`: every address in it is never written to again (D15)."""

from __future__ import annotations

import argparse

from engine.cli.interruption import stop_between_steps
from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.imports.columns import EMAIL
from engine.imports.passes import NO_MAPPING, run_suppress
from engine.imports.refusals import TableRefused
from engine.subscriber.terms import SUPPRESSION_REASONS, one_of


def suppress(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    mapping = {args.email: EMAIL} if args.email else NO_MAPPING
    try:
        with Progress(_("Suppressing"), say=_) as tell, stop_between_steps() as stopping:
            report = run_suppress(
                context.importing(),
                args.file,
                one_of(args.reason, SUPPRESSION_REASONS),
                mapping,
                tell,
                stopping,
            )
    except TableRefused as error:
        raise UserError(error.reason, 2) from error
    for line in report.lines(_):
        print(line)
    return report.exit_code
