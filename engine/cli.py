"""The command line: `relance [-C DIR] VERB …`. Exit status: 0 done, 1 refused or not equal, 2 the input or configuration is wrong."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypeVar

from engine import __version__
from engine.config import Config, read_config
from engine.house import House, Premises
from engine.language import N_, Say, translator
from engine.sequence.mistakes import Unpublishable
from engine.verbs import (
    auditing,
    breaching,
    copying,
    doubting,
    graphing,
    importing,
    installing,
    keys,
    lists,
    pausing,
    people,
    planning,
    previewing,
    publishing,
    replaying,
    reporting,
    requests,
    rights,
    running,
    simulating,
    story,
    watching,
    writing_papers,
)
from engine.verbs.refusal import Refusal
from engine.verbs.wording import language_of

T = TypeVar("T")
Arguments = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True)
class Verb:
    """`needs`: "house" (the stores, opened), "premises" (the database, not looked into), "config" (only the files), "folder" (nothing yet).

    Parts that are `free` need the folder alone.
    """

    help: str
    run: Callable[..., int]
    arguments: Arguments = lambda parser: None
    needs: str = "house"
    free: frozenset[str] = frozenset()


VERBS = {
    "init": Verb("make a new installation in a folder", installing.init, installing.init_arguments, "folder"),
    "run": Verb("do everything: pages, following, sending", running.run, running.run_arguments),
    "web": Verb("only the pages and the API", running.part("web"), running.part_arguments),
    "follow": Verb("only keep the views up to date", running.part("follow"), running.part_arguments),
    "send": Verb("only send", running.part("send"), running.part_arguments),
    "demo": Verb("the sample installation with the clock sped up", installing.demo, installing.demo_arguments, "folder"),
    "pause": Verb("hold sending", pausing.pause, pausing.pause_arguments),
    "resume": Verb("say what will leave, then let it", pausing.resume, pausing.resume_arguments),
    "import": Verb("bring people in from a .csv or .txt file", importing.run, importing.add_arguments),
    "suppress": Verb("addresses that must not be written to", importing.suppress, importing.suppress_arguments),
    "subscribe": Verb("put one person on a list", people.subscribe, people.subscribe_arguments),
    "transfer": Verb("move one person from a list to another", people.transfer, people.transfer_arguments),
    "unsubscribe": Verb("withdraw one person from a purpose, or from everything", people.unsubscribe, people.unsubscribe_arguments),
    "person": Verb("what a person may ask for: export, correct, restrict, object, erase", rights.person, rights.add_arguments),
    "requests": Verb("rights people have asked for and not been answered yet, with their deadline", requests.requests, requests.add_arguments),
    "check": Verb("read sequences/ and report every mistake", planning.check, planning.check_arguments, "config"),
    "publish": Verb("show what differs from what runs, then publish it", publishing.run, publishing.add_arguments),
    "simulate": Verb("live through a dialogue and print its calendar", simulating.run, simulating.add_arguments, "config"),
    "graph": Verb("draw a dialogue", graphing.run, graphing.add_arguments, "config"),
    "watch": Verb("a dialogue's questions and how they are answered", watching.run, watching.add_arguments),
    "preview": Verb("a letter as a chosen person would see it", previewing.preview, previewing.preview_arguments),
    "send-test": Verb("send one letter to yourself", previewing.send_test, previewing.send_test_arguments),
    "show": Verb("a person's whole story", story.show, story.add_arguments),
    "status": Verb("what runs, what waits, what is wrong and what to do", reporting.status, reporting.add_arguments),
    "lists": Verb("the lists, who stands on them, what falls due", lists.lists, lists.add_arguments),
    "in-doubt": Verb("letters whose acceptance is not known", doubting.in_doubt, doubting.add_arguments),
    "breach": Verb("write down a breach of personal data, and what was done", breaching.breach, breaching.add_arguments),
    "papers": Verb("documents the law asks of you: register, annexes, log of breaches", writing_papers.papers, writing_papers.add_arguments),
    "backup": Verb("a copy of everything, the vault apart", copying.backup, copying.backup_arguments, "premises"),
    "restore": Verb("put a copy back; who has left since stays gone", copying.restore, copying.restore_arguments, "premises"),
    "rebuild": Verb("make the views anew from the ledger", replaying.rebuild, replaying.rebuild_arguments),
    "audit": Verb(
        "for an auditor: a person's story, a contested letter, a day long past, proof to hand over",
        auditing.audit,
        auditing.audit_arguments,
        free=auditing.WITHOUT_HOUSE,
    ),
    "api-key": Verb("keys for the HTTP API", keys.run, keys.add_arguments),
}


DESCRIPTION = (
    "Sends the letters of a mailing list over days and years, moves people from list to list as they answer, and keeps why anyone was written to "
    "as facts that are never changed."
)


def parser(only: str = "") -> argparse.ArgumentParser:
    """`only`: the verb whose arguments are to be understood; the others are merely named."""
    found = argparse.ArgumentParser(prog="relance", description=DESCRIPTION, epilog="`relance VERB --help` explains each.")
    found.add_argument("-C", dest="folder", default=".", metavar="DIR", help="the installation's folder (default: here)")
    found.add_argument("--version", action="version", version=f"relance {__version__}")
    verbs = found.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        of_verb = verbs.add_parser(name, help=verb.help, description=verb.help)
        if only in ("", name):
            verb.arguments(of_verb)
    return found


def _verb_in(given: Sequence[str]) -> str:
    """The first word that is no option, nor belongs to one."""
    words = iter(given)
    for word in words:
        if word == "-C":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def main(arguments: list[str] | None = None) -> int:
    """The exit status. What a person got wrong, and what their machine refuses, is a sentence on standard error; only a defect has a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    args = parser(_verb_in(given)).parse_args(given)
    try:
        if any("\ud800" <= character <= "\udfff" for each in given for character in each):
            raise Refusal(N_("the arguments are not UTF-8"), 2)
        status = _carry_out(VERBS[args.verb], args)
        sys.stdout.flush()
        return status
    except Unpublishable as error:
        planning.tell(error.mistakes)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Refusal, KeyboardInterrupt, EOFError, OSError) as error:
        refusal = _refusal(error)
        if isinstance(error, KeyboardInterrupt | EOFError) and sys.stderr.isatty():
            # Past the ^C that the terminal shows.
            print(file=sys.stderr)
        print(f"relance: {_printable(refusal.said(_spoken(args)))}", file=sys.stderr)
        return refusal.status


