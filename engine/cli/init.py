"""`init`: an installation of one's own, from what its owner answers, or the sample as it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from engine.authoring.inspection import read_folder
from engine.authoring.new_installation import (
    copy_sample,
    free_ports,
    own_installation,
    refuse_taken,
    sample_folder,
)
from engine.authoring.starter import Owner, Ports
from engine.cli.terminal import ask
from engine.config import (
    MAX_URL_CHARACTERS,
    Config,
    is_loopback,
    is_origin,
)
from engine.i18n.in_words import in_words
from engine.i18n.language import LANGUAGES, N_, Language, Say, language_here, translator
from engine.i18n.phrases import command
from engine.i18n.printable import is_printable
from engine.i18n.user_error import UserError
from engine.intake.address import AddressRefused, normalise
from engine.letter.french_spacing import spaced
from engine.mime.headers import is_header_text
from engine.sequence.mistakes import Unpublishable, Unreadable

MAX_LINE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked under the name of an option, which OWNER_OPTIONS explains; `read` gives the
    answer, or raises Unreadable or AddressRefused.
    """

    option: str
    words: str
    read: Callable[[str], str]
    example: str = ""


def _line(text: str) -> str:
    if (
        not all(map(is_printable, text))
        or not is_header_text(text)
        or len(text) > MAX_LINE_CHARACTERS
    ):
        raise Unreadable(NO_LINE)
    return text


def _url(text: str) -> str:
    url = text.rstrip("/")
    if not is_origin(url) or len(url) > MAX_URL_CHARACTERS:
        raise Unreadable(NO_URL)
    return url


NO_LINE = N_("write one line of at most 200 characters")
NO_URL = N_(
    "write how readers reach your pages, without a path and in 36 characters at most:"
    " https://lettres.example.org"
)
QUESTIONS = (
    Question(
        "name",
        N_("Who writes, as readers see it"),
        _line,
        N_("The Seed Workshop"),
    ),
    Question(
        "address",
        N_("Your postal address, in one line"),
        _line,
    ),
    Question(
        "from",
        N_("The address your letters come from"),
        normalise,
        "bonjour@example.org",
    ),
    Question(
        "url",
        N_("Where readers reach your pages"),
        _url,
    ),
    Question(
        "purpose",
        N_("What people subscribe to, as they see it"),
        _line,
        N_("The seed letter"),
    ),
)


def init(folder: Path, args: argparse.Namespace) -> int:
    target = folder / args.dir
    refuse_taken(target)
    # Raises before anything is asked where Relance is not installed whole.
    sample_folder()
    starts_empty = not (target / "sequences").exists()
    if args.sample:
        if any(getattr(args, question.option) for question in QUESTIONS):
            raise UserError(
                N_(
                    "--sample is the sample as it is: leave the other options out, or leave"
                    " --sample out"
                ),
                2,
            )
        config = copy_sample(target)
    else:
        owner, ports = _asked(args)
        config = own_installation(target, owner, ports)
    _ = translator(config.site.language)
    for line in _next(config, starts_empty, _):
        print(line)
    return 0


def _next(config: Config, starts_empty: bool, _: Say) -> Iterator[str]:
    """What there is, and what to do next: commands as they can be typed anywhere."""
    folder, here = config.folder.resolve(), f"http://{config.web.host}:{config.web.port}"
    try:
        plan = read_folder(config).plan
        forms, files = [f"{here}/f/{name}" for name in plan.forms], sorted(plan.titles)
    except Unpublishable:
        forms, files = [], []
    yield _(
        "Your installation is in {folder}: config.toml says who writes, sequences/ what is written."
    ).format(folder=folder)
    if not starts_empty:
        yield _("sequences/ was there already and stays as it is; `relance check` reads it.")
    yield ""
    yield _("Start it; it stays in this terminal, and Ctrl-C stops it:")
    yield f"  {command(folder, 'run')}"
    yield _("It prints a link to the console, where you write and see everything in a browser.")
    for form in forms[:1]:
        yield _("Then subscribe yourself, and read what arrives:")
        yield f"  {form}"
        yield f"  http://127.0.0.1:{config.mailbox_port}"
    yield _("Or change the words in {sequences}; then, in another terminal:").format(
        sequences=folder / "sequences"
    )
    yield f"  {command(folder, 'check')}"
    yield from (f"  {command(folder, 'simulate', file)}" for file in files[:1])
    yield f"  {command(folder, 'publish')}"
    yield ""
    kept = _(
        "Keep a copy of {secrets} apart: without it no link and no suppressed address is recognised"
        " any more."
    )
    yield kept.format(secrets=config.secrets.resolve())


def _asked(args: argparse.Namespace) -> tuple[Owner, Ports]:
    """By options, and for what is missing by questions where somebody sits at a terminal. Raises
    UserError with everything that is wrong or missing.
    """
    ports, terminal = free_ports(), sys.stdin.isatty() and sys.stdout.isatty()
    language: Language = args.language or (_ask_language() if terminal else language_here())
    _ = translator(language)
    answers: dict[str, str] = {}
    faults, missing = [], []
    for question in QUESTIONS:
        given = getattr(args, question.option)
        usual = f"http://127.0.0.1:{ports.web}" if question.option == "url" else ""
        if given is not None and given.strip():
            try:
                answers[question.option] = question.read(given.strip())
            except (Unreadable, AddressRefused) as error:
                faults.append(f"--{question.option}: {_told(error, _)}")
        elif terminal:
            answers[question.option] = _ask(question, usual, _)
        elif usual:
            answers[question.option] = usual
        else:
            missing.append(f"--{question.option}")
    if missing:
        faults.append(
            _("an installation of your own needs {options} (or --sample for the sample)").format(
                options=", ".join(missing)
            )
        )
    if faults:
        raise UserError("\n  ".join(faults), 2)
    url = urlsplit(answers["url"])
    if is_loopback(answers["url"]) and url.port:
        ports = replace(ports, web=url.port)
    name, address, purpose = (
        spaced(answers[option]) if language == "fr" else answers[option]
        for option in ("name", "address", "purpose")
    )
    return Owner(name, address, answers["from"], answers["url"], purpose, language), ports


def _ask_language() -> Language:
    usual = language_here()
    while True:
        answer = ask(f"Langue / Language (fr, en) [{usual}]: ").strip().lower() or usual
        for language in LANGUAGES:
            if answer == language:
                return language


def _ask(question: Question, usual: str, _: Say) -> str:
    hint = (
        f" [{usual}]"
        if usual
        else (
            _(" (for example {example})").format(example=_(question.example))
            if question.example
            else ""
        )
    )
    while True:
        answer = (
            ask(_("{question}{hint}: ").format(question=_(question.words), hint=hint)).strip()
            or usual
        )
        if not answer:
            continue
        try:
            return question.read(answer)
        except (Unreadable, AddressRefused) as error:
            print(f"  {_told(error, _)}")


def _told(error: Unreadable | AddressRefused, _: Say) -> str:
    return in_words(error.words if isinstance(error, Unreadable) else error.reason, _)
