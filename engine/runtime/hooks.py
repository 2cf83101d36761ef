"""What tells the targets of `[[hook]]`, as one part of `run`: it may fail alone. Apart, since what
speaks HTTP is brought in only where there is a hook.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from engine.config import Config
from engine.hooks.stores import HookStores
from engine.ledger.store import CHANNEL
from engine.store.database import Database

log = logging.getLogger("relance.run")


class TellingContext(Protocol):
    @property
    def config(self) -> Config: ...

    @property
    def database(self) -> Database: ...

    def hooks(self) -> HookStores: ...


async def telling_targets(
    context: TellingContext, stop: asyncio.Event, beside: dict[str, str]
) -> None:
    """Until `stop`. Where it fails everything else goes on, and `beside` says so."""
    import ssl

    from engine.dns.resolver import DnsResolver
    from engine.hooks.running import DUTY, Hooks

    config = context.config
    try:
        await Hooks(
            config.hooks,
            context.hooks(),
            lambda: context.database.duty(DUTY, CHANNEL),
            DnsResolver(config.dns.servers, config.dns.port),
            ssl.create_default_context(),
        ).run(stop)
    except Exception as error:
        log.exception("nobody is told of facts any more, and everything else goes on")
        beside["hooks-ended"] = type(error).__name__
        await stop.wait()
