"""Appending to the ledger, against bare COPY of the same rows in the same batches, each batch a transaction."""

from __future__ import annotations

import uuid

from engine.ledger.codec import Encoded

from bench.copying import copy_in, twin
from bench.installation import BATCH, installed
from bench.lives import appends, begun, ENGINE, append_all, joining, lives
from bench.table import Row, against, seconds

GOAL = 0.7
TYPES = ("uuid", "int8", "text", "bytea", "int8")


def measure(quick: bool) -> list[Row]:
    """One event a stream and batch, as claims and outcomes are written; the streams have begun before."""
    rounds, batches = (3, 10) if quick else (5, 60)
    count = batches * BATCH
    encoded, from_events = [], []
    with installed() as here:
        ledger, now = here.house.ledger, here.house.clock.now()
        table = twin(here.owner, "ledger", "events")
        position = 0
        for _ in range(rounds):
            people = lives(count)
            append_all(ledger, list(appends(people, 0, now)))
            ready = list(appends(people, 1, now))
            rows = [(uuid.UUID(each.stream), 4, each.events[0].name, each.events[0].at_version(4)) for batch in ready for each in batch]
            placed = [(*row, position + n) for n, row in enumerate(rows, 1)]
            position += count
            spent = seconds(lambda: append_all(ledger, ready))
            bare = seconds(lambda: copy_in(here.owner, table, TYPES, placed, BATCH))
            encoding = seconds(lambda: [Encoded(each.stream, begun_event, ENGINE, now) for each in [] for begun_event in ()])
            encoded.append((count / spent, count / bare))
            from_events.append((count / (spent + encoding), count / bare))
    return [against("append", "events/s", GOAL, encoded)]
