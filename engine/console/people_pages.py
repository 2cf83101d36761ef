"""People looked for by conditions, name or address, and shown a page at a time. What is looked for
is posted and kept under a token, so that no address of a page holds anything personal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.audience.people import (
    HasSegments,
    Search,
    SearchMistake,
    SearchStores,
    counted,
    found,
    read_lines,
)
from engine.console.access import Right
from engine.console.visit import Mistake, Route, Visit
from engine.desk.clock import wall_now
from engine.i18n.phrases import say_list, values_in_words
from engine.sequence.model import Plan
from engine.vault.searches import KeptSearch, Searches
from engine.vault.vault import KnownPerson
from engine.views import PeopleCount

ROWS = 50
MOST_ROWS = 1_000
"""Whoever comes after these is found by a narrower search, or by an export."""
COLUMNS = 3
MAX_LINES = 20
MAX_CHARACTERS = 500


class PeopleViews(HasSegments, Protocol):
    def standing(self) -> dict[int, int]:
        """How many people stand on each list."""


class PeopleStores(SearchStores, Protocol):
    @property
    def views(self) -> PeopleViews: ...
    @property
    def searches(self) -> Searches: ...


class Row(NamedTuple):
    """`values` are the first fields in words."""

    subscriber: str
    address: str
    values: tuple[str, ...]


class Shortcut(NamedTuple):
    """A search that is one click away: a list or a segment, with how many are there."""

    words: str
    line: str
    people: int


def routes(stores: PeopleStores) -> Sequence[Route]:
    return (
        Route("GET", "/people", Right.READ_PEOPLE, lambda visit: _people(stores, visit)),
        Route("POST", "/people", Right.READ_PEOPLE, lambda visit: _search(stores, visit)),
    )


def _people(stores: PeopleStores, visit: Visit) -> Response:
    token = visit.query.get("search", "")
    kept = stores.searches.kept(visit.account.id, token, wall_now()) if token else None
    if kept is None:
        return _page(stores, visit, KeptSearch((), "", ""), lost=bool(token))
    return _page(stores, visit, kept, token=token)


def _search(stores: PeopleStores, visit: Visit) -> Response:
    """What is looked for is checked before it is kept, so that a token always finds."""
    plan = stores.installation_stream.current().plan()
    written = visit.inputs.get("where", "")
    wanted = KeptSearch(
        tuple(line.strip() for line in written.splitlines() if line.strip()),
        visit.inputs.get("name", "").strip(),
        visit.inputs.get("address", "").strip(),
    )
    mistakes = list(_mistakes(wanted, plan, visit))
    if mistakes:
        return _page(stores, visit, wanted, mistakes)
    if wanted == KeptSearch((), "", ""):
        return visit.goes_to("/people")
    token = stores.searches.keep(visit.account.id, wanted, wall_now())
    count = "&count=yes" if "count" in visit.inputs else ""
    return visit.goes_to(f"/people?search={token}{count}")


def _mistakes(wanted: KeptSearch, plan: Plan, visit: Visit) -> Iterator[Mistake]:
    _ = visit.say
    if len(wanted.lines) > MAX_LINES:
        yield Mistake("where", _("At most {n} lines, please.").format(n=MAX_LINES))
    for name, text in (("name", wanted.name), ("address", wanted.address)):
        if len(text) > MAX_CHARACTERS or not text.isprintable():
            yield Mistake(name, _("This is longer than a name or an address."))
    for number, line in enumerate(wanted.lines[:MAX_LINES], start=1):
        try:
            read_lines([line[:MAX_CHARACTERS]], plan)
        except SearchMistake as error:
            sentence = _("Line {line}, column {column}: {why}").format(
                line=number, column=error.mistake.offset + 1, why=error.mistake.words.said(_)
            )
            yield Mistake("where", sentence)


def _page(
    stores: PeopleStores,
    visit: Visit,
    wanted: KeptSearch,
    mistakes: Sequence[Mistake] = (),
    token: str = "",
    lost: bool = False,
) -> Response:
    plan = stores.installation_stream.current().plan()
    start = min(_number(visit.query.get("from", "")), MOST_ROWS - ROWS)
    rows: list[Row] = []
    count: PeopleCount | None = None
    if token and not mistakes:
        search = Search(read_lines(wanted.lines, plan), wanted.name, wanted.address)
        pages = chain.from_iterable(found(stores, search))
        rows = [_row(person, plan) for person in islice(pages, start, start + ROWS + 1)]
        count = counted(stores, search) if visit.query.get("count") == "yes" else None
    older = len(rows) > ROWS and start + ROWS < MOST_ROWS
    return visit.page(
        "people.html",
        mistakes=mistakes,
        wanted=wanted,
        where="\n".join(wanted.lines),
        rows=rows[:ROWS],
        columns=[field.label for field in islice(plan.fields.values(), COLUMNS)],
        searched=bool(token),
        lost=lost,
        token=token,
        count=count,
        newer=f"/people?search={token}&from={start - ROWS}" if start else "",
        older=f"/people?search={token}&from={start + ROWS}" if older else "",
        beyond=len(rows) > ROWS and not older,
        shortcuts=list(_shortcuts(stores, plan)) if not token else [],
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _row(person: KnownPerson, plan: Plan) -> Row:
    values = values_in_words(plan, person.fields)[:COLUMNS]
    return Row(person.subscriber, person.address, tuple(values))


def _shortcuts(stores: PeopleStores, plan: Plan) -> Iterator[Shortcut]:
    standing: Mapping[int, int] = stores.views.standing()
    for number in plan.lists:
        yield Shortcut(say_list(plan, number), f"on {number}", standing.get(number, 0))
    members = stores.views.segments.counts()
    for segment in plan.segments.values():
        yield Shortcut(segment.name, f"in segment {segment.id}", members.get(segment.id, 0))
