"""The loop's append and load while the ledger grows: 500 people, each from their fold and the later
events; one event to each of 500 people.

Ledgers of all sizes take turns batch by batch, so that a large one is held against a small one in
the same seconds. The picture shows them all.
"""

from __future__ import annotations

import random
import secrets
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.ground import PEOPLE, Ground
from bench.installation import BATCH, CROWDED, LETTER, Installation
from bench.picture import Curve, drawn
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.installation.events import STREAM
from engine.ledger.codec import Encoded
from engine.ledger.store import Append, Written
from engine.store.sql import beside
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.person import Person

SQL = beside(__file__)
GOAL = 0.8
EVENTS = {
    Size.QUICK: (15_000, 30_000),
    Size.USUAL: (100_000, 200_000, 1_000_000),
    Size.LARGE: (1_000_000, 2_000_000, 10_000_000),
}
ENGINE = Cause("engine")
LOAD, APPEND = "load", "append"


@dataclass
class Cost:
    """What 500 people cost at a size of ledger: milliseconds of each batch, in the order in which
    the sizes took turns.
    """

    events: int
    batches: dict[str, list[float]] = field(default_factory=lambda: {LOAD: [], APPEND: []})


def measure(size: Size, ground: Ground) -> list[Row]:
    """The largest ledger against the smallest. All of the run's crowds are used up."""
    costs = _costs(size, ground)
    if ground.picture is not None:
        curves = [
            Curve(name, [(cost.events, statistics.median(cost.batches[name])) for cost in costs])
            for name in (APPEND, LOAD)
        ]
        ground.picture.write_text(drawn(curves), encoding="utf-8")
    small, large = costs[0], costs[-1]
    rows = []
    for name in (APPEND, LOAD):
        pairs = [
            (1000 * BATCH / ours, 1000 * BATCH / theirs)
            for ours, theirs in zip(large.batches[name], small.batches[name], strict=True)
        ]
        rows.append(
            against(
                f"the loop's {name} at {large.events:,} events against {small.events:,}",
                "people/s",
                GOAL,
                pairs,
            )
        )
    return rows


def _costs(size: Size, ground: Ground) -> list[Cost]:
    """Smallest first."""
    warming, turns = size.pick((2, 5), (20, 60), (100, 100))
    crowds = sorted(
        {ground.people_for(events) for events in EVENTS[size]} | {ground.crowd_among(PEOPLE[size])}
    )
    for crowd in crowds:
        ground.crowd(crowd)
    with ExitStack() as stack:
        places = [stack.enter_context(ground.used_up(crowd)) for crowd in crowds]
        costs = [Cost(here.context.ledger.head()) for here in places]
        places[0].owner.execute(SQL["checkpoint"])
        for turn in range(warming + turns):
            for cost, here in random.sample(list(zip(costs, places, strict=True)), len(places)):
                found = _batch(here)
                for name in found if turn >= warming else ():
                    cost.batches[name].append(found[name])
    return costs


def _batch(here: Installation) -> dict[str, float]:
    positions = random.sample(range(1, here.context.ledger.head() + 1), 2 * BATCH)
    rows = here.owner.execute(
        SQL["some"], {"positions": positions, "installation": STREAM, "count": BATCH}
    ).fetchall()
    with Watch() as loading:
        people = here.context.command_handler.load([str(row[0]) for row in rows])
    claims = [_claim(here, stream, person) for stream, person in people.items()]
    with Watch() as appending:
        answers = here.context.ledger.append(claims)
    if len(answers) != BATCH or not all(isinstance(answer, Written) for answer in answers):
        raise RuntimeError("the ledger refused what nobody else can have written")
    return {LOAD: 1000 * loading.seconds, APPEND: 1000 * appending.seconds}


def _claim(here: Installation, stream: str, person: Person) -> Append:
    now = here.context.clock.now()
    begun = LetterBegun(
        now,
        f"list:{CROWDED}",
        "letter",
        LETTER,
        secrets.token_hex(16),
        1,
        CROWDED,
        1,
        "conseils",
        "bench",
    )
    return Append(stream, person.version, (Encoded(stream, begun, ENGINE, now),))
