"""`relance audit open-archive`: the sealed proof of somebody who was erased, handed out; each time
is a fact in the ledger (D13).
"""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from engine.cli.find_person import person_of
from engine.cli.people import report
from engine.cli.private_file import write_private
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, translator
from engine.i18n.refusal import Refusal
from engine.subscriber.commands import OpenProof
from engine.subscriber.events import Cause
from engine.vault.sealing import SealingRefused, unseal


def open_archive(context: AppContext, args: argparse.Namespace) -> int:
    """The fact is written first: what was handed out and not recorded must not be."""
    _ = translator(context.config.site.language)
    subscriber = person_of(context, args.id)
    archived = context.vault.archived(subscriber)
    if archived is None:
        raise Refusal(N_("no proof is kept of this person: none was sealed, or its term has come"))
    if args.output.exists():
        raise Refusal(N_("{file} is there already: choose another name"), file=args.output)
    sealed, ends_at = archived
    octets = _unsealed(sealed, args.identity) if args.identity else sealed
    result = context.command_handler.execute_one(
        CommandRequest(
            OpenProof(context.clock.now(), Cause("operator", secrets.token_hex(8))),
            stream=subscriber,
        )
    )
    if result.positions:
        write_private(args.output, octets)
    until = shown(ends_at, context.config.site.timezone)[:10]
    return report(
        result,
        _("the proof is in {file}; it is kept here until {date}").format(
            file=args.output, date=until
        ),
        _,
    )


def _unsealed(sealed: bytes, identity: Path) -> bytes:
    lines = identity.read_text(encoding="utf-8", errors="replace").splitlines()
    key = next((line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        return unseal(sealed, key)
    except SealingRefused as error:
        raise Refusal(N_("{file}: {why}"), 2, file=identity, why=error) from error
