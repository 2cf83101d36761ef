"""Who was chosen for a broadcast, told to an auditor: counts as lines, and each person by their
opaque id as a table for a spreadsheet or as JSON. Rows come one by one and none is kept.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TextIO

from engine.audit.broadcast_replay import NOT_ADDRESSED, BroadcastReplay, Choice, ClaimFault
from engine.i18n.language import Language, Say, grouped, translator
from engine.i18n.stored_words import stored_in_words
from engine.imports.rejected_rows import inert
from engine.ledger.codec import Entry

COLUMNS = (
    "subscriber", "should", "became", "due", "why", "segment", "position", "fault",
    "fault_position", "decided",
)  # fmt: skip
MAX_SHOWN = 50
"""Faults that are shown; the others are counted."""


@dataclass(slots=True)
class Tally:
    """People by what should have been and what was, and the first of the faults, each with its
    person.
    """

    people: Counter[tuple[str, str, str, bool]] = field(default_factory=Counter)
    faulty: int = 0
    shown: list[tuple[str, ClaimFault]] = field(default_factory=list)

    def add(self, choice: Choice) -> None:
        self.people[choice.should, choice.became, choice.why, choice.due] += 1
        self.faulty += bool(choice.faults)
        if len(self.shown) < MAX_SHOWN:
            self.shown += [(choice.subscriber, fault) for fault in choice.faults]


def choices(
    replay: BroadcastReplay, people: Iterable[list[Entry]], tally: Tally
) -> Iterator[Choice]:
    """Counted as they come."""
    for entries in people:
        choice = replay.choice(entries)
        if choice is not None:
            tally.add(choice)
            yield choice


def as_lines(tally: Tally, language: Language) -> Iterator[str]:
    _ = translator(language)
    lines = Counter[tuple[int, str]]()
    for (should, became, why, due), count in tally.people.items():
        lines[_line(should, became, why, due, _)] += count
    for (_rank, sentence), count in sorted(lines.items()):
        yield f"{grouped(count, _):>9}  {sentence}"
    if tally.faulty:
        sentence = _("! {n} do not follow from the facts before them:")
        yield sentence.format(n=grouped(tally.faulty, _))
        for subscriber, fault in tally.shown:
            yield f"    {subscriber}  {fault_in_words(fault, _)}"


def _line(should: str, became: str, why: str, due: bool, _: Say) -> tuple[int, str]:
    """Its rank among the lines, and the sentence."""
    gone = _("not reproducible once the field has changed or gone")
    reason = _("not on its lists, nor in its segments")
    if why != NOT_ADDRESSED:
        reason = stored_in_words(why, _)
    if due:
        return 4, _("still to be written to")
    match became, should:
        case "withheld", "unknown":
            sentence = _("withheld, by a segment that reads a field ({why}): {gone}")
            return 3, sentence.format(why=reason, gone=gone)
        case "withheld", _other:
            return 2, _("withheld: {why}").format(why=reason)
        case "", "no":
            return 8, _("not to be written to: {why}").format(why=reason)
        case "", "yes":
            return 5, _("missing: {why}, before their claim").format(why=reason)
        case "", _other if why:
            sentence = _("missing ({why}), by a segment that reads a field: {gone}")
            return 6, sentence.format(why=reason, gone=gone)
        case "", _other:
            sentence = _("not written to, by a segment that reads a field: {gone}")
            return 7, sentence.format(gone=gone)
        case _became, "unknown":
            sentence = _("written to, by a segment that reads a field: {gone}")
            return 1, sentence.format(gone=gone)
        case _:
            return 0, _("written to, as decided again")


def fault_in_words(fault: ClaimFault, _: Say) -> str:
    sentences = {
        "not-for-them": _("position {position}: begun, and it was not for them"),
        "to-be-withheld": _("position {position}: begun, and was to be withheld: {decided}"),
        "to-be-begun": _("position {position}: withheld ({why}), and was to be begun"),
        "other-reason": _("position {position}: withheld ({why}), and was to be so for: {decided}"),
        "other-letter": _("position {position}: begun otherwise than decided: {decided}"),
        "nothing-due": _("position {position}: withheld ({why}), and it was not for them"),
    }
    return sentences[fault.code].format(
        position=fault.position,
        why=stored_in_words(fault.why, _),
        decided=stored_in_words(fault.decided, _),
    )


def write_csv(rows: Iterable[Choice], file: TextIO) -> int:
    """How many rows. Every cell is quoted, what a spreadsheet would run made inert (G05)."""
    writer, count = csv.writer(file, quoting=csv.QUOTE_ALL), 0
    writer.writerow(COLUMNS)
    for choice in rows:
        first = choice.faults[0] if choice.faults else None
        values = row_as_json(choice) | {
            "due": "yes" if choice.due else "",
            "fault": first.code if first else "",
            "fault_position": first.position if first else "",
            "decided": first.decided if first else "",
        }
        writer.writerow(
            inert("" if values[name] is None else str(values[name])) for name in COLUMNS
        )
        count += 1
    return count


def row_as_json(choice: Choice) -> dict[str, object]:
    return {
        "subscriber": choice.subscriber,
        "should": choice.should,
        "became": choice.became,
        "due": choice.due,
        "why": choice.why,
        "segment": choice.segment,
        "position": choice.position or None,
        "faults": [
            {
                "fault": fault.code,
                "position": fault.position,
                "why": fault.why,
                "decided": fault.decided,
            }
            for fault in choice.faults
        ],
    }


def counts_as_json(tally: Tally) -> list[dict[str, object]]:
    return [
        {"should": should, "became": became, "why": why, "due": due, "people": count}
        for (should, became, why, due), count in sorted(tally.people.items())
    ]
