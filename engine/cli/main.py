"""The command line: `relance [-C DIR] VERB …`. Exit status: 0 done, 1 refused or not equal, 2 the
input or configuration is wrong.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.parser import parser, spoken_in, typed_folder, typed_verb
from engine.cli.terminal import guarded, print_styled
from engine.cli.verbs import VERBS
from engine.i18n.language import N_, Language, translator
from engine.words import words_of_file_error

if TYPE_CHECKING:
    from engine.context import AppContext
    from engine.i18n.user_error import UserError


def main(arguments: list[str] | None = None) -> int:
    """The exit status. What a person got wrong, and what their machine refuses, is a sentence on
    standard error; only a defect has a traceback.
    """
    given = sys.argv[1:] if arguments is None else arguments
    with guarded():
        language = spoken_in(typed_folder(given))
        return _carried_out(parser(typed_verb(given), language).parse_args(given), given, language)


def _carried_out(args: argparse.Namespace, given: Sequence[str], language: Language) -> int:
    # Here, because `--help` does without what carries a verb out.
    from engine.environment import WrongVariable
    from engine.i18n.user_error import UserError
    from engine.sequence.mistakes import Unpublishable

    try:
        if any("\ud800" <= character <= "\udfff" for word in given for character in word):
            raise UserError(N_("the arguments are not UTF-8"), 2)
        status = _carry_out(args)
        sys.stdout.flush()
        return status
    except Unpublishable as error:
        from engine.cli import check as planning

        planning.tell(
            error.mistakes, Path(args.folder) / getattr(args, "dir", ""), translator(language)
        )
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (UserError, WrongVariable, KeyboardInterrupt, EOFError, OSError) as error:
        refusal = _refusal(error)
        if isinstance(error, KeyboardInterrupt | EOFError) and sys.stderr.isatty():
            # Past the ^C that the terminal shows.
            print(file=sys.stderr)
        print_styled(f"relance: {refusal.said(translator(language))}", "error", sys.stderr)
        return refusal.status


def _refusal(error: BaseException) -> UserError:
    from engine.environment import WrongVariable
    from engine.i18n.user_error import UserError

    match error:
        case UserError():
            return error
        case WrongVariable():
            return UserError(error.words, 2)
        case KeyboardInterrupt():
            return UserError(N_("stopped; nothing is lost"), 130)
        case OSError():
            return UserError(
                N_("{place} cannot be used: {why}"),
                place=error.filename or "?",
                why=words_of_file_error(error),
            )
        case _:
            return UserError(N_("nothing was changed"))


def _carry_out(args: argparse.Namespace) -> int:
    from engine.cli import dispatch
    from engine.config import read_config
    from engine.i18n.user_error import UserError

    verb, folder = VERBS[args.verb], Path(args.folder)
    if not folder.is_dir() and not verb.makes_folder:
        raise UserError(N_("there is no folder {folder}"), 2, folder=folder)
    if verb.needs == "folder" or getattr(args, "part", "") in verb.free:
        on_folder = dispatch.folder_verb(args.verb)
        _collect_again()
        return on_folder(folder, args)
    config = read_config(folder)
    if verb.needs == "config":
        on_config = dispatch.config_verb(args.verb)
        _collect_again()
        return on_config(config, args)
    from engine.cli.opened_context import with_context, with_database_context
    from engine.runtime.clock_changes import check_clock

    if verb.needs == "database":
        carry_out = dispatch.database_verb(args.verb)
        _collect_again()
        return with_database_context(config, lambda database: carry_out(database, args))
    on_context = dispatch.context_verb(args.verb)
    _collect_again()

    def carry_out_on(context: AppContext) -> int:
        if verb.dated:
            check_clock(context)
        return on_context(context, args)

    return with_context(config, carry_out_on)


def _collect_again() -> None:
    """Cycles are looked for from here on, in what the verb makes itself: looking through the
    program again and again while it is brought in took a tenth of its start.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def entry() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows its code instead.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())


if __name__ == "__main__":
    entry()