def _refusal(error: BaseException) -> Refusal:
    match error:
        case Refusal():
            return error
        case KeyboardInterrupt():
            return Refusal(N_("stopped; nothing is lost"), 130)
        case OSError():
            return Refusal(N_("{place} cannot be used: {why}"), place=error.filename or "?", why=error.strerror or str(error))
        case _:
            return Refusal(N_("nothing was changed"))


def _spoken(args: argparse.Namespace) -> Say:
    """The language of the installation; English where there is none."""
    try:
        return translator(language_of(read_config(Path(args.folder) / getattr(args, "dir", ""))))
    except (Unpublishable, OSError, ValueError):
        return translator("en")


def _carry_out(verb: Verb, args: argparse.Namespace) -> int:
    folder = Path(args.folder)
    if not folder.is_dir():
        raise Refusal(N_("there is no folder {folder}"), 2, folder=folder)
    if verb.needs == "folder" or getattr(args, "part", "") in verb.free:
        return verb.run(folder, args)
    config = read_config(folder)
    if verb.needs == "config":
        return verb.run(config, args)
    if verb.needs == "premises":
        return with_premises(config, lambda premises: verb.run(premises, args))
    return with_house(config, lambda house: verb.run(house, args))


def with_house(config: Config, work: Callable[[House], int]) -> int:
    """Open the stores for `work`."""
    from engine.app import open_house

    return _within(lambda tell: open_house(config.folder, tell, config), work)


def with_premises(config: Config, work: Callable[[Premises], int]) -> int:
    """Open the database for `work`, and nothing in it."""
    from engine.app import open_premises

    return _within(lambda tell: open_premises(config, tell), work)


def _within(opening: Callable[[Callable[[str], None]], AbstractContextManager[T]], work: Callable[[T], int]) -> int:
    """What keeps the stores from opening, or takes the database away, is a refusal with its sentence."""
    from engine.keys import SecretMissing
    from engine.ledger.codec import EntryRefused
    from engine.ledger.store import LOST
    from engine.store.database import DATABASE_ERROR, StoreUnavailable
    from engine.store.embedded import EmbeddedFailed
    from engine.store.migrate import NewerVault
    from engine.store.sql import BrokenStatement

    def tell(said: str) -> None:
        if sys.stderr.isatty():
            print(said, file=sys.stderr)

    not_allowed: tuple[type[Exception], ...] = (*DATABASE_ERROR, BrokenStatement)
    try:
        with ending_tidily(), ExitStack() as stack:
            try:
                found = stack.enter_context(opening(tell))
            except not_allowed as error:
                raise Refusal(N_("the database does not allow what is needed of it: {why}"), why=_one_line(error)) from error
            return work(found)
    except (EmbeddedFailed, StoreUnavailable, SecretMissing, NewerVault, EntryRefused) as error:
        raise Refusal(str(error)) from error
    except LOST as error:
        raise Refusal(N_("the database was lost ({why}): what had been done is kept, start again"), why=_one_line(error)) from error


@contextmanager
def ending_tidily() -> Iterator[None]:
    """SIGTERM and a closed terminal unwind as Ctrl-C does, so that whoever is the last to need the embedded PostgreSQL stops it."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _printable(sentence: str) -> str:
    """What a mail server, a file or a database has said may not steer the terminal it is shown on."""
    return "".join(character if character.isprintable() or character == "\n" else "·" for character in sentence)


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
