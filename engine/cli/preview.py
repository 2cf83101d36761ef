"""`preview` and `send-test`: a letter as a chosen person would get it, its links inert. From the
author's files as they are now.
"""

from __future__ import annotations

import argparse
import os
import webbrowser
from dataclasses import replace

from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError, address_of
from engine.letter.published_letter import letter_of
from engine.letter.source_folder import read_sequences
from engine.proof.cached_checkpoint import CachedCheckpoint
from engine.sending.compose import Composer
from engine.sending.inert_letter import (
    LetterReader,
    composed_for,
    composed_test,
    letter_named,
    reader_of,
    send_one,
)
from engine.sequence.model import ORIGINAL, Plan
from engine.sequence.parse import parse


def preview(context: AppContext, args: argparse.Namespace) -> int:
    plan = _plan(context)
    letter = letter_of(plan, letter_named(plan, args.letter))
    versions = [name for name, _words in letter.wordings()] if letter is not None else [""]
    if args.version is not None:
        if args.version not in (*versions, ORIGINAL):
            raise UserError(
                N_('"{letter}" has no version "{version}"; it has: {known}'),
                2,
                letter=args.letter,
                version=args.version,
                known=", ".join((ORIGINAL, *versions[1:])),
            )
        versions = [args.version]
    for version in versions:
        if len(versions) > 1:
            _ = translator(context.config.site.language)
            print(_("version {version}:").format(version=version or ORIGINAL))
        _preview(context, args, version)
    return 0


def _preview(context: AppContext, args: argparse.Namespace, version: str) -> None:
    to = address_of(args.address)
    claim = replace(letter_named(plan := _plan(context), args.letter), version=version)
    reader = _reader(context, plan, claim.purpose, to)
    composed = composed_for(_composer(context), plan, claim, reader, to, context.clock.now())
    if args.text:
        print(composed.text)
        return
    folder = context.config.data / "preview"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ending = f"-{version}" if version not in ("", ORIGINAL) else ""
    path = folder / f"{args.letter.replace('/', '-')}{ending}.html"
    path.write_text(composed.html, encoding="utf-8")
    path.chmod(0o600)
    print(composed.subject)
    print(path)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(path.as_uri())


def send_test(context: AppContext, args: argparse.Namespace) -> int:
    to, plan = address_of(args.to), _plan(context)
    claim = letter_named(plan, args.letter)
    reader = _reader(context, plan, claim.purpose, address_of(args.address or to))
    now, composer = context.clock.now(), _composer(context)
    composed, envelope = composed_test(composer, plan, claim, reader, to, now)
    send_one(context.config, envelope)
    _ = translator(context.config.site.language)
    print(_("sent: {subject}").format(subject=composed.subject))
    return 0


def _plan(context: AppContext) -> Plan:
    """From the author's files as they are now."""
    return replace(
        parse(read_sequences(context.config.sequences), context.config.settings), edition=-1
    )


def _composer(context: AppContext) -> Composer:
    newest, size_of = CachedCheckpoint(context.tree), context.served_assets().size_of
    return Composer(context.config, context.secrets.link_key, newest, size_of)


def _reader(context: AppContext, plan: Plan, purpose: str, address: str) -> LetterReader:
    """Whom the letter is for; somebody of whom nothing is known, where nobody is known by it."""
    subscriber = context.vault.find(address)
    return reader_of(context, subscriber, plan, purpose) if subscriber else LetterReader()
