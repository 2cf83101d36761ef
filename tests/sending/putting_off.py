"""A mail server that says no for now, and the engine that has to come back."""

from __future__ import annotations

import asyncio

from engine.subscriber.events import LetterDeferred
from tests.sending.readers import send_until
from tests.sink import Sink
from tests.web.visiting import Site


def put_off_once(site: Site, address: str) -> None:
    def is_put_off() -> bool:
        return any(isinstance(fact, LetterDeferred) for fact in site.facts(address))

    async def story() -> None:
        async with Sink() as sink:
            sink.answer("dot", "451 4.3.0 Later", to=address)
            await send_until(site.context, sink, is_put_off)

    asyncio.run(story())
