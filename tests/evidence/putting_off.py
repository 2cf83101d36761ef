"""A mail server that says no for now, and the engine that has to come back."""

from __future__ import annotations

import asyncio

from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.subscriber.events import LetterDeferred
from tests.sink import Sink
from tests.web.visiting import Site


def put_off_once(site: Site, address: str) -> None:
    context = site.context

    async def story() -> None:
        async with Sink() as sink:
            sink.answer("dot", "451 4.3.0 Later", to=address)
            sender = Sender(
                context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1)
            )
            running = asyncio.create_task(sender.run())
            try:
                for _ in range(600):
                    await asyncio.to_thread(context.views.catch_up)
                    if any(
                        isinstance(fact, LetterDeferred)
                        for fact in await asyncio.to_thread(site.facts, address)
                    ):
                        return
                    await asyncio.sleep(0.025)
                raise AssertionError("not put off within fifteen seconds")
            finally:
                sender.stop()
                await running

    asyncio.run(story())
