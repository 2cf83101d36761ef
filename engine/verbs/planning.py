"""`relance check`: every mistake of config.toml and sequences/ at once, each with its file and line. Exit status 2 when one is fatal."""

from __future__ import annotations

import argparse
import json
import sys

from engine.config import Config
from engine.desk.clock import wall_now
from engine.inspecting import read_folder
from engine.language import N_, counting_translator, translator
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.written import CONFIG
from engine.verbs.wording import language_of


def check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=N_("the same for a program"))


def check(config: Config, args: argparse.Namespace) -> int:
    """0 without fatal mistakes (warnings are shown all the same), else 2."""
    try:
        read = read_folder(config, wall_now())
    except Unpublishable as error:
        mistakes: tuple[Mistake, ...] = error.mistakes
        letters = lists = 0
    else:
        mistakes, lists = read.mistakes, len(read.plan.lists)
        letters = sum(len(each.letters) for each in read.plan.lists.values()) + len(read.plan.broadcasts)
    fatal = any(mistake.fatal for mistake in mistakes)
    if args.json:
        rows = [{"file": place(each), "line": each.line, "text": each.text, "fatal": each.fatal} for each in mistakes]
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return 2 if fatal else 0
    tell(mistakes)
    if not fatal:
        _, ngettext = translator(language_of(config)), counting_translator(language_of(config))
        said_lists = ngettext("{n} list", "{n} lists", lists).format(n=lists)
        said_letters = ngettext("{n} letter", "{n} letters", letters).format(n=letters)
        print(_("{lists}, {letters}: nothing stands in the way of publishing.").format(lists=said_lists, letters=said_letters))
    return 2 if fatal else 0


def tell(mistakes: tuple[Mistake, ...]) -> None:
    """On standard error, in the form that editors can jump to."""
    for mistake in mistakes:
        kind = "" if mistake.fatal else " (warning)"
        print(f"{place(mistake)}:{mistake.line}: {mistake.text}{kind}", file=sys.stderr)


def place(mistake: Mistake) -> str:
    """The file as seen from the installation's folder."""
    return mistake.file if mistake.file in (CONFIG, "sequences/") else f"sequences/{mistake.file}"
