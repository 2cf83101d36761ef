"""`init`: an installation of one's own, from what its owner answers, or the sample as it is."""

from __future__ import annotations

import argparse
import shutil
import socket
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import engine
from engine.authoring import starter
from engine.authoring.inspection import read_folder
from engine.authoring.starter import Owner, Ports
from engine.cli.terminal import ask
from engine.config import (
    MAX_URL_CHARACTERS,
    Config,
    Site,
    config_of,
    is_loopback,
    is_origin,
    read_config,
)
from engine.i18n.command_line import command
from engine.i18n.in_words import in_words
from engine.i18n.language import LANGUAGES, N_, Language, Say, language_here, translator
from engine.i18n.phrases import language_of
from engine.i18n.printable import is_printable
from engine.i18n.refusal import Refusal
from engine.intake.address import AddressRefused, normalise
from engine.letter.french_spacing import spaced
from engine.mime.header_guard import is_header_text
from engine.secret_files import make_secrets
from engine.sequence.mistakes import Unpublishable, Unreadable

LONGEST = 200
USUAL_PORTS = Ports()


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
    if not all(map(is_printable, text)) or not is_header_text(text) or len(text) > LONGEST:
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
    sample, starts_empty = sample_folder(), not (target / "sequences").exists()
    if args.sample:
        if any(getattr(args, question.option) for question in QUESTIONS):
            raise Refusal(
                N_(
                    "--sample is the sample as it is: leave the other options out, or leave"
                    " --sample out"
                ),
                2,
            )
        config = copy_sample(target)
    else:
        owner, ports = _asked(args)
        config = lay_out(
            target,
            starter.own_config(_text(sample / "config.toml"), owner, ports),
            own_sequences(sample, owner),
        )
    _ = translator(language_of(config))
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
    for form in forms[:1]:
        yield _("Then subscribe yourself, and read what arrives:")
        yield f"  {form}"
        yield f"  http://127.0.0.1:{config.mailbox_port}"
    yield _("Change the words in {sequences}; then, in another terminal:").format(
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
    Refusal with everything that is wrong or missing.
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
        raise Refusal("\n  ".join(faults), 2)
    url = urlsplit(answers["url"])
    if is_loopback(answers["url"]) and url.port:
        ports = Ports(url.port, ports.smtp, ports.page)
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


def free_ports() -> Ports:
    """The usual ones where nothing listens on them, otherwise the next ten further on."""
    for step in count(0, 10):
        ports = Ports(USUAL_PORTS.web + step, USUAL_PORTS.smtp + step, USUAL_PORTS.page + step)
        if all(map(_is_free, (ports.web, ports.smtp, ports.page))):
            return ports
    raise AssertionError("counting never ends")


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def refuse_taken(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise Refusal(N_("{folder} is a file: an installation is a folder"), 2, folder=target)
    if (target / "config.toml").exists():
        raise Refusal(
            N_("{folder} is an installation already (it has a config.toml)"), folder=target
        )


def copy_sample(target: Path, config: str = "") -> Config:
    """The sample in `target`, with another configuration than its own where one is given."""
    sample = sample_folder()
    return lay_out(
        target,
        config or _text(sample / "config.toml"),
        lambda place: shutil.copytree(sample / "sequences", place),
    )


def lay_out(target: Path, config: str, fill: Callable[[Path], object]) -> Config:
    """A new installation: its configuration, its secrets, and `sequences/` as `fill` makes it,
    unless there is one already; it stays as it is.

    Raises Unpublishable before anything is written. Each appears whole or not at all, config.toml
    last, because it makes the folder an installation.
    """
    config_of(target, config)
    target.mkdir(parents=True, exist_ok=True)
    if not (target / "sequences").exists():
        unfinished = target / "sequences.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        fill(unfinished)
        unfinished.rename(target / "sequences")
    (target / "config.toml.new").write_text(config, encoding="utf-8")
    (target / "config.toml.new").rename(target / "config.toml")
    laid = config_of(target, config)
    make_secrets(laid.secrets)
    return laid


def own_sequences(sample: Path, owner: Owner) -> Callable[[Path], None]:
    """The starter in the owner's words, in the sample's frame of letters."""
    files: Mapping[str, str] = {
        path.relative_to(STARTER / owner.language).as_posix(): _text(path)
        for path in sorted((STARTER / owner.language).rglob("*"))
        if path.suffix in (".toml", ".md")
    }

    def fill(place: Path) -> None:
        for name, text in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(starter.own_words(name, text, owner), encoding="utf-8")
        shutil.copyfile(sample / "sequences" / "layout.html", place / "layout.html")

    return fill


STARTER = Path(starter.__file__).parent


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sample_site() -> Site:
    """What the sample calls itself, as it ships."""
    return read_config(sample_folder()).site


def sample_folder() -> Path:
    """Where the sample lies: in the checkout, or with the installed package."""
    checkout = Path(engine.__file__).resolve().parent.parent
    for place in (checkout, Path(sysconfig.get_path("data")) / "share" / "relance"):
        if (place / "config.toml").is_file() and (place / "sequences").is_dir():
            return place
    raise Refusal(N_("the sample installation is not there; install Relance again"))
