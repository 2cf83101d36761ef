"""The log of calls of shops and mail services: what came, and what became of it, call by call. It
names nobody but by their opaque ids, and holds no order's number and nothing of a body.

Of each webhook the last MAX_CALLS that were believed are kept and, apart, so that a flood of forged
ones pushes out none of these, the last MAX_REFUSED that were refused or are pings that nobody
signs: all for ninety days of wall clock. What a refusal and an outcome mean,
engine/webhooks/call_outcomes.py says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from psycopg.rows import TupleRow

from engine.frozen import dataclass
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
MAX_CALLS, MAX_REFUSED = 2000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """What one fact of a call led to. `name` is "purchase", "refund" and so on; `outcome` is a code
    of `engine.webhooks.call_outcomes`; `subscriber` is whom it was about, "" for nobody known.
    """

    name: str
    outcome: str
    subscriber: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """`at` is wall-clock milliseconds. `trust` is as `engine.webhooks.signatures.Trust` has it, ""
    where it was not believed; `refusal` is why nothing was done, a code as `outcome` is, "" where
    something may have been done. `id` grows with each call.
    """

    id: int
    webhook: str
    at: int
    trust: str
    refusal: str
    facts: tuple[CallFact, ...]


class RefusedCalls(NamedTuple):
    """`first` and `last` are wall-clock milliseconds."""

    webhook: str
    first: int
    last: int
    calls: int


class WebhookCalls:
    def __init__(self, database: Database) -> None:
        self.database = database

    def keep(
        self, webhook: str, trust: str, refusal: str = "", facts: Sequence[CallFact] = ()
    ) -> None:
        """A call came at this moment."""
        anybodys = bool(refusal) or trust == "none"
        values = {
            "webhook": webhook,
            "trust": trust,
            "refusal": refusal,
            "facts": [fact.name for fact in facts],
            "outcomes": [fact.outcome for fact in facts],
            "subscribers": [fact.subscriber for fact in facts],
            "anybodys": anybodys,
            "most": MAX_REFUSED if anybodys else MAX_CALLS,
        }
        with self.database.transaction() as connection:
            connection.execute(SQL["keep"], values)
            connection.execute(SQL["keep_within"], values)

    def recent(
        self, webhook: str | None = None, limit: int = 50, before: int = 0, since: int = 0
    ) -> list[WebhookCall]:
        """The newest first, of one webhook or of all; `before` is the `id` after which a page goes
        on, 0 for the first page; none that came before `since` (wall-clock milliseconds).
        """
        values = {"webhook": webhook, "limit": limit, "before": before, "since": since}
        with self.database.connection() as connection:
            rows = connection.execute(SQL["recent"], values).fetchall()
        return [_call(row) for row in rows]

    def latest(self) -> list[WebhookCall]:
        """The last call of each webhook, by the webhook's name."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["latest"]).fetchall()
        return [_call(row) for row in rows]

    def refused(self) -> list[RefusedCalls]:
        """Each webhook of which nothing was taken since some moment, though calls came."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["refused_since"]).fetchall()
        return [
            RefusedCalls(str(name), int(first), int(last), int(n)) for name, first, last, n in rows
        ]

    def forget(self) -> None:
        """Delete what is past its time to live."""
        with self.database.connection() as connection:
            connection.execute(SQL["forget"])


def _call(row: TupleRow) -> WebhookCall:
    return WebhookCall(
        id=int(row[0]),
        webhook=str(row[1]),
        at=int(row[2]),
        trust=str(row[3]),
        refusal=str(row[4]),
        facts=tuple(
            CallFact(name=name, outcome=outcome, subscriber=subscriber)
            for name, outcome, subscriber in zip(*row[5:8], strict=True)
        ),
    )
