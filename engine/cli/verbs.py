"""The verbs of the command line, by what one wants to do: what each is for, what it is handed, and
its arguments.

Those are brought in when the verb is typed: `relance --help` brings in none, and `relance VERB
--help` nothing that carries a verb out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Literal

from engine.frozen import dataclass
from engine.i18n.language import N_

Group = Literal[
    "start", "people", "audience", "letters", "sending", "connections", "trust", "copies", "rights",
    "papers",
]  # fmt: skip
Needs = Literal["context", "database", "config", "folder"]
GROUPS: dict[Group, str] = {
    "start": N_("Start"),
    "people": N_("People"),
    "audience": N_("Who is meant"),
    "letters": N_("Letters and dialogues"),
    "sending": N_("Sending"),
    "connections": N_("Connections"),
    "trust": N_("Trust"),
    "copies": N_("Copies"),
    "rights": N_("Rights"),
    "papers": N_("Papers"),
}


@dataclass(frozen=True, slots=True)
class Verb:
    """`help` is marked for the catalogue. `needs`: "context" (the stores, opened), "database" (the
    database, not looked into), "config" (only the files), "folder" (nothing yet). `free`: its parts
    that need the folder alone. `dated`: it writes facts, and is refused while the clock stands
    before the last of them; who leaves, objects or is erased is not. `makes_folder`: -C may name
    one that is not there.
    """

    group: Group
    help: str
    needs: Needs = "context"
    free: frozenset[str] = frozenset()
    dated: bool = False
    makes_folder: bool = False


VERBS: dict[str, Verb] = {
    "init": Verb(
        "start",
        N_("make an installation of your own in a folder, or a copy of the sample"),
        "folder",
    ),
    "run": Verb("start", N_("do everything: pages, following, sending")),
    "web": Verb("start", N_("only the pages and the API")),
    "console": Verb("start", N_("only the console, and who may use it")),
    "follow": Verb("start", N_("only keep the views up to date")),
    "send": Verb("start", N_("only send")),
    "migrate": Verb(
        "start",
        N_("bring the database to this release, beside programs of the former one"),
        "database",
    ),
    "join": Verb(
        "start",
        N_("give a further host configuration and secrets, or take them, over TLS and once"),
        "folder",
        makes_folder=True,
    ),
    "demo": Verb("start", N_("the sample installation with the clock sped up"), "folder"),
    "trial": Verb(
        "start", N_("`trial reset`: throw away what was lived with the clock sped up"), "database"
    ),
    "completion": Verb(
        "start", N_("what makes the Tab key complete these words in your shell"), "folder"
    ),
    "import": Verb("people", N_("bring people in from a .csv or .txt file"), dated=True),
    "subscribe": Verb("people", N_("put one person on a list"), dated=True),
    "transfer": Verb("people", N_("move one person from a list to another"), dated=True),
    "unsubscribe": Verb("people", N_("withdraw one person from a purpose, or from everything")),
    "order": Verb("people", N_("what somebody ordered, and what was paid back"), dated=True),
    "suppress": Verb("people", N_("addresses that must not be written to")),
    "suppressions": Verb(
        "people", N_("how many are never written to, whether one is, and to lift that"), dated=True
    ),
    "show": Verb("people", N_("a person's whole story")),
    "members": Verb(
        "people", N_("who stands on a list, with fields, since when, and what comes next")
    ),
    "lists": Verb("people", N_("the lists, who stands on them, what falls due")),
    "segments": Verb(
        "audience", N_("the tree of segments: how many are in each, and how that changed")
    ),
    "segment": Verb(
        "audience",
        N_("one segment: its lines, why somebody is in it; and to put people into one, or out"),
        dated=True,
    ),
    "people": Verb(
        "audience",
        N_("people of whom conditions hold: counted, shown, exported, put into a segment"),
        dated=True,
    ),
    "clean": Verb("audience", N_("whom nothing was heard of: how many are asked, and stopped")),
    "check": Verb("letters", N_("read sequences/ and report every mistake"), "config"),
    "simulate": Verb("letters", N_("live through a dialogue and print its calendar"), "config"),
    "graph": Verb("letters", N_("draw a dialogue"), "config"),
    "publish": Verb("letters", N_("show what differs from what runs, then publish it"), dated=True),
    "programme": Verb(
        "letters", N_("the year: what is written, what is intended, what will leave")
    ),
    "watch": Verb("letters", N_("a dialogue's questions and how they are answered")),
    "results": Verb("letters", N_("what came of letters: counters that name nobody")),
    "form": Verb(
        "letters", N_("`form snippet NAME`: what to paste into a page of your own, for a form")
    ),
    "preview": Verb("letters", N_("a letter as a chosen person would see it")),
    "send-test": Verb("letters", N_("send one letter to yourself")),
    "broadcast": Verb(
        "sending",
        N_("`broadcast now ID`: send a published broadcast at once, and say what became of it"),
        dated=True,
    ),
    "send-now": Verb(
        "sending",
        N_("one letter to people of your choosing, at once: counts, asks, sends, reports"),
        dated=True,
    ),
    "status": Verb("sending", N_("what runs, what waits, what is wrong and what to do")),
    "doctor": Verb(
        "sending",
        N_("look at your domain as mailbox providers do: what holds, what does not, what mends it"),
        "config",
    ),
    "delivery": Verb(
        "sending", N_("what arrives by provider, what waits and why, complaints and bounces")
    ),
    "summary": Verb(
        "sending", N_("how a week went, as the weekly mail says it; `--send` sends it now")
    ),
    "pause": Verb("sending", N_("hold sending")),
    "resume": Verb("sending", N_("say what will leave, then let it"), dated=True),
    "in-doubt": Verb("sending", N_("letters whose acceptance is not known"), dated=True),
    "dkim": Verb("sending", N_("the keys that sign letters, and their lines in the DNS"), "config"),
    "retry-withheld": Verb(
        "sending", N_("send what was withheld, once what was wanting is mended"), dated=True
    ),
    "inbound": Verb(
        "sending",
        N_("mails that come back: what they say, taking them in, and what was not understood"),
        "config",
    ),
    "webhook": Verb(
        "connections",
        N_("calls of shops and mail services: what a saved one says, and those that came"),
        "config",
    ),
    "hook": Verb(
        "connections",
        N_("programs that are told of facts: how they stand, trying one, telling anew"),
    ),
    "audit": Verb(
        "trust",
        N_(
            "for an auditor: a person's story, a contested letter, a day long past, proof to hand"
            " over"
        ),
        # What was handed over is verified without an installation.
        free=frozenset({"verify"}),
    ),
    "rebuild": Verb("trust", N_("make the views anew from the ledger"), "database"),
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
    "breach": Verb(
        "papers", N_("write down a breach of personal data, and what was done"), dated=True
    ),
}


def arguments(verb: str) -> Callable[[argparse.ArgumentParser], None]:
    """What declares the arguments of a verb. Raises KeyError for what is no verb."""
    match VERBS[verb].group:
        case "people" | "rights":
            from engine.cli.arguments_of_people import ARGUMENTS
        case "audience":
            from engine.cli.arguments_of_audience import ARGUMENTS
        case "letters":
            from engine.cli.arguments_of_letters import ARGUMENTS
        case "connections":
            from engine.cli.arguments_of_connections import ARGUMENTS
        case "trust" | "papers":
            from engine.cli.arguments_of_trust import ARGUMENTS
        case "start" | "sending" | "copies":
            from engine.cli.arguments_of_operation import ARGUMENTS
    return ARGUMENTS[verb]
