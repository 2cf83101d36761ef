"""What older programs cannot read is written once none of them works on the database: otherwise a
machine that is still to be upgraded would stop at it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import psycopg
from eventsourcing.persistence import OperationalError
from psycopg.rows import DictRow, tuple_row

from engine.ledger.codec import Encoded
from engine.ledger.names import SINCE, VERSIONS, AnyEvent
from engine.store.release import FIRST, admit, is_older, numbers
from engine.words import N_, WordedError


class HeldBack(WordedError, OperationalError):
    """Programs that cannot read these facts still work on the database: try again once they are
    gone. As an OperationalError it is one of LOST: whoever waits for a database waits for this too.
    """


def readable_since(name: str, event: AnyEvent) -> str:
    """From which release on an event can be read."""
    shape = f"{name} v{VERSIONS.get(name, 1)}"
    fields = [
        f"{name}.{field.name}"
        for field in dataclasses.fields(event)
        if f"{name}.{field.name}" in SINCE and getattr(event, field.name) != field.default
    ]
    releases = [SINCE[key] for key in (name, shape, *fields) if key in SINCE]
    return max(releases, key=numbers, default=FIRST)


class Admission:
    """Remembers from which release on facts may be written: it never goes back."""

    def __init__(self) -> None:
        self._release = FIRST

    def check(self, connection: psycopg.Connection[DictRow], events: Iterable[Encoded]) -> None:
        """Raises HeldBack. From the first such fact on, programs that cannot read it are
        refused.
        """
        needed = max((readable_since(e.name, e.event) for e in events), key=numbers, default=FIRST)
        if not is_older(self._release, needed):
            return
        with connection.cursor(row_factory=tuple_row) as cursor:
            if not admit(cursor, needed):
                raise HeldBack(
                    N_(
                        "what programs before Relance {version} cannot read is held back while one"
                        " of them runs: `relance status` names it; upgrade it, or stop it"
                    ),
                    version=needed,
                )
        self._release = needed
