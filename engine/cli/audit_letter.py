"""`relance audit letter`: from a contested mail to the person, the claim, the outcome, the ground
it stood on, and the words as published.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.audit.found_letter import find_letter
from engine.audit.letter_case import open_case
from engine.audit.letter_json import plain
from engine.audit.letter_report import report
from engine.audit.nothing_held import Asked
from engine.audit.nothing_held_statement import nothing_held_about_mail
from engine.audit.published import Published
from engine.cli.catch_up import catch_up
from engine.cli.report_output import hand_out, output_arguments
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import N_, Language
from engine.i18n.phrases import language_of
from engine.i18n.refusal import Refusal
from engine.installation.events import STREAM
from engine.intake.contested import LARGEST, Contested, ContestedRefused, message_of, read_contested

NOT_AS_IT_SHOULD_BE = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "mail",
        metavar="FILE.eml|MESSAGE-ID",
        help=N_("the contested mail as it was received, or its Message-ID"),
    )
    output_arguments(parser)


def run(context: AppContext, args: argparse.Namespace) -> int:
    """Status 1 where nothing is held, and where something is not as it should be: a forged link, no
    live ground, other words.
    """
    language: Language = args.lang or language_of(context.config)
    contested, message = _asked(args.mail)
    catch_up(context)
    messages, tokens = (
        (contested.messages, contested.tokens) if contested else ((message,) if message else (), ())
    )
    found = find_letter(context, messages, tokens)
    if found.begun is None:
        return nothing_held_about_mail(
            context, args, language, _about(contested, args.mail), found.forged
        )
    published = Published(context.ledger.stream(STREAM))
    case = open_case(context, found, found.begun, contested, published)
    if args.json:
        print(json_text(plain(context, case, published, language)))
    else:
        hand_out(report(context, case, args.mail, published, language), args.html, language)
    return 0 if case.sound else NOT_AS_IT_SHOULD_BE


def _asked(said: str) -> tuple[Contested | None, str]:
    """A mail, or the message id of a Message-ID. Raises Refusal of status 2 for what is neither."""
    path = Path(said)
    message = message_of(said)
    if message and not path.is_file():
        return None, message
    if "@" in said and "/" not in said and path.suffix != ".eml" and not path.is_file():
        # Of another program's form: there is no such letter here, and that can be said.
        return None, ""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    try:
        return read_contested(data), ""
    except ContestedRefused as error:
        raise Refusal(N_("{file}: {why}"), 2, file=said, why=str(error)) from error


def _about(contested: Contested | None, said: str) -> list[Asked]:
    if contested is None:
        return [Asked("message-id", said)]
    return [Asked("mail", contested.digest), *(Asked("message-id", each) for each in contested.ids)]
