"""Killed at any moment, a process that tells others loses no message, and repeats at most the one
whose answer it had not written down.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter

import pytest
from psycopg.conninfo import make_conninfo

from engine.runtime.hooks import telling_targets
from tests.cli.asking import FILES
from tests.forked import forked
from tests.hooks.killed import AFTER, BEFORE, main
from tests.hooks.receiver import WHSEC, Receiver
from tests.hooks.test_delivery import joins
from tests.running import InThread, wait_for
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
HOOK = """
[[hook]]
name = "crm"
url = "http://127.0.0.1:{port}/"
events = ["list-joined"]
secret_file = "secret"
allow_private = true
"""


def test_killed_between_answer_and_record_only_that_message_is_told_again(
    installations: Installations,
) -> None:
    receiver = Receiver()
    with (
        InThread(receiver.serving()),
        installations.made(FILES, HOOK.format(port=receiver.port)) as context,
    ):
        (context.config.folder / "secret").write_text(WHSEC)
        context.hook_desk.begin(["crm"], context.ledger.head(), context.hooks().now())
        expected = joins(context, 8)
        with context.database.connection() as connection:
            owner = make_conninfo(installations.admin, dbname=connection.info.dbname)
        for moment, which in ((BEFORE, "1"), (BEFORE, "3"), (AFTER, "2")):
            folder = str(context.config.folder)
            assert forked(main, folder, owner, moment, which) == -signal.SIGKILL

        async def rest() -> None:
            stop = asyncio.Event()
            telling = asyncio.create_task(telling_targets(context, stop, {}))
            await asyncio.to_thread(wait_for, lambda: receiver.positions[-1:] == expected[-1:])
            stop.set()
            await telling

        asyncio.run(rest())
    times = Counter(receiver.positions)
    assert times.keys() == set(expected)
    assert [times[position] for position in expected] == [2, 1, 2, 1, 1, 1, 1, 1]
    assert receiver.positions == sorted(receiver.positions)
    assert {told.id for told in receiver.told} == {f"msg_{position}" for position in expected}
