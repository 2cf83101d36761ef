"""The command line: `relance [-C DIR] VERB …`. Exit status: 0 done, 1 refused or not equal, 2 the
input or configuration is wrong.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from engine.cli.parser import parser, spoken_in, typed_folder, typed_verb
from engine.cli.terminal import guarded, print_styled
from engine.cli.verbs import VERBS, implementation
from engine.i18n.language import N_, Language, translator
from engine.runtime.shutdown import GRACE_SECONDS, end_within

if TYPE_CHECKING:
    from engine.config import Config
    from engine.context import AppContext, DatabaseContext
    from engine.i18n.refusal import Refusal

T = TypeVar("T")


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
    from engine.i18n.refusal import Refusal
    from engine.sequence.mistakes import Unpublishable

    try:
        if any("\ud800" <= character <= "\udfff" for each in given for character in each):
            raise Refusal(N_("the arguments are not UTF-8"), 2)
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
    except (Refusal, KeyboardInterrupt, EOFError, OSError) as error:
        refusal = _refusal(error)
        if isinstance(error, KeyboardInterrupt | EOFError) and sys.stderr.isatty():
            # Past the ^C that the terminal shows.
            print(file=sys.stderr)
        print_styled(f"relance: {refusal.said(translator(language))}", "error", sys.stderr)
        return refusal.status


def _refusal(error: BaseException) -> Refusal:
    from engine.i18n.refusal import Refusal

    match error:
        case Refusal():
            return error
        case KeyboardInterrupt():
            return Refusal(N_("stopped; nothing is lost"), 130)
        case OSError():
            return Refusal(
                N_("{place} cannot be used: {why}"),
                place=error.filename or "?",
                why=error.strerror or str(error),
            )
        case _:
            return Refusal(N_("nothing was changed"))


def _carry_out(args: argparse.Namespace) -> int:
    from engine.config import read_config
    from engine.i18n.refusal import Refusal

    verb, implemented, folder = VERBS[args.verb], implementation(args.verb), Path(args.folder)
    if not folder.is_dir():
        raise Refusal(N_("there is no folder {folder}"), 2, folder=folder)
    if verb.needs == "folder" or getattr(args, "part", "") in implemented.free:
        return implemented.run(folder, args)
    config = read_config(folder)
    if verb.needs == "config":
        return implemented.run(config, args)
    if verb.needs == "database":
        return with_database_context(
            config, lambda database_context: implemented.run(database_context, args)
        )
    return with_context(config, lambda context: implemented.run(context, args))


def with_context(config: Config, work: Callable[[AppContext], int]) -> int:
    """Open the stores for `work`."""
    from engine.app import open_context

    return _within(
        lambda tell: open_context(config.folder, tell, config), work, config.site.language
    )


def with_database_context(config: Config, work: Callable[[DatabaseContext], int]) -> int:
    """Open the database for `work`, and nothing in it."""
    from engine.app import open_database

    return _within(lambda tell: open_database(config, tell), work, config.site.language)


def _within(
    opening: Callable[[Callable[[str], None]], AbstractContextManager[T]],
    work: Callable[[T], int],
    spoken: str,
) -> int:
    """What keeps the stores from opening, or takes the database away, is a refusal with its
    sentence.
    """
    from engine.desk.agreement import Disagreement
    from engine.i18n.refusal import Refusal
    from engine.i18n.refused import in_words
    from engine.ledger.codec import EntryRefused
    from engine.ledger.store import LOST
    from engine.secret_files import SecretMissing
    from engine.store.database import DATABASE_ERROR, StoreUnavailable
    from engine.store.embedded import EmbeddedFailed
    from engine.store.migrate import NewerVault
    from engine.store.sql import BrokenStatement

    def tell(said: str) -> None:
        if sys.stderr.isatty():
            print(in_words(said, translator("fr" if spoken == "fr" else "en")), file=sys.stderr)

    not_allowed: tuple[type[Exception], ...] = (*DATABASE_ERROR, BrokenStatement)
    try:
        with ending_tidily(), ExitStack() as stack:
            try:
                found = stack.enter_context(opening(tell))
            except LOST:
                raise
            except not_allowed as error:
                raise Refusal(
                    N_("the database does not allow what is needed of it: {why}"),
                    why=_one_line(error),
                ) from error
            return work(found)
    except (
        EmbeddedFailed,
        StoreUnavailable,
        SecretMissing,
        Disagreement,
        NewerVault,
        EntryRefused,
    ) as error:
        raise Refusal(str(error)) from error
    except LOST as error:
        raise Refusal(
            N_("the database was lost ({why}): what had been done is kept, start again"),
            why=_one_line(error),
        ) from error


@contextmanager
def ending_tidily() -> Iterator[None]:
    """SIGTERM and a closed terminal unwind as Ctrl-C does, so that whoever is the last to need the
    embedded PostgreSQL stops it.
    """

    def end(number: int, frame: FrameType | None) -> None:
        end_within(GRACE_SECONDS)
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) == signal.SIG_DFL
    ]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def entry() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows its code instead.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())


if __name__ == "__main__":
    entry()
