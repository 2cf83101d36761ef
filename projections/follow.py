"""Following the ledger: entries in order, batches of rows and position in one transaction, each
view on its own.

A crash leaves a view at the position it had committed; it goes on from there. A view that cannot go
on stops alone: its fault is kept where `relance status` shows it, and it is tried again. Nothing
else writes to views.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from engine.frozen import dataclass
from engine.ledger.codec import Entry, EntryRefused
from engine.ledger.store import LOST, Ledger
from engine.store.database import Database
from engine.store.safe_error_text import safe_error_text
from engine.store.sql import BrokenStatement, queries
from engine.subscriber.events import LetterBegun, LetterDeferred, LetterFailed, LetterSent
from engine.views import ViewBroken
from projections.build import SQL as BUILDING
from projections.build import ViewBuild
from projections.segments import PersonalHome
from projections.view import View, of_people

SQL = queries(Path(__file__).with_name("follow.sql"))
BATCH_ENTRIES = 4000
"""Entries read at a time: a letter's claim and its outcome then mostly come together, and its rows
are written once.
"""
WAIT = 0.02
LETTERS = frozenset({LetterBegun, LetterSent, LetterDeferred, LetterFailed})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a view has come; `fault` is why it stopped, "" while it has not."""

    view: str
    position: int
    fault: str = ""


