"""How many letters of lists will leave on which day, if nobody answers, joins or leaves: people who
stand at the same letter on the same day are one cohort, and one of them lives on for all by the
rules that decide for real people. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.sequence.model import Plan
from engine.sequence.timing import to_local
from engine.simulation.live import ENGINE, MAX_ENTRIES, SimulatedReader
from engine.subscriber import commands as c
from engine.subscriber.agenda_key import list_key
from engine.subscriber.person import Person


@dataclass(frozen=True, slots=True)
class Cohort:
    """`count` people who stand where `person` stands on `list`."""

    person: Person
    list: int
    count: int


def forecast(plan: Plan, cohorts: Iterable[Cohort], start: int, end: int) -> Mapping[str, int]:
    """Letters by day ("2027-05-12", on the installation's clock) from `start` until before `end`
    (ms). What readers do is unknown, so this says what silence brings: reminders are counted,
    answers lead nobody elsewhere.
    """
    letters: Counter[str] = Counter()
    for cohort in cohorts:
        for at in letters_to_come(plan, cohort.person, cohort.list, start, end):
            letters[f"{to_local(at, plan.timezone):%Y-%m-%d}"] += cohort.count
    return dict(sorted(letters.items()))


def letters_to_come(plan: Plan, person: Person, number: int, start: int, end: int) -> Iterator[int]:
    """When letters of a list leave to somebody silent (ms), and those of the lists its ending leads
    to; what is on its way now is taken for sent.
    """
    reader = SimulatedReader(plan, {}, lambda every, zone, after: iter(()), person)
    for message in person.in_flight:
        reader.execute(c.RecordOutcome(start, ENGINE, message, "sent"))
    followed, now = {number}, start
    for _ in range(MAX_ENTRIES):
        keys = {list_key(each) for each in followed}
        due = [
            (act.due, key)
            for key, act in reader.acts().items()
            if act.due and key in keys and act.kind in ("letter", "end")
        ]
        if not due or min(due)[0] >= end:
            return
        at, key = min(due)
        now = max(now, at)
        before, told = reader.person, len(reader.entries)
        reader.perform(now, key)
        if reader.person is before:
            return
        for entry in reader.entries[told:]:
            if entry.kind == "letter":
                yield entry.at
            elif entry.kind == "passes":
                followed.add(entry.target)
