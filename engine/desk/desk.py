"""The desk's small tables: nonces, limits, API keys, shown pages, stuck rows; and what is done once
a day by one of several hosts.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from psycopg.rows import TupleRow

from engine.desk.totals import Total
from engine.frozen import dataclass
from engine.sequence.timing import to_local
from engine.store.binary import bigints, booleans, integers, texts, uuids
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
KEY_PREFIX = "relance_"
TRAPS, HELD = "form traps", "forms held"
SHOWN, SENT = "form shown", "form sent"
"""Counted by form: "form shown/NAME"."""
"""What forms count: posts caught by the honeypot, and mails held back while too many are posted."""
HELD_BACK = "letters held back"
"""What senders count: refusals of a letter for which a cap had no room."""
SEGMENT_COUNTS_KEPT = timedelta(days=100)
Page = tuple[str, int]
"""The page of a link: its letter's message id, its action."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`expired` is when it ceased to open anything, None for one that opens what its scopes say."""

    id: str
    name: str
    scopes: frozenset[str]
    expired: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageOpening:
    """A link's page was fetched. `asked`: it showed a button. `robot`: by a declared robot.
    `visitor` and `network` are keyed hashes, "" if none is kept.
    """

    page: Page
    asked: bool
    robot: bool = False
    visitor: str = ""
    network: str = ""


class VisitCell(NamedTuple):
    """What visits are counted by: a letter_ref; "answer", "unsubscribe" and so on with the link's
    words, or "link" with its address; the Monday of the week, as engine.views.week_of has it.
    """

    letter: str
    kind: str
    link: str
    week: int


@dataclass(frozen=True, slots=True)
class LinkHistory:
    """What was known of a link when its page was fetched: was it `pressed` before, how many
    `others` of its letter were ever opened, was the letter opened by a `robot`, did its visitor
    open many links within the last quarter of an hour (`hurried`).
    """

    pressed: bool
    others: int
    robot: bool
    hurried: bool


@dataclass(frozen=True, slots=True)
class SegmentEdge:
    """Somebody was seen to enter a segment, or to leave it. `at` is of the database's clock."""

    subscriber: str
    segment: str
    entered: bool
    at: datetime


