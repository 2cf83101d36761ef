"""A view built from the whole ledger beside the live one: person by person, so that each is folded
once and every row is written once, by COPY.

Until it is put in the live one's place nobody reads it. A crash leaves a schema that the next
building drops.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.ledger.codec import EntryRefused
from engine.ledger.store import Ledger, histories
from engine.store.binary import copy_rows
from engine.store.database import Database
from engine.store.sql import queries
from projections.agenda import Agenda
from projections.choices import Choices
from projections.delivery import Delivery
from projections.inactivity import Inactivity
from projections.letters import Letters
from projections.members import Members
from projections.segments import PersonalHome
from projections.view import View, of_people

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def every_view(
    ledger: Ledger,
    prefix: str,
    names: Collection[str] = (),
    now: Callable[[], int] = lambda: 0,
    personal: PersonalHome | None = None,
) -> tuple[View, ...]:
    """The named ones (all when none is named), each in its schema below `prefix`. `personal` is
    read and not written to: what lies in the vault belongs to the live views.
    """
    views: tuple[View, ...] = (
        Agenda(ledger, prefix, now, personal, keeps_personal=False),
        Members(prefix),
        Letters(prefix),
        Inactivity(prefix),
        Choices(prefix),
        Delivery(prefix),
    )
    return tuple(view for view in views if not names or view.name in names)


PARTS = "0123456789abcdef"
"""People by the first hexadecimal digit of their random id: a part is read in order without sorting
the whole ledger.
"""
Work = Callable[[str], int]


def run_in_processes(begin: Callable[[str], Work], conninfo: str, processes: int) -> Iterator[int]:
    """Run `work` for each part in processes, and yield each result as soon as it is there.
    `begin(conninfo)` is called once in each process and must be picklable. Raises what a process
    raised. A process ends when nothing more is sent to it, so none outlives this one.
    """
    # Here, because every verb knows this file, and rebuilding alone has processes of its own.
    from multiprocessing import get_context
    from multiprocessing.connection import Connection, wait

    context = get_context("spawn")
    waiting, busy, workers = list(PARTS), [], []
    try:
        for _ in range(processes):
            here, there = context.Pipe()
            workers.append(
                context.Process(target=_worker, args=(there, begin, conninfo), daemon=True)
            )
            workers[-1].start()
            there.close()
            here.send(waiting.pop(0))
            busy.append(here)
        while busy:
            for pipe in wait(busy):
                assert isinstance(pipe, Connection)
                yield _answer(pipe)
                if waiting:
                    pipe.send(waiting.pop(0))
                else:
                    busy.remove(pipe)
                    pipe.close()
    finally:
        for pipe in busy:
            pipe.close()
        for worker in workers:
            worker.terminate() if busy else None
            worker.join()


def _answer(pipe: Connection) -> int:
    try:
        answer = pipe.recv()
    except EOFError as error:
        raise EntryRefused(
            "a process of the rebuild has ended; the views are as they were: begin again"
        ) from error
    if isinstance(answer, Exception):
        raise answer
    return int(answer)


def _worker(pipe: Connection, begin: Callable[[str], Work], conninfo: str) -> None:
    """One process. Ctrl-C is handled by the parent. The garbage collector is off: events and folds
    hold no cycles, and looking for them took a fifth of the time.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    try:
        work = begin(conninfo)
        while True:
            pipe.send(work(pipe.recv()))
    except EOFError:
        return
    except Exception as error:
        pipe.send(error)


SQL = queries(Path(__file__).with_name("build.sql"))
LOWEST, HIGHEST = "0000000-0000-0000-0000-000000000000", "fffffff-ffff-ffff-ffff-ffffffffffff"
MAX_PEOPLE_IN_ONE_PROCESS = 100_000
"""A second process is worth starting only beyond this many events."""


@dataclass(frozen=True)
class ViewBuild:
    """What is being built: these views below `prefix`, up to `position`. Their tables exist, empty
    and without indexes.
    """

    prefix: str
    names: Collection[str]
    position: int
    personal: PersonalHome | None = None

    def fill(self, ledger: Ledger, database: Database, tell: Callable[[int, int], None]) -> None:
        processes = min(os.cpu_count() or 1, len(PARTS))
        alone = self.position < MAX_PEOPLE_IN_ONE_PROCESS or processes == 1
        done = 0
        for person in (
            map(self._part(ledger, database), PARTS)
            if alone
            else run_in_processes(self.begin, database.conninfo, processes)
        ):
            done += person
            tell(done, self.position)

    def begin(self, conninfo: str) -> Callable[[str], int]:
        """Called in a worker process; its connections are its own."""
        return self._part(Ledger(conninfo), Database(conninfo, size=2).open())

    def _part(self, ledger: Ledger, database: Database) -> Callable[[str], int]:
        views = every_view(ledger, self.prefix, self.names, personal=self.personal)
        for view in views:
            view.begin(self.position)
        return partial(self._fill, database, views)

    def _fill(self, database: Database, views: Collection[View], part: str) -> int:
        done = 0
        with database.transaction(long=True) as connection, connection.cursor() as cursor:
            for entries in histories(database, part + LOWEST, part + HIGHEST, self.position):
                counted = of_people(entries)
                for view in views:
                    fed = entries if view.of_everybody else counted
                    for table, rows in view.whole(cursor, fed).items():
                        if rows:
                            copy_rows(
                                cursor, SQL.within(schema=view.schema, table=table)["copy"], rows
                            )
                done += len(entries)
        return done
