"""Appending to the ledger, against bare COPY of the same rows in the same batches, each batch a
transaction.
"""

from __future__ import annotations

import uuid

from bench.copying import copy_in, twin
from bench.installation import BATCH, installed
from bench.lives import append_all, appends, lives
from bench.sizes import Size
from bench.table import Row, Watch, against

GOAL = 0.7
TYPES = ("uuid", "int8", "text", "bytea", "int8")


def measure(size: Size) -> list[Row]:
    """One event a stream and batch, as claims and outcomes are written, into streams that have
    begun before.
    """
    rounds, count = size.pick((2, 4 * BATCH), (5, 60 * BATCH), (5, 60 * BATCH))
    written, encoded_too = [], []
    with installed() as here:
        ledger, now = here.context.ledger, here.context.clock.now()
        table = twin(here.owner, "ledger", "events")
        position = 0
        for _ in range(rounds):
            people = lives(count)
            append_all(ledger, list(appends(people, 0, now)))
            with Watch() as encoding:
                ready = list(appends(people, 1, now))
            entries = [(each.stream, each.events[0]) for batch in ready for each in batch]
            rows = [
                (uuid.UUID(stream), 4, event.name, event.at_version(4), position + n)
                for n, (stream, event) in enumerate(entries, 1)
            ]
            position += count
            with Watch() as appending:
                append_all(ledger, ready)
            with Watch() as bare:
                copy_in(here.owner, table, TYPES, rows, BATCH)
            written.append((count / appending.seconds, count / bare.seconds))
            encoded_too.append(
                (count / (encoding.seconds + appending.seconds), count / bare.seconds)
            )
    return [
        against("append", "events/s", GOAL, written),
        against("append, encoding too", "events/s", None, encoded_too),
    ]
