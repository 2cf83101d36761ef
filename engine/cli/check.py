"""`relance check`: every mistake of config.toml and sequences/ at once, with file, line and a caret
under the place. Status 2 when one is fatal.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from unicodedata import combining, east_asian_width, normalize

from engine.authoring.going_live import Hindrance, as_warnings, hindrances, lint_streams
from engine.authoring.inspection import read_folder
from engine.authoring.new_installation import sample_site
from engine.cli.terminal import json_text, print_styled
from engine.config import Config
from engine.hooks.target_secrets import secret_fault
from engine.i18n.language import N_, Say, counting_translator, translator
from engine.i18n.printable import printable
from engine.sending.signing_faults import signing_faults
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.sequence.model import Plan
from engine.sequence.plan_source import CONFIG
from engine.webhooks.secret_files import missing_secrets
from engine.words import words

EXCERPT_WIDTH = 76


def check(config: Config, args: argparse.Namespace) -> int:
    """0 without fatal mistakes (warnings are shown all the same), else 2."""
    plan: Plan | None = None
    try:
        read = read_folder(config, time.time_ns() // 1_000_000)
    except Unpublishable as error:
        mistakes: tuple[Mistake, ...] = error.mistakes
        letters = lists = 0
    else:
        plan, mistakes, lists = read.plan, read.mistakes, len(read.plan.lists)
        letters = sum(len(listed.letters) for listed in read.plan.lists.values()) + len(
            read.plan.broadcasts
        )
    mistakes = tuple(sorted({*mistakes, *_before_going_live(config, plan)}))
    if plan is not None:
        mistakes = tuple(sorted({*mistakes, *missing_secrets(plan, config.folder)}))
    fatal = any(mistake.fatal for mistake in mistakes)
    _, ngettext = translator(config.site.language), counting_translator(config.site.language)
    if args.json:
        print(json_text([_as_json(mistake, _) for mistake in mistakes]))
        return 2 if fatal else 0
    tell(mistakes, config.folder, _)
    if not fatal:
        said_lists = ngettext("{n} list", "{n} lists", lists).format(n=lists)
        said_letters = ngettext("{n} letter", "{n} letters", letters).format(n=letters)
        print(
            _("{lists}, {letters}: nothing stands in the way of publishing.").format(
                lists=said_lists, letters=said_letters
            )
        )
    return 2 if fatal else 0


def _before_going_live(config: Config, plan: Plan | None) -> list[Mistake]:
    found = list(hindrances(config, sample_site()))
    for fault in signing_faults(config, int(time.time())):
        table = "dkim" if fault.stream == "marketing" else f"stream.{fault.stream}"
        found.append(Hindrance(f"{table}.domain", fault.words))
    if plan is not None:
        found += lint_streams(config, plan.forms.values())
    found += _hooks(config)
    if (other := config.console.other_port()) is not None:
        found.append(Hindrance("console.url", other))
    return as_warnings(tuple(found), (config.folder / CONFIG).read_text(encoding="utf-8"))


def _hooks(config: Config) -> Iterator[Hindrance]:
    for number, hook in enumerate(config.hooks):
        if (fault := secret_fault(hook, config.folder)) is not None:
            yield Hindrance(f"hook[{number}].secret_file", fault)
        if hook.allow_private:
            message = N_(
                "whoever writes `url` of this hook reaches what this machine reaches:"
                " `allow_private = true` is for a network of your own"
            )
            yield Hindrance(f"hook[{number}].allow_private", words(message))


def tell(mistakes: tuple[Mistake, ...], folder: Path, _: Say) -> None:
    """On standard error, in the form that editors can jump to, each with its line as it is in
    `folder` and a caret under the place.
    """
    texts: dict[str, list[str]] = {}
    for mistake in mistakes:
        file = place(mistake)
        if file not in texts:
            texts[file] = _lines(folder, file)
        sentence = (
            mistake.words.said(_)
            if mistake.fatal
            else _("{sentence} (warning)").format(sentence=mistake.words.said(_))
        )
        print_styled(
            f"{file}:{mistake.line}: {printable(sentence)}",
            "error" if mistake.fatal else "warning",
            sys.stderr,
        )
        for line in _excerpt(texts[file], mistake):
            print(line, file=sys.stderr)


def _as_json(mistake: Mistake, _: Say) -> dict[str, str | int | bool]:
    sentence = mistake.words.said(_)
    return {
        "file": place(mistake),
        "line": mistake.line,
        "column": mistake.column,
        "text": sentence,
        "fatal": mistake.fatal,
    }


def _lines(folder: Path, file: str) -> list[str]:
    """What the file holds, nothing where a link leads elsewhere: it is not followed for an excerpt
    either.
    """
    path = folder.resolve() / file
    try:
        if not path.is_file() or (file != CONFIG and path.resolve() != path):
            return []
        return normalize("NFC", path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")).split(
            "\n"
        )
    except (OSError, UnicodeDecodeError):
        return []


def _excerpt(lines: list[str], mistake: Mistake) -> tuple[str, ...]:
    """The line and a caret; of a long line what stands around the place. Nothing where only the
    file is meant.
    """
    line = lines[mistake.line - 1] if mistake.line <= len(lines) else ""
    if not line.strip() or (mistake.line == 1 and not mistake.column):
        return ()
    column = mistake.column - 1 if mistake.column else len(line) - len(line.lstrip())
    start = max(0, min(column - EXCERPT_WIDTH // 2, len(line) - EXCERPT_WIDTH))
    shown = printable(line[start : start + EXCERPT_WIDTH].replace("\t", " "))
    return f"    {shown}", f"    {' ' * width(shown[: column - start])}^"


def width(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(
        0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text
    )


def place(mistake: Mistake) -> str:
    """The file as seen from the installation's folder."""
    return mistake.file if mistake.file in (CONFIG, "sequences/") else f"sequences/{mistake.file}"
