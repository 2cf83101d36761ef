"""Searching people: of whom one-line conditions hold, all of them together, and whose address or
name begins so. Read from the views and the vault, a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.desk.clock import Clock
from engine.installation.stream import InstallationStream
from engine.sequence.condition import Combined, Condition
from engine.sequence.condition_grammar import ConditionMistake, Names, read_condition
from engine.sequence.model import Plan
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.condition_answers import plain
from engine.vault.vault import KnownPerson, Vault
from engine.views import PeopleCount, SegmentViews

SQL = beside(__file__)
PAGE = 1000
NOBODY = "00000000-0000-0000-0000-000000000000"


class HasSegments(Protocol):
    @property
    def segments(self) -> SegmentViews: ...


class SearchStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> HasSegments: ...


@dataclass(frozen=True, slots=True)
class Search:
    """Whoever satisfies all of `lines`, whose address begins with `address`, and one of whose
    fields of text with `name`; accents and case do not matter.
    """

    lines: tuple[Condition, ...] = ()
    name: str = ""
    address: str = ""

    @property
    def condition(self) -> Condition:
        return Combined(all=self.lines)

    @property
    def has_prefix(self) -> bool:
        return bool(self.name or self.address)


class SearchMistake(Exception):
    """A line that is no condition."""

    def __init__(self, line: str, mistake: ConditionMistake) -> None:
        super().__init__(str(mistake))
        self.line, self.mistake = line, mistake


def read_lines(lines: Sequence[str], plan: Plan) -> tuple[Condition, ...]:
    """Raises SearchMistake."""
    names, conditions = Names(plan, plan.segments), list[Condition]()
    for line in lines:
        try:
            conditions.append(read_condition(line, names))
        except ConditionMistake as mistake:
            raise SearchMistake(line, mistake) from None
    return tuple(conditions)


def counted(stores: SearchStores, search: Search) -> PeopleCount:
    """Of everybody, or of whose name or address begins so."""
    views, at = stores.views.segments, stores.clock.now()
    if not search.has_prefix:
        return views.counted(search.condition, at)
    answers: list[bool | None] = []
    for people in _beginning(stores, search):
        answers += views.truths(search.condition, list(people), at).values()
    return PeopleCount(answers.count(True), answers.count(None), answers.count(False))


def found(stores: SearchStores, search: Search) -> Iterator[list[KnownPerson]]:
    """Who is found, a page at a time. Who was erased meanwhile is passed over."""
    views, at = stores.views.segments, stores.clock.now()
    if search.has_prefix:
        for people in _beginning(stores, search):
            truths = views.truths(search.condition, list(people), at)
            yield [person for who, person in people.items() if truths.get(who)]
        return
    for page in views.chosen(search.condition, at):
        yield list(stores.vault.people(page).values())


def _beginning(stores: SearchStores, search: Search) -> Iterator[Mapping[str, KnownPerson]]:
    plan, name = stores.installation_stream.current().plan(), plain(search.name)
    texts = [field for field, declared in plan.fields.items() if declared.type == "text"]

    def fits(person: KnownPerson) -> bool:
        values = (plain(person.fields.get(field, "")) for field in texts)
        return not name or any(value.startswith(name) for value in values)

    after, values = NOBODY, {"prefix": search.address.strip().lower(), "most": PAGE}
    while True:
        with stores.database.connection() as connection:
            rows = connection.execute(SQL["beginning"], {**values, "after": after}).fetchall()
        if not rows:
            return
        page = [KnownPerson(*row) for row in rows]
        yield {person.subscriber: person for person in page if fits(person)}
        after = page[-1].subscriber
