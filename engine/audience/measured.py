"""What came of letters among people who agree to be measured: of nobody else is it known. Opened
says that a picture was loaded, which programs do by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from engine.audience.sources import SHOWN_FROM
from engine.store.database import Database
from engine.vault.measured import acts_of

FIRST = "00000000-0000-0000-0000-000000000000"
PAGE = 1000


class MeasuredViews(Protocol):
    def measured(self, after: str, most: int) -> dict[str, int]:
        """Who agrees to be measured, and since when (ms): a page of them, by their ids."""

    def sent_to(
        self, subscribers: Collection[str], since: int = ..., until: int = ...
    ) -> list[tuple[str, str, int]]:
        """The letters accepted for each of some people, and when last (ms)."""


@dataclass(frozen=True, slots=True)
class MeasuredPeople:
    """`people` got the letter after they had agreed: of them so many opened it, and clicked; of the
    `relayed` it is not known whether they opened it, since a relay of their provider did.
    """

    people: int = 0
    opened: int = 0
    clicked: int = 0
    relayed: int = 0

    def shown(self) -> dict[str, int | None]:
        """None where it counts fewer than SHOWN_FROM people, since that could tell of one."""
        return {name: n if n >= SHOWN_FROM else None for name, n in asdict(self).items()}

    def plus(self, acts: Collection[str]) -> MeasuredPeople:
        has_opened = "opened" in acts
        return MeasuredPeople(
            self.people + 1,
            self.opened + has_opened,
            self.clicked + ("clicked" in acts),
            self.relayed + ("relayed" in acts and not has_opened),
        )


NOBODY_MEASURED = MeasuredPeople()


def measured_people(
    views: MeasuredViews,
    database: Database,
    letters: Collection[str],
    since: int,
    until: int,
) -> Mapping[str, MeasuredPeople]:
    """By letter_ref (`letters` has "" for all), of letters begun in the weeks of these Mondays."""
    found: dict[str, MeasuredPeople] = {}
    after = FIRST
    while agreed := views.measured(after, PAGE):
        after = max(agreed)
        acts = acts_of(database, agreed)
        for who, letter, at in views.sent_to(agreed, since, until):
            if at >= agreed[who] and ("" in letters or letter in letters):
                did = {act for act, of, _at in acts.get(who, ()) if of == letter}
                found[letter] = found.get(letter, NOBODY_MEASURED).plus(did)
    return found
