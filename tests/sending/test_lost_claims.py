"""The database goes while letters are claimed: whether the claims were written or not, nobody waits
for a lease, and each letter leaves once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import psycopg
import pytest

from engine.commands.command_handler import NOBODY_KNOWN, CommandHandler, CommandRequest, Result
from engine.context import AppContext
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.subscriber.commands import Perform
from engine.subscriber.person import Person
from tests.sending.readers import MakeContext, with_readers
from tests.sink import Sink

pytestmark = pytest.mark.postgres
WITHIN = 12  # seconds; a lease is two minutes


class GoneOnce:
    """The real decisions; the database goes when the first letters are claimed: before they are
    written, or just after.
    """

    def __init__(self, command_handler: CommandHandler, written: bool) -> None:
        self.command_handler, self.written, self.gone = command_handler, written, False
        self.load, self.present = command_handler.load, command_handler.present

    def execute(
        self, requests: Sequence[CommandRequest], known: Mapping[str, Person] = NOBODY_KNOWN
    ) -> list[Result]:
        if self.gone or not any(isinstance(request.command, Perform) for request in requests):
            return self.command_handler.execute(requests, known)
        self.gone = True
        if self.written:
            self.command_handler.execute(requests, known)
        raise psycopg.OperationalError("the connection is lost")


@pytest.mark.parametrize("written", [False, True], ids=["not written", "written"])
def test_claims_whose_end_nobody_heard_are_taken_up_again(
    make_context: MakeContext, written: bool
) -> None:
    context = with_readers(make_context, 3)
    accepted = asyncio.run(
        _sent(
            replace(
                context,
                command_handler=cast(CommandHandler, GoneOnce(context.command_handler, written)),
            )
        )
    )
    assert sorted(accepted) == [f"reader-{n}@potager.example" for n in range(3)]


async def _sent(context: AppContext) -> list[str]:
    async with Sink() as sink:
        sender = Sender(
            context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1)
        )
        running = asyncio.create_task(sender.run())
        for _ in range(WITHIN * 10):
            await asyncio.to_thread(context.views.catch_up)
            await asyncio.sleep(0.1)
            if len(sink.messages) >= 3:
                break
        await asyncio.sleep(0.5)
        sender.stop()
        await running
        return [address for message in sink.messages for address in message.recipients]
