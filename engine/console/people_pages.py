"""People looked for by conditions, name or address, and shown a page at a time. What is looked for
is posted and kept under a token, so that no address of a page holds anything personal.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.audience.people import (
    Search,
    SearchMistake,
    SearchStores,
    counted,
    found,
    read_lines,
)
from engine.audience.people_export import (
    FoldedViews,
    chosen_by,
    columns,
    record_export,
    rows,
    write_rows,
)
from engine.audience.putting import PutTally, Putting
from engine.commands.command_handler import CommandHandler
from engine.commands.operators import operator_cause
from engine.console.access import Right
from engine.console.slow_counts import Members, members_of_segments
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


class PeopleViews(FoldedViews, Protocol):
    def standing(self) -> dict[int, int]:
        """How many people stand on each list."""


class PeopleStores(SearchStores, Protocol):
    @property
    def views(self) -> PeopleViews: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def searches(self) -> Searches: ...


class Row(NamedTuple):
    """`values` are the first fields in words."""

    subscriber: str
    address: str
    values: tuple[str, ...]


class Shortcut(NamedTuple):
    """A search that is one click away: a list or a segment, with how many are there; None while
    they are being counted.
    """

    words: str
    line: str
    people: int | None


def routes(stores: PeopleStores) -> Sequence[Route]:
    members = members_of_segments(stores.views)
    return (
        Route("GET", "/people", Right.READ_PEOPLE, lambda visit: _people(stores, visit, members)),
        Route("POST", "/people", Right.READ_PEOPLE, lambda visit: _search(stores, visit, members)),
        Route("POST", "/people/export", Right.READ_PEOPLE, lambda visit: _export(stores, visit)),
        Route("POST", "/people/put", Right.ACT_ON_PEOPLE, lambda visit: _put(stores, visit)),
    )


def _people(stores: PeopleStores, visit: Visit, members: Members) -> Response:
    token = visit.query.get("search", "")
    kept = stores.searches.kept(visit.account.id, token, wall_now()) if token else None
    if kept is None:
        return _page(stores, visit, members, KeptSearch((), "", ""), lost=bool(token))
    return _page(stores, visit, members, kept, token=token)


def _search(stores: PeopleStores, visit: Visit, members: Members) -> Response:
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
        return _page(stores, visit, members, wanted, mistakes)
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
    members: Members,
    wanted: KeptSearch,
    mistakes: Sequence[Mistake] = (),
    token: str = "",
    lost: bool = False,
) -> Response:
    plan = stores.installation_stream.current().plan()
    start = min(visit.number("from"), MOST_ROWS - ROWS)
    found_rows: list[Row] = []
    count: PeopleCount | None = None
    if token and not mistakes:
        search = Search(read_lines(wanted.lines, plan), wanted.name, wanted.address)
        pages = chain.from_iterable(found(stores, search))
        found_rows = [_row(person, plan) for person in islice(pages, start, start + ROWS + 1)]
        count = counted(stores, search) if visit.query.get("count") == "yes" else None
    older = len(found_rows) > ROWS and start + ROWS < MOST_ROWS
    return visit.page(
        "people.html",
        mistakes=mistakes,
        wanted=wanted,
        where="\n".join(wanted.lines),
        rows=found_rows[:ROWS],
        columns=[field.label for field in islice(plan.fields.values(), COLUMNS)],
        searched=bool(token),
        lost=lost,
        token=token,
        count=count,
        newer=f"/people?search={token}&from={start - ROWS}" if start else "",
        older=f"/people?search={token}&from={start + ROWS}" if older else "",
        beyond=len(found_rows) > ROWS and not older,
        into=[(one.id, one.name) for one in plan.segments.values() if one.static],
        shortcuts=list(_shortcuts(stores, plan, members.ask(None))) if not token else [],
    )


def _kept(stores: PeopleStores, visit: Visit) -> Search | Response:
    token = visit.inputs.get("search", "")
    kept = stores.searches.kept(visit.account.id, token, wall_now())
    if kept is None:
        return visit.goes_to("/people?search=over")
    plan = stores.installation_stream.current().plan()
    return Search(read_lines(kept.lines, plan), kept.name, kept.address)


def _export(stores: PeopleStores, visit: Visit) -> Response:
    """The table, and the fact that it was handed out before anybody has it."""
    search = _kept(stores, visit)
    if isinstance(search, Response):
        return search
    text, written = io.StringIO(newline=""), 0

    def told(so_far: int) -> None:
        nonlocal written
        written = so_far

    write_rows(text, columns(stores), rows(stores, search), told)
    cause = partial(operator_cause, visit.account.operator)
    record_export(stores, chosen_by(search), written, cause)
    headers = {"Content-Disposition": 'attachment; filename="people.csv"'}
    octets = text.getvalue().encode("utf-8-sig")
    return Response(octets, headers=headers, media_type="text/csv; charset=utf-8")


def _put(stores: PeopleStores, visit: Visit) -> Response:
    """Everybody who is found, into a segment without conditions."""
    search = _kept(stores, visit)
    if isinstance(search, Response):
        return search
    plan, _ = stores.installation_stream.current().plan(), visit.say
    segment = plan.segments.get(visit.inputs.get("segment", ""))
    if segment is None or not segment.static:
        return visit.refused(_("Choose a segment that people are put into by hand."), 422)
    putting = Putting(
        execute=stores.command_handler.execute,
        segment=segment.id,
        direction="put",
        now=stores.clock.now(),
        cause=partial(operator_cause, visit.account.operator, {}),
        tally=PutTally(),
    )
    for page in found(stores, search):
        putting.people([person.subscriber for person in page])
    ngettext, n = visit.say_counted, putting.tally.changed
    done = ngettext(
        "{n} person was put into “{segment}”.", "{n} people were put into “{segment}”.", n
    )
    words = done.format(n=n, segment=segment.name)
    return visit.goes_to(f"/people?search={visit.inputs.get('search', '')}", words)


def _row(person: KnownPerson, plan: Plan) -> Row:
    values = values_in_words(plan, person.fields)[:COLUMNS]
    return Row(person.subscriber, person.address, tuple(values))


def _shortcuts(
    stores: PeopleStores, plan: Plan, members: Mapping[str, int] | None
) -> Iterator[Shortcut]:
    standing: Mapping[int, int] = stores.views.standing()
    for number in plan.lists:
        yield Shortcut(say_list(plan, number), f"on {number}", standing.get(number, 0))
    for segment in plan.segments.values():
        people = members.get(segment.id, 0) if members is not None else None
        yield Shortcut(segment.name, f"in segment {segment.id}", people)
