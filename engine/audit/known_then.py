"""Who was on which list, and on what ground, as it was known at an instant: what the ledger had
taken down by then, folded again. Pure.

A fact taken down later that claims an earlier date is told apart: it was so, or is said to have
been so, but nobody knew it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from engine.ledger.codec import Entry
from engine.subscriber import events as e
from engine.subscriber.evolve import evolve
from engine.subscriber.person import NOBODY, Ground, Person

PurposeOf = Callable[[int], str]
"""The purpose of a list as it was published at the instant, "" for a list nobody knows."""
GROUNDS = (e.ConsentGiven, e.GroundDeclared, e.ConsentConfirmed)


@dataclass(frozen=True, slots=True)
class Stood:
    """One person on one list (0: on none, a ground alone). `joined` is the fact that put them
    there, `given` the one their ground came from.

    `known` is False where the ledger took it down only after the instant; `left` is a later fact
    that claims they had left by then. `barred` is why nothing could be sent, whatever the ground:
    Never "erased": whoever is stands nowhere.
    """

    subscriber: str
    list: int
    purpose: str
    joined: Entry | None
    ground: Ground | None
    given: Entry | None
    known: bool = True
    left: Entry | None = None
    barred: str = ""


class _Walk:
    """A person replayed fact by fact, with the fact that opened each membership and gave each
    ground.
    """

    def __init__(self) -> None:
        self.person: Person = NOBODY
        self.opened: dict[tuple[int, int], Entry] = {}
        self.given: dict[str, Entry] = {}

    def see(self, entry: Entry) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        """Memberships (list, run) that the fact opened, and those it closed."""
        event, before = cast(e.PersonEvent, entry.event), self.person
        self.person = evolve(before, event)
        if isinstance(event, GROUNDS):
            self.given[event.purpose] = entry
        if self.person.memberships is before.memberships:
            return set(), set()
        now, then = _runs(self.person), _runs(before)
        self.opened |= {
            run: self.opened.get(run, entry) if isinstance(event, e.MoveUndone) else entry
            for run in now - then
        }
        return now - then, then - now

    def stood(
        self, subscriber: str, run: tuple[int, int], purpose_of: PurposeOf, *, known: bool = True
    ) -> Stood:
        purpose = purpose_of(run[0])
        barred = "processing restricted" if self.person.restricted else self.person.suppressed
        return Stood(
            subscriber,
            run[0],
            purpose,
            self.opened[run],
            self.person.grounds.get(purpose),
            self.given.get(purpose),
            known,
            barred=barred,
        )


def _runs(person: Person) -> set[tuple[int, int]]:
    return {(number, membership.run) for number, membership in person.memberships.items()}


def claimed(entry: Entry) -> int:
    """The date a fact claims: of a joining counted from the date of collection, that date."""
    return (
        entry.event.counted_from or entry.event.at
        if isinstance(entry.event, e.ListJoined)
        else entry.event.at
    )


def stood_then(history: Sequence[Entry], instant: int, purpose_of: PurposeOf) -> Iterator[Stood]:
    """One person's whole stream, as it was known at an instant (ms), and what was recorded later
    with a claim to have been so by then.

    What was known is the stream up to the first fact recorded after the instant: a later one cannot
    have been known before it.
    """
    subscriber, walk = history[0].stream, _Walk()
    end = next((n for n, entry in enumerate(history) if entry.recorded_at > instant), len(history))
    for entry in history[:end]:
        walk.see(entry)
    known = {run: walk.stood(subscriber, run, purpose_of) for run in sorted(_runs(walk.person))}
    later = history[end:]
    if not any(claimed(entry) <= instant for entry in later):
        yield from known.values()
        return
    late: list[Stood] = []
    for entry in later:
        opened, closed = walk.see(entry)
        if claimed(entry) > instant:
            continue
        for run in closed & known.keys():
            known[run] = replace(known[run], left=entry)
        late += [walk.stood(subscriber, run, purpose_of, known=False) for run in sorted(opened)]
        if isinstance(entry.event, GROUNDS):
            purpose = entry.event.purpose
            late.append(
                Stood(
                    subscriber, 0, purpose, None, walk.person.grounds[purpose], entry, known=False
                )
            )
    listed = {each.purpose for each in late if each.list}
    yield from known.values()
    yield from (each for each in late if each.list or each.purpose not in listed)
