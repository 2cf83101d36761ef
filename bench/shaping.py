"""What shaping costs a letter: letters to a provider that takes as many as there are, through the
engine's own sender to a sink, with tokens and without, by processor time. Two installations on one
server take turns.
"""

from __future__ import annotations

import asyncio

from bench.installation import DUE_LISTS, Installation, join, opened, publish
from bench.processor import Used
from bench.server import server
from bench.sink import SESSIONS, sink
from bench.sizes import Size
from bench.table import Row, against
from engine.config import packaged_providers
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.sending.shaper import Shaper
from engine.shaping.providers import read_providers

GOAL = 0.97
GENEROUS = """
[generous]
domains = ["potager.example"]
connections = 100
messages_per_connection = 100000
messages_per_minute = 100000
checked_on = "2026-11-30"
source = "takes whatever comes"
"""


def measure(size: Size) -> list[Row]:
    people, rounds = size.pick((100, 1), (2_000, 5), (5_000, 7))
    rates = list[tuple[float, float]]()
    with (
        server() as place,
        sink() as target,
        opened(place, "plain", "plain") as plain,
        opened(place, "shaped", "shaped") as shaped,
    ):
        for number in DUE_LISTS[:rounds]:
            for here in (plain, shaped):
                publish(here.context) if number == DUE_LISTS[0] else None
                join(here.context, number, people)
                here.context.views.catch_up()
            if len(rates) % 2:  # whoever comes second finds the other's pages in the caches
                limit = _sent(plain, target.port, people, with_tokens=False)
                ours = _sent(shaped, target.port, people, with_tokens=True)
            else:
                ours = _sent(shaped, target.port, people, with_tokens=True)
                limit = _sent(plain, target.port, people, with_tokens=False)
            rates.append((ours, limit))
    name = "letters to a provider, with tokens against without, by processor time"
    return [against(name, "letters/s", GOAL, rates)]


def _sent(here: Installation, port: int, people: int, *, with_tokens: bool) -> float:
    """Letters by a second of the processor, PostgreSQL's and the sink's included."""
    stores = here.context.sending()
    providers = read_providers(GENEROUS, "bench", packaged_providers())
    shaper = Shaper(stores.shaping, providers, stores.vault, stores.sender)
    with here.context.database.connection() as connection:
        connection.execute(
            "INSERT INTO desk.provider (provider, tokens) VALUES ('generous', 10000)"
            " ON CONFLICT (provider) DO UPDATE SET tokens = 10000"
        )

    async def story() -> int:
        relay = RelaySettings("127.0.0.1", port, "none", connections=SESSIONS)
        sender = Sender(stores, relay, shaper if with_tokens else None)
        while sender.sent < people and await sender.tick():
            pass
        await sender.route.close()
        sender.journal.close()
        return sender.sent

    with Used(here.data, own=True) as used:
        sent = asyncio.run(story())
    if sent != people:
        raise RuntimeError(f"{sent} of {people} letters were sent")
    here.context.views.catch_up()
    return people / used.seconds
