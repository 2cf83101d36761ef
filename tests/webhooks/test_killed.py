"""Killed at any moment, a process that follows a call leaves it to be sent again, and what follows
stands there once.
"""

from __future__ import annotations

import signal

import pytest
from psycopg.conninfo import make_conninfo

from tests.forked import forked
from tests.running_installation import Installations
from tests.webhooks.killed import AFTER, BEFORE, main
from tests.webhooks.receiving_calls import Senders
from tests.webhooks.test_receiving import BOUGHT, REFUNDED

pytestmark = pytest.mark.postgres


def test_a_kill_at_any_transaction_of_a_call_leaves_each_fact_once(
    senders: Senders, installations: Installations
) -> None:
    """A purchase for which a refund waits: two transactions."""
    address, name = senders.buyer(), "stripe purchase"
    senders.comes(senders.call("stripe refund", address))
    with senders.context.database.connection() as connection:
        owner = make_conninfo(installations.admin, dbname=connection.info.dbname)
    stood = list[list[str]]()
    for moment, which in ((BEFORE, "1"), (AFTER, "1"), (AFTER, "2")):
        folder = str(senders.context.config.folder)
        assert forked(main, folder, owner, moment, which, name, address) == -signal.SIGKILL
        stood.append(senders.facts(address))
    assert senders.comes(senders.call(name, address)).status == 200
    stood.append(senders.facts(address))
    assert stood == [[], BOUGHT, [*BOUGHT, *REFUNDED], [*BOUGHT, *REFUNDED]]
