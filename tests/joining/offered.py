"""An offer that stands open in this process while a test takes it, or tries to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Queue

from engine.joining.offering import Offer, Outcome, new_offer
from engine.joining.protocol import Bundle, JoinToken, encoded

CONFIG = """
[site]
name = "Le Potager"
url = "https://lettres.potager.example"
from = "bonjour@potager.example"
postal_address = "4 chemin des Tilleuls"
language = "en"

[[purpose]]
id = "conseils"
name = "La lettre du potager"

[store]
url = "postgresql://gardener@db.example.org/relance"
"""
LINK_KEY = "ab" * 32
BUNDLE = Bundle(
    "0.2.0",
    {
        "config.toml": CONFIG.encode(),
        "data/secrets/link.key": LINK_KEY.encode(),
        "data/secrets/dkim/relance.pem": b"a key",
    },
    ("/etc/relance/ca.pem",),
)


@dataclass
class Open:
    """`ended` holds how it ended, once it has."""

    offer: Offer
    port: int = 0
    ended: list[Outcome] = field(default_factory=list)

    @property
    def token(self) -> JoinToken:
        return self.offer.token


@contextmanager
def open_offer(octets: bytes | None = None, *, seconds: float = 20.0) -> Iterator[Open]:
    """Left once the offer has ended, which the test brings about."""
    standing = Open(new_offer(encoded(BUNDLE) if octets is None else octets, 1))
    ports: Queue[int] = Queue()

    def serve() -> None:
        served = standing.offer.serve("127.0.0.1", 0, seconds, ports.put)
        standing.ended.append(asyncio.run(served))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        standing.port = ports.get(timeout=10)
        yield standing
    finally:
        thread.join(30)
        assert not thread.is_alive()
