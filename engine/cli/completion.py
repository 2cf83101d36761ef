"""`relance completion SHELL`: a script for the shell, so that its Tab key knows the verbs and their
options.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from engine.i18n.language import N_

SHELLS = ("bash", "zsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        choices=SHELLS,
        help=N_(
            "bash: `relance completion bash > ~/.local/share/bash-completion/completions/relance`"
        ),
    )


def completion(folder: Path, args: argparse.Namespace) -> int:
    # Here, because the parser's module brings in this one when the verb is typed.
    from engine.cli.parser import parser

    print(shtab.complete(parser(), shell=args.shell))
    return 0
