"""Which themes and types of content people have chosen, so that a publication can say how many hold
one that it takes away; and who agrees to be measured, so that results can say of how many people
they tell. The view finds; `engine.subscriber` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.ledger.codec import Entry
from engine.sequence.model import MEASURE
from engine.store.binary import bigint, bigints, row, texts, uuid_of, uuids
from engine.store.sql import beside
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import (
    ConsentGiven,
    ConsentWithdrawn,
    PreferencesSet,
    SubscriberErased,
)
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
Chosen = tuple[tuple[str, str], ...]
"""Kind ("theme" or "content") and code of each."""


def _chosen(entries: Iterable[Entry]) -> dict[str, Chosen]:
    """By person, what they chose last; nothing for who is erased."""
    last: dict[str, Chosen] = {}
    for entry in entries:
        event = entry.event
        if type(event) is PreferencesSet:
            themes = (("theme", code) for code in event.themes)
            last[entry.stream] = (*themes, *(("content", code) for code in event.contents))
        elif type(event) is SubscriberErased:
            last[entry.stream] = ()
    return last


def _measured_since(entries: Iterable[Entry]) -> dict[str, int]:
    """By person, since when they agree to be measured (ms), 0 for no more."""
    since: dict[str, int] = {}
    for entry in entries:
        event = entry.event
        if type(event) is ConsentGiven and event.purpose == MEASURE:
            since[entry.stream] = event.at
        elif type(event) is SubscriberErased or (
            type(event) is ConsentWithdrawn and event.purpose in (MEASURE, EVERYTHING)
        ):
            since[entry.stream] = 0
    return since


class Choices:
    name = "choices"
    version = 2
    tables: tuple[str, ...] = ("chosen", "measured")

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Choices, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        self._follow_measured(cursor, entries)
        last = _chosen(entries)
        if not last:
            return
        cursor.execute(self.sql["forget"], {"subscribers": uuids(last)})
        rows = [(who, kind, code) for who, chosen in last.items() for kind, code in chosen]
        if rows:
            values = {
                "subscribers": uuids([who for who, _, _ in rows]),
                "kinds": texts([kind for _, kind, _ in rows]),
                "codes": texts([code for _, _, code in rows]),
            }
            cursor.execute(self.sql["choose"], values)

    def _follow_measured(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        since = _measured_since(entries)
        if since:
            values = {"subscribers": uuids(since), "since": bigints(list(since.values()))}
            cursor.execute(self.sql["forget_measured"], {"subscribers": uuids(since)})
            cursor.execute(self.sql["measure"], values)

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        rows = [
            row(uuid_of(who), kind.encode(), code.encode())
            for who, chosen in _chosen(entries).items()
            for kind, code in chosen
        ]
        measured = [
            row(uuid_of(who), bigint(since))
            for who, since in _measured_since(entries).items()
            if since
        ]
        return {"chosen": rows, "measured": measured}

    def tidy(self, cursor: Cursor) -> bool:
        return False
