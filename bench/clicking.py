"""Clicks on a move link, each by another reader, against an empty page of the same framework and server, both at 32 connections.

A click is the POST of the button's form, from its bytes to the page that says what was done. The pages with the buttons were opened before.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Sequence

from bench.http import answers, get, post
from bench.installation import BATCH, Installation, installed, join
from bench.processes import free_port, listening, module, relance, running
from bench.table import Row, against
from engine.deciding import Wish
from engine.house import House
from engine.link_token import FIRST_LINK, make_token
from engine.subscriber.commands import Perform, RecordOutcome
from engine.subscriber.events import Cause

GOAL = 0.25
CONNECTIONS = 32
_NONCE = re.compile(rb'name="nonce" value="([^"]+)"')
PORTS = """
[web]
port = {}

[mailbox]
smtp_port = {}
port = {}
"""


def measure(quick: bool) -> list[Row]:
    """`relance web` alone on the installation; each round asks the readers of one list, then the empty page as often."""
    rounds, count = (3, 100) if quick else (5, 3000)
    ports, empty = (free_port(), free_port(), free_port()), free_port()
    found = []
    with (
        installed(PORTS.format(*ports)) as here,
        running(module("bench.empty", str(empty))),
        running(relance(here.folder, "web"), says_ready=False) as web,
    ):
        listening(ports[0], web)
        for number in range(1, rounds + 1):
            presses = asyncio.run(_opened(ports[0], _tokens(here, number, count)))
            before = here.house.ledger.head()
            clicks = _rate(ports[0], presses)
            if here.house.ledger.head() != before + count:
                raise RuntimeError(f"of {count} clicks {here.house.ledger.head() - before} were carried out")
            found.append((clicks, _rate(empty, [post("/", "act=button")] * count)))
    return [against("click", "clicks/s", GOAL, found)]


def _rate(port: int, requests: Sequence[bytes]) -> float:
    begun = time.perf_counter()
    asyncio.run(answers(port, requests, CONNECTIONS))
    return len(requests) / (time.perf_counter() - begun)


async def _opened(port: int, tokens: Sequence[str]) -> list[bytes]:
    """The page of each link, and from it the request that its button sends."""
    pages = await answers(port, [get(f"/l/{token}") for token in tokens], CONNECTIONS)
    presses = []
    for token, page in zip(tokens, pages, strict=True):
        nonce = _NONCE.search(page)
        if nonce is None:
            raise RuntimeError("the page of a link has no button")
        presses.append(post(f"/l/{token}", f"act=button&nonce={nonce[1].decode()}"))
    return presses


def _tokens(here: Installation, number: int, count: int) -> list[str]:
    """Links of letters that were sent to new readers of list `number`."""
    streams, tokens = join(here.house, number, count), []
    for first in range(0, count, BATCH):
        tokens += _sent(here.house, number, streams[first : first + BATCH])
    here.house.views.catch_up()
    return tokens


def _sent(house: House, number: int, streams: Sequence[str]) -> list[str]:
    now, engine, key = house.clock.now(), Cause("engine"), house.secrets.link_key
    messages = [secrets.token_hex(16) for _ in streams]
    pairs = list(zip(streams, messages, strict=True))
    begun = house.decisions.carry_out([Wish(Perform(now, engine, f"list:{number}", m, "bench"), stream=s) for s, m in pairs])
    house.decisions.carry_out([Wish(RecordOutcome(now, engine, m, "sent", 250), stream=s) for s, m in pairs])
    return [make_token(key, FIRST_LINK, each.positions[0], m) for each, m in zip(begun, messages, strict=True)]
