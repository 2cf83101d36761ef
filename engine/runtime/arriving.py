"""What takes in mail that comes back, as one part of `run`: the listeners of `[inbound]`. A place
that is taken is said, is tried again, and ends nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from engine.inbound.handling import InboundHandler, InboundStores
from engine.inbound.listener import InboundListener, MailProtocol
from engine.inbound.settings import Place


class Arriving:
    """`troubles` are what keeps it from its work, by the name of the door."""

    def __init__(self, stores: InboundStores) -> None:
        inbound, hostname = stores.config.inbound, stores.config.site.sender.rpartition("@")[2]
        handler = InboundHandler(stores)
        places: dict[MailProtocol, Place | None] = {"lmtp": inbound.lmtp, "smtp": inbound.smtp}
        self._listeners = [
            InboundListener(place, protocol, handler, hostname)
            for protocol, place in places.items()
            if place is not None
        ]

    def troubles(self) -> dict[str, str]:
        return {
            f"inbound-{listener.protocol}": f"{listener.place}: {listener.trouble}"
            for listener in self._listeners
            if listener.trouble
        }

    def tasks(self, stop: asyncio.Event) -> list[Awaitable[None]]:
        return [listener.run(stop) for listener in self._listeners]
