"""A ledger that grows by as many entries as a test wants, quickly, and what the tree over it must
be.
"""

from __future__ import annotations

import uuid

from engine.context import AppContext
from engine.ledger.codec import Encoded
from engine.ledger.store import AT_HEAD, Append
from engine.subscriber.events import Cause, ContactNoted

CAUSE = Cause("engine")


def write(context: AppContext, count: int) -> int:
    """So many more entries; the head then."""
    at = context.clock.now()
    while count > 0:
        chosen = [(str(uuid.uuid4()), min(10, count - n)) for n in range(0, min(count, 5000), 10)]
        context.ledger.append(
            [
                Append(
                    stream,
                    AT_HEAD,
                    tuple(Encoded(stream, ContactNoted(at, n), CAUSE, at) for n in range(many)),
                )
                for stream, many in chosen
            ]
        )
        count -= sum(many for _, many in chosen)
    return context.ledger.head()


def states(context: AppContext, upto: int | None = None) -> list[bytes]:
    """Every entry's exact bytes, in order."""
    with context.database.connection() as connection:
        rows = connection.execute(
            "SELECT state FROM ledger.events WHERE notification_id <= %s ORDER BY notification_id",
            [upto or context.ledger.head()],
            binary=True,
        ).fetchall()
    return [bytes(row[0]) for row in rows]
