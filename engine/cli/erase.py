"""`relance person erase`: asks, forgets, and prints a receipt that can be given to the person."""

from __future__ import annotations

import argparse
import secrets
import sys

from engine.cli.people import report
from engine.cli.terminal import agreed, json_text
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.refusal import Refusal, UnreadableInput
from engine.privacy.erasure import (
    DELETED,
    Archiver,
    Receipt,
    Suppression,
    archiver,
    scrub_unless_followed,
)
from engine.privacy.erasure import erase as erase_person
from engine.sequence.delay import parse_delay
from engine.sequence.mistakes import Unreadable
from engine.subscriber.events import Cause
from engine.vault.sealing import SealingRefused

STAYS_IN_LOG = N_(
    "PostgreSQL’s write-ahead log may hold what was deleted for a while yet: the user of [store]"
    " url may not see to that (docs/operator.md)"
)


def erase(context: AppContext, subscriber: str, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    archive = _archiver(context, args.keep_proof) if args.keep_proof else None
    if context.command_handler.load([subscriber])[subscriber].erased:
        print(_("this person has been erased"))
        return 0
    if not args.yes and not _agreed(_):
        raise Refusal(N_("nothing was changed"))
    cause = Cause("operator", secrets.token_hex(8))
    suppression: Suppression = "forget" if args.forget_suppression else "bar"
    result, receipt = erase_person(
        context,
        subscriber,
        cause,
        context.command_handler.execute_one,
        suppression=suppression,
        archive=archive,
    )
    if receipt is None:
        return report(result, "", _)
    scrubbed = scrub_unless_followed(context)
    print(
        json_text(receipt.as_json()) if args.json else "\n".join(receipt_lines(context, receipt, _))
    )
    if scrubbed.refused:
        print(_(STAYS_IN_LOG), file=sys.stderr)
    return 0


def receipt_lines(context: AppContext, receipt: Receipt, _: Say) -> list[str]:
    zone = context.config.site.timezone
    deleted = [
        f"  - {_(DELETED[what])}: {grouped(count, _)}" for what, count in receipt.deleted.items()
    ]
    kept = [
        f"  - {_(rest.what).format(date=shown(rest.until, zone)[:10] if rest.until else '')}"
        for rest in receipt.kept
    ]
    return [
        _("Erased on {when}, by {name}").format(
            when=shown(receipt.at, zone), name=context.config.site.name
        ),
        _("Reference: {id}, entry {position}").format(
            id=receipt.subscriber, position=receipt.position
        ),
        _("Deleted:"),
        *deleted,
        _("What remains, and why:"),
        *kept,
    ]


def _archiver(context: AppContext, duration: str) -> Archiver:
    try:
        return archiver(context, parse_delay(duration))
    except (Unreadable, SealingRefused) as error:
        raise UnreadableInput(error) from error


def _agreed(_: Say) -> bool:
    if not sys.stdin.isatty():
        raise Refusal(N_("an erasure cannot be taken back: say --yes"))
    return agreed(_("An erasure cannot be taken back. Erase this person? [y/N] "))