class Desk:
    def __init__(self, database: Database) -> None:
        self.database = database

    def _run(self, statement: str, /, **values: object) -> list[TupleRow]:
        with self.database.connection() as connection:
            cursor = connection.execute(SQL[statement], values)
            return cursor.fetchall() if cursor.description else []

    def spend_nonces(self, nonces: Collection[str]) -> set[str]:
        """Those among them that are spent for the first time within the hour."""
        return {str(row[0]) for row in self._run("spend_nonces", nonces=texts(sorted(nonces)))}

    def attempt(
        self, key: str, windows: Sequence[int], room: Callable[[Sequence[int]], bool]
    ) -> bool:
        """Count an attempt if `room` allows it, given the counts within each window of wall-clock
        seconds. Under a lock on the key, so that a limit is exact on any number of hosts. A refused
        attempt is not stored, so that a flood fills no table.
        """
        with self.database.transaction() as connection:
            connection.execute(SQL["hold_attempts"], {"key": key})
            counts = [
                int(
                    connection.execute(SQL["attempts"], {"key": key, "seconds": s}).fetchall()[0][0]
                )
                for s in windows
            ]
            if wait := room(counts):
                connection.execute(SQL["note_attempt"], {"key": key})
        return wait

    def hold(self, key: str, seconds: int, most_each: int, most: int) -> int | None:
        """Seconds until this one's turn, when at most `most_each` may have theirs in each span of
        so many seconds; None where `most` wait already.
        """
        with self.database.transaction() as connection:
            connection.execute(SQL["hold_attempts"], {"key": key})
            waiting = int(connection.execute(SQL["held"], {"key": key}).fetchall()[0][0])
            if waiting >= most:
                return None
            wait = seconds * (1 + waiting // most_each)
            connection.execute(SQL["note_held"], {"key": key, "seconds": wait})
        return wait

    def held(self, key: str) -> tuple[int, float]:
        """How many wait for their turn, and seconds until the last of them."""
        count, last = self._run("held", key=key)[0]
        return int(count), float(last)

    def count(self, name: str, n: int = 1) -> None:
        """Add to today's counter."""
        self._run("count", name=name, n=n)

    def add_totals(self, totals: Mapping[Total, int]) -> None:
        ordered = sorted(total for total, n in totals.items() if n)
        if ordered:
            self._run(
                "add_totals",
                names=texts([total.name for total in ordered]),
                labels=texts([total.label for total in ordered]),
                n=bigints([totals[total] for total in ordered]),
            )

    def totals(self) -> dict[Total, int]:
        return {Total(name, label): n for name, label, n in self._run("totals")}

    def counted(self, name: str, days: int) -> int:
        """The sum of today's count and those of the `days` before."""
        return int(self._run("counted", name=name, days=days)[0][0])

    def counted_by_week(self, names: Collection[str]) -> dict[str, dict[date, int]]:
        """By name, by the Monday of each week of the last two months of which something is
        counted.
        """
        counts: dict[str, dict[date, int]] = {}
        for name, monday, n in self._run("counted_by_week", names=texts(names)):
            counts.setdefault(name, {})[monday] = n
        return counts

    def keep_segment_counts(self, day: date, counts: Mapping[str, int]) -> None:
        """How many are in each segment on a day (of the engine's time, in the installation's zone);
        days long before it are forgotten.
        """
        values = {"segments": list(counts), "counts": list(counts.values())}
        self._run("keep_segment_counts", day=day, **values)
        self._run("forget_segment_counts", before=day - SEGMENT_COUNTS_KEPT)

    def segment_counts(self) -> dict[str, dict[date, int]]:
        """By segment and day, as far as they are kept."""
        counts: dict[str, dict[date, int]] = {}
        for segment, day, n in self._run("segment_counts"):
            counts.setdefault(segment, {})[day] = n
        return counts

    def new_key(
        self, name: str, scopes: frozenset[str], expires: datetime | None = None
    ) -> tuple[str, str]:
        """A new API key: its public id, and the key itself, which is shown once and kept nowhere.
        `expires` by the wall clock; None for never.
        """
        identifier, key = secrets.token_hex(4), KEY_PREFIX + secrets.token_urlsafe(32)
        values = {"name": name, "scopes": ",".join(sorted(scopes)), "expires": expires}
        self._run("add_key", id=identifier, hash=hashlib.sha256(key.encode()).digest(), **values)
        return identifier, key

    def find_key(self, key: str) -> ApiKey | None:
        rows = self._run("find_key", hash=hashlib.sha256(key.encode()).digest())
        return (
            ApiKey(rows[0][0], rows[0][1], frozenset(rows[0][2].split(",")), rows[0][3])
            if rows
            else None
        )

    def expiring_keys(self, seconds: float) -> list[tuple[str, str, float]]:
        """Id, name and seconds left (negative: since) of the keys that expire within `seconds`, or
        did within as many.
        """
        return [
            (str(row[0]), str(row[1]), float(row[2]))
            for row in self._run("expiring_keys", seconds=seconds)
        ]

    def keys(self) -> list[TupleRow]:
        return self._run("list_keys")

    def revoke_key(self, identifier: str) -> bool:
        with self.database.connection() as connection:
            return connection.execute(SQL["revoke_key"], {"id": identifier}).rowcount == 1

    def bind_call(self, name: str, call: str) -> tuple[str, bool]:
        """The call that owns this idempotency key (this `call` if the key is free), and whether it
        was carried out. Both are keyed hashes.
        """
        row = self._run("bind_call", name=name, call=call)[0]
        return str(row[0]), bool(row[1])

    def call_done(self, name: str, call: str) -> None:
        self._run("call_done", name=name, call=call)

    def free_call(self, name: str, call: str) -> None:
        self._run("free_call", name=name, call=call)

    def stick(self, subscriber: str, key: str, why: str, seconds: float = 0) -> None:
        """`seconds` of wall time for which nobody takes the row, unless it is unstuck."""
        self._run("stick", subscriber=subscriber, key=key, why=why, seconds=seconds)

    def unstick(self, pairs: Collection[tuple[str, str]]) -> None:
        """Forget the stuck rows (subscriber, key) that have gone through."""
        if pairs and self._run("any_stuck")[0][0]:
            self._run("unstick", subscribers=[s for s, _ in pairs], keys=[k for _, k in pairs])

    def settle_stuck(self) -> None:
        self._run("settle_stuck")

    def stuck(self, limit: int = 50) -> list[TupleRow]:
        return self._run("stuck", limit=limit)

    def segment_edges(self, limit: int) -> list[SegmentEdge]:
        """The oldest whose rules are still to be applied."""
        rows = self._run("segment_edges", limit=limit)
        return [SegmentEdge(str(row[0]), str(row[1]), bool(row[2]), row[3]) for row in rows]

    def forget_edges(self, edges: Sequence[SegmentEdge]) -> None:
        self._run(
            "forget_edges",
            subscribers=uuids([edge.subscriber for edge in edges]),
            segments=texts([edge.segment for edge in edges]),
            ats=[edge.at for edge in edges],
        )

    def release_waiting(self) -> None:
        """Letters that wait for a mailbox provider are due like all others."""
        self._run("release_waiting")

    def mark(self, name: str) -> tuple[int, int] | None:
        rows = self._run("mark", name=name)
        return (int(rows[0][0]), int(rows[0][1])) if rows else None

    def set_mark(self, name: str, engine_at: int, position: int) -> None:
        self._run("set_mark", name=name, engine_at=engine_at, position=position)

    def replace_mark(self, name: str, held: tuple[int, int], engine_at: int, position: int) -> bool:
        """True if the mark had the expected value `held` ((0, 0) if it did not exist) and now has
        the new one.
        """
        values = {
            "name": name,
            "engine_at": engine_at,
            "position": position,
            "held_engine_at": held[0],
            "held_position": held[1],
        }
        with self.database.connection() as connection:
            return connection.execute(SQL["compare_and_set_mark"], values).rowcount == 1

    def note_shown(self, openings: Sequence[PageOpening]) -> list[LinkHistory]:
        """These links' pages were fetched at this moment; what is known of each opening, all of
        these included.
        """
        pages: dict[Page, list[PageOpening]] = {}
        for opening in openings:
            pages.setdefault(opening.page, []).append(opening)
        ordered = sorted(pages)
        rows = self._run(
            "note_shown",
            messages=texts([message for message, _ in ordered]),
            links=integers([link for _, link in ordered]),
            asked=booleans([any(o.asked for o in pages[page]) for page in ordered]),
            robots=booleans([any(o.robot for o in pages[page]) for page in ordered]),
            networks=texts(
                [" ".join(sorted({o.network for o in pages[page]} - {""})[:3]) for page in ordered]
            ),
        )
        together: dict[str, set[int]] = {}
        for message, link in ordered:
            together.setdefault(message, set()).add(link)
        robots = {o.page[0] for o in openings if o.robot}
        known = {
            (m, link): (bool(pressed), len({*others, *together[m]} - {link}), robot or m in robots)
            for m, link, pressed, others, robot in rows
        }
        hurried = self._note_visitors(openings)
        return [
            LinkHistory(*known[opening.page], opening.visitor in hurried) for opening in openings
        ]

    def _note_visitors(self, openings: Sequence[PageOpening]) -> set[str]:
        """Which of the visitors are in a hurry."""
        visits: dict[str, set[Page]] = {}
        for opening in openings:
            if opening.visitor:
                visits.setdefault(opening.visitor, set()).add(opening.page)
        if not visits:
            return set()
        ordered = sorted(visits)
        last = [max(visits[visitor]) for visitor in ordered]
        rows = self._run(
            "note_visitors",
            visitors=texts(ordered),
            messages=texts([message for message, _ in last]),
            links=integers([link for _, link in last]),
            several=booleans([len(visits[visitor]) > 1 for visitor in ordered]),
        )
        return {str(visitor) for visitor, hurried in rows if hurried}

    def note_pressed(self, pages: Collection[Page]) -> None:
        ordered = sorted(set(pages))
        self._run(
            "note_pressed",
            messages=texts([message for message, _ in ordered]),
            links=integers([link for _, link in ordered]),
        )

    def count_visits(self, counts: Sequence[tuple[VisitCell, int, int]]) -> None:
        """Add visits, and those presumed to be people's."""
        self._run(
            "count_visits",
            letters=texts([cell.letter for cell, _, _ in counts]),
            kinds=texts([cell.kind for cell, _, _ in counts]),
            links=texts([cell.link for cell, _, _ in counts]),
            weeks=integers([cell.week for cell, _, _ in counts]),
            visits=bigints([visits for _, visits, _ in counts]),
            people=bigints([people for _, _, people in counts]),
        )

    def visited(
        self, letters: Collection[str], since: int, until: int, key: str = ""
    ) -> list[tuple[VisitCell, int, int]]:
        """Of letters by their letter_ref ("" among them: of all), those of a matter by its key
        alone ("": of any), in the weeks of the Mondays from `since` to `until`: visits, and those
        presumed to be people's.
        """
        rows = self._run("visited", letters=[*letters], since=since, until=until, key=key)
        return [(VisitCell(*row[:4]), int(row[4]), int(row[5])) for row in rows]

    def visited_weeks(
        self, letters: Collection[str], since: int, until: int, key: str = ""
    ) -> list[tuple[int, int, int]]:
        """The same, added up by week: its Monday, visits, and those presumed to be people's."""
        rows = self._run("visited_weeks", letters=[*letters], since=since, until=until, key=key)
        return [(int(row[0]), int(row[1]), int(row[2])) for row in rows]

    def forget_visited(self, week: int) -> None:
        """Delete what was counted before the week of this Monday."""
        self._run("forget_visited", week=week)

    def lost_messages(self) -> tuple[str, ...]:
        """Letters whose pages showed a button and got no press, as far as still kept."""
        return tuple(str(row[0]) for row in self._run("lost_messages"))

    def forget(self) -> None:
        """Delete what is past each table's time to live."""
        for table in (
            "approved",
            "waiting",
            "replies",
            "nonces",
            "attempts",
            "calls",
            "shown",
            "visitors",
            "networks",
            "stuck",
            "counts",
        ):
            self._run(f"forget_{table}")


TRIED_AGAIN = 30 * 60_000
"""Wall-clock milliseconds for which one attempt excludes others."""


@dataclass(frozen=True, slots=True)
class Daily:
    """`name` on the desk: when it was last done (engine time) and, while it is being tried, until
    when nobody else tries (wall clock), both in ms.

    A day is one of engine time in `timezone`. A host that dies over it leaves the day to the next
    attempt, and it may then be done twice.
    """

    desk: Desk
    name: str
    timezone: str
    now: Callable[[], int]
    wall: Callable[[], int]

    def claim(self) -> tuple[int, int] | None:
        """What `done` is to be given, if today's run is due and no other host is at it; at most one
        caller gets it, the others None.
        """
        held = self.desk.mark(self.name) or (0, 0)
        last, until = held
        now, wall = self.now(), self.wall()
        # If the wall clock was set back by a day, the lease must not keep others away for that
        # long.
        if wall < until <= wall + TRIED_AGAIN or (last and self._day(last) == self._day(now)):
            return None
        mine = (last, wall + TRIED_AGAIN)
        return mine if self.desk.replace_mark(self.name, held, *mine) else None

    def done(self, claimed: tuple[int, int] | None = None) -> None:
        """Record that it was done today: by who claimed it, or by an operator without a claim."""
        if claimed is None:
            self.desk.set_mark(self.name, self.now(), 0)
        else:
            self.desk.replace_mark(self.name, claimed, self.now(), 0)

    def last(self) -> int:
        """When it was last done (engine time, ms); 0 for never."""
        return (self.desk.mark(self.name) or (0, 0))[0]

    def _day(self, instant: int) -> str:
        return to_local(instant, self.timezone).strftime("%Y-%m-%d")
