"""`/broadcasts`: the mailings that are coming, those that come back, and those that have left, with
what became of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fastapi.responses import Response

from engine.audience.mailings import BroadcastState, broadcasts_of
from engine.audience.programme import moments_of
from engine.audience.results import CounterViews, Results, results
from engine.console.access import Right
from engine.console.open_dialogue import AuthoringStores, PeopleOnLists, draft_of, read_draft, told
from engine.console.visit import Route, Visit
from engine.i18n.language import N_
from engine.i18n.phrases import say_anchored, say_every, say_list, say_segment, subject_of
from engine.sequence.anchors import PersonalDate
from engine.sequence.model import Broadcast, Plan
from engine.sequence.timing import read_local_minute, to_instant
from engine.simulation.live import Recurring
from engine.subscriber.agenda_key import BroadcastKey, encode, letter_ref

Part = Literal["coming", "recurring", "past"]


class BroadcastViews(CounterViews, PeopleOnLists, Protocol): ...


class BroadcastStores(AuthoringStores, Protocol):
    @property
    def views(self) -> BroadcastViews: ...
    @property
    def recurrences(self) -> Recurring: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`next` (ms) is when it leaves, 0 where it does not; `on` (ms) when it left, of a dated one;
    `when` is how its author says so.
    `results` of all its mailings together, its reminder left out.
    """

    broadcast: Broadcast
    subject: str
    to: tuple[str, ...]
    when: str
    next: int
    on: int
    state: BroadcastState
    results: Results | None


def routes(stores: BroadcastStores) -> Sequence[Route]:
    def shown(_: AuthoringStores, visit: Visit) -> Response:
        return page(stores, visit)

    return (Route("GET", "/broadcasts", Right.SEE, told(shown, stores)),)


def page(stores: BroadcastStores, visit: Visit) -> Response:
    in_force = stores.installation_stream.current().plan()
    written = read_draft(stores, draft_of(stores, visit)).plan
    rows = list(_rows(stores, in_force, written, visit))
    parts: dict[Part, list[Row]] = {"coming": [], "recurring": [], "past": []}
    for row in rows:
        parts[_part(row)].append(row)
    parts["coming"].sort(key=lambda row: row.next)
    parts["past"].sort(key=lambda row: row.on, reverse=True)
    return visit.page(
        "broadcasts.html",
        parts=parts,
        unpublished=any(row.state != "in force" for row in rows),
        dialogues=bool(in_force.titles or written.titles),
    )


def _part(row: Row) -> Part:
    anchored = row.broadcast.anchored
    personal = anchored is not None and isinstance(anchored.date, PersonalDate)
    if row.broadcast.every or personal:
        return "recurring"
    return "coming" if row.next else "past"


def _rows(stores: BroadcastStores, in_force: Plan, written: Plan, visit: Visit) -> Iterator[Row]:
    """As they are written, those that are only in force still after them."""
    of = _results(stores, in_force)
    for broadcast, state in broadcasts_of(in_force, written):
        plan = in_force if broadcast.id not in written.broadcasts else written
        yield _row(stores, broadcast, plan, state, of, visit)


def _results(stores: BroadcastStores, plan: Plan) -> Mapping[str, Results]:
    refs = {
        letter_ref(encode(BroadcastKey(name)), broadcast.letter.id): name
        for name, broadcast in plan.broadcasts.items()
    }
    found = results(stores.views, plan, tuple(refs)) if refs else []
    return {refs[result.name]: result for result in found if result.name in refs}


def _row(
    stores: BroadcastStores,
    broadcast: Broadcast,
    plan: Plan,
    state: BroadcastState,
    of: Mapping[str, Results],
    visit: Visit,
) -> Row:
    now = stores.clock.now()
    return Row(
        broadcast=broadcast,
        subject=subject_of(broadcast.letter, plan=plan) or broadcast.id,
        to=tuple(audience_in_words(broadcast, plan, visit)),
        when=_when(broadcast, visit),
        next=next(moments_of(broadcast, plan, stores.recurrences, now), 0),
        on=_on(broadcast, plan.timezone),
        state=state,
        results=of.get(broadcast.id),
    )


def audience_in_words(broadcast: Broadcast, plan: Plan, visit: Visit) -> Iterator[str]:
    if len(broadcast.to) > 1 and set(broadcast.to) == set(plan.lists):
        yield visit.say(N_("everyone"))
    else:
        yield from (say_list(plan, number) for number in broadcast.to)
    yield from (say_segment(plan, segment, visit.say) for segment in broadcast.segments)


def _on(broadcast: Broadcast, zone: str) -> int:
    return to_instant(read_local_minute(broadcast.on), zone) if broadcast.on else 0


def _when(broadcast: Broadcast, visit: Visit) -> str:
    if broadcast.anchored is not None:
        return say_anchored(broadcast.anchored, visit.language)
    return say_every(broadcast.every, visit.language) if broadcast.every else ""
