"""What carries each verb out: a table for each thing a verb is handed (`Verb.needs`).

A table is a match over imports, because the module of the typed verb is the only one that may be
brought in: all of them together take longer than most verbs. Each raises KeyError for a verb that
is not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from engine.config import Config
    from engine.context import AppContext, DatabaseContext

    ContextVerb = Callable[[AppContext, argparse.Namespace], int]
    DatabaseVerb = Callable[[DatabaseContext, argparse.Namespace], int]
    ConfigVerb = Callable[[Config, argparse.Namespace], int]
    FolderVerb = Callable[[Path, argparse.Namespace], int]


def context_verb(name: str) -> ContextVerb:
    """Verbs that work with the stores, opened."""
    carry_out: ContextVerb
    match name:
        case "run":
            from engine.cli.run import run as carry_out
        case "web":
            from engine.cli.run import web as carry_out
        case "console":
            from engine.cli.console import console as carry_out
        case "follow":
            from engine.cli.run import follow as carry_out
        case "send":
            from engine.cli.run import send as carry_out
        case "import":
            from engine.cli.import_file import import_file as carry_out
        case "subscribe":
            from engine.cli.people import subscribe as carry_out
        case "transfer":
            from engine.cli.people import transfer as carry_out
        case "unsubscribe":
            from engine.cli.people import unsubscribe as carry_out
        case "order":
            from engine.cli.order import order as carry_out
        case "suppress":
            from engine.cli.import_file import suppress as carry_out
        case "suppressions":
            from engine.cli.suppressions import run as carry_out
        case "show":
            from engine.cli.people import show as carry_out
        case "members":
            from engine.cli.lists import members as carry_out
        case "lists":
            from engine.cli.lists import lists as carry_out
        case "clean":
            from engine.cli.clean import clean as carry_out
        case "segments":
            from engine.cli.segments import segments as carry_out
        case "segment":
            from engine.cli.segments import segment as carry_out
        case "people":
            from engine.cli.search import people as carry_out
        case "publish":
            from engine.cli.publish import run as carry_out
        case "form":
            from engine.cli.form import form as carry_out
        case "programme":
            from engine.cli.programme import run as carry_out
        case "watch":
            from engine.cli.watch import run as carry_out
        case "results":
            from engine.cli.results import run as carry_out
        case "preview":
            from engine.cli.preview import preview as carry_out
        case "send-test":
            from engine.cli.preview import send_test as carry_out
        case "broadcast":
            from engine.cli.broadcast import broadcast as carry_out
        case "status":
            from engine.cli.status import status as carry_out
        case "send-now":
            from engine.cli.send_now import run as carry_out
        case "summary":
            from engine.cli.summary import run as carry_out
        case "delivery":
            from engine.cli.delivery import run as carry_out
        case "hook":
            from engine.cli.hook import run as carry_out
        case "pause":
            from engine.cli.sending import pause as carry_out
        case "resume":
            from engine.cli.sending import resume as carry_out
        case "in-doubt":
            from engine.cli.sending import in_doubt as carry_out
        case "retry-withheld":
            from engine.cli.sending import retry_withheld as carry_out
        case "audit":
            carry_out = audit
        case "api-key":
            from engine.cli.api_key import run as carry_out
        case "person":
            from engine.cli.rights import person as carry_out
        case "requests":
            from engine.cli.rights import requests as carry_out
        case "papers":
            from engine.cli.papers import papers as carry_out
        case "breach":
            from engine.cli.papers import breach as carry_out
        case _:
            raise KeyError(name)
    return carry_out


def database_verb(name: str) -> DatabaseVerb:
    """Verbs that replace what is in the database, or change on what terms it opens."""
    carry_out: DatabaseVerb
    match name:
        case "trial":
            from engine.cli.database import trial as carry_out
        case "migrate":
            from engine.cli.migrate import migrate as carry_out
        case "accept-secret":
            from engine.cli.database import replace_secret as carry_out
        case "backup":
            from engine.cli.database import backup as carry_out
        case "restore":
            from engine.cli.database import restore as carry_out
        case "rebuild":
            from engine.cli.audit_checks import rebuild as carry_out
        case _:
            raise KeyError(name)
    return carry_out


def config_verb(name: str) -> ConfigVerb:
    """Verbs that read files alone."""
    carry_out: ConfigVerb
    match name:
        case "check":
            from engine.cli.check import check as carry_out
        case "inbound":
            from engine.cli.inbound import inbound as carry_out
        case "webhook":
            from engine.cli.webhook import webhook as carry_out
        case "simulate":
            from engine.cli.simulate import run as carry_out
        case "graph":
            from engine.cli.simulate import graph as carry_out
        case "doctor":
            from engine.cli.doctor import doctor as carry_out
        case "dkim":
            from engine.cli.dkim import dkim as carry_out
        case _:
            raise KeyError(name)
    return carry_out


def folder_verb(name: str) -> FolderVerb:
    """Verbs that need no installation; of `audit`, the part `verify`."""
    carry_out: FolderVerb
    match name:
        case "init":
            from engine.cli.init import init as carry_out
        case "join":
            from engine.cli.join import join as carry_out
        case "demo":
            from engine.cli.demo import demo as carry_out
        case "completion":
            from engine.cli.completion import completion as carry_out
        case "audit":
            from engine.cli.prove import verify as carry_out
        case _:
            raise KeyError(name)
    return carry_out


def audit(context: AppContext, args: argparse.Namespace) -> int:
    return audit_part(args.part)(context, args)


def audit_part(name: str) -> Callable[[AppContext, argparse.Namespace], int]:
    """Raises KeyError for what is none of AUDIT_PARTS, and for `verify`, which needs no
    installation.
    """
    carry_out: Callable[[AppContext, argparse.Namespace], int]
    match name:
        case "story":
            from engine.cli.audit_reports import story as carry_out
        case "letter":
            from engine.cli.audit_reports import letter as carry_out
        case "broadcast":
            from engine.cli.audit_broadcast import audit_broadcast as carry_out
        case "dossier":
            from engine.cli.dossier import write_dossier as carry_out
        case "as-of":
            from engine.cli.audit_reports import as_of as carry_out
        case "replay":
            from engine.cli.audit_checks import replay as carry_out
        case "prove":
            from engine.cli.prove import prove as carry_out
        case "ledger":
            from engine.cli.prove import ledger as carry_out
        case "evidence":
            from engine.cli.audit_checks import evidence as carry_out
        case "retention":
            from engine.cli.audit_checks import retention as carry_out
        case "open-archive":
            from engine.cli.prove import open_archive as carry_out
        case "checkpoint":
            from engine.cli.checkpoints import checkpoint as carry_out
        case "key":
            from engine.cli.checkpoints import key as carry_out
        case "rotate-key":
            from engine.cli.checkpoints import rotate as carry_out
        case "restored":
            from engine.cli.checkpoints import restored as carry_out
        case "witness":
            from engine.cli.checkpoints import witness as carry_out
        case "stamp":
            from engine.cli.checkpoints import stamp as carry_out
        case _:
            raise KeyError(name)
    return carry_out
