"""`relance inbound FILE…`: what mails that came back say, and what would be done with each; that
changes nothing. `--listen` takes such mails in, `--unknown` lists those that were not
understood.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from engine.cli.opened_context import with_context
from engine.cli.terminal import json_text
from engine.config import Config
from engine.i18n.language import N_, Say, translator
from engine.i18n.user_error import UserError
from engine.inbound.handling import receiver_of
from engine.inbound.letter_identity import Receiver
from engine.inbound.mail import MAX_MAIL_BYTES
from engine.inbound.reading import NotUnderstood, Reading, read_mail
from engine.inbound.reading_sentences import (
    letter_named,
    mark_in,
    recipients_named,
    what_is_done,
    what_it_is,
)
from engine.secret_files import SecretMissing, read_secrets
from engine.words import words_of_file_error

BEFORE_A_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
STANDARD_INPUT = Path("-")


def inbound(config: Config, args: argparse.Namespace) -> int:
    if args.listen:
        from engine.cli.run import listen

        return with_context(config, lambda context: listen(context, args))
    if args.unknown or args.show or args.throw_away:
        from engine.cli.unknown_mails import unknown_mails

        return with_context(config, lambda context: unknown_mails(context, args))
    if not args.files:
        raise UserError(N_("which mails? name files, or say --unknown or --listen"), 2)
    return _read(config, args)


def _read(config: Config, args: argparse.Namespace) -> int:
    """0 where every mail was understood, else 1."""
    _, ours = translator(config.site.language), _receiver(config)
    readings = [(file, read_mail(octets_of(file), ours)) for file in args.files]
    if args.json:
        print(json_text([_as_json(file, reading, _) for file, reading in readings]))
    else:
        for file, reading in readings:
            print(f"{file}: {what_it_is(reading).said(_)}")
            for line in _lines(reading, _):
                print(f"    {line}")
    return 1 if any(isinstance(reading, NotUnderstood) for _, reading in readings) else 0


def _receiver(config: Config) -> Receiver:
    try:
        return receiver_of(config, read_secrets(config.secrets).link_key)
    except SecretMissing as error:
        raise UserError(error.words) from None


def octets_of(file: Path, most: int = MAX_MAIL_BYTES) -> bytes:
    """One octet more than `most` at the most, which shows that it is too large."""
    try:
        if file == STANDARD_INPUT:
            return sys.stdin.buffer.read(most + 1)
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise UserError(
            N_("{place} cannot be used: {why}"), 2, place=file, why=words_of_file_error(error)
        ) from None


def _lines(reading: Reading, _: Say) -> list[str]:
    letter = letter_named(reading)
    named = [*([letter] if letter else []), *recipients_named(reading), what_is_done(reading)]
    return [line.said(_) for line in named]


def _as_json(file: Path, reading: Reading, _: Say) -> dict[str, object]:
    letter = mark_in(reading)
    return {
        "file": str(file),
        "reading": BEFORE_A_CAPITAL.sub("-", type(reading).__name__).lower(),
        "letter": letter.message if letter else None,
        "by": letter.kind if letter else None,
        "said": what_it_is(reading).said(_),
        "done": what_is_done(reading).said(_),
    }
