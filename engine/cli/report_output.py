"""How an auditor's report leaves: on standard output, or as one page that only its owner reads."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.audit.report import Report, as_html, as_text
from engine.cli.private_file import private_file
from engine.i18n.language import LANGUAGES, N_, Language, translator


def output_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help=N_("write one self-contained page there instead (readable by its owner alone)"),
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("the same for a program: codes and milliseconds beside the words"),
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=N_("the language it is told in (default: the installation's)"),
    )


def hand_out(report: Report, page: Path | None, language: Language) -> None:
    if page is None:
        for line in as_text(report):
            print(line)
        return
    _ = translator(language)
    with private_file(page) as file:
        file.write(as_html(report))
    print(_("written: {file}").format(file=page))
