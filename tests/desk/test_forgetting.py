"""What the desk forgets every minute it finds by an index, however much it remembers."""

from __future__ import annotations

import pytest

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


def test_what_grows_with_use_is_not_read_through_to_forget_a_part(
    make_context: MakeContext,
) -> None:
    with make_context().database.transaction() as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        for table, index in INDEXES.items():
            plan = "".join(
                str(row[0])
                for row in connection.execute("EXPLAIN " + SQL[f"forget_{table}"]).fetchall()
            )
            assert f"Index Scan using {index}" in plan or f"Bitmap Index Scan on {index}" in plan, (
                plan
            )
