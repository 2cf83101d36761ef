"""What Prometheus reads of what was done: numbers that only grow, and how late letters leave. Read
with the parser of prometheus_client.
"""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.context import AppContext
from engine.desk.desk import VisitCell
from engine.desk.totals import DELAY_BOUNDS, Total, delay_totals
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.status.gather import gather
from engine.status.metrics import exposition
from projections.agenda import Agenda
from projections.view import LIVE, schema_of
from tests.sending.readers import MakeContext, with_readers
from tests.sink import Sink


def read(context: AppContext) -> dict[tuple[str, ...], float]:
    """By name and labels, without "relance_"."""
    return {
        (sample.name.removeprefix("relance_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(exposition(gather(context)).decode())
        for sample in family.samples
    }


def test_a_delay_counts_within_the_first_bound_that_it_does_not_pass() -> None:
    now = 1_000_000_000
    late = (0, 1000, 1001, DELAY_BOUNDS[-1] * 1000, DELAY_BOUNDS[-1] * 1000 + 1, -5)
    assert delay_totals(now, [now - ms for ms in late]) == {
        Total("delay", "1"): 3,
        Total("delay", "5"): 1,
        Total("delay", "86400"): 1,
        Total("delay"): 1,
        Total("delay_ms"): 2002 + 2 * DELAY_BOUNDS[-1] * 1000,
    }


@pytest.mark.postgres
def test_what_was_done_is_counted_and_how_late_it_was(make_context: MakeContext) -> None:
    context = with_readers(make_context, 3)
    with context.database.connection() as connection:
        schema = schema_of(Agenda, LIVE)
        connection.execute(f"UPDATE {schema}.agenda SET due = due - 120000".encode())
    before = read(context)
    assert before["letters_begun_total",] == 0 == before["letter_outcomes_total", "failed"]
    assert 120 <= before["oldest_due_seconds",] < 240

    async def send() -> None:
        async with Sink() as sink:
            sender = Sender(context.sending(), RelaySettings("127.0.0.1", sink.port, "none"))
            assert await sender.tick() == 3
            await sender.route.close()
            sender.journal.close()

    asyncio.run(send())
    cell = VisitCell("suite/bonjour", "link", "https://x.example", 20_000)
    for _ in range(2):
        context.desk.count_visits([(cell, 3, 1), (cell._replace(week=20_007), 2, 2)])
    context.webhook_calls.keep("caisse", "signed")
    context.webhook_calls.keep("caisse", "", "signature:wrong")
    context.webhook_calls.keep("caisse", "", "signature:wrong")
    context.views.catch_up()
    after = read(context)
    assert (after["letters_begun_total",], after["letter_outcomes_total", "sent"]) == (3, 3)
    delay = "delivery_delay_seconds"
    assert (after[f"{delay}_bucket", "60.0"], after[f"{delay}_bucket", "300.0"]) == (0, 3)
    assert after[f"{delay}_count",] == 3 and 360 <= after[f"{delay}_sum",] < 720
    assert after["oldest_due_seconds",] == 0
    assert after["link_visits_total", "link", "human"] == 6
    assert after["link_visits_total", "link", "robot"] == 4
    assert after["webhook_calls_total", "caisse", "taken"] == 1
    assert after["webhook_calls_total", "caisse", "refused"] == 2
