"""People on a list whose letter is due, and the engine's own sender that takes it to a sink."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.sending.compose import Composer
from engine.sending.mailbox import Mailbox
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite
from tests.sink import EVERYTHING, Sink

MakeContext = Callable[..., AppContext]

FILES = {
    "suite.toml": (
        """
title = "Suite"
purpose = "conseils"

[[list]]
id = 1
name = "un"
group = "prospects"

  [[list.letter]]
  id = "bonjour"
  after = "0 minutes"
  subject = "Bonjour"
  body = "bonjour.md"
"""
    ),
    "bonjour.md": "Bonjour.\n",
}


def with_readers(make_context: MakeContext, count: int) -> AppContext:
    context = make_context(FILES)
    for number in range(count):
        subscribe(context, f"reader-{number}", {})
    context.views.catch_up()
    return context


def enter(
    context: AppContext,
    name: str,
    fields: Mapping[str, str] | None = None,
    domain: str = "potager.example",
) -> str:
    """Somebody on list 1 whose letter is due: their stream."""
    stream = subscribe(context, name, fields or {}, domain)
    context.views.catch_up()
    return stream


def subscribe(
    context: AppContext, name: str, fields: Mapping[str, str], domain: str = "potager.example"
) -> str:
    now = context.clock.now()
    piece = evidence(secrets.token_bytes(32), {"n": name})
    cause = Cause("import", evidence=piece.commitment.hex())
    result = context.command_handler.execute_one(
        CommandRequest(
            Subscribe(now, cause, 1, "consent", "declared", fields=tuple(fields)),
            address=f"{name}@{domain}",
            vault_write=VaultWrite("", now, fields=fields, evidence=(piece,)),
        )
    )
    assert isinstance(result.outcome, Done)
    return result.stream


def who_got_a_letter(
    context: AppContext,
    features: Sequence[str] = EVERYTHING,
    times: int = 3,
    composer: Composer | None = None,
) -> list[str]:
    """The names, in their order, after so many ticks of a sender over one connection."""

    async def ticks() -> list[str]:
        async with Sink(features) as sink:
            sender = Sender(
                context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1)
            )
            sender.composer = composer or sender.composer
            for _ in range(times):
                await asyncio.to_thread(context.views.catch_up)
                await sender.tick()
            await asyncio.to_thread(context.views.catch_up)
            await sender.route.close()
            sender.journal.close()
            return sorted(
                address.partition("@")[0]
                for message in sink.messages
                for address in message.recipients
            )

    return asyncio.run(ticks())


async def send_until(context: AppContext, sink: Sink | Mailbox, holds: Callable[[], bool]) -> None:
    """The engine's own sender, which runs until `holds`, asked in a thread; fifteen seconds at
    most.
    """
    sender = Sender(context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1))
    running = asyncio.create_task(sender.run())
    try:
        for _ in range(600):
            await asyncio.to_thread(context.views.catch_up)
            sender.wake.set()  # as a follower does
            if await asyncio.to_thread(holds):
                return
            await asyncio.sleep(0.025)
        raise AssertionError("not so within fifteen seconds")
    finally:
        sender.stop()
        await running
