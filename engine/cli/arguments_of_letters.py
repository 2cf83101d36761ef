"""Arguments of the verbs about letters and dialogues."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.cli.arguments_of_people import CSV_HELP, STDOUT
from engine.i18n.language import N_
from engine.sequence.model import ORIGINAL
from engine.views import GROUPINGS


def check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


ANSWER = N_(
    'the link clicked: its words, its list or its number; "@2h" after it says how long after the'
    " letter (default: an hour); the same letter again changes the reader's mind (default: a day"
    " later)"
)


def simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help=N_("a dialogue: sequences/onboarding.toml, or its name")
    )
    parser.add_argument("--answer", action="append", default=[], metavar="LETTER=LINK", help=ANSWER)
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help=N_("what is known of the reader: birthday=1980-02-29"),
    )
    parser.add_argument(
        "--order",
        action="append",
        default=[],
        metavar="PRODUCT@DAY",
        help=N_("what the reader buys, and when: livre@3d"),
    )
    parser.add_argument(
        "--prefer",
        action="append",
        default=[],
        metavar="CHOICE",
        help=N_("what the reader chooses: theme=semis, frequency=weekly, pause=2026-07-01"),
    )
    parser.add_argument(
        "--measured",
        action="append",
        default=[],
        metavar="LETTER=ACT",
        help=N_("the reader agrees to be measured: welcome=clicked, welcome=opened@2h, or yes"),
    )
    parser.add_argument(
        "--list",
        default="",
        help=N_("where the reader begins (default: the first list of the file)"),
    )
    parser.add_argument(
        "--pressure-from",
        action="append",
        default=[],
        metavar="LIST",
        help=N_("a list the reader joins too, for what its letters leave room for under a cap"),
    )
    parser.add_argument(
        "--from",
        dest="start",
        default="",
        metavar="DATE",
        help=N_("when the reader joins (default: now)"),
    )
    parser.add_argument(
        "--timezone", default="", help=N_("the reader's (default: the installation's)")
    )
    parser.add_argument(
        "--days", type=int, default=365, help=N_("how far to look (default: a year)")
    )
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))
    parser.add_argument(
        "--version",
        metavar="ID",
        default=ORIGINAL,
        help=N_("the version that the reader gets of letters that are tried: b, or holdout"),
    )


def form_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="snippet")
    snippet = parts.add_parser(
        "snippet", help=N_("the form as HTML, with a script besides, or as a frame")
    )
    snippet.add_argument("name", metavar="NAME", help=N_("of the [[form]], as it is published"))
    snippet.add_argument(
        "--as",
        dest="kind",
        choices=("html", "script", "frame"),
        default="html",
        help=N_(
            "html: a form that needs nothing (the default); script: which keeps its visitors on"
            " the page besides; frame: our page in an iframe"
        ),
    )
    for name, text in (
        ("source", N_("where people come from who use this copy, kept with their proof")),
        ("campaign", N_("the campaign, kept likewise")),
    ):
        snippet.add_argument(f"--{name}", metavar="TEXT", default="", help=text)


def programme_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--year", type=int, default=0, metavar="YEAR", help=N_("which (default: this one)")
    )
    parser.add_argument(
        "--ics", default="", metavar="FILE", help=N_("write it as a calendar file too")
    )
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


FORMATS = ("text", "mermaid", "dot")


def graph_arguments(parser: argparse.ArgumentParser) -> None:
    _add_file(parser)
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="text",
        help=N_("how it is drawn (default: text)"),
    )


def publish_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help=N_("only show what would change"))
    parser.add_argument(
        "--backfill",
        action="store_true",
        help=N_("new letters also go to those for whom their moment is past"),
    )
    parser.add_argument(
        "--rollback", action="store_true", help=N_("go back to what was in force before")
    )
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))


def watch_arguments(parser: argparse.ArgumentParser) -> None:
    _add_file(parser)
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


def results_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "letter",
        metavar="LETTER|FILE",
        nargs="?",
        default="",
        help=N_("one letter in full, or the letters of a dialogue (default: all letters)"),
    )
    parser.add_argument(
        "--by", choices=GROUPINGS, default=None, help=N_("what is added up (default: each letter)")
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--segment",
        default="",
        metavar="SEGMENT",
        help=N_("letters among who is in this segment now; fewer than ten people are not told"),
    )
    whose.add_argument(
        "--source",
        action="store_true",
        help=N_("what came of each source of addresses; fewer than ten people are not told"),
    )
    whose.add_argument(
        "--joined",
        action="store_true",
        help=N_("how those went on who came onto a list in the same week; not of fewer than ten"),
    )
    parser.add_argument(
        "--since",
        default="",
        metavar="DATE",
        help=N_("letters begun in the week of this day or later; weeks begin on Monday, UTC"),
    )
    parser.add_argument(
        "--until",
        default="",
        metavar="DATE",
        help=N_("letters begun in the week of this day or before"),
    )
    parser.add_argument(
        "--csv", type=Path, nargs="?", const=STDOUT, default=None, metavar="FILE", help=CSV_HELP
    )
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


def preview_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("letter", help=N_("the letter's id, or list/letter"))
    parser.add_argument(
        "--for",
        dest="address",
        required=True,
        help=N_("the person whose fields are merged in; an unknown address has none"),
    )
    parser.add_argument("--text", action="store_true", help=N_("print the text part instead"))
    parser.add_argument(
        "--version",
        metavar="ID",
        default=None,
        help=N_("one version of a letter that is tried (default: each)"),
    )


def send_test_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("letter", help=N_("the letter's id, or list/letter"))
    parser.add_argument("--to", required=True, help=N_("where the test goes"))
    parser.add_argument(
        "--for",
        dest="address",
        default="",
        help=N_("the person whose fields are merged in (default: the recipient)"),
    )


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "check": check_arguments,
    "simulate": simulate_arguments,
    "graph": graph_arguments,
    "publish": publish_arguments,
    "watch": watch_arguments,
    "results": results_arguments,
    "form": form_arguments,
    "programme": programme_arguments,
    "preview": preview_arguments,
    "send-test": send_test_arguments,
}
"""By verb."""


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default="",
        help=N_("a dialogue: sequences/onboarding.toml, or its name (default: each)"),
    )
