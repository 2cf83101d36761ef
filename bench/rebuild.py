"""Rebuilding every view from the whole ledger, against reading the same ledger in order and doing nothing with it.

Both per core: what is done in a second of the wall, divided by the cores there are, for PostgreSQL works beside the one who rebuilds.
"""

from __future__ import annotations

import psycopg

from bench.ground import Ground
from bench.machine import cores
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.ledger.store import SQL as LEDGER

GOAL = 40_000
READ = 2000
EVENTS = {Size.QUICK: 15_000, Size.USUAL: 200_000, Size.LARGE: 2_000_000}


def measure(size: Size, ground: Ground) -> list[Row]:
    """Views are dropped and replayed."""
    rebuilt = []
    with ground.copy(ground.people_for(EVENTS[size])) as here:
        head = here.house.ledger.head()
        for _ in range(size.pick(3, 3, 1)):
            with Watch() as rebuilding:
                here.house.views.rebuild((), lambda done, total: None)
            with Watch() as reading:
                _read(here.owner, head)
            rebuilt.append((head / rebuilding.seconds / cores(), head / reading.seconds / cores()))
    return [against(f"rebuild of {head:,} events, per core", "events/s", GOAL, rebuilt)]


def _read(owner: psycopg.Connection[tuple[object, ...]], head: int) -> None:
    for after in range(0, head, READ):
        owner.execute(LEDGER["between"], {"after": after, "upto": head, "limit": READ}, binary=True).fetchall()
