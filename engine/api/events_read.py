"""The calls that read what happened: of the whole ledger, or of one person. The ledger names
nobody, so neither is a reading of anybody (G19).

A poller keeps `position` and asks again with it: positions have no gaps, and an event that is
written later stands after all that were read.
"""

from __future__ import annotations

from typing import NamedTuple

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, shown
from engine.api.operation import (
    SUBSCRIBER,
    Operation,
    Tag,
    integer,
    moment,
    nullable,
    object_of,
    text,
)
from engine.api.paging import Answer, Page, cut, page_of, page_response
from engine.api.parameters import LIMIT, Parameter, Schema
from engine.api.people_read import SUBSCRIBER_PARAMETER, nobody
from engine.api.problems import Problem
from engine.installation.events import STREAM, WordsPublished
from engine.ledger.codec import Entry, as_plain
from engine.ledger.names import NAMES
from engine.ledger.store import Span
from engine.subscriber.own_robot import is_own_robot
from engine.words import N_

LOOKED_THROUGH = 20_000
"""Positions among which one page is looked for: types have no index."""


class Reach(NamedTuple):
    """The positions after `after` and before `before` are read for a page; `rest` is where the page
    after it begins if they do not fill this one, 0 where nothing is left.
    """

    after: int
    before: int
    rest: int


def reach_of(at: int, head: int, most: int, *, newest_first: bool) -> Reach:
    """From the position `at` of the last event that was read (0: none), among at most `most`
    positions, in a ledger that ends at `head`.
    """
    if newest_first:
        before = min(at or head + 1, head + 1)
        after = max(0, before - 1 - most)
        return Reach(after, before, after + 1 if after else 0)
    end = min(head, at + most)
    return Reach(at, end + 1, end if end < head else 0)


def events(api: Api, call: ApiCall) -> JSONResponse:
    return _page(api, call, LOOKED_THROUGH)


def one_event(api: Api, call: ApiCall) -> JSONResponse:
    entry = api.stores.ledger.at(call.number("position"))
    if entry is None or is_own_robot(entry.stream):
        raise Problem(404, "there is no event at this position (yet)")
    return JSONResponse(_event(entry))


def events_of_person(api: Api, call: ApiCall) -> JSONResponse:
    """Also of somebody who was erased."""
    subscriber = call.text("subscriber")
    if subscriber == STREAM or not api.stores.ledger.page(Span(0, 2**62, (), subscriber), 1):
        raise nobody()
    return _page(api, call, 2**62, subscriber)


def _page(api: Api, call: ApiCall, most: int, subscriber: str = "") -> JSONResponse:
    """Where the head is is read first: what is written meanwhile is for another page."""
    ledger, limit = api.stores.ledger, call.number("limit")
    newest_first, head = call.text("order") == "newest", api.stores.ledger.head()
    reach = reach_of(call.number("after"), head, most, newest_first=newest_first)
    span = Span(reach.after, reach.before, call.texts("type"), subscriber, newest_first)
    entries, more = cut(ledger.page(span, limit + 1), call)
    rest = entries[-1].position if more else reach.rest
    shown_entries = [_event(entry) for entry in entries if not is_own_robot(entry.stream)]
    read_until = rest if rest and not newest_first else max(head, call.number("after"))
    return page_response(call, Page(shown_entries, rest), position=read_until)


def _event(entry: Entry) -> Answer:
    """Texts that were published are not repeated with each reading: they are in `sequences/`."""
    data = as_plain(entry.event)
    del data["at"]
    if isinstance(entry.event, WordsPublished):
        del data["text"]
    return {
        "position": entry.position,
        "type": entry.name,
        "at": shown(entry.at),
        "recorded_at": shown(entry.recorded_at),
        "subscriber": None if entry.stream == STREAM else entry.stream,
        "cause": {"door": entry.cause.door, "ref": entry.cause.ref or None},
        "data": data,
    }


DATA: Schema = {
    "type": "object",
    "description": "By its type, as docs/format.md lists them; instants are milliseconds.",
    "examples": [{"list": 10, "run": 1}],
}
EVENT = object_of(
    "Event",
    position=integer("Its place in the ledger, from 1, without a gap.", example=4711),
    type=text(example="list-joined"),
    at=moment("When it was so."),
    recorded_at=moment("When it was written down."),
    subscriber=nullable(SUBSCRIBER),
    cause=object_of(
        "CauseOfEvent",
        door=text("By which way it came.", example="form"),
        ref=nullable(text("What it answers, as an opaque id.")),
    ),
    data=DATA,
)
PAGE = page_of(
    "Events",
    EVENT,
    object_of(
        "",
        position=integer("Up to here they were read: `after` of a later call.", example=4711),
    ),
    cursor=integer("Of the next page; null on the last.", example=4711),
)
PARAMETERS = (
    LIMIT,
    Parameter(
        name="after",
        about="The position of the last event that was read: what follows it in this order.",
        kind="integer",
        default=0,
    ),
    Parameter(
        name="order",
        about="newest: backwards, the latest first.",
        choices=("oldest", "newest"),
        default="oldest",
    ),
    Parameter(
        name="type",
        about="Only events of this type; may be given several times.",
        kind="texts",
        choices=tuple(NAMES),
        example="list-joined",
    ),
)
OPERATIONS = (
    Operation(
        id="read_events",
        path="events",
        method="GET",
        scope="read",
        tag=Tag.EVENTS,
        about=N_("What happened, in the order of the ledger, which names nobody."),
        handler=events,
        parameters=PARAMETERS,
        answer=PAGE,
    ),
    Operation(
        id="read_event",
        path="events/{position}",
        method="GET",
        scope="read",
        tag=Tag.EVENTS,
        about=N_("One event, by its position; a hook names it so."),
        handler=one_event,
        parameters=(
            Parameter(
                name="position",
                about="Its place in the ledger.",
                kind="integer",
                minimum=1,
                example=4711,
            ),
        ),
        answer=EVENT,
    ),
    Operation(
        id="read_events_of_person",
        path="people/{subscriber}/events",
        method="GET",
        scope="read",
        tag=Tag.EVENTS,
        about=N_("What happened to a person; also to one who was erased."),
        handler=events_of_person,
        parameters=(SUBSCRIBER_PARAMETER, *PARAMETERS),
        answer=PAGE,
    ),
)