class Follower:
    """Feeds `views` from the ledger. One process at a time feeds a view, the one that holds its
    position row; others wait for it.
    """

    def __init__(self, ledger: Ledger, database: Database, views: Sequence[View]) -> None:
        self.ledger, self.database, self.views = ledger, database, tuple(views)
        self.sql = {view.name: SQL.within(schema=view.schema) for view in views}
        self.begun: dict[str, int] = {}
        self.faults: dict[str, str] = {}
        self.stood_aside = False
        """Another process held the position of a view at the last step."""
        self._alone = threading.Lock()
        self._read: tuple[int, list[Entry]] = (-1, [])
        self._counted: Sequence[Entry] = ()

    @property
    def mostly_letters(self) -> bool:
        """Whether most of the entries that were read last are letters begun, and their outcomes."""
        entries = self._read[1]
        return sum(type(entry.event) in LETTERS for entry in entries) * 2 > len(entries)

    def prepare(self) -> None:
        """Create what is missing. Idempotent."""
        with self.database.connection() as connection:
            missing = self._missing(connection, self.views)
        for view in missing:
            with self.database.transaction(long=True) as connection:
                connection.execute(SQL["lock_creation"])
                if self._missing(connection, [view]):
                    self._create(connection, view)
                    connection.execute(view.sql["index"].encode())

    def check(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Let PostgreSQL check every statement of every view. Raises ViewBroken."""
        for view in self.views:
            try:
                view.sql.check(connection)
            except BrokenStatement as error:
                why = safe_error_text(error.__cause__ or error)
                raise ViewBroken(view.name, why) from error

    def build(
        self,
        prefix: str,
        tell: Callable[[int, int], None],
        personal: PersonalHome | None = None,
    ) -> None:
        """Build every view anew below `prefix`, from the whole ledger up to its present head, and
        from what the vault knows.
        """
        position = self.ledger.head()
        for view in self.views:
            with self.database.transaction(long=True) as connection:
                self._drop(connection, view)
                self._create(connection, view)
        ViewBuild(prefix, [view.name for view in self.views], position, personal).fill(
            self.ledger, self.database, tell
        )
        for view in self.views:
            with self.database.transaction(long=True) as connection:
                connection.execute(view.sql["index"].encode())
                connection.execute(self.sql[view.name]["set_position"], {"position": position})

    def take_the_place_of(self, live: Follower) -> None:
        """Put these views in place of the live ones, which are dropped."""
        for view, former in zip(self.views, live.views, strict=True):
            with self.database.transaction(long=True) as connection:
                live._drop(connection, former)
                connection.execute(
                    BUILDING.within(built=view.schema, live=former.schema)["replace"].encode()
                )

    def drop(self) -> None:
        for view in self.views:
            with self.database.transaction(long=True) as connection:
                self._drop(connection, view)

    def drop_former(self) -> None:
        """Older versions of these views: nobody feeds them once no older program runs. A newer
        program's are left alone.
        """
        for view in self.views:
            with self.database.transaction(long=True) as connection:
                live, _, own = view.schema.rpartition("_")
                rows = connection.execute(SQL["versions"], {"view": live}).fetchall()
                for schema in (str(name) for (name,) in rows):
                    if int(schema.rpartition("_")[2]) < int(own):
                        dropping = SQL.within(schema=schema)["drop_schema"]
                        connection.execute(dropping.encode())

    def step(self, upto: int | None = None) -> bool:
        """Feed every view one batch and one piece of deferred work; True when there is more to
        do.
        """
        head = self.ledger.head() if upto is None else upto
        with self._alone:
            self.stood_aside = False
            steps = [self._step(view, head) for view in self.views]
        return any(steps)

    def catch_up(
        self, upto: int | None = None, tell: Callable[[int, int], None] = lambda done, total: None
    ) -> int:
        """Follow until nothing is left, to `upto` or the head as it is now; the position reached.
        Raises EntryRefused or a view's fault.
        """
        head = self.ledger.head() if upto is None else upto
        while True:
            more = self.step(head)
            if self.faults:
                raise EntryRefused(next(iter(self.faults.values())))
            reached = min((p.position for p in self.progress()), default=head)
            tell(reached, head)
            if not more and reached >= head:
                return head
            if not more:
                # Another process holds a view's position and is feeding it.
                time.sleep(WAIT)

    def progress(self) -> list[Progress]:
        progress = []
        for view in self.views:
            with self.database.connection() as connection:
                row = connection.execute(self.sql[view.name]["position"]).fetchone()
            progress.append(
                Progress(view.name, int(row[0]) if row else 0, self.faults.get(view.name, ""))
            )
        return progress

    def _step(self, view: View, head: int) -> bool:
        try:
            with self.database.transaction() as connection, connection.cursor() as cursor:
                row = cursor.execute(self.sql[view.name]["take_position"]).fetchone()
                if row is None:
                    self.stood_aside = True
                    return False
                position = int(row[0])
                # Cleared until the commit: what a view caches may be ahead of what is rolled back.
                if self.begun.pop(view.name, -1) != position:
                    view.begin(position)
                entries = self._entries(position, head)
                if entries:
                    view.apply(cursor, entries if view.of_everybody else self._counted)
                    position = entries[-1].position
                    cursor.execute(self.sql[view.name]["set_position"], {"position": position})
                more = view.tidy(cursor)
            self.begun[view.name] = position
            self.faults.pop(view.name, None)
            return more or position < head
        except LOST:
            raise
        except Exception as error:
            why = str(error) if isinstance(error, EntryRefused) else safe_error_text(error)
            self.faults[view.name] = f"{view.name}: {why}"
            return False

    def _missing(
        self, connection: psycopg.Connection[tuple[object, ...]], views: Sequence[View]
    ) -> list[View]:
        names = {"names": [view.schema for view in views]}
        there = {name for (name,) in connection.execute(SQL["schemas"], names).fetchall()}
        return [view for view in views if view.schema not in there]

    def _create(self, connection: psycopg.Connection[tuple[object, ...]], view: View) -> None:
        for statement in (
            self.sql[view.name]["create_schema"],
            self.sql[view.name]["create_position"],
            view.sql["create"],
        ):
            connection.execute(statement.encode())

    def _drop(self, connection: psycopg.Connection[tuple[object, ...]], view: View) -> None:
        connection.execute(self.sql[view.name]["drop_schema"].encode())
        self.begun.pop(view.name, None)

    def _entries(self, position: int, head: int) -> list[Entry]:
        """Entries after a position. Views usually stand at the same position, so a batch is read
        once for all of them.
        """
        if position >= head:
            return []
        if self._read[0] != position or not self._read[1]:
            self._read = (position, self.ledger.between(position, head, BATCH_ENTRIES))
            self._counted = of_people(self._read[1])
        return self._read[1]
