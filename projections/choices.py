"""Which themes and types of content people have chosen, so that a publication can say how many hold
one that it takes away. The view finds; `engine.subscriber.preferences` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.ledger.codec import Entry
from engine.store.binary import row, texts, uuid_of, uuids
from engine.store.sql import beside
from engine.subscriber.events import PreferencesSet, SubscriberErased
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


class Choices:
    name = "choices"
    version = 1
    tables: tuple[str, ...] = ("chosen",)

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Choices, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
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

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        rows = [
            row(uuid_of(who), kind.encode(), code.encode())
            for who, chosen in _chosen(entries).items()
            for kind, code in chosen
        ]
        return {"chosen": rows}

    def tidy(self, cursor: Cursor) -> bool:
        return False
