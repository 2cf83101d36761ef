"""People who exist for the benchmark alone: their events in the order a ledger would have them,
without deciding anything.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.installation import BATCH, LETTER
from engine.ledger.codec import Encoded
from engine.ledger.names import AnyEvent
from engine.ledger.store import Append, Ledger, Written
from engine.subscriber import events as e

IMPORT, ENGINE, RELAY = e.Cause("import", evidence="0" * 64), e.Cause("engine"), e.Cause("relay")


@dataclass(frozen=True, slots=True)
class Life:
    stream: str
    message: str


def lives(count: int) -> list[Life]:
    return [Life(str(uuid.uuid4()), secrets.token_hex(16)) for _ in range(count)]


def joining(life: Life, at: int) -> tuple[AnyEvent, ...]:
    return (
        e.SubscriberRegistered(at, "Europe/Paris", "fr"),
        e.ConsentGiven(at, "conseils", "declared"),
        e.ListJoined(at, 1, 1),
    )


def begun(life: Life, at: int) -> tuple[AnyEvent, ...]:
    return (
        e.LetterBegun(at, "list:1", "letter", LETTER, life.message, 1, 1, 1, "conseils", "bench"),
    )


def sent(life: Life, at: int) -> tuple[AnyEvent, ...]:
    return (e.LetterSent(at, life.message, 250, "2.0.0"),)


STAGES = ((joining, IMPORT, 0), (begun, ENGINE, 3), (sent, RELAY, 4))
"""What happens to everybody, one stage after the other: its events, their cause, and the version
they follow.
"""


def appends(people: Sequence[Life], stage: int, at: int) -> Iterator[list[Append]]:
    """A stage of these lives in batches of 500 streams."""
    events, cause, version = STAGES[stage]
    for first in range(0, len(people), BATCH):
        yield [
            Append(
                life.stream,
                version,
                tuple(Encoded(life.stream, event, cause, at) for event in events(life, at)),
            )
            for life in people[first : first + BATCH]
        ]


def append_all(ledger: Ledger, batches: Sequence[list[Append]]) -> None:
    for batch in batches:
        if not all(isinstance(answer, Written) for answer in ledger.append(batch)):
            raise RuntimeError("the ledger refused what nobody else can have written")
