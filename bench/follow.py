"""Following the ledger into the views, against COPY of the view rows that each stage of the same
people writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.copying import copy_in, rows_of, twin
from bench.installation import Installation, installed
from bench.lives import Life, append_all, appends, lives
from bench.sizes import Size
from bench.table import Row, Watch, against

FOLDS, AGENDA = ("view_agenda_7", "fold"), ("view_agenda_7", "agenda")
LETTERS, MEMBERS = ("view_letters_5", "letter"), ("view_members_2", "membership")
WRITES = ((FOLDS, AGENDA, MEMBERS), (FOLDS, AGENDA, LETTERS), (FOLDS, AGENDA, LETTERS))
"""The tables in which a stage writes one row a person: joining, a letter begun, a letter sent."""
VIEW_BATCH = 1000


def measure(size: Size) -> list[Row]:
    """Live following of appended events by batches of 1000, rows and position in one transaction a
    view.
    """
    rounds, count = size.pick((3, 500), (5, 10_000), (5, 10_000))
    followed = []
    with installed() as here:
        here.context.views.catch_up()
        for _ in range(rounds):
            followed.append(_round(here, lives(count)))
    return [against("follow", "events/s", None, followed)]


def _round(here: Installation, people: Sequence[Life]) -> tuple[float, float]:
    entries, following, copying = 0, 0.0, 0.0
    for stage, tables in enumerate(WRITES):
        before = here.context.ledger.head()
        append_all(here.context.ledger, list(appends(people, stage, here.context.clock.now())))
        with Watch() as watch:
            here.context.views.catch_up()
        following += watch.seconds
        events = here.context.ledger.head() - before
        entries += events
        for schema, table in tables:
            types, rows = rows_of(
                here.owner, schema, table, "subscriber", [life.stream for life in people]
            )
            empty = twin(here.owner, schema, table)
            with Watch() as watch:
                copy_in(here.owner, empty, types, rows, max(1, VIEW_BATCH * len(rows) // events))
            copying += watch.seconds
    return entries / following, entries / copying
