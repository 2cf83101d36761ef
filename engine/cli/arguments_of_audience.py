"""Arguments of the verbs about who is meant: segments, and the search for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.i18n.language import N_


def segments_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("an object per segment: segment, name, in, people, week, month, used_by"),
    )


def segment_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    which, for_programs = N_("the id of a segment"), N_("the same, for programs")
    show = parts.add_parser(
        "show", help=N_("its conditions, each with how many it holds for, and who uses it")
    )
    show.add_argument("segment", metavar="ID", help=which)
    show.add_argument("--json", action="store_true", help=for_programs)
    why = parts.add_parser(
        "why", help=N_("why somebody is in it or is not, line by line, and when that changes")
    )
    why.add_argument("segment", metavar="ID", help=which)
    why.add_argument("address", metavar="ADDRESS", help=N_("of the person, or their opaque id"))
    why.add_argument("--json", action="store_true", help=for_programs)
    verify = parts.add_parser(
        "verify", help=N_("ask every person anew, and compare with who is kept as being in it")
    )
    verify.add_argument(
        "segment", metavar="ID", nargs="?", default="", help=N_("one of them (default: all)")
    )
    verify.add_argument("--json", action="store_true", help=for_programs)
    for name, what in (
        ("put", N_("put people into a segment without conditions")),
        ("take", N_("take people out of a segment without conditions")),
    ):
        part = parts.add_parser(name, help=what)
        part.add_argument("segment", metavar="ID", help=which)
        part.add_argument(
            "address", metavar="ADDRESS", nargs="*", help=N_("of people who are known")
        )
        part.add_argument(
            "--file", type=Path, metavar="FILE", help=N_("a .csv or .txt file with addresses")
        )
        part.add_argument(
            "--email",
            default="",
            metavar="COLUMN",
            help=N_("the column of the file that holds the addresses"),
        )


def people_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "where",
        metavar="WHERE",
        nargs="*",
        help=N_("a condition, each in quotes: 'on 10', 'answered anything within 30 days'"),
    )
    parser.add_argument(
        "--name", default="", metavar="PREFIX", help=N_("a field of text of theirs begins so")
    )
    parser.add_argument(
        "--address", default="", metavar="PREFIX", help=N_("their address begins so")
    )
    parser.add_argument("--count", action="store_true", help=N_("only the three numbers"))
    csv_help = N_("write all of them to a new file that only you can read, inert in a spreadsheet")
    parser.add_argument("--csv", type=Path, metavar="FILE", help=csv_help)
    parser.add_argument(
        "--put-into",
        default="",
        metavar="SEGMENT",
        help=N_("put all of them into a segment without conditions"),
    )
    parser.add_argument(
        "--json", action="store_true", help=N_("the numbers and the first people, for programs")
    )


def clean_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plan",
        action="store_true",
        required=True,
        help=N_("say the numbers; a published [[reactivation]] is what asks, a few every night"),
    )
    parser.add_argument(
        "--json", action="store_true", help=N_("the same, for programs; an object per purpose")
    )


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "segments": segments_arguments,
    "segment": segment_arguments,
    "people": people_arguments,
    "clean": clean_arguments,
}
"""By verb."""
