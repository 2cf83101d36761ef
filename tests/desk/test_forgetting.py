"""What the desk forgets every minute it finds by an index, however much it remembers."""

from __future__ import annotations

import pytest

from engine.desk import awaited_orders, webhook_calls
from engine.desk.desk import SQL
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres
INDEXES = {
    "attempts": "attempt_at",
    "calls": "idempotency_at",
    "networks": "shown_networks",
    "replies": "provider_reply_at",
    "shown": "shown_at",
    "waiting": "waiting_since",
}
ELSEWHERE = {
    "webhook_call_at": webhook_calls.SQL["forget"],
    "awaited_order_at": awaited_orders.SQL["forget"],
}


def test_what_grows_with_use_is_not_read_through_to_forget_a_part(
    make_context: MakeContext,
) -> None:
    with make_context().database.transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        forgetting = {index: SQL[f"forget_{table}"] for table, index in INDEXES.items()}
        for index, statement in (forgetting | ELSEWHERE).items():
            plan = "".join(
                str(row[0]) for row in connection.execute("EXPLAIN " + statement).fetchall()
            )
            assert f"Index Scan using {index}" in plan or f"Bitmap Index Scan on {index}" in plan, (
                plan
            )
