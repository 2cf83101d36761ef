"""What came of each source of addresses: how many joined, confirmed, left soon, bounced,
complained, ordered.

Counted are the people who are known today: where somebody came from lies in the vault and goes with
them, so that whoever was erased counts nowhere. A cell of fewer than ten people is not shown, and
none that all but fewer than ten belong to, since either could tell of one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Protocol

from engine.sequence.delay import DAY
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.person import ANY_PRODUCT, Person

SQL = beside(__file__)
SHOWN_FROM = 10
LEFT_SOON = 30 * DAY
PAGE = 1000
FIRST = "00000000-0000-0000-0000-000000000000"
Folds = Callable[[Collection[str]], Mapping[str, Person]]


class FoldViews(Protocol):
    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        """People as the views have them."""


class SourceStores(Protocol):
    @property
    def database(self) -> Database: ...
    @property
    def views(self) -> FoldViews: ...


@dataclass(frozen=True, slots=True)
class SourceTally:
    """People of one source, each counted once in each: `left_soon` have withdrawn a purpose within
    thirty days of becoming known here, `confirmed` pressed the button of a confirmation mail.
    """

    people: int = 0
    joined: int = 0
    confirmed: int = 0
    left_soon: int = 0
    bounced: int = 0
    complained: int = 0
    ordered: int = 0

    def plus(self, person: Person, known_since: int) -> SourceTally:
        """With one person more, known since an instant (ms)."""
        grounds = person.grounds.values()
        soon = known_since + LEFT_SOON
        return SourceTally(
            people=self.people + 1,
            joined=self.joined + bool(person.joined_at),
            confirmed=self.confirmed + any(ground.proof == "confirmed" for ground in grounds),
            left_soon=self.left_soon
            + any(ground.status == "withdrawn" and ground.since <= soon for ground in grounds),
            bounced=self.bounced + (person.suppressed == "bounced"),
            complained=self.complained + (person.suppressed == "complained"),
            ordered=self.ordered + (ANY_PRODUCT in person.ordered),
        )

    def shown(self) -> dict[str, int | None]:
        """Each cell by its name; None where it is not shown."""
        return shown_cells({field.name: int(getattr(self, field.name)) for field in fields(self)})


def shown_cells(cells: Mapping[str, int]) -> dict[str, int | None]:
    """People by the name of a cell, the first being all of them; None of fewer than SHOWN_FROM, and
    of all but fewer than that many.
    """
    everybody = next(iter(cells.values()), 0)
    shown: dict[str, int | None] = {}
    for number, (name, count) in enumerate(cells.items()):
        others = everybody - count
        told = number == 0 or others >= SHOWN_FROM or others < 0
        shown[name] = count if told and count >= SHOWN_FROM else None
    return shown


def tally_of_sources(database: Database, folds: Folds) -> dict[str, SourceTally]:
    """By source, the most frequent first; "" where it is not known. `folds` gives people as the
    views have them: whoever they do not have yet is counted as known and no more.
    """
    tallies: dict[str, SourceTally] = {}
    for page in _pages(database):
        people = folds([subscriber for subscriber, _, _ in page])
        for subscriber, source, known_since in page:
            tally = tallies.get(source, SourceTally())
            tallies[source] = tally.plus(people.get(subscriber, Person()), known_since)
    return dict(sorted(tallies.items(), key=lambda row: (-row[1].people, row[0])))


def _pages(database: Database) -> Iterator[list[tuple[str, str, int]]]:
    after = FIRST
    while True:
        with database.connection() as connection:
            rows = connection.execute(SQL["people"], {"after": after, "most": PAGE}).fetchall()
        if not rows:
            return
        yield [(str(row[0]), str(row[1]), int(row[2])) for row in rows]
        after = str(rows[-1][0])
