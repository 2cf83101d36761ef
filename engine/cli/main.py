"""The command line: `relance [-C DIR] VERB …`. Exit status: 0 done, 1 refused or not equal, 2 the
input or configuration is wrong.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.parser import parser, spoken_in, typed_folder, typed_verb
from engine.cli.terminal import guarded, print_styled
from engine.cli.verbs import VERBS
from engine.i18n.language import N_, Language, translator

if TYPE_CHECKING:
    from engine.i18n.refusal import Refusal


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

    verb, run, folder = VERBS[args.verb], implementation(args.verb), Path(args.folder)
    if not folder.is_dir():
        raise Refusal(N_("there is no folder {folder}"), 2, folder=folder)
    if verb.needs == "folder" or getattr(args, "part", "") in verb.free:
        return run(folder, args)
    config = read_config(folder)
    if verb.needs == "config":
        return run(config, args)
    from engine.cli.opened_context import with_context, with_database_context

    if verb.needs == "database":
        return with_database_context(config, lambda database_context: run(database_context, args))
    return with_context(config, lambda context: run(context, args))


def implementation(verb: str) -> Callable[..., int]:
    """What carries a verb out. Raises KeyError for what is no verb."""
    match verb:
        case "init":
            from engine.cli import init

            return init.init
        case "demo":
            from engine.cli import demo

            return demo.demo
        case "run" | "web" | "follow" | "send":
            from engine.cli import run

            if verb == "run":
                return run.run
            return run.part(verb)
        case "trial":
            from engine.cli import trial

            return trial.trial
        case "completion":
            from engine.cli import completion

            return completion.completion
        case "import":
            from engine.imports import importer

            return importer.run
        case "suppress":
            from engine.imports import suppression

            return suppression.suppress
        case "subscribe" | "transfer" | "unsubscribe":
            from engine.cli import people

            if verb == "subscribe":
                return people.subscribe
            if verb == "transfer":
                return people.transfer
            return people.unsubscribe
        case "show":
            from engine.cli import show

            return show.show
        case "members":
            from engine.cli import members

            return members.members
        case "lists":
            from engine.cli import lists

            return lists.lists
        case "check":
            from engine.cli import check

            return check.check
        case "simulate":
            from engine.cli import simulate

            return simulate.run
        case "graph":
            from engine.cli import graph

            return graph.run
        case "publish":
            from engine.cli import publish

            return publish.run
        case "watch":
            from engine.cli import watch

            return watch.run
        case "preview" | "send-test":
            from engine.cli import preview

            if verb == "preview":
                return preview.preview
            return preview.send_test
        case "broadcast":
            from engine.cli import broadcast

            return broadcast.broadcast
        case "status":
            from engine.cli import status

            return status.status
        case "pause" | "resume":
            from engine.cli import pause

            if verb == "pause":
                return pause.pause
            return pause.resume
        case "in-doubt":
            from engine.cli import in_doubt

            return in_doubt.in_doubt
        case "retry-withheld":
            from engine.cli import retry_withheld

            return retry_withheld.retry_withheld
        case "audit":
            from engine.cli import audit

            return audit.audit
        case "rebuild":
            from engine.cli import replay

            return replay.rebuild
        case "accept-secret":
            from engine.cli import accept_secret

            return accept_secret.run
        case "api-key":
            from engine.cli import api_key

            return api_key.run
        case "backup" | "restore":
            from engine.cli import backup

            if verb == "backup":
                return backup.backup
            return backup.restore
        case "person":
            from engine.cli import person

            return person.person
        case "requests":
            from engine.cli import requests

            return requests.requests
        case "papers":
            from engine.cli import papers

            return papers.papers
        case "breach":
            from engine.cli import breach

            return breach.breach
    raise KeyError(verb)


def entry() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a letter shows its code instead.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())


if __name__ == "__main__":
    entry()
