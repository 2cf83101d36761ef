"""`relance audit broadcast FILE|ID`: who was chosen for a whole broadcast, recomputed from the
ledger alone: counts, or each person by their opaque id.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from engine.audit.broadcast_question import broadcast_key, head_lines, occurrence_of
from engine.audit.broadcast_replay import BroadcastReplay, Choice
from engine.audit.broadcast_report import (
    Tally,
    as_lines,
    choices,
    counts_as_json,
    row_as_json,
    write_csv,
)
from engine.audit.membership_report import everybody
from engine.audit.published import Published
from engine.authoring.dialogue_file import broadcasts_in, find_file
from engine.cli.checkpoints import refusing
from engine.cli.private_file import private_file
from engine.cli.progress import Progress
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.language import N_, Language, counting_translator, grouped, translator
from engine.i18n.user_error import NOTHING_PUBLISHED, UserError
from engine.installation.events import STREAM
from engine.ledger.codec import iso
from engine.sequence.nearest import nearest


def audit_broadcast(context: AppContext, args: argparse.Namespace) -> int:
    """Exit status 1 where a claim does not follow, or what is published is not as it was signed."""
    language: Language = args.lang or context.config.site.language
    _ = translator(language)
    read = context.ledger.stored(STREAM)
    published = Published([entry for entry, _octets in read.values()])
    name = _named(published, args.broadcast)
    key = broadcast_key(published, name, args.occurrence)
    replay, tally = BroadcastReplay(published, name, key), Tally()
    with refusing():
        held = context.tree.held({at: octets for at, (_entry, octets) in read.items()})
    faults = [item.words for item in (*held.differences, *published.altered.values())]
    quiet = args.csv is not None or args.json
    for fault in faults:
        print(f"! {fault.said(_)}", file=sys.stderr if quiet else sys.stdout)
    rows = _shown(choices(replay, everybody(context.database, context.ledger), tally), language)
    if args.json:
        _print_json(replay, name, key, rows, tally, signed=not faults)
    elif args.csv is not None:
        with private_file(args.csv, "utf-8-sig") as file:
            count = write_csv(rows, file)
        sentence = counting_translator(language)(
            "{n} row written: {file}", "{n} rows written: {file}", count
        )
        print(sentence.format(n=count, file=args.csv))
    else:
        for line in head_lines(
            replay, published, name, key, context.config.site.timezone, language
        ):
            print(line)
        for _row in rows:
            """Each is counted as it comes."""
        for line in as_lines(tally, language):
            print(line)
    return 1 if faults or tally.faulty else 0


def _named(published: Published, text: str) -> str:
    """The id of a broadcast that was ever published, or of the only one in a dialogue file."""
    plans = [published.plan(number) for number in sorted(published.state.editions, reverse=True)]
    if not plans:
        raise UserError(NOTHING_PUBLISHED, 2)
    ever = dict.fromkeys(name for plan in plans for name in plan.broadcasts)
    if text in ever:
        return text
    known = ", ".join(ever) or "–"
    if not text.endswith(".toml"):
        raise UserError(
            N_("no broadcast {name} was ever published; did you mean {meant}? There are: {known}"),
            2,
            name=text,
            meant=nearest(text, ever) or "–",
            known=known,
        )
    names = [b.id for b in broadcasts_in(plans[0], find_file(plans[0].titles, text))]
    if len(names) != 1:
        sentence = N_("{file} has not one broadcast: say which of {known}")
        raise UserError(sentence, 2, file=text, known=", ".join(names) or known)
    return names[0]


def _shown(rows: Iterator[Choice], language: Language) -> Iterator[Choice]:
    _ = translator(language)
    with Progress() as progress:
        for count, row in enumerate(rows, 1):
            if count % 1000 == 0:
                progress.show(_("{n} people decided again").format(n=grouped(count, _)))
            yield row


def _print_json(
    replay: BroadcastReplay,
    name: str,
    key: str,
    rows: Iterator[Choice],
    tally: Tally,
    *,
    signed: bool,
) -> None:
    """One object; its rows are written as they come, however many there are. `signed`: what is
    published is as it was signed.
    """
    head = {
        "broadcast": name,
        "occurrence": occurrence_of(key),
        "fell_due": iso(replay.fell_due[1].at) if replay.fell_due else None,
        "position": replay.fell_due[0] if replay.fell_due else None,
    }
    sys.stdout.write(json_text(head, indent=None)[:-1] + ', "people": [')
    between = "\n"
    for row in rows:
        sys.stdout.write(between + json_text(row_as_json(row), indent=None))
        between = ",\n"
    end = {"counts": counts_as_json(tally), "sound": signed and not tally.faulty}
    sys.stdout.write("\n], " + json_text(end, indent=None)[1:] + "\n")
