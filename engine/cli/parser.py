"""What is typed, understood: the parser of the command line, which speaks the installation's
language and says what was probably meant.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from engine import __version__
from engine.cli.verbs import GROUPS, VERBS, arguments
from engine.i18n.language import N_, Language, Say, language_here, translator
from engine.sequence.nearest import nearest
from engine.sequence.toml import read_tables

DESCRIPTION = N_(
    "Sends the letters of a mailing list over days and years, moves people from list to list as"
    " they answer, and keeps why anyone was written to as facts that are never changed."
)
EPILOG = N_("`relance VERB --help` explains each.")
NO_VERB = N_("there is no verb {verb}")
MEANT = N_("{refused}; did you mean {name}?")
# What argparse says by itself, in its words: it looks each up when it says it.
ARGPARSE = frozenset(
    {
        N_("usage: "),
        N_("positional arguments"),
        N_("options"),
        N_("show this help message and exit"),
        N_("show program's version number and exit"),
        N_("%(prog)s: error: %(message)s\n"),
        N_("argument %(argument_name)s: %(message)s"),
        N_("the following arguments are required: %s"),
        N_("unrecognized arguments: %s"),
        N_("ambiguous option: %(option)s could match %(matches)s"),
        N_("not allowed with argument %s"),
        N_("one of the arguments %s is required"),
        N_("expected one argument"),
        N_("expected at most one argument"),
        N_("expected at least one argument"),
        N_("ignored explicit argument %r"),
        N_("invalid %(type)s value: %(value)r"),
        N_("invalid choice: %(value)r (choose from %(choices)s)"),
    }
)


class Formatter(argparse.HelpFormatter):
    """Help in the installation's language. What was declared is English and marked for the
    catalogue (`N_`).
    """

    def start_section(self, heading: str | None) -> None:
        super().start_section(
            f"{heading}\u00a0" if heading and Parser.language == "fr" else heading
        )

    def add_text(self, text: str | None) -> None:
        super().add_text(text if not text or text is argparse.SUPPRESS else Parser.say(text))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return Parser.say(action.help) if action.help else action.help


class Parser(argparse.ArgumentParser):
    """Refuses in the installation's language, with what was probably meant. Its parts are parsers
    of the same kind.

    One language a process, as with argparse's own sentences: `say` stands on the class.
    """

    say: Say = staticmethod(translator("en"))
    language: Language = "en"

    def __init__(
        self, prog: str | None = None, description: str | None = None, epilog: str | None = None
    ) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=Formatter,
            allow_abbrev=False,
        )
        self._positionals.title = self.say("positional arguments")
        self._optionals.title = self.say("options")

    def error(self, message: str) -> NoReturn:
        options = list(_options(self))
        words = (word.partition("=")[0].rstrip(":") for word in message.split())
        typed = (word for word in words if word.startswith("--"))
        meant = next(
            (name for word in typed if word not in options and (name := nearest(word, options))), ""
        )
        super().error(self._with_meant(message, meant))

    def _get_value(self, action: argparse.Action, arg_string: str) -> object:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            raise argparse.ArgumentError(action, self.say(error.message)) from None

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        what = NO_VERB if action.dest == "verb" else N_("there is no {verb} here, but {known}")
        sentence = self.say(what).format(
            verb=value, known=", ".join(name for name in known if name)
        )
        meant = nearest(str(value), known)
        raise argparse.ArgumentError(None, self._with_meant(sentence, meant))

    def _with_meant(self, sentence: str, meant: str) -> str:
        return self.say(MEANT).format(refused=sentence, name=meant) if meant else sentence


class Program(Parser):
    """The whole of it: `relance [-C DIR] VERB …`, whose help names the verbs by what one wants to
    do.
    """

    def __init__(self, only: str | None) -> None:
        super().__init__("relance", DESCRIPTION, EPILOG)
        self.add_argument(
            "-C",
            dest="folder",
            default=".",
            metavar="DIR",
            help=N_("the installation's folder (default: here)"),
        )
        self.add_argument(
            "--version",
            action="version",
            version=f"relance {__version__}",
            help=N_("show program's version number and exit"),
        )
        self._verbs = self.add_subparsers(
            dest="verb", required=True, metavar="VERB", parser_class=Parser
        )
        for name, verb in VERBS.items():
            of_verb = self._verbs.add_parser(name, help=verb.help, description=verb.help)
            if only is None or only == name:
                arguments(name)(of_verb)

    def format_help(self) -> str:
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for group, title in GROUPS.items():
            formatter.start_section(self.say(title))
            formatter.add_arguments(
                [
                    action
                    for action in self._verbs._choices_actions
                    if VERBS[action.dest].group == group
                ]
            )
            formatter.end_section()
        formatter.start_section(self._optionals.title)
        formatter.add_arguments(self._optionals._group_actions)
        formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()


def parser(only: str | None = None, language: Language = "en") -> Program:
    """`only`: the verb whose arguments are to be understood; the others are merely named ("": none,
    None: all).
    """
    Parser.say, Parser.language = staticmethod(translator(language)), language
    # Its own sentences: it has no other place where a language may be put in.
    setattr(argparse, "_", Parser.say)  # noqa: B010
    return Program(only)


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Of the parser and of its parts."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for part in action.choices.values():
                yield from _options(part)


def typed_verb(given: Sequence[str]) -> str:
    """The first word that is no option, nor belongs to one."""
    words = iter(given)
    for word in words:
        if word == "-C":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def typed_folder(given: Sequence[str]) -> Path:
    """The installation's folder as it was typed, before anything is understood."""
    words = iter(given)
    for word in words:
        if word == "-C":
            return Path(next(words, "."))
        if word.startswith("-C"):
            return Path(word[2:])
        if not word.startswith("-"):
            break
    return Path(".")


MAX_CONFIG_BYTES = 1_000_000


# As it stands in a file that cannot be read for another mistake, or for the quotes around this very
# word.
_LANGUAGE = re.compile(rb"""(?m)^[ \t]*language[ \t]*=[^\w\n]*([a-z]{2})\b""")


def spoken_in(folder: Path) -> Language:
    """The language of the installation in a folder, even where its configuration has mistakes;
    without one, the environment's.
    """
    try:
        written = _config_of(folder)
        site = read_tables(written.decode()).get("site")
        language = site.get("language", "fr") if isinstance(site, dict) else "fr"
    except FileNotFoundError:
        return language_here()
    except OSError:
        return "en"
    except ValueError:
        match = _LANGUAGE.search(written)
        language = match[1].decode() if match else "en"
    return "fr" if language == "fr" else "en"


def _config_of(folder: Path) -> bytes:
    """As much of it as anybody writes. Raises OSError."""
    with (folder / "config.toml").open("rb") as file:
        return file.read(MAX_CONFIG_BYTES)
