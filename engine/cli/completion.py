"""`relance completion SHELL`: a script for the shell, so that its Tab key knows the verbs and their
options. A file of its own because it alone imports shtab.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from engine.cli.parser import parser


def completion(folder: Path, args: argparse.Namespace) -> int:
    print(shtab.complete(parser(), shell=args.shell))
    return 0
