"""What became of letters by receiving provider and day, in counters that name nobody; and which
letters were put off and are still to be tried again. The view finds; nothing is decided by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from engine.delivery.figures import DayCount, PutOff, What
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.store.binary import bigint, bigints, integer, integers, row, texts, uuid_of, uuids
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber import events as e
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
BOUNCES: Mapping[str, What] = {"hard": "hard", "soft": "soft", "blocked": "blocked"}
TELLING = frozenset({
    e.LetterBegun, e.LetterSent, e.LetterDeferred, e.LetterFailed, e.LetterWithheld, e.MailBounced,
    e.MailComplained, e.ConsentWithdrawn, e.SubscriberSuppressed, e.SubscriberReachable,
    e.SubscriberErased,
})  # fmt: skip
"""The only events this view reads; most are of other kinds."""


class Cell(NamedTuple):
    provider: str
    day: int
    what: What


class Waiting(NamedTuple):
    """A letter that was put off: LetterDeferred, and whose it is."""

    subscriber: str
    event: e.LetterDeferred


class Outcomes:
    """What some entries come to. A letter waits from where it is put off until it is begun again or
    withheld, or its reader withdrew, was suppressed or erased: `over` are messages that wait no
    more, `stopped` people for whom none does. `suppressed` are so now and why, `dead` for a dead
    address unless they were before; `reachable` are those who were no more before that.
    """

    def __init__(self) -> None:
        self.counts: Counter[Cell] = Counter()
        self.waiting: dict[str, Waiting] = {}
        self.over: set[str] = set()
        self.stopped: set[str] = set()
        self.suppressed: dict[str, str] = {}
        self.dead: set[str] = set()
        self.reachable: set[str] = set()

    def take(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            event = entry.event
            if type(event) not in TELLING:
                continue
            match event:
                case e.LetterBegun(attempt=attempt, message=message):
                    if attempt > 1:
                        self._ends(message)
                case e.LetterSent(at, provider=provider):
                    self.counts[Cell(provider, at // DAY, "sent")] += 1
                case e.LetterDeferred(at, message, code=code, provider=provider):
                    if code or provider:
                        self.counts[Cell(provider, at // DAY, "deferred")] += 1
                        self.waiting[message] = Waiting(entry.stream, event)
                case e.LetterFailed(at, provider=provider):
                    self.counts[Cell(provider, at // DAY, "failed")] += 1
                case e.LetterWithheld(message=message):
                    if message:
                        self._ends(message)
                case e.MailBounced(at, kind, provider=provider):
                    if kind in BOUNCES:
                        self.counts[Cell(provider, at // DAY, BOUNCES[kind])] += 1
                    if kind == "hard":
                        self._stop(entry.stream)
                        if entry.stream not in self.suppressed:
                            self.dead.add(entry.stream)
                case e.MailComplained(at, provider=provider):
                    self.counts[Cell(provider, at // DAY, "complained")] += 1
                    self._suppress(entry.stream, "complained")
                case e.SubscriberSuppressed(why=why):
                    self._suppress(entry.stream, why)
                case e.ConsentWithdrawn():
                    self._stop(entry.stream)
                case e.SubscriberReachable():
                    self._reach(entry.stream)
                case e.SubscriberErased():
                    self._stop(entry.stream)
                    self._reach(entry.stream)

    def _ends(self, message: str) -> None:
        self.over.add(message)
        self.waiting.pop(message, None)

    def _stop(self, subscriber: str) -> None:
        self.stopped.add(subscriber)
        for message in [m for m, w in self.waiting.items() if w.subscriber == subscriber]:
            del self.waiting[message]

    def _suppress(self, subscriber: str, why: str) -> None:
        self._stop(subscriber)
        self.suppressed[subscriber] = why
        self.dead.discard(subscriber)

    def _reach(self, subscriber: str) -> None:
        self.suppressed.pop(subscriber, None)
        self.dead.discard(subscriber)
        self.reachable.add(subscriber)


class Delivery:
    name = "delivery"
    version = 1
    tables: tuple[str, ...] = ("day_count", "put_off", "suppressed")
    of_everybody = False

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Delivery, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        outcomes = Outcomes()
        outcomes.take(entries)
        if outcomes.stopped:
            cursor.execute(self.sql["stop"], {"subscribers": uuids(outcomes.stopped)})
        if outcomes.reachable:
            cursor.execute(self.sql["reachable"], {"subscribers": uuids(outcomes.reachable)})
        if outcomes.suppressed:
            values = {
                "subscribers": uuids(outcomes.suppressed),
                "reasons": texts(outcomes.suppressed.values()),
            }
            cursor.execute(self.sql["suppress"], values)
        if outcomes.dead:
            cursor.execute(self.sql["bounce"], {"subscribers": uuids(outcomes.dead)})
        if outcomes.over:
            cursor.execute(self.sql["over"], {"messages": texts(outcomes.over)})
        if outcomes.counts:
            self.put_counts(cursor, outcomes.counts)
        if outcomes.waiting:
            letters = [waiting.event for waiting in outcomes.waiting.values()]
            values = {
                "messages": texts(outcomes.waiting),
                "subscribers": uuids([w.subscriber for w in outcomes.waiting.values()]),
                "providers": texts([letter.provider for letter in letters]),
                "ats": bigints([letter.at for letter in letters]),
                "retry_ats": bigints([letter.retry_at for letter in letters]),
                "codes": integers([letter.code for letter in letters]),
                "enhanced": texts([letter.enhanced for letter in letters]),
                "whys": texts([letter.why for letter in letters]),
            }
            cursor.execute(self.sql["put_off"], values)

    def put_counts(self, cursor: Cursor, counts: Mapping[Cell, int]) -> None:
        """Adds them to what is counted."""
        cells = sorted(counts)
        values = {
            "providers": texts([cell.provider for cell in cells]),
            "days": integers([cell.day for cell in cells]),
            "whats": texts([cell.what for cell in cells]),
            "n": bigints([counts[cell] for cell in cells]),
        }
        cursor.execute(self.sql["count"], values)

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        outcomes = Outcomes()
        outcomes.take(entries)
        counts = [
            row(cell.provider.encode(), integer(cell.day), cell.what.encode(), bigint(n))
            for cell, n in outcomes.counts.items()
        ]
        letters = [
            row(
                message.encode(),
                uuid_of(subscriber),
                letter.provider.encode(),
                bigint(letter.at),
                bigint(letter.retry_at),
                integer(letter.code),
                letter.enhanced.encode(),
                letter.why.encode(),
            )
            for message, (subscriber, letter) in outcomes.waiting.items()
        ]
        suppressed = dict.fromkeys(outcomes.dead, "bounced") | outcomes.suppressed
        people = [row(uuid_of(who), why.encode()) for who, why in suppressed.items()]
        return {"day_count": counts, "put_off": letters, "suppressed": people}

    def tidy(self, cursor: Cursor) -> bool:
        return False


class DeliveryReading:
    """Implements engine.delivery.figures.DeliveryViews."""

    def __init__(self, database: Database) -> None:
        self.database, self.view = database, Delivery()

    def by_day(self, since: int) -> list[DayCount]:
        rows = self._ask("by_day", since=since)
        return [DayCount(*row) for row in cast("list[DayCount]", rows)]

    def ever(self) -> list[tuple[str, What, int]]:
        return cast("list[tuple[str, What, int]]", self._ask("ever"))

    def suppressed(self) -> dict[str, int]:
        return dict(cast("list[tuple[str, int]]", self._ask("suppressed")))

    def put_off(self, since: int) -> list[PutOff]:
        rows = self._ask("waiting", since=since)
        return [PutOff(*row) for row in cast("list[PutOff]", rows)]

    def _ask(self, query: str, **values: object) -> list[tuple[object, ...]]:
        with self.database.connection() as connection:
            return connection.execute(self.view.sql[query], values).fetchall()
