"""`relance show`: a person's whole story from the ledger, in order, in words or as JSON; what the
vault still knows is joined when it is read.
"""

from __future__ import annotations

import argparse

from engine.audit.event_sentences import line
from engine.audit.standing import letter_names, standing
from engine.cli.find_person import person_of
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import translator
from engine.ledger.entry_json import entry_as_json

DATE_WIDTH = len("2026-12-01 09:00:00")


def show(context: AppContext, args: argparse.Namespace) -> int:
    subscriber = person_of(context, args.address)
    entries = context.ledger.stream(subscriber)
    evidence = context.vault.evidence_of(subscriber)
    if args.json:
        print(json_text([entry_as_json(entry, evidence) for entry in entries]))
        return 0
    _ = translator(context.config.site.language)
    zone = context.config.site.timezone
    print(f"{_('when it was so'):<{DATE_WIDTH}}  {_('when it was recorded'):<{DATE_WIDTH}}")
    installation, known = context.installation_stream.current(), context.vault.people([subscriber])
    fields = known[subscriber].fields if subscriber in known else {}
    letters = letter_names(installation, fields, entries, _)
    for entry in entries:
        print(line(entry, installation.plan(), zone, _, evidence, letters))
    print()
    for sentence in standing(context, subscriber, zone, _):
        print(sentence)
    return 0
