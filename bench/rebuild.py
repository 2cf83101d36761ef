"""Rebuilding every view from the whole ledger, against reading the same ledger in order and doing
nothing with it.

Both per core: what is done in a second of the wall, divided by the cores there are, for PostgreSQL
works beside the one who rebuilds. The second row takes the processor's time of both for the wall's:
what a core would do if it were always busy with this alone.
"""

from __future__ import annotations

import psycopg

from bench.ground import Ground
from bench.machine import cores
from bench.processor import Used
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.ledger.store import SQL as LEDGER

GOAL = 40_000
READ = 2000
EVENTS = {Size.QUICK: 15_000, Size.USUAL: 200_000, Size.LARGE: 2_000_000}


def measure(size: Size, ground: Ground) -> list[Row]:
    """Views are dropped and replayed."""
    rebuilt, alone = [], []
    with ground.copy(ground.people_for(EVENTS[size])) as here:
        head = here.context.ledger.head()
        for _ in range(size.pick(3, 3, 1)):
            with Watch() as rebuilding, Used(ground.place.data, own=True) as ours:
                here.context.views.rebuild((), lambda done, total: None)
            with Watch() as reading, Used(ground.place.data, own=True) as theirs:
                _read(here.owner, head)
            rebuilt.append((head / rebuilding.seconds / cores(), head / reading.seconds / cores()))
            alone.append((head / ours.seconds, head / theirs.seconds))
    return [
        against(f"rebuild of {head:,} events, per core", "events/s", GOAL, rebuilt),
        against("rebuild, by processor time", "events/s", None, alone),
    ]


def _read(owner: psycopg.Connection[tuple[object, ...]], head: int) -> None:
    for after in range(0, head, READ):
        owner.execute(
            LEDGER["between"], {"after": after, "upto": head, "limit": READ}, binary=True
        ).fetchall()
