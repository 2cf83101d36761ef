"""Which themes and types of content people have chosen, so that a publication can say how many hold
one that it takes away; who agrees to be measured, so that results can say of how many people they
tell; and how many whom a form asked to confirm did. The view finds; `engine.subscriber` decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from engine.ledger.codec import Entry
from engine.sequence.model import MEASURE
from engine.store.binary import bigint, bigints, integer, integers, row, texts, uuid_of, uuids
from engine.store.sql import beside
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import (
    ConsentConfirmed,
    ConsentExpired,
    ConsentGiven,
    ConsentRequested,
    ConsentWithdrawn,
    PreferencesSet,
    SubscriberErased,
)
from engine.views import week_of
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


ASKING = frozenset({ConsentRequested, ConsentConfirmed, ConsentExpired, SubscriberErased})
"""The only events that say what came of a request."""
Asked = dict[tuple[str, str], tuple[str, int]]
"""By person and purpose, whom a form has asked to confirm and who has not yet: the form, and the
week (see week_of).
"""


class FormWeek(NamedTuple):
    form: str
    week: int


class Confirmations:
    """What came of forms that ask to confirm, counted in the week in which they asked."""

    def __init__(self, waiting: Mapping[tuple[str, str], tuple[str, int]]) -> None:
        self.waiting: Asked = dict(waiting)
        self.asked: Counter[FormWeek] = Counter()
        self.confirmed: Counter[FormWeek] = Counter()

    def take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            match entry.event:
                case ConsentRequested() as event:
                    self.waiting.pop((entry.stream, event.purpose), None)
                    if event.form:
                        week = FormWeek(event.form, week_of(event.at))
                        self.waiting[entry.stream, event.purpose] = week
                        self.asked[week] += 1
                case ConsentConfirmed(_, purpose):
                    if week_asked := self.waiting.pop((entry.stream, purpose), None):
                        self.confirmed[FormWeek(*week_asked)] += 1
                case ConsentExpired(_, purpose):
                    self.waiting.pop((entry.stream, purpose), None)
                case SubscriberErased():
                    for key in [key for key in self.waiting if key[0] == entry.stream]:
                        del self.waiting[key]

    def counts(self) -> list[tuple[str, int, int, int]]:
        return [
            (*week, self.asked[week], self.confirmed[week])
            for week in sorted({*self.asked, *self.confirmed})
        ]


class Choices:
    name = "choices"
    version = 3
    tables: tuple[str, ...] = ("chosen", "measured", "asked", "form_week")
    of_everybody = False

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Choices, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        self._follow_measured(cursor, entries)
        self._follow_forms(cursor, entries)
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

    def _follow_forms(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        asking = [entry for entry in entries if type(entry.event) in ASKING]
        if not asking:
            return
        people = {"subscribers": uuids({entry.stream for entry in asking})}
        rows = cursor.execute(self.sql["waiting"], people).fetchall()
        known = cast("list[tuple[str, str, str, int]]", rows)
        before: Asked = {(who, purpose): (form, week) for who, purpose, form, week in known}
        forms = Confirmations(before)
        forms.take(asking)
        if forms.waiting != before:
            if before:
                cursor.execute(self.sql["answered"], people)
            keys, weeks = list(forms.waiting), list(forms.waiting.values())
            values = {
                "subscribers": uuids([who for who, _ in keys]),
                "purposes": texts([purpose for _, purpose in keys]),
                "forms": texts([form for form, _ in weeks]),
                "weeks": integers([week for _, week in weeks]),
            }
            cursor.execute(self.sql["ask"], values)
        if counts := forms.counts():
            names, weeks_counted, asked, confirmed = zip(*counts, strict=True)
            values = {
                "forms": texts(names),
                "weeks": integers(weeks_counted),
                "asked": bigints(asked),
                "confirmed": bigints(confirmed),
            }
            cursor.execute(self.sql["count_forms"], values)

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
        forms = Confirmations({})
        forms.take(entry for entry in entries if type(entry.event) in ASKING)
        asked = [
            row(uuid_of(who), purpose.encode(), form.encode(), integer(week))
            for (who, purpose), (form, week) in forms.waiting.items()
        ]
        counted = [
            row(form.encode(), integer(week), bigint(n), bigint(confirmed))
            for form, week, n, confirmed in forms.counts()
        ]
        return {"chosen": rows, "measured": measured, "asked": asked, "form_week": counted}

    def tidy(self, cursor: Cursor) -> bool:
        return False
