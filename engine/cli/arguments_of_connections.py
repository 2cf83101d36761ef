"""Arguments of the verbs about other programs: those that call here, and those that are told.

They stand apart from what carries the verbs out, as the others do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.cli.arguments_of_operation import days_argument
from engine.i18n.language import N_
from engine.sequence.webhooks import WEBHOOK_KINDS


def hook_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="list|test|replay|…")
    listing = parts.add_parser(
        "list", help=N_("how each stands: its position, what it did not take")
    )
    listing.add_argument("--json", action="store_true", help=N_("the same for a program"))
    verbs = {
        "test": N_("send one a message that tells of nothing, and say what it answers"),
        "replay": N_("tell one anew of what follows a position or a date"),
        "enable": N_("tell one again that was switched off, from where it stood"),
        "disable": N_("tell one nothing until it is enabled; it keeps its place"),
    }
    for verb, what in verbs.items():
        part = parts.add_parser(verb, help=what)
        part.add_argument("name", metavar="NAME", help=N_("the name of a [[hook]] in config.toml"))
        if verb == "replay":
            start = part.add_mutually_exclusive_group(required=True)
            start.add_argument(
                "--from",
                dest="position",
                type=int,
                metavar="POSITION",
                help=N_("the first position of the ledger that it is told of"),
            )
            start.add_argument(
                "--since",
                default="",
                metavar="WHEN",
                help=N_("what was recorded from then on, on the clock of [site] timezone"),
            )


def webhook_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="try | log")
    log = parts.add_parser("log", help=N_("the calls that came, and what came of each"))
    log.add_argument(
        "--days",
        type=days_argument,
        default=7,
        metavar="N",
        help=N_("of the last so many days (default: 7)"),
    )
    log.add_argument("--webhook", metavar="NAME", default="", help=N_("of one [[webhook]] alone"))
    log.add_argument("--json", action="store_true", help=N_("the same for a program"))
    trying = parts.add_parser(
        "try", help=N_("what a saved body says, whether its signature holds, and what follows")
    )
    trying.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help=N_("the body, to the byte as it came; - reads it from standard input"),
    )
    sender = trying.add_mutually_exclusive_group(required=True)
    sender.add_argument("--from", dest="kind", choices=WEBHOOK_KINDS, help=N_("who sent it"))
    sender.add_argument(
        "--webhook",
        metavar="NAME",
        help=N_("the [[webhook]] of sequences/ to which it came: its sender, secrets and rules"),
    )
    trying.add_argument(
        "--header",
        metavar="'NAME: VALUE'",
        action="append",
        default=[],
        help=N_("a header that came with it; give each"),
    )
    trying.add_argument(
        "--secret-file",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help=N_("a file that holds the secret; several while one is replaced"),
    )
    trying.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help=N_("the certificate (PEM) that paypal or ses name in the call"),
    )
    trying.add_argument("--at", metavar="WHEN", default="", help=N_("when it came (default: now)"))
    trying.add_argument(
        "--field",
        metavar="NAME=/POINTER",
        action="append",
        default=[],
        help=N_("generic: where something stands in the body, as a JSON pointer"),
    )
    trying.add_argument("--json", action="store_true", help=N_("the same for a program"))


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "webhook": webhook_arguments,
    "hook": hook_arguments,
}
"""By verb."""
