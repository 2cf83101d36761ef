"""Rebuilding every view from the whole ledger, against reading the same ledger in order and doing nothing with it."""

from __future__ import annotations

import psycopg

from bench.installation import installed
from bench.lives import STAGES, append_all, appends, lives
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.ledger.store import SQL as LEDGER

GOAL = 40_000
READ = 2000


def measure(size: Size) -> list[Row]:
    """Views are dropped and replayed; one process and its database connection do it."""
    rounds, count = size.pick((3, 1000), (3, 30_000), (3, 30_000))
    rebuilt = []
    with installed() as here:
        people, now = lives(count), here.house.clock.now()
        for stage in range(len(STAGES)):
            append_all(here.house.ledger, list(appends(people, stage, now)))
        head = here.house.ledger.head()
        for _ in range(rounds):
            with Watch() as rebuilding:
                here.house.views.rebuild((), lambda done, total: None)
            with Watch() as reading:
                _read(here.owner, head)
            rebuilt.append((head / rebuilding.seconds, head / reading.seconds))
    return [against("rebuild", "events/s", GOAL, rebuilt)]


def _read(owner: psycopg.Connection[tuple[object, ...]], head: int) -> None:
    for after in range(0, head, READ):
        owner.execute(LEDGER["between"], {"after": after, "upto": head, "limit": READ}, binary=True).fetchall()
