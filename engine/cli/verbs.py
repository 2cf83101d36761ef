"""The verbs of the command line, by what one wants to do: what each is for, what it is handed, and
where it is carried out.

A verb's module is brought in when the verb is typed: `relance --help` brings in none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from engine.i18n.language import N_

Group = Literal["start", "people", "letters", "sending", "trust", "copies", "rights", "papers"]
Needs = Literal["context", "database", "config", "folder"]
GROUPS: dict[Group, str] = {
    "start": N_("Start"),
    "people": N_("People"),
    "letters": N_("Letters and dialogues"),
    "sending": N_("Sending"),
    "trust": N_("Trust"),
    "copies": N_("Copies"),
    "rights": N_("Rights"),
    "papers": N_("Papers"),
}


@dataclass(frozen=True, slots=True)
class Verb:
    """`help` is marked for the catalogue. `needs`: "context" (the stores, opened), "database" (the
    database, not looked into), "config" (only the files), "folder" (nothing yet).
    """

    group: Group
    help: str
    needs: Needs = "context"


class Implementation(NamedTuple):
    """What carries a verb out, and declares its arguments. Parts that are `free` need the folder
    alone.
    """

    run: Callable[..., int]
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    free: frozenset[str] = frozenset()


VERBS: dict[str, Verb] = {
    "init": Verb(
        "start",
        N_("make an installation of your own in a folder, or a copy of the sample"),
        "folder",
    ),
    "run": Verb("start", N_("do everything: pages, following, sending")),
    "web": Verb("start", N_("only the pages and the API")),
    "follow": Verb("start", N_("only keep the views up to date")),
    "send": Verb("start", N_("only send")),
    "demo": Verb("start", N_("the sample installation with the clock sped up"), "folder"),
    "trial": Verb(
        "start", N_("`trial reset`: throw away what was lived with the clock sped up"), "database"
    ),
    "completion": Verb(
        "start", N_("what makes the Tab key complete these words in your shell"), "folder"
    ),
    "import": Verb("people", N_("bring people in from a .csv or .txt file")),
    "subscribe": Verb("people", N_("put one person on a list")),
    "transfer": Verb("people", N_("move one person from a list to another")),
    "unsubscribe": Verb("people", N_("withdraw one person from a purpose, or from everything")),
    "suppress": Verb("people", N_("addresses that must not be written to")),
    "show": Verb("people", N_("a person's whole story")),
    "members": Verb(
        "people", N_("who stands on a list, with fields, since when, and what comes next")
    ),
    "lists": Verb("people", N_("the lists, who stands on them, what falls due")),
    "check": Verb("letters", N_("read sequences/ and report every mistake"), "config"),
    "simulate": Verb("letters", N_("live through a dialogue and print its calendar"), "config"),
    "graph": Verb("letters", N_("draw a dialogue"), "config"),
    "publish": Verb("letters", N_("show what differs from what runs, then publish it")),
    "watch": Verb("letters", N_("a dialogue's questions and how they are answered")),
    "preview": Verb("letters", N_("a letter as a chosen person would see it")),
    "send-test": Verb("letters", N_("send one letter to yourself")),
    "broadcast": Verb(
        "sending",
        N_("`broadcast now ID`: send a published broadcast at once, and say what became of it"),
    ),
    "status": Verb("sending", N_("what runs, what waits, what is wrong and what to do")),
    "pause": Verb("sending", N_("hold sending")),
    "resume": Verb("sending", N_("say what will leave, then let it")),
    "in-doubt": Verb("sending", N_("letters whose acceptance is not known")),
    "retry-withheld": Verb(
        "sending", N_("send what was withheld, once what was wanting is mended")
    ),
    "audit": Verb(
        "trust",
        N_(
            "for an auditor: a person's story, a contested letter, a day long past, proof to hand"
            " over"
        ),
    ),
    "rebuild": Verb("trust", N_("make the views anew from the ledger")),
    "accept-secret": Verb(
        "trust", N_("take a link.key or nonce.key that was replaced on purpose"), "database"
    ),
    "api-key": Verb("trust", N_("keys for the HTTP API")),
    "backup": Verb("copies", N_("a copy of everything, the vault apart"), "database"),
    "restore": Verb("copies", N_("put a copy back; who has left since stays gone"), "database"),
    "person": Verb(
        "rights", N_("what a person may ask for: export, correct, restrict, object, erase")
    ),
    "requests": Verb(
        "rights", N_("rights people have asked for and not been answered yet, with their deadline")
    ),
    "papers": Verb(
        "papers", N_("documents the law asks of you: register, annexes, log of breaches")
    ),
    "breach": Verb("papers", N_("write down a breach of personal data, and what was done")),
}


def implementation(verb: str) -> Implementation:
    """Raises KeyError for what is no verb."""
    match verb:
        case "init":
            from engine.cli import init as installing

            return Implementation(installing.init, installing.init_arguments)
        case "demo":
            from engine.cli import demo as demonstrating

            return Implementation(demonstrating.demo, demonstrating.demo_arguments)
        case "run" | "web" | "follow" | "send":
            from engine.cli import run as running

            if verb == "run":
                return Implementation(running.run, running.run_arguments)
            return Implementation(running.part(verb), running.part_arguments)
        case "trial":
            from engine.cli import trial as trials

            return Implementation(trials.trial, trials.add_arguments)
        case "completion":
            from engine.cli import completion as completing

            return Implementation(completing.completion, completing.add_arguments)
        case "import":
            from engine.imports import importer as importing

            return Implementation(importing.run, importing.add_arguments)
        case "suppress":
            from engine.imports import suppression as suppressing

            return Implementation(suppressing.suppress, suppressing.suppress_arguments)
        case "subscribe" | "transfer" | "unsubscribe":
            from engine.cli import people

            if verb == "subscribe":
                return Implementation(people.subscribe, people.subscribe_arguments)
            if verb == "transfer":
                return Implementation(people.transfer, people.transfer_arguments)
            return Implementation(people.unsubscribe, people.unsubscribe_arguments)
        case "show":
            from engine.cli import show as story

            return Implementation(story.show, story.add_arguments)
        case "members":
            from engine.cli import members

            return Implementation(members.members, members.add_arguments)
        case "lists":
            from engine.cli import lists

            return Implementation(lists.lists, lists.add_arguments)
        case "check":
            from engine.cli import check as planning

            return Implementation(planning.check, planning.check_arguments)
        case "simulate":
            from engine.cli import simulate as simulating

            return Implementation(simulating.run, simulating.add_arguments)
        case "graph":
            from engine.cli import graph as graphing

            return Implementation(graphing.run, graphing.add_arguments)
        case "publish":
            from engine.cli import publish as publishing

            return Implementation(publishing.run, publishing.add_arguments)
        case "watch":
            from engine.cli import watch as watching

            return Implementation(watching.run, watching.add_arguments)
        case "preview" | "send-test":
            from engine.cli import preview as previewing

            if verb == "preview":
                return Implementation(previewing.preview, previewing.preview_arguments)
            return Implementation(previewing.send_test, previewing.send_test_arguments)
        case "broadcast":
            from engine.cli import broadcast as broadcasting

            return Implementation(broadcasting.broadcast, broadcasting.add_arguments)
        case "status":
            from engine.cli import status as reporting

            return Implementation(reporting.status, reporting.add_arguments)
        case "pause" | "resume":
            from engine.cli import pause as pausing

            if verb == "pause":
                return Implementation(pausing.pause, pausing.pause_arguments)
            return Implementation(pausing.resume, pausing.resume_arguments)
        case "in-doubt":
            from engine.cli import in_doubt as doubting

            return Implementation(doubting.in_doubt, doubting.add_arguments)
        case "retry-withheld":
            from engine.cli import retry_withheld as retrying

            return Implementation(retrying.retry_withheld, retrying.add_arguments)
        case "audit":
            from engine.cli import audit as auditing

            return Implementation(
                auditing.audit, auditing.audit_arguments, auditing.WITHOUT_CONTEXT
            )
        case "rebuild":
            from engine.cli import replay as replaying

            return Implementation(replaying.rebuild, replaying.rebuild_arguments)
        case "accept-secret":
            from engine.cli import accept_secret as accepting

            return Implementation(accepting.run, accepting.add_arguments)
        case "api-key":
            from engine.cli import api_key as keys

            return Implementation(keys.run, keys.add_arguments)
        case "backup" | "restore":
            from engine.cli import backup as copying

            if verb == "backup":
                return Implementation(copying.backup, copying.backup_arguments)
            return Implementation(copying.restore, copying.restore_arguments)
        case "person":
            from engine.cli import person as rights

            return Implementation(rights.person, rights.add_arguments)
        case "requests":
            from engine.cli import requests

            return Implementation(requests.requests, requests.add_arguments)
        case "papers":
            from engine.cli import papers as writing_papers

            return Implementation(writing_papers.papers, writing_papers.add_arguments)
        case "breach":
            from engine.cli import breach as breaching

            return Implementation(breaching.breach, breaching.add_arguments)
    raise KeyError(verb)
